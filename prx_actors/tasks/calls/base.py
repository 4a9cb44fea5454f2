"""What every topic of calls stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prx_actors.driver.protocol import CALLS

if TYPE_CHECKING:
    from prx_actors.tasks.process import TaskProcess

__all__ = ["Calls"]


class Calls:
    """Part of a task: methods that the driver performs."""

    __slots__ = ()

    _process: TaskProcess

    def _call(self, name: str, *args: Any) -> Any:
        return self._process.perform(CALLS[name], args)
