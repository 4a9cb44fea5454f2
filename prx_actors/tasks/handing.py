"""What `atexit` has set for the children of a task, on its way: a function of the user's instead of closing stdio."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from prx_actors.actors import spawn
from prx_actors.actors.table import process_of
from prx_actors.driver.reactor import reactor
from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.tasks.children import Child
    from prx_actors.tasks.drv import Drv
    from prx_actors.tasks.process import TaskProcess

    Hook = Callable[[Drv, list[int], Child], Any]

__all__ = ["Handing"]

logger = SafeLogger("prx_actors")

GRACE = 1.0
"""Seconds that the function may take once the process is gone; then its fds are closed all the same."""


class Handing:
    """A function of the user's that has a child's stdio in hand; it runs as a process of its own."""

    def __init__(self, hook: Hook, arguments: tuple[Drv, list[int], Child]) -> None:
        self._over = False
        self._then: Callable[[], None] | None = None
        try:
            process = process_of(spawn(hook, *arguments))
        except RuntimeError:
            logger.exception("No thread for %r", hook)
            process = None
        if process is None:
            self._over = True
        else:
            process._on_exited(lambda _pid, _reason: reactor.call_soon(self._finish))

    @staticmethod
    def is_due(parent: TaskProcess | None) -> bool:
        """Say whether a child that ends now has its stdio handed to a function."""
        return parent is not None and parent.at_exit is not None and parent._prx_running

    @classmethod
    def begin(cls, parent: TaskProcess, process: TaskProcess) -> Handing | None:
        """Call what the parent has set, if it has, and has not ended, and the child was ever there."""
        hook = parent.at_exit
        pid = process.driver.pid
        if hook is None or pid is None or not cls.is_due(parent):
            return None
        child = replace(process.as_child(), pid=pid)  # what has ended has none of its own
        return cls(hook, (parent.task.drv(), parent.pipeline(), child))

    def over(self, then: Callable[[], None]) -> bool:
        """Say whether the function has returned, on the reactor's thread.

        Args:
            then: called when it has, or is late, if it has not yet

        """
        if not self._over and self._then is None:
            self._then = then
            reactor.call_later(GRACE, self._finish)
        return self._over

    def _finish(self) -> None:
        self._over = True
        then, self._then = self._then, None
        if then is not None:
            then()
