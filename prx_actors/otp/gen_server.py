"""GenServer, a process that serves requests one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prx_actors.actors.timers import cancel_timer, send_after
from prx_actors.otp import calls
from prx_actors.otp.behaviour import Behaviour, bad_return
from prx_actors.otp.results import NOTHING, Continue, Ignore, NoReply, Reply, Stop, Timeout, is_time
from prx_actors.otp.state_results import Reply as MachineReply

if TYPE_CHECKING:
    from prx_actors.actors.inspection import SystemRequest
    from prx_actors.actors.timers import Timer
    from prx_actors.otp.calls import From


__all__ = ["GenServer"]


@dataclass(frozen=True, slots=True, eq=False)
class _Expired:
    """Says that a timeout has passed, unless another message came first."""

    timeout: Timeout


class GenServer(Behaviour):
    """A server. Its state are its attributes; its callbacks are to be overridden.

    A callback may return `Stop(reason)`, `Timeout(seconds)` or `Continue(argument)`
    for the rest of OTP's choices; what `handle_call` returns otherwise is the reply.
    An exception in a callback ends the server.

    Args:
        args: for `init`
        kwargs: for `init`

    Example:
        >>> from prx_actors.otp import GenServer
        >>> class Stack(GenServer):
        ...     def init(self, *items):
        ...         self.items = list(items)
        ...     def handle_call(self, request, sender):
        ...         return self.items.pop()
        ...     def handle_cast(self, request):
        ...         self.items.append(request)
        >>> stack = Stack.start(1, 2)
        >>> GenServer.call(stack, "pop")
        2
        >>> GenServer.cast(stack, 3)
        >>> GenServer.call(stack, "pop")
        3
        >>> GenServer.stop(stack)

    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prx_timer: Timer | None = None
        self._prx_expected: _Expired | None = None

    call = staticmethod(calls.call)
    cast = staticmethod(calls.cast)
    reply = staticmethod(calls.reply)

    # The callbacks, besides `init` and `terminate`.

    def handle_call(self, request: Any, sender: From) -> Any:
        """Handle a request that wants a reply; to be overridden.

        Args:
            request: what the caller sent
            sender: what `reply` takes

        Returns:
            the reply, None too; or a `Reply`, `NoReply` or `Stop`

        """
        del sender
        msg = f"{type(self).__name__} has no handle_call for {request!r}"
        raise NotImplementedError(msg)

    def handle_cast(self, request: Any) -> Timeout | Continue | Stop | None:
        """Handle a request that wants no reply; to be overridden.

        Args:
            request: what was sent

        Returns:
            None, or a `Timeout`, `Continue` or `Stop`

        """
        msg = f"{type(self).__name__} has no handle_cast for {request!r}"
        raise NotImplementedError(msg)

    def handle_info(self, message: Any) -> Timeout | Continue | Stop | None:
        """Handle any other message: an `Exit`, a `Down`, a `Timeout` that has passed, ...

        Args:
            message: what was sent

        Returns:
            None, or a `Timeout`, `Continue` or `Stop`

        """
        super()._on_info(message)
        return None

    def handle_continue(self, argument: Any) -> Timeout | Continue | Stop | None:
        """Go on after a callback that returned `Continue`; to be overridden.

        Args:
            argument: what it was given

        Returns:
            None, or a `Timeout`, `Continue` or `Stop`

        """
        msg = f"{type(self).__name__} has no handle_continue for {argument!r}"
        raise NotImplementedError(msg)

    # What is done with what they return.

    def _init_returned(self, result: object) -> None:
        if not (result is None or isinstance(result, (Timeout, Continue))):
            bad_return(result)
        self._acknowledge()
        self._proceed(result)

    def _on_call(self, request: object, sender: From) -> None:
        self._forget_timeout()
        match self.handle_call(request, sender):
            case Stop(reason, value):
                self._end(reason, answer=None if value is NOTHING else (sender, value))
            case NoReply(then):
                self._proceed(then)
            case Reply(value, then):
                self._answer(sender, value)
                self._proceed(then)
            case Timeout() | Continue() | Ignore() | MachineReply() as wrong:
                bad_return(wrong)
            case value:
                self._answer(sender, value)

    def _on_cast(self, request: object) -> None:
        self._forget_timeout()
        self._proceed(self.handle_cast(request))

    def _on_info(self, message: object) -> None:
        if self._is_late_timeout(message):
            return
        self._forget_timeout()
        self._proceed(self.handle_info(self._as_shown(message)))

    def _is_late_timeout(self, message: object) -> bool:
        # Another message came before it.
        return isinstance(message, _Expired) and message is not self._prx_expected

    def _as_shown(self, message: object) -> object:
        return message.timeout if isinstance(message, _Expired) else message

    def _proceed(self, then: object) -> None:
        """Do what a callback's result asks for."""
        while isinstance(then, Continue):
            self._check_running()
            self._debug_event("continue", then.argument)
            then = self.handle_continue(then.argument)
        if isinstance(then, Timeout):
            self._expect(then)
        elif isinstance(then, Stop) and then.reply is NOTHING:
            self._end(then.reason)
        elif then is not None:
            bad_return(then)

    def _expect(self, timeout: Timeout) -> None:
        if timeout.seconds is None:
            return
        if not is_time(timeout.seconds):
            bad_return(timeout)
        self._prx_expected = _Expired(timeout)
        self._prx_timer = send_after(timeout.seconds, self.actor_ref, self._prx_expected)

    def _obey(self, request: SystemRequest) -> None:
        # As in OTP, a time-out does not pass while the server is suspended, and begins anew afterwards.
        expected = self._prx_expected
        self._forget_timeout()
        super()._obey(request)
        if expected is not None:
            self._expect(expected.timeout)

    def _forget_timeout(self) -> None:
        self._prx_expected = None
        if self._prx_timer is not None:
            cancel_timer(self._prx_timer)
            self._prx_timer = None

    def _runtime_class(self) -> type[GenServer]:
        return GenServer
