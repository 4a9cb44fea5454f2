"""The ends of processes, worked off one after the other.

One end causes others, through links and dependents; a chain of them may be
longer than Python's stack is deep. So each thread keeps a list of the steps
that are still to be done instead of calling them within each other. The order is
that of such calls: what a step causes is done before what stands behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prx_actors.actors.context import context
from prx_actors.actors.scheduler import scheduler
from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    from collections.abc import Callable

    Step = Callable[[], None]

__all__ = ["run_steps"]

logger = SafeLogger("prx_actors")


def run_steps(*steps: Step) -> None:
    """Run these after the step that this thread has under way.

    They have been run on return, unless the caller is such a step itself. A
    KeyboardInterrupt in the midst hands the rest to another thread, beginning
    with the step that it cut short: steps must bear to be run again.

    Args:
        steps: what to do; must not block

    """
    pending = context.ends
    if pending is not None:
        pending.extend(steps)
        return
    _work_off(list(steps))


def _work_off(pending: list[Step]) -> None:
    caused: list[Step] = []
    try:
        # From Python 3.12 on the jump back of `while pending` would be outside of the try, and so would an interrupt.
        while True:
            if not pending:
                break
            context.ends = caused = []
            try:
                pending[0]()
            except Exception:
                logger.exception("A step of the end of a process failed")
            pending[:1] = caused
    except BaseException:
        # What the step had caused will not be caused again by running it again.
        pending[1:1] = caused
        scheduler.submit(lambda: _work_off(pending))
        raise
    finally:
        context.ends = None
