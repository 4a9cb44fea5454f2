"""How an actor handles its messages: in turns on the scheduler's threads."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pykka
from pykka.messages import _ActorStop

from prx_actors.actors.context import context
from prx_actors.actors.envelopes import SYSTEM_MESSAGES, drop, reply, reply_exception
from prx_actors.actors.exceptions import ProcessExit
from prx_actors.actors.inspection import SYSTEM_REQUESTS, Inspected
from prx_actors.actors.scheduler import scheduler
from prx_actors.actors.table import process_table
from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import RLock

    from pykka._envelope import Envelope


__all__ = ["Turns"]

logger = SafeLogger("prx_actors")

TURN_MESSAGES: Final = 100
"""After as many messages an actor goes to the end of the queue."""


class Turns(Inspected):
    """The part of a process that runs handlers of the user.

    A turn is run by one thread at a time, which is the process meanwhile. An
    exception in an `ask` goes to the caller; any other one ends the process. A
    BaseException never gets to Pykka, where it would stop every actor.
    """

    _prx_lock: RLock
    _prx_running: bool
    _prx_own_end_done: bool

    _prx_thread_id: int | None = None
    """The thread that runs it now, or has run it last."""

    def _init_turns(self) -> None:
        self._prx_handled: Envelope[Any] | None = None
        self._prx_in_turn = False
        self._prx_started = False
        self._prx_stop_hook_done = False
        self._prx_stop_hook_pending = False
        self._prx_in_own_end = False
        self._prx_in_own_hook = False

    def _may_send(self) -> bool:
        """Say whether it lives, or runs the stop hook of an end of its own, of which nobody has been told yet."""
        return self._prx_running or (self._prx_in_own_hook and not self._prx_own_end_done)

    def _holds_thread(self) -> bool:
        """Say whether code of this process is under way."""
        return self._prx_in_turn

    def _begin_turns(self) -> None:
        with self._prx_lock:
            if self._prx_running:
                self.actor_inbox.wake = self._request_turn
                self.actor_inbox.scheduled = True
                self._request_turn()

    def _request_turn(self) -> None:
        scheduler.submit(self._turn)

    def _turn(self) -> None:
        """Handle a bounded number of messages, on a thread of the scheduler."""
        with self._prx_lock:
            if self._prx_in_turn:
                return  # that turn looks again before it ends
            self._prx_in_turn = True
        self._prx_thread_id = threading.get_ident()
        context.process = self  # type: ignore[assignment]
        try:
            self._handle_some()
        finally:
            context.process = None
            self._leave_turn()

    def _leave_turn(self) -> None:
        with self._prx_lock:
            self._prx_in_turn = False
            again = self.actor_inbox.end_turn(again=self._owes_stop_hook())
        if again:
            scheduler.submit_next(self._turn)

    def _handle_some(self) -> None:
        if not self._prx_started and self._prx_running:
            self._prx_started = True
            self._run_on_start()
        take, handle = self.actor_inbox.take, self._handle
        for _ in range(TURN_MESSAGES):
            envelope = take() if self._prx_running else None
            if envelope is None:
                break
            handle(envelope)
        if self._owes_stop_hook():
            self._run_stop_hook(self.on_stop)

    def _last_message(self) -> object:
        """Return the message that is being handled, unless it is one of `sys`; may be overridden."""
        message = None if self._prx_handled is None else self._prx_handled.message
        return None if type(message) in SYSTEM_REQUESTS else message

    def _handle_receive(self, message: Any) -> Any:
        kind = type(message)
        if kind in SYSTEM_REQUESTS:
            return self._obey(message)
        if self._prx_debug is not None:
            self._debug_event("in", message)
        if kind in SYSTEM_MESSAGES:
            return super()._handle_receive(message)
        return self.on_receive(message)

    def _run_on_start(self) -> None:
        try:
            self.on_start()
            self._check_names()
        except ProcessExit as exit_:
            self._finish(exit_.reason, self.on_stop)
        except BaseException as error:  # noqa: BLE001 -- code of the user
            self._fail(error, lambda: None)

    def _handle(self, envelope: Envelope[Any]) -> None:
        """Handle one message and answer it."""
        self._prx_handled = envelope
        try:
            if self._prx_running:
                value = self._handle_receive(envelope.message)
                if envelope.reply_to is not None:
                    if self._prx_debug is not None:
                        self._debug_event("out", value)
                    reply(envelope, value)
        except ProcessExit as exit_:
            self._finish(exit_.reason, self.on_stop)
        except Exception as error:  # noqa: BLE001 -- code of the user
            if envelope.reply_to is None or isinstance(envelope.message, _ActorStop):
                self._fail(error, partial(self.on_failure, *_exc_info(error)))
            else:
                reply_exception(envelope, error)
        except BaseException as error:  # noqa: BLE001 -- code of the user
            self._fail(error, partial(self.on_failure, *_exc_info(error)))
        finally:
            self._prx_handled = None
            if not self._prx_running:
                drop(envelope)  # does nothing to what was answered

    # The end of an actor by its own doing: its hook runs before the news spreads.

    def _stop(self) -> None:
        """Stop, as `stop()` asks for; overrides Pykka's."""
        self._finish("normal", self.on_stop)

    def _fail(self, error: BaseException, hook: Callable[[], None]) -> None:
        if self._prx_running:
            self._crash_report(error)
            self._finish(error, hook)

    def _finish(self, reason: object, hook: Callable[[], None]) -> None:
        if not self._prx_running:
            return  # ended by a signal: its own hook follows
        self._prx_in_own_end = True
        self._terminate(reason)
        self._run_stop_hook(hook)
        self._ended()

    def _run_stop_hook(self, hook: Callable[[], None]) -> None:
        self._prx_stop_hook_done = True
        # After a signal it sends nothing any more.
        self._prx_in_own_hook = self._prx_in_own_end
        try:
            hook()
        except ProcessExit:
            why = "it can receive no more" if self._prx_in_own_end else "a signal has ended it, and it can send no more"
            logger.warning("The stop hook of %s was cut short: %s", self, why)
        except BaseException:
            logger.exception("%s failed while it ended", self)
        self._prx_in_own_hook = False
        self._prx_stop_hook_pending = False
        process_table.notify()

    def _owes_stop_hook(self) -> bool:
        return self._prx_started and not (self._prx_running or self._prx_stop_hook_done)

    def _wake_for_end(self) -> None:
        """Let the hook of a process that a signal has ended run, on its own turn."""
        # The pid outlives the process and must not keep it.
        self.actor_inbox.wake = None
        self.actor_inbox.system = None
        if self._owes_stop_hook() and not self._prx_in_own_end:
            if type(self).on_stop is pykka.Actor.on_stop:
                self._prx_stop_hook_done = True
            else:
                # At exit a hook is waited for, but not a handler that is busy.
                self._prx_stop_hook_pending = not self._prx_in_turn
                self._request_turn()

    def _terminate(self, reason: object) -> None:
        raise NotImplementedError

    def _ended(self) -> None:
        raise NotImplementedError

    def _check_names(self) -> None:
        raise NotImplementedError

    def _crash_report(self, reason: object) -> None:
        raise NotImplementedError


def _exc_info(error: BaseException) -> Any:
    return type(error), error, error.__traceback__
