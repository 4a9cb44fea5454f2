"""The kernel's constants by name, family by family, as the system's headers have them."""

from __future__ import annotations

import errno
import functools
import operator
import os
import signal
from collections.abc import Iterable

from prx_actors.system.native import lib, text

__all__ = ["Constant", "lookup", "resolve", "table", "unknown"]

Constant = int | str | Iterable[int | str]
"""A number, an enum member, a name in either case, or several of those, or-ed."""


@functools.cache
def _table() -> tuple[dict[str, dict[str, int]], frozenset[str]]:
    # Not while the package is imported: it would take a tenth of the time of that.
    families: dict[str, dict[str, int]] = {}
    missing = set[str]()
    for row in (lib.prx_constants[i] for i in range(lib.prx_constant_count)):
        family = families.setdefault(text(row.family), {})
        if row.known:
            family[text(row.name)] = row.value
        else:
            missing.add(text(row.name))
    # Functions of the C library, not constants of its headers.
    families["signal"] |= {"SIGRTMIN": int(signal.SIGRTMIN), "SIGRTMAX": int(signal.SIGRTMAX)}
    # Names that prx has besides the kernel's.
    mount = families["mount"]
    mount |= {name: mount[f"MS_{name}"] for name in ("RDONLY", "NOSUID", "NOEXEC", "NOATIME")}
    return families, frozenset(missing.difference(*families.values()))


def table() -> dict[str, dict[str, int]]:
    """Return the table that the build has made: family, name, value."""
    return _table()[0]


def unknown() -> frozenset[str]:
    """Return the names that the headers of the build lack."""
    return _table()[1]


@functools.cache
def _capitals(family: str) -> dict[str, int]:
    # A system call has small letters in its name.
    return {name.upper(): value for name, value in table()[family].items()}


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
    return _capitals(family).get(name.upper())


def _by_name(family: str, name: str) -> int:
    value = lookup(family, name)
    if value is None:
        raise OSError(errno.ENOTSUP, f"{os.strerror(errno.ENOTSUP)}: no {family} constant", name)
    return value
