"""What the checkers see of the machine: processes, which no later ones are taken for, and whose they are."""

from __future__ import annotations

import os
import re
import resource
import signal
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Mark", "Process", "below", "cgroups", "end", "everything", "mark", "namespace", "now", "process", "table"]

RUN_BITS, TASK_BITS = 36, 26
"""Of the mark: `driver/src/mark.c`."""
GONE = (FileNotFoundError, ProcessLookupError, PermissionError)


@dataclass(frozen=True, slots=True)
class Process:
    """A process: a pid and a start time are one for ever, the rest is as it was when it was seen."""

    pid: int
    start: int
    """In clock ticks since the system's start."""
    parent: int
    state: str
    name: str

    @property
    def key(self) -> tuple[int, int]:
        """What no other process has."""
        return self.pid, self.start

    def is_left_to_init(self) -> bool:
        """Whether it is a zombie that a foreign init has not got round to reap."""
        return self.state in "ZX" and self.parent in {0, 1}

    def __str__(self) -> str:
        """What a report calls it."""
        return f"{self.name}[{self.pid}] {self.state} below {self.parent}"


class Mark(NamedTuple):
    """Whose process one is: a runtime's number, and in it a task's."""

    run: int
    task: int


def process(pid: int) -> Process | None:
    """Look at one process; none when it is gone."""
    # A look at all of them goes round each test: neither pathlib nor what decodes and buffers.
    try:
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
        try:
            stat = os.read(fd, 4096)
        finally:
            os.close(fd)
    except GONE:
        return None
    # The name stands in parentheses and may hold any character, parentheses too.
    name, _, rest = stat.partition(b" (")[2].rpartition(b") ")
    fields = rest.split(None, 20)
    return Process(pid, int(fields[19]), int(fields[1]), fields[0].decode(), name.decode(errors="replace"))


def everything() -> dict[int, Process]:
    """Look at all processes."""
    pids = (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208 - names only
    return {one.pid: one for one in map(process, pids) if one}


def table() -> dict[int, Process]:
    """Look at all processes but zombies that only init can reap."""
    return {pid: one for pid, one in everything().items() if not one.is_left_to_init()}


def below(top: int, among: dict[int, Process]) -> list[Process]:
    """List what is below a process, parents first.

    Args:
        top: its pid
        among: all processes

    """
    children: dict[int, list[Process]] = {}
    for one in among.values():
        children.setdefault(one.parent, []).append(one)
    found = list(children.get(top, ()))
    for one in found:
        found += children.get(one.pid, ())
    return found


def mark(pid: int) -> Mark | None:
    """Return the mark of a process, none when it has none or is gone."""
    soft = _rttime(pid)
    if soft >> (RUN_BITS + TASK_BITS) != 1:
        return None
    return Mark(soft >> TASK_BITS & (1 << RUN_BITS) - 1, soft & (1 << TASK_BITS) - 1)


def _rttime(pid: int) -> int:
    try:
        return resource.prlimit(pid, resource.RLIMIT_RTTIME)[0]
    except PermissionError:
        return _rttime_by_procfs(pid)
    except ProcessLookupError:
        return 0


def _rttime_by_procfs(pid: int) -> int:
    with suppress(*GONE):
        found = re.search(r"^Max realtime timeout +(\d+)", Path(f"/proc/{pid}/limits").read_text(), re.MULTILINE)
        return int(found[1]) if found else 0
    return 0


def namespace(pid: int) -> int:
    """Return the number of the pid namespace of a process, 0 when it is gone."""
    with suppress(*GONE):
        return Path(f"/proc/{pid}/ns/pid").stat().st_ino
    return 0


def cgroups(pid: int) -> str:
    """Return the cgroups of a process, as the kernel tells them, a line a hierarchy."""
    with suppress(*GONE):
        return Path(f"/proc/{pid}/cgroup").read_text()
    return ""


@cache
def _tick() -> float:
    return float(os.sysconf("SC_CLK_TCK"))


def now() -> int:
    """Return the time in the unit of start times."""
    seconds = float(Path("/proc/uptime").read_text().split()[0])
    return int(seconds * _tick())


def end(processes: Iterable[Process]) -> None:
    """Kill those that are still there, and no others that have their pids by now."""
    for one in processes:
        with suppress(ProcessLookupError):
            pidfd = os.pidfd_open(one.pid)
            try:
                found = process(one.pid)
                if found and found.key == one.key:
                    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            finally:
                os.close(pidfd)
