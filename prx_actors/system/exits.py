"""What is done when the interpreter exits, in an order that does not depend on what was imported first."""

from __future__ import annotations

import atexit
import enum
from operator import itemgetter
from typing import TYPE_CHECKING

from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Stage", "at_exit"]

logger = SafeLogger("prx_actors")


class Stage(enum.IntEnum):
    """When a hook is called; whoever stands on others goes before them."""

    BEHAVIOURS = 1
    """Supervision trees stop in order, while their OS processes and all else still work."""
    PROCESSES = 2
    """What runs after that is ended, and its OS processes with it."""
    OS_PROCESSES = 3
    """The keepers end, and what is left below them."""
    LEFTOVERS = 4
    """What those have held is removed."""


_hooks: list[tuple[Stage, Callable[[], object]]] = []


def at_exit(stage: Stage, hook: Callable[[], object]) -> None:
    """Call a function when the interpreter exits, after those of earlier stages.

    Args:
        stage: when
        hook: what to call

    """
    _hooks.append((stage, hook))


@atexit.register
def _run() -> None:
    interrupts: list[BaseException] = []
    for _, hook in sorted(_hooks, key=itemgetter(0)):
        try:
            hook()
        except Exception:
            logger.exception("A hook at the exit of the interpreter failed")
        except BaseException as interrupt:  # noqa: BLE001 -- the others have their turn first
            interrupts.append(interrupt)
    if interrupts:
        raise interrupts[0]
