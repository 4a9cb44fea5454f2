"""Health: a program that runs may be asked how it is, and is restarted when it does not answer well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from prx_actors.actors import receive, send, send_after, spawn_link
from prx_actors.actors.threads import current_process
from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    from prx_actors.actors import Pid
    from prx_actors.tasks.task import Task

__all__ = ["Answer", "Check", "Health", "HealthWatch", "Tick", "Unhealthy"]

logger = SafeLogger("prx_actors")


@runtime_checkable
class Check(Protocol):
    """What finds out: `Tcp`, `Unix`, `Function`, or anything of the kind."""

    def is_ready(self, task: Task, left: float) -> bool:
        """Try once, in no more than some seconds."""


@dataclass(frozen=True, slots=True)
class Health:
    """How a supervised program is checked.

    The check runs on a thread of its own. It fails when it says so, when it
    raises, and when it has not returned after another `interval`.

    Example:
        >>> from prx_actors import Command
        >>> from prx_actors.programs.health import Health
        >>> from prx_actors.programs.readiness import Tcp
        >>> command = Command(("httpd",), readiness=Tcp(80), health=Health(Tcp(80), interval=5.0))

    """

    check: Check
    """As `prx_actors.programs.readiness` has them: a `Tcp`, a `Unix` or a `Function`."""

    interval: float = 30.0
    """Seconds from one check to the next."""

    failures: int = 3
    """How many of them in turn end the program."""


@dataclass(frozen=True, slots=True)
class Unhealthy:
    """The reason with which the child of a supervisor ends whose program is not well."""

    task: Task
    """As which it ran."""

    failures: int
    """How many checks in turn have failed."""


@dataclass(frozen=True, slots=True)
class Tick:
    """It is time for a check."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A check has returned."""

    is_well: bool


class HealthWatch:
    """The checks of one program; used by the process that owns it.

    Args:
        health: how it is checked
        task: the program
        owner: gets `Tick` and `Answer`, for `take`

    """

    def __init__(self, health: Health, task: Task, owner: Pid) -> None:
        self._health = health
        self._task = task
        self._owner = owner
        self._failures = 0
        self._is_asked = False
        self._checker = spawn_link(_check_when_asked, health, task, owner)
        # A link alone would let it live on after a normal end.
        current_process()._adopt(self._checker)
        self._wait()

    def _wait(self) -> None:
        send_after(self._health.interval, self._owner, Tick())

    def take(self, message: Tick | Answer) -> Unhealthy | None:
        """Take a message.

        Returns:
            the reason to end the program, if there is one

        """
        if isinstance(message, Answer):
            self._is_asked = False
            self._failures = 0 if message.is_well else self._failures + 1
        elif self._is_asked:
            self._failures += 1
            self._wait()
        else:
            self._is_asked = True
            send(self._checker, Tick())
            self._wait()
        return Unhealthy(self._task, self._failures) if self._failures >= self._health.failures else None


def _check_when_asked(health: Health, task: Task, owner: Pid) -> None:
    while True:
        receive(Tick)
        try:
            is_well = bool(health.check.is_ready(task, health.interval))
        except Exception:
            logger.exception("%r: its check has failed", task)
            is_well = False
        send(owner, Answer(is_well))
