"""What `sys` records of a process: a log, a trace, statistics."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from prx_actors.system.reporting import SafeLogger, safe_repr

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.actors.pid import Pid

    Event = tuple[object, ...]

__all__ = ["Debug", "Statistics"]

logger = SafeLogger("prx_actors.trace")


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a process has done since its statistics were switched on."""

    start_time: datetime
    current_time: datetime
    messages_in: int
    messages_out: int


class Debug:
    """The debug options of one process. It is used by the process alone."""

    __slots__ = ("functions", "log", "messages", "since", "trace")

    def __init__(self) -> None:
        self.log: deque[Event] | None = None
        self.trace = False
        self.since: datetime | None = None
        self.messages = {"in": 0, "out": 0}
        self.functions: dict[object, Callable[[Pid, Event], Any]] = {}

    def event(self, pid: Pid, event: Event) -> None:
        """Record one event, whose first item says what it is."""
        if self.log is not None:
            self.log.append(event)
        if self.trace:
            logger.info("*DBG* %r %s", pid, " ".join(map(safe_repr, event)))
        if self.since is not None and event[0] in self.messages:
            self.messages[str(event[0])] += 1
        for key, function in list(self.functions.items()):
            self._call(key, function, pid, event)

    def _call(self, key: object, function: Callable[[Pid, Event], Any], pid: Pid, event: Event) -> None:
        # As in OTP, one that says it is done, or fails, is removed.
        try:
            result = function(pid, event)
            done = isinstance(result, str) and result == "done"
        except BaseException:
            # It ends nobody, not even by an exit.
            logger.exception("The debug function %r of %r failed", key, pid)
            done = True
        if done:
            self.functions.pop(key, None)

    def statistics(self) -> Statistics | None:
        """Return the statistics, none when they are off."""
        if self.since is None:
            return None
        return Statistics(self.since, datetime.now(UTC), self.messages["in"], self.messages["out"])

    def set_statistics(self, *, on: bool) -> None:
        """Begin to count anew, or stop."""
        self.since = datetime.now(UTC) if on else None
        self.messages = {"in": 0, "out": 0}

    def set_log(self, size: int) -> None:
        """Keep that many of the last events; none with 0."""
        self.log = deque(self.log or (), maxlen=size) if size else None
