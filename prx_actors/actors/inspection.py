"""Inspection: what an actor does when somebody looks into it, by `prx_actors.otp.sys`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pykka

from prx_actors.actors.matching import Pattern
from prx_actors.actors.registry import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pykka._envelope import Envelope

    from prx_actors.actors.mailbox import Mailbox

__all__ = ["SYSTEM_REQUESTS", "Inspected", "SystemRequest"]

SYSTEM_REQUESTS: Final[set[type]] = set()
"""The kinds of them. Each message of an actor is looked up here: `isinstance` would take three times as long."""


class SystemRequest:
    """A request that an actor obeys itself, whatever its handlers do."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        SYSTEM_REQUESTS.add(cls)

    def obey(self, process: Any) -> None:
        """Do it, in the process."""
        raise NotImplementedError


class Inspected(pykka.Actor):
    """The part of a process that `sys` looks into and steers."""

    actor_inbox: Mailbox
    _prx_running: bool
    _prx_exited: bool

    # Most processes are never looked into, and have these of the class.
    _prx_suspended = False
    _prx_debug: Any = None

    def system_get_state(self) -> Any:
        """Return what `sys.get_state` returns; may be overridden.

        Returns:
            the attributes that are not the runtime's own

        """
        # A copy first: other threads note things about a process, too.
        return {name: value for name, value in vars(self).copy().items() if not self._is_runtimes(name)}

    def system_replace_state(self, function: Callable[[Any], Any]) -> Any:
        """Replace the state, for `sys.replace_state`; may be overridden.

        Args:
            function: gets what `system_get_state` returns, and returns the new state

        Returns:
            the new state

        """
        new = function(self.system_get_state())
        return self._replace_attributes(self.system_get_state(), new)

    def _replace_attributes(self, old: Iterable[str], new: Any) -> dict[str, Any]:
        """Set the attributes of the new state, and no others; what is no state changes nothing.

        Raises:
            TypeError: what is given is no state, or has names of the runtime's

        """
        state = dict(**dict(new))  # their names are strings
        if wrong := sorted(filter(self._is_runtimes, state)):
            msg = f"{', '.join(wrong)}: the runtime's own, and no part of the state of a {type(self).__qualname__}"
            raise TypeError(msg)
        lost = set(old).difference(state)
        attributes = vars(self)
        attributes.update(state)
        for name in lost:
            attributes.pop(name, None)
        return state

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        """Change what `sys.get_status` and crash reports show; may be overridden.

        Args:
            status: `state` and `log`, and `reason` and `message` in a report

        Returns:
            the same keys with what may be shown; what is left out is not

        """
        return status

    def _raw_status(self) -> dict[str, Any]:
        """Return what there is to see besides the log; may be overridden."""
        return {"state": self.system_get_state()}

    def _debug_log(self) -> list[tuple[object, ...]]:
        """Return the events that `sys.log` keeps, the oldest first."""
        return [] if self._prx_debug is None else list(self._prx_debug.log or ())

    def _shown_status(self, status: dict[str, Any]) -> dict[str, Any]:
        """Return what `format_status` makes of a status.

        Raises:
            TypeError: when it returns no dict

        """
        shown = self.format_status(dict(status))
        if not isinstance(shown, dict):
            msg = f"format_status returned no dict but a {type(shown).__name__}"
            raise TypeError(msg)
        return dict.fromkeys(status, "not shown") | shown

    def _words(self) -> list[str]:
        """Say what this is, for the repr of its pid: the class or the function, the name if it has one, the state."""
        name = name_of(self)  # type: ignore[arg-type]  # what all that is looked into is
        return [self._kind(), *([] if name is None else [repr(name)]), self._state_name()]

    def _kind(self) -> str:
        return type(self).__name__

    def _state_name(self) -> str:
        if self._prx_exited:
            return "exited"
        return "running" if self._prx_running else "ending"

    def _runtime_class(self) -> type[Inspected]:
        """Return the class whose attributes are the runtime's own."""
        from prx_actors.actors.process import Process

        return Process

    def _is_runtimes(self, name: str) -> bool:
        runtime_class = self._runtime_class()
        return name in _attributes(runtime_class) or hasattr(runtime_class, name)

    def _debug_event(self, kind: str, *details: object) -> None:
        if self._prx_debug is not None:
            self._prx_debug.event(self.actor_ref, (kind, *details))

    def _obey(self, request: SystemRequest) -> None:
        request.obey(self)
        if self._prx_suspended:
            self._stay_suspended()

    def _stay_suspended(self) -> None:
        """While suspended, take nothing but system messages and what ends it."""
        pattern = Pattern((SystemRequest, self._ends))
        while self._prx_suspended:
            self.actor_inbox.system = self._handle
            try:
                message = self._receive(pattern)
            finally:
                self.actor_inbox.system = None
            if isinstance(message, SystemRequest):
                message.obey(self)
            else:
                self._handle_end(message)

    def _ends(self, message: object) -> bool:  # noqa: ARG002 -- for overriding
        """Say whether a message ends a process that is suspended, too."""
        return False

    def _handle_end(self, message: Any) -> None:
        raise NotImplementedError

    def _handle(self, envelope: Envelope[Any]) -> None:
        raise NotImplementedError

    def _receive(self, pattern: Pattern) -> Any:
        raise NotImplementedError


@cache
def _attributes(runtime_class: type[Inspected]) -> frozenset[str]:
    return frozenset(vars(runtime_class()))
