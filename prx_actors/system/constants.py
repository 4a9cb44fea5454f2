"""The kernel's constants by name, family by family, as the system's headers have them."""

from __future__ import annotations

import errno
import functools
import operator
import os
from collections.abc import Iterable

from prx_actors.system.families.base import CONSTANTS

__all__ = ["CONSTANTS", "Constant", "lookup", "resolve"]

Constant = int | str | Iterable[int | str]
"""A number, an enum member, a name in either case, or several of those, or-ed."""


_NAMES = {family: {name.upper(): value for name, value in members.items()} for family, members in CONSTANTS.items()}
"""The same in capitals: a system call has small letters in its name."""


def resolve(family: str, value: Constant) -> int:
    """Return the number that a constant stands for.

    Args:
        family: the family the name belongs to: `file`, `mount`, `signal`, ...
        value: an int, an enum member, a name in either case, or an iterable of
            those, which are or-ed

    Returns:
        the number

    Raises:
        OSError: `ENOTSUP`, for a name that the family does not have
        TypeError: for anything else

    Example:
        >>> import os
        >>> from prx_actors.system.constants import resolve
        >>> resolve("file", ["o_wronly", "O_CREAT"]) == os.O_WRONLY | os.O_CREAT
        True

    """
    if isinstance(value, bool):
        msg = f"a {family} constant is an int or a name, not {value!r}"
        raise TypeError(msg)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return _by_name(family, value)
    if isinstance(value, bytes):
        msg = f"a {family} constant is an int, a name or several, not {value!r}"
        raise TypeError(msg)
    return functools.reduce(operator.or_, (resolve(family, part) for part in value), 0)


def lookup(family: str, name: str) -> int | None:
    """Return the value of a name in either case, none when the family does not have it."""
    return _NAMES[family].get(name.upper())


def _by_name(family: str, name: str) -> int:
    value = lookup(family, name)
    if value is None:
        raise OSError(errno.ENOTSUP, f"{os.strerror(errno.ENOTSUP)}: no {family} constant", name)
    return value
