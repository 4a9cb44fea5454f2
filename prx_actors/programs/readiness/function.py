"""Ready when a function says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prx_actors.programs.readiness.polling import Polled

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.tasks.task import Task

__all__ = ["Function"]


@dataclass(frozen=True)
class Function(Polled):
    """Ready when a function returns something true.

    It is called again and again, on the starter's thread; what it raises ends the
    start.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from prx_actors import prx
        >>> from prx_actors.programs.readiness import Function
        >>> with tempfile.TemporaryDirectory() as folder, prx.fork() as task:
        ...     file = Path(folder, "ready")
        ...     prx.execvp(task, ["sh", "-c", f"touch {file}; exec sleep 1000"])
        ...     Function(lambda task: file.exists()).begin().wait_ready(task)
        ...     file.exists()
        True

    """

    function: Callable[[Task], object]
    """Called with the task; should not take long."""

    timeout: float = 30.0
    """Seconds from the start."""

    def is_ready(self, task: Task, left: float) -> bool:  # noqa: ARG002 -- the function's business
        """Ask the function."""
        return bool(self.function(task))
