"""Options of a task, as the caller writes them and as the driver keeps them."""

from __future__ import annotations

import operator
from typing import Any

from prx_actors.driver.protocol import OPTIONS

__all__ = ["NUMBERS", "from_driver", "to_driver"]

NUMBERS = {name: number for number, name in enumerate(OPTIONS)}
"""Options by the numbers that a fork's request has for them."""

TIMES = frozenset({"drain", "killdelay"})
"""Options in seconds, which the driver counts in microseconds."""


def to_driver(name: str, value: Any) -> int:
    """Return an option's value as the driver keeps it.

    Raises:
        ValueError: there is no such option
        TypeError: the value is no number

    """
    if name not in OPTIONS:
        msg = f"no option {name!r}; there are {', '.join(OPTIONS)}"
        raise ValueError(msg)
    if name in TIMES:
        if not isinstance(value, (int, float)):
            msg = f"{name} is a number of seconds, not {value!r}"
            raise TypeError(msg)
        return round(value * 1_000_000)
    return operator.index(value)


def from_driver(name: str, value: int) -> int | float:
    """Return an option's value as the caller writes it."""
    return value / 1_000_000 if name in TIMES else value
