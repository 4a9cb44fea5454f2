"""Pid, the name of a process: Pykka's reference with the identity of an Erlang pid."""

from __future__ import annotations

from contextlib import suppress
from queue import Full
from typing import TYPE_CHECKING, Any

import pykka
from pykka._envelope import Envelope

from prx_actors.actors.context import context
from prx_actors.actors.table import process_table

if TYPE_CHECKING:
    from prx_actors.actors.mailbox import Mailbox

__all__ = ["Pid", "tell_foreign"]


class Pid(pykka.ActorRef[Any]):
    """A process, dead or alive; equal only to itself, hashable, without order.

    Example:
        >>> from prx_actors.actors import current
        >>> current() == current()
        True

    """

    actor_inbox: Mailbox

    def __init__(self, actor: pykka.Actor) -> None:
        super().__init__(actor)
        self._number = int(self.actor_urn[-12:], 16)

    @property
    def number(self) -> int:
        """A small number that no other process of this program has."""
        return self._number

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._number} {' '.join(self._words())}>"

    def _words(self) -> list[str]:
        process = process_table.get(self)
        return [self.actor_class.__name__, "exited"] if process is None else process._words()

    def is_alive(self) -> bool:
        """Say whether the process takes messages.

        Returns:
            False from the instant at which it exits or gets a fatal signal

        """
        return not self.actor_inbox.closed

    def tell(self, message: Any) -> None:
        """Send a message, as Pykka does; `send` is silent about the dead.

        Args:
            message: what to send

        Raises:
            ActorDeadError: when the process has ended
            ProcessExit: when the calling process has been ended

        """
        if not self._send(message):
            msg = f"{self} not found"
            raise pykka.ActorDeadError(msg)

    def ask(self, message: Any, *, block: bool = True, timeout: float | None = None) -> Any:
        """Send a message and wait for the reply.

        Args:
            message: what to send
            block: whether to wait; otherwise a future is returned
            timeout: seconds to wait

        Returns:
            the reply or, with `block=False`, a future

        Raises:
            ActorDeadError: when the process ends before it replies
            pykka.Timeout: when the reply is late
            ProcessExit: when the calling process has been ended

        """
        future = self.actor_class._create_future()
        if not self._deliver(Envelope(message, future)):
            error = pykka.ActorDeadError(f"{self} not found")
            with suppress(Full):  # a mailbox that closes may have answered
                future.set_exception((pykka.ActorDeadError, error, None))
        return future.get(timeout=timeout) if block else future

    def _send(self, message: object) -> bool:
        """Put a message into the mailbox; False when the process has ended."""
        return self._deliver(Envelope(message))

    def _deliver(self, envelope: Envelope[Any]) -> bool:
        sender = context.process
        if sender is None:
            return self.actor_inbox.offer(envelope)
        # What a process has sent is in the mailbox before its end is announced.
        with sender._prx_sending:
            if not sender._prx_running:
                sender._check_running()
            return self.actor_inbox.offer(envelope)


def tell_foreign(ref: pykka.ActorRef[Any], message: object) -> None:
    """Send a message to an actor of Pykka's own, silently when it is dead, as to a process."""
    if context.process is not None:
        context.process._check_running()
    with suppress(pykka.ActorDeadError):
        ref.tell(message)
