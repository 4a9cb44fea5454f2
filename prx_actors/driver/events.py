"""What a driver may tell in an event: checked before it is believed, since one that is hostile may tell anything."""

from __future__ import annotations

from typing import Any, Final

from prx_actors.system.native import lib

__all__ = ["EVENT_MAX", "is_event"]

EVENT_MAX: Final = 4096
"""Bytes of an event, with room for the siginfo of any system."""

STATUSES = range(1 << 16)
SIGNALS = range(1, 65)
"""What wait(2) and signal(7) know; anything else is no event."""

USAGE: Final = 3
"""Figures that come with an end: user and system time in microseconds, KiB of memory."""


def is_event(message: list[Any]) -> bool:
    """Say whether a driver that keeps to the protocol may have sent that.

    Args:
        message: the elements of its frame

    """
    match message:
        case [lib.PRX_EVENT_EXITED | lib.PRX_EVENT_LEFT, int(), int(status), *usage]:
            return status in STATUSES and len(usage) == USAGE and _are_integers(usage)
        case [lib.PRX_EVENT_SIGNAL, int(signal), bytes()]:
            return signal in SIGNALS
        case [lib.PRX_EVENT_SWEEPING, int(), int()]:
            return True
        case [lib.PRX_EVENT_SWEPT, int(), int(), list(left)] | [lib.PRX_EVENT_SEARCHED, int(), list(left)]:
            return _are_integers(left)
    return False


def _are_integers(values: list[Any]) -> bool:
    return all(type(value) is int for value in values)
