"""Reports that harm nobody: whatever fails while one is written, the process that it is about goes on, or ends."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

__all__ = ["SafeLogger", "protected", "safe_repr"]


def protected(report: Callable[..., object], *args: Any, **kwargs: Any) -> None:
    """Call what reports something; what it raises goes to stderr, as in `logging`.

    Args:
        report: what to call
        args: its arguments
        kwargs: its arguments

    Example:
        >>> from prx_actors.system.reporting import protected
        >>> protected(print, "crashed")
        crashed

    """
    try:
        report(*args, **kwargs)
    except BaseException as error:
        # Only the user interrupts the main thread.
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise
        _complain(error)


def _complain(error: BaseException) -> None:
    if logging.raiseExceptions:
        with suppress(BaseException):
            sys.stderr.write("--- prx_actors: a report failed ---\n")
            # Without its context, which may be what format_status was to hide.
            traceback.print_exception(error, chain=False)


def safe_repr(value: object, represent: Callable[[object], str] = repr) -> str:
    """Return the representation of any object, also of one whose `__repr__` fails.

    Args:
        value: what to represent
        represent: `repr`, or what is used in its place

    Example:
        >>> from prx_actors.system.reporting import safe_repr
        >>> safe_repr("x")
        "'x'"

    """
    try:
        return represent(value)
    except BaseException as error:  # noqa: BLE001 -- code of the user
        return f"<{type(value).__name__} whose repr failed: {type(error).__name__}>"


class SafeLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger whose handlers may fail.

    Args:
        name: of the logger

    Example:
        >>> from prx_actors.system.reporting import SafeLogger
        >>> SafeLogger("prx_actors").debug("not shown")

    """

    def __init__(self, name: str) -> None:
        super().__init__(logging.getLogger(name), {})

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Leave `extra` as it is."""
        return msg, kwargs

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log a message; never raises."""
        # The record names who logs, which is behind this function and `protected`.
        protected(super().log, level, msg, *args, stacklevel=3, **kwargs)
