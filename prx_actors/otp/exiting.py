"""What becomes of behaviours that still run when the interpreter exits.

They are told to end as their parents would tell them, so that supervisors stop
their children in order and `terminate` is called; what is then left is ended by
`stop_all_processes`.
"""

from __future__ import annotations

import time

from prx_actors.actors.runtime import EXIT_SECONDS
from prx_actors.actors.table import process_of, process_table
from prx_actors.otp.behaviour import Behaviour
from prx_actors.system.exits import Stage, at_exit

__all__ = ["install", "stop_behaviours"]


def stop_behaviours(timeout: float = EXIT_SECONDS) -> bool:
    """Shut down the behaviours that have no behaviour above them, the last one first.

    Args:
        timeout: seconds to wait for all of them

    Returns:
        whether all have ended in time

    """
    deadline = time.monotonic() + timeout
    tops = [process for process in process_table.processes() if isinstance(process, Behaviour) and _is_top(process)]
    for process in reversed(tops):
        process._exit_signal(process._prx_parent, "shutdown", linked=False)
        if not process_table.wait_gone([process], max(0.0, deadline - time.monotonic())):
            return False
    return True


def _is_top(process: Behaviour) -> bool:
    return not any(isinstance(process_of(pid), Behaviour) for pid in process._prx_ancestors)


def install() -> None:
    """Hook into the interpreter's exit; once."""
    at_exit(Stage.BEHAVIOURS, stop_behaviours)
