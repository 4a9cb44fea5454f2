"""The table of constants that the build has made, and enums whose members have their values from it."""

from __future__ import annotations

import signal
from enum import EnumMeta, IntEnum, IntFlag
from typing import Any

from prx_actors.system.native import lib, text

__all__ = ["CONSTANTS", "UNKNOWN", "Flags", "Number"]


def _read() -> tuple[dict[str, dict[str, int]], set[str]]:
    families: dict[str, dict[str, int]] = {}
    unknown: set[str] = set()
    for i in range(lib.prx_constant_count):
        row = lib.prx_constants[i]
        family = families.setdefault(text(row.family), {})
        if row.known:
            family[text(row.name)] = row.value
        else:
            unknown.add(text(row.name))
    # Functions of the C library, not constants of its headers.
    families["signal"] |= {
        "SIGRTMIN": int(signal.SIGRTMIN),
        "SIGRTMAX": int(signal.SIGRTMAX),
    }
    # Names that prx has besides the kernel's.
    mount = families["mount"]
    mount |= {name: mount[f"MS_{name}"] for name in ("RDONLY", "NOSUID", "NOEXEC", "NOATIME")}
    return families, unknown


CONSTANTS, _unknown = _read()
"""Family, name, value."""

_VALUES = {name: value for family in CONSTANTS.values() for name, value in family.items()}

UNKNOWN = frozenset(_unknown - _VALUES.keys())
"""The names that the headers of the build lack."""


class _Known(EnumMeta):
    """Leaves the members out that the headers lack."""

    @classmethod
    def __prepare__(metacls, cls: str, bases: tuple[type, ...], **kwds: Any) -> Any:  # type: ignore[override]  # noqa: N804 -- as in enum
        members: Any = super().__prepare__(cls, bases, **kwds)
        members["_ignore_"] = UNKNOWN
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
