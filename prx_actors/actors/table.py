"""The process table: it owns running processes, which Pykka's references do not."""

from __future__ import annotations

import threading
import uuid
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prx_actors.actors.pid import Pid
    from prx_actors.actors.process import Process

__all__ = ["ProcessTable", "process_of", "process_table"]


class ProcessTable:
    """The running processes by pid, in the order of their start."""

    def __init__(self) -> None:
        self._processes: dict[Pid, Process] = {}
        self._changed = threading.Condition()
        self._waiters = 0
        self.reset()

    def reset(self) -> None:
        """Forget everything, as in the child of a fork."""
        self._processes.clear()
        self._changed = threading.Condition()
        self._waiters = 0
        self.numbers = count(1)
        # A UUID of version 4 whose last 48 bits count: a fresh one for each
        # process would cost more than the rest of the process.
        self._urn_prefix = uuid.uuid4().urn[:-12]

    def urn(self, number: int) -> str:
        """Return the URN of the process with that number."""
        return f"{self._urn_prefix}{number:012x}"

    def add(self, process: Process) -> None:
        """Own that process from now on."""
        self._processes[process.actor_ref] = process

    def remove(self, pid: Pid) -> None:
        """Drop that process."""
        self._processes.pop(pid, None)
        self.notify()

    def notify(self) -> None:
        """Wake who waits for the ends of processes."""
        if self._waiters:
            with self._changed:
                self._changed.notify_all()

    def get(self, pid: Pid) -> Process | None:
        """Return the process of that pid, or none when it has ended."""
        return self._processes.get(pid)

    def processes(self) -> list[Process]:
        """Return the running processes, oldest first."""
        return list(self._processes.values())

    def wait_gone(self, processes: list[Process], timeout: float) -> bool:
        """Wait until those have exited and their hooks have run; say whether it is so."""
        self._waiters += 1
        try:
            with self._changed:
                return self._changed.wait_for(
                    lambda: (
                        not any(
                            process.actor_ref in self._processes or process._prx_stop_hook_pending
                            for process in processes
                        )
                    ),
                    timeout,
                )
        finally:
            self._waiters -= 1


process_table = ProcessTable()


def process_of(pid: Pid) -> Process | None:
    """Return the process behind a pid, or none when it has ended."""
    return process_table.get(pid)
