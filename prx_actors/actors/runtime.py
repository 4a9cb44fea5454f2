"""The runtime as a whole: its end, and what a fork leaves of it."""

from __future__ import annotations

import os
import threading
from functools import partial
from typing import TYPE_CHECKING

from prx_actors.actors import pg, pykka_compat
from prx_actors.actors.context import context
from prx_actors.actors.exceptions import ProcessExit
from prx_actors.actors.latches import Latch
from prx_actors.actors.registry import reset_names
from prx_actors.actors.scheduler import scheduler
from prx_actors.actors.table import process_table
from prx_actors.actors.timers import timers
from prx_actors.system.exits import Stage, at_exit

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["after_fork_in_child", "install", "stop_all_processes"]

EXIT_SECONDS = 5.0


def stop_all_processes(reason: object = "shutdown", timeout: float = EXIT_SECONDS) -> bool:
    """End every process, the last one first, and wait for their ends.

    Args:
        reason: the exit reason of those that run
        timeout: seconds to wait for what belongs to them

    Returns:
        whether all have ended in time

    """
    processes = process_table.processes()
    for process in reversed(processes):
        process._terminate(reason)
    return process_table.wait_gone(processes, timeout)


def after_fork_in_child() -> None:
    """Begin anew: none of the parent's processes or threads is in the child."""
    for process in process_table.processes():
        # Locks may be held by threads that do not exist here.
        process._prx_lock = process.actor_inbox.lock = threading.RLock()
        process._prx_running, process._prx_exited = False, True
        process.actor_inbox.abandon()
        process.actor_stopped = process.actor_ref.actor_stopped = Latch()
        process.actor_stopped.set()
    pykka_compat.reset_registry()
    process_table.reset()
    reset_names()
    pg.groups.reset()
    timers.reset()
    scheduler.reset()
    context.process = context.guard = context.ends = None


def _tell_of_thread(tell: Callable[[threading.ExceptHookArgs], object], failed: threading.ExceptHookArgs) -> None:
    # A plain thread is told of the end of its process by this exception: an exit, as SystemExit is, and no crash.
    if not issubclass(failed.exc_type, ProcessExit):
        tell(failed)


def install() -> None:
    """Hook into Pykka, threads, fork and exit; once, when the package is imported."""
    pykka_compat.install()
    threading.excepthook = partial(_tell_of_thread, threading.excepthook)
    os.register_at_fork(after_in_child=after_fork_in_child)
    at_exit(Stage.PROCESSES, stop_all_processes)
