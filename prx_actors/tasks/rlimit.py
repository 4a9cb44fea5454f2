"""A resource limit, as a pair of numbers of 64 bits without a sign."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["RLIM_INFINITY", "Rlimit", "from_driver", "to_driver"]

RLIM_INFINITY = (1 << 64) - 1
"""The number that stands for no limit. It is the greatest one, as in C and in prx, and so above every other."""


class Rlimit(NamedTuple):
    """A resource limit: getrlimit(2)."""

    cur: int
    """The soft one, which the kernel enforces."""
    max: int
    """The hard one, up to which the soft one may be set."""


def to_driver(limit: Iterable[int | str]) -> tuple[int, int]:
    """Return a limit as the wire has it, where infinity is -1.

    Raises:
        TypeError: it is no pair of integers
        ValueError: a name that is not `rlim_infinity`
        OverflowError: a number of more than 64 bits, or a negative one but -1

    """
    if isinstance(limit, (str, bytes)):
        msg = f"a limit is a pair, not {limit!r}"
        raise TypeError(msg)
    numbers = [_number(value) for value in limit]
    if len(numbers) != len(Rlimit._fields):
        msg = f"a limit is a pair, soft and hard, not {len(numbers)} numbers"
        raise TypeError(msg)
    return numbers[0], numbers[1]


def from_driver(numbers: Iterable[int]) -> Rlimit:
    """Return a limit that the driver has sent."""
    return Rlimit(*(number & RLIM_INFINITY for number in numbers))


def _number(value: Any) -> int:
    if isinstance(value, str):
        if value.lower() != "rlim_infinity":
            msg = f"no limit is called {value!r}, but rlim_infinity"
            raise ValueError(msg)
        return -1
    number = operator.index(value)
    if not -1 <= number <= RLIM_INFINITY:
        msg = f"{number} is no limit: they have 64 bits and no sign"
        raise OverflowError(msg)
    return number if number < 1 << 63 else number - (1 << 64)
