"""When a supervisor restarts a child, how often and how soon. Nothing here acts."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Final

__all__ = ["Backoff", "End", "RestartWindow", "classify", "expected", "must_report", "must_restart"]


class End(Enum):
    """What kind of end an exit reason tells of."""

    NORMAL = "normal"
    SHUTDOWN = "shutdown"
    SHUTDOWN_WITH = "(shutdown, x)"
    KILLED = "killed"
    ABNORMAL = "any other"


ORDERLY: Final = frozenset({End.NORMAL, End.SHUTDOWN, End.SHUTDOWN_WITH})


def classify(reason: object) -> End:
    """Return the kind of an exit reason, which may be an object with any `__eq__`."""
    if isinstance(reason, str):
        return {"normal": End.NORMAL, "shutdown": End.SHUTDOWN, "killed": End.KILLED}.get(reason, End.ABNORMAL)
    match reason:
        case (str() as word, _) if word == "shutdown":
            return End.SHUTDOWN_WITH
    return End.ABNORMAL


def must_restart(restart: str, reason: object) -> bool:
    """Say whether a child that has ended by itself is to be restarted.

    Args:
        restart: of its specification
        reason: why it has ended

    """
    return restart == "permanent" or (restart == "transient" and classify(reason) not in ORDERLY)


def must_report(restart: str, reason: object) -> bool:
    """Say whether the end of a child is worth an error report."""
    return restart == "permanent" or classify(reason) not in ORDERLY


def expected(restart: str, *, brutally: bool, reason: object) -> bool:
    """Say whether a child that its supervisor has stopped ended as it should.

    Args:
        restart: of its specification
        brutally: whether it was killed at once
        reason: why it has ended

    """
    end = classify(reason)
    if end is (End.KILLED if brutally else End.SHUTDOWN):
        return True
    return restart != "permanent" and end in ORDERLY


class RestartWindow:
    """The restarts of the last `period` seconds, in whole seconds as OTP counts."""

    def __init__(self) -> None:
        self._restarts: deque[int] = deque()

    def add(self, now: float, intensity: int, period: int) -> bool:
        """Count a restart.

        Args:
            now: the time, which never goes back
            intensity: how many restarts there may be
            period: in so many seconds

        Returns:
            whether the supervisor may go on

        """
        second = int(now)
        self._restarts.append(second)
        while self._restarts[0] < second - period:
            self._restarts.popleft()
        return len(self._restarts) <= intensity


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a supervisor waits before a restart; OTP's does not wait.

    The first restart of a child comes after `initial` seconds, and each one after
    that waits `factor` times as long as the one before, up to `maximum`. A child
    that has run for `maximum` seconds begins with `initial` again. A supervisor does
    not start with one whose times are not finite or below 0, whose factor is not
    above 0, or whose jitter is not from 0 to 1.

    Example:
        >>> from prx_actors.otp.restarts import Backoff
        >>> backoff = Backoff(initial=0.5, maximum=3.0, jitter=0.0)
        >>> [backoff.delay(number) for number in range(5)]
        [0.5, 1.0, 2.0, 3.0, 3.0]

    """

    initial: float = 0.1
    """Seconds before the first restart."""

    maximum: float = 30.0
    """Seconds before any restart, but for the jitter."""

    factor: float = 2.0
    """By what each delay grows."""

    jitter: float = 0.25
    """The share of a delay by which it is lengthened or shortened at random, so
    that children that failed together do not all come back together."""

    def delay(self, number: int) -> float:
        """Return the delay before a restart.

        Args:
            number: how many restarts went before, without a long run between

        """
        try:
            delay = min(self.maximum, self.initial * self.factor**number)
        except OverflowError:
            delay = self.maximum
        return delay * (1 + self.jitter * random.uniform(-1, 1))  # noqa: S311 -- no secret
