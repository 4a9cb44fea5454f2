"""Which process the calling thread runs, without making it one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.actors.gates import Gate
    from prx_actors.actors.process import Process

__all__ = ["context"]


class _Context(threading.local):
    process: Process | None = None
    """The process that this thread runs now."""

    guard: object = None
    """What ends a plain thread's process when the thread ends."""

    ends: list[Callable[[], None]] | None = None
    """What the step under way causes, while this thread works off the ends of processes."""

    calls: Gate | None = None
    """Whom this thread calls when it waits next."""

    gates: list[Gate] | None = None
    """Gates that this thread does not use now."""


context = _Context()
