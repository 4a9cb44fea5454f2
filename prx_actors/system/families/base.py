"""Enums whose members have their values from the table of constants that the build has made."""

from __future__ import annotations

from enum import EnumMeta, IntEnum, IntFlag
from typing import Any

from prx_actors.system.constants import table, unknown

__all__ = ["Flags", "Number"]

_VALUES = {name: value for family in table().values() for name, value in family.items()}


class _Known(EnumMeta):
    """Leaves the members out that the headers lack."""

    @classmethod
    def __prepare__(metacls, cls: str, bases: tuple[type, ...], **kwds: Any) -> Any:  # type: ignore[override]  # noqa: N804 -- as in enum
        members: Any = super().__prepare__(cls, bases, **kwds)
        members["_ignore_"] = unknown()
        return members


class Number(IntEnum, metaclass=_Known):
    """An enum of constants of which a call takes one."""

    @staticmethod
    def _generate_next_value_(name: str, _start: int, _count: int, _last_values: list[Any]) -> int:
        return _VALUES.get(name, 0)


class Flags(IntFlag, metaclass=_Known):
    """An enum of constants that are or-ed."""

    @staticmethod
    def _generate_next_value_(name: str, _start: int, _count: int, _last_values: list[Any]) -> int:
        return _VALUES.get(name, 0)
