"""Functions of the user that take a task's signals: they run as the task, in turns of the scheduler."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pykka._envelope import Envelope

from prx_actors.system.reporting import SafeLogger
from prx_actors.tasks.checks import CheckedProcess
from prx_actors.tasks.messages import signal_number

if TYPE_CHECKING:
    from prx_actors.tasks.task import Task

__all__ = ["Disposition", "SignalHandler", "SignalledProcess"]

logger = SafeLogger("prx_actors")

SignalHandler = Callable[["Task", int, bytes], object]
"""What `sigaction` takes: called with the task, the signal and the `siginfo_t`."""

Disposition = Literal["sig_dfl", "sig_ign", "sig_info"]
"""What becomes of a signal: the system's default, nothing, or news for the owner."""


class _Caught(NamedTuple):
    """A message of the reactor to the task itself."""

    handler: SignalHandler
    signal: int
    info: bytes


class SignalledProcess(CheckedProcess):
    """The part of a task's process that runs functions for signals."""

    def __init__(self) -> None:
        super().__init__()
        self.handlers: dict[int, SignalHandler] = {}

    def caught(self, signal: int, info: bytes) -> bool:
        """Give a signal to its function; on the reactor's thread.

        Returns:
            whether there is one

        """
        handler = self.handlers.get(signal)
        if handler is not None and self._prx_running:
            self.actor_inbox.put(Envelope(_Caught(handler, signal_number(signal), info)))
        return handler is not None

    def on_receive(self, message: Any) -> Any:
        """Run the function of a signal."""
        if not isinstance(message, _Caught):
            return super().on_receive(message)
        try:
            message.handler(self.task, message.signal, message.info)
        except Exception:
            logger.exception("The function for signal %s of %s failed", message.signal, self.task)
        return None
