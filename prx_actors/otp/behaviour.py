"""Behaviour, what all of OTP's behaviours have in common: `proc_lib`, `gen` and `sys`.

To build a behaviour, subclass `Behaviour` and override, as needed:

- `init(*args, **kwargs)`: the user's callback; runs in the process, while the starter waits;
- `_init_returned(result)`: take what `init` returned and call `_acknowledge()`, which lets
  `start` return, then do what comes after; `Ignore` and `Stop` never get here;
- `_on_call(request, sender)`, `_on_cast(request)`, `_on_info(message)`: one message each;
  `reply(sender, value)` answers, now or later, from anywhere;
- `terminate(reason)`: called before the end on a stop, on a crash, and on an exit signal from the parent
  when the process traps exits; it may still send, call and receive;
- `system_get_state()`, `system_replace_state(function)`, `format_status(status)`: for `prx_actors.otp.sys`.

In any of them `raise ProcessExit(reason)` ends the process as OTP's stop does; any other
exception is a crash. `_end(reason)` does the same where code should go on afterwards.
`self._prx_parent` started it, `self._prx_ancestors` are its parent's parents too.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from prx_actors.actors.crashes import crash_status, is_silent
from prx_actors.actors.envelopes import SYSTEM_MESSAGES, drop
from prx_actors.actors.envelopes import reply as answer_envelope
from prx_actors.actors.exceptions import ProcessExit
from prx_actors.actors.inspection import SystemRequest
from prx_actors.actors.messages import Exit
from prx_actors.otp.calls import Call, Cast, From, refuse_ask, reply
from prx_actors.otp.proc_lib import ProcLib, bad_return
from prx_actors.otp.reports import report_termination
from prx_actors.system.reporting import SafeLogger, protected

if TYPE_CHECKING:
    import pykka
    from pykka._envelope import Envelope

__all__ = ["Behaviour", "bad_return", "is_silent"]

logger = SafeLogger("prx_actors")


class Behaviour(ProcLib):
    """A process with a synchronous start, calls, an orderly end, and `sys`.

    Args:
        args: for `init`
        kwargs: for `init`

    Example:
        >>> from prx_actors.otp import Behaviour, call, reply
        >>> class Echo(Behaviour):
        ...     def _on_call(self, request, sender):
        ...         reply(sender, request)
        >>> echo = Echo.start()
        >>> call(echo, "hello")
        'hello'
        >>> Behaviour.stop(echo)

    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prx_asked: WeakSet[pykka.Future[Any]] | None = None

    def terminate(self, reason: object) -> None:
        """Clean up before the end; to be overridden.

        Called when a callback stops or fails, when `stop` is called and, if
        the process traps exits, when its parent ends or tells it to end. Not
        called when an exit signal ends it. What it raises replaces the reason.

        Args:
            reason: the exit reason

        """

    # Messages.

    def _on_call(self, request: object, sender: From) -> None:  # noqa: ARG002 -- for overriding
        """Handle a call; to be overridden."""
        logger.warning("%r got an unexpected call: %r", self.actor_ref, request)

    def _on_cast(self, request: object) -> None:
        """Handle a cast; to be overridden."""
        logger.warning("%r got an unexpected cast: %r", self.actor_ref, request)

    def _on_info(self, message: object) -> None:
        """Handle any other message; to be overridden."""
        logger.warning("%r got an unexpected message: %r", self.actor_ref, message)

    def _handle(self, envelope: Envelope[Any]) -> None:
        """Handle one message; an exception ends the process, as in OTP."""
        self._prx_handled = envelope
        try:
            self._end_by(self._dispatched(envelope))
        finally:
            self._prx_handled = None
            if not self._prx_running:
                drop(envelope)  # does nothing to what was answered

    def _dispatched(self, envelope: Envelope[Any]) -> BaseException | None:
        """Have a message handled; return what ends the process, once its exception is not being handled any more."""
        # Whatever fails in the end would show it, as its context, to those from whom `format_status` hides it.
        try:
            if self._prx_running:
                self._dispatch(envelope)
        except BaseException as error:  # noqa: BLE001 -- code of the user
            return error
        return None

    def _end_by(self, error: BaseException | None) -> None:
        if error is not None:
            self._end(error.reason if isinstance(error, ProcessExit) else error)

    def _dispatch(self, envelope: Envelope[Any]) -> None:
        message = envelope.message
        if type(message) in SYSTEM_MESSAGES:
            answer_envelope(envelope, self._handle_receive(message))
        elif isinstance(message, SystemRequest):
            self._obey(message)
        else:
            recorded = self._prx_debug is not None and not self._is_late_timeout(message)
            if recorded and not self._is_parent_exit(message):
                self._debug_event("in", self._as_shown(message))
                self._check_running()
            self._handle_message(envelope, message)

    def _handle_message(self, envelope: Envelope[Any], message: object) -> None:
        if isinstance(message, Call):
            self._on_call(message.request, message.sender)
        elif isinstance(message, Cast):
            self._on_cast(message.request)
        elif envelope.reply_to is not None:
            self._on_call(message, self._sender_of_ask(envelope.reply_to))
        elif self._is_parent_exit(message):
            raise ProcessExit(message.reason)  # type: ignore[attr-defined]
        else:
            self._on_info(message)

    def _is_late_timeout(self, message: object) -> bool:  # noqa: ARG002 -- for overriding
        """Say whether a message is that of a time-out which counts no more; may be overridden."""
        return False

    def _as_shown(self, message: object) -> object:
        """Return what a message stands for, if it is the runtime's own; may be overridden."""
        return message

    def _last_message(self) -> object:
        return self._as_shown(super()._last_message())

    def _is_parent_exit(self, message: object) -> bool:
        return isinstance(message, Exit) and message.pid is not None and message.pid is self._prx_parent

    def _runtime_class(self) -> type[Behaviour]:
        return Behaviour

    # Of one that is suspended, too.
    _ends = _is_parent_exit

    def _handle_end(self, message: Exit) -> None:
        raise ProcessExit(message.reason)

    def _sender_of_ask(self, future: pykka.Future[Any]) -> From:
        # A caller by Pykka's `ask` has no monitor: it is told at the end.
        if self._prx_asked is None:
            self._prx_asked = WeakSet()
        self._prx_asked.add(future)
        return From(None, future)

    def _answer(self, sender: From, value: object) -> None:
        reply(sender, value)
        self._debug_event("out", value, sender)

    # The end.

    def _stop(self) -> None:
        self._end("normal")

    def _end(self, reason: object, *, answer: tuple[From, object] | None = None) -> None:
        """End this process, which is the caller, in order: terminate, report, reply, exit.

        Args:
            reason: the exit reason
            answer: a reply that is due after `terminate`

        """
        if not self._prx_running:
            return
        if self._prx_starter is None:
            reason = self._run_terminate(reason)
        protected(self._report_end, reason)
        if answer is not None:
            with suppress(ProcessExit):  # it has been killed in `terminate`
                self._answer(*answer)
        if self._prx_starter is not None:
            self._refuse(reason)
        elif isinstance(reason, BaseException):
            self._finish(reason, partial(self.on_failure, type(reason), reason, reason.__traceback__))
        else:
            self._finish(reason, self.on_stop)

    def _run_terminate(self, reason: object) -> object:
        """Call `terminate`; return the reason that holds then."""
        protected(self._debug_event, "terminate", reason)
        try:
            self.terminate(reason)
        except ProcessExit as exit_:
            return exit_.reason
        except BaseException as error:  # noqa: BLE001 -- code of the user
            return error
        return reason

    def _report_end(self, reason: object) -> None:
        """Report an end that is not silent."""
        if is_silent(reason) or not self._prx_running:
            return
        status = crash_status(self, reason)
        if self._prx_starter is None:
            report_termination(self, status)
        self._crash_report(reason, status)

    def _announce(self, reason: object) -> None:
        for future in list(self._prx_asked or ()):
            refuse_ask(future)
        super()._announce(reason)
