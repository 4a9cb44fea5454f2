"""Envelopes, and what is due to their senders when they leave a mailbox."""

from __future__ import annotations

from contextlib import suppress
from queue import Full
from typing import TYPE_CHECKING, Any, Final

import pykka
from pykka._envelope import Envelope
from pykka.messages import ProxyCall, ProxyGetAttr, ProxySetAttr, _ActorStop

from prx_actors.actors.context import context
from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SYSTEM_MESSAGES", "AccountedEnvelope", "drop", "reply", "reply_dead", "reply_exception", "settle"]

logger = SafeLogger("prx_actors")

SYSTEM_MESSAGES: Final[frozenset[type]] = frozenset({_ActorStop, ProxyCall, ProxyGetAttr, ProxySetAttr})
"""What Pykka sends behind the user's back, by exact class; `receive` does not return it."""


class AccountedEnvelope(Envelope[Any]):
    """An envelope whose sender wants to know when it has left the mailbox.

    Args:
        message: what to send
        taken: called once, outside the mailbox's lock, when the message is
            received, when a turn takes it, or when the mailbox closes; again
            after a call that an interrupt cut short, which it must bear

    """

    __slots__ = ("taken",)

    def __init__(self, message: object, taken: Callable[[], None]) -> None:
        super().__init__(message)
        self.taken: Callable[[], None] | None = taken

    def settle(self) -> None:
        """Tell the sender, the first time."""
        if self.taken is not None:
            self.taken()
            self.taken = None


def reply(envelope: Envelope[Any], value: object = None) -> None:
    """Answer an `ask`, unless it has been answered."""
    if envelope.reply_to is not None:
        try:  # noqa: SIM105 -- `suppress` takes as long as the rest of a reply
            envelope.reply_to.set(value)
        except Full:
            pass


def reply_dead(envelope: Envelope[Any]) -> None:
    """Answer an `ask` that the process did not live to handle."""
    if envelope.reply_to is not None:
        error = pykka.ActorDeadError("the process ended before it handled the message")
        with suppress(Full):
            envelope.reply_to.set_exception((pykka.ActorDeadError, error, None))


def drop(envelope: Envelope[Any]) -> None:
    """Do what is due for a message that will never be handled."""
    if isinstance(envelope.message, _ActorStop):
        reply(envelope)
    else:
        reply_dead(envelope)
    settle(envelope, answer=False)


def settle(envelope: Envelope[Any], *, answer: bool) -> None:
    """Tell whoever waits for this message to leave the mailbox.

    An `ask` whose message is received, not handled, has no result: it is
    answered with None.
    """
    if answer:
        reply(envelope)
    if isinstance(envelope, AccountedEnvelope):
        try:
            envelope.settle()
        except Exception:
            logger.exception("The taken callback of %r failed", envelope)


def reply_exception(envelope: Envelope[Any], error: Exception) -> None:
    """Answer an `ask` with what its handler raised."""
    process = context.process
    who = None if process is None else process.actor_ref
    logger.info("Exception returned from %r to its caller", who, exc_info=error)
    if envelope.reply_to is not None:
        with suppress(Full):
            envelope.reply_to.set_exception((type(error), error, error.__traceback__))
