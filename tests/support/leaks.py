"""What the test process holds, and what of it a test has left behind.

Holdings are counted by descriptions, not by numbers, because the runtime may be shut down and come up again within a
test: its keeper then has another pid and its sockets have other inodes, but there are no more of them than before.
"""

from __future__ import annotations

import gc
import os
import re
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pykka import ActorRegistry

from prx_actors import Pid, exit_signal, prx, shutdown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["OsProcess", "descendants", "end_all", "holdings", "left_behind", "warm_holdings"]

KEEPER = "the idle keeper"
LAUNCHER = "its launcher"
PATIENCE = 5.0
PAUSE = 0.02
INODE = re.compile(r":\[\d+\]$")


@dataclass(frozen=True, slots=True)
class OsProcess:
    """One line of the process table."""

    pid: int
    parent: int
    name: str
    state: str

    def __str__(self) -> str:
        """What a report calls it."""
        return f"process {self.pid} ({self.name}), state {self.state}, child of {self.parent}"


def descendants(pid: int) -> list[OsProcess]:
    """List the OS processes below one, zombies too.

    Args:
        pid: the one above them

    Returns:
        parents before their children
    """
    table = list(_process_table())
    found: list[OsProcess] = []
    above = {pid}
    while above:
        generation = [process for process in table if process.parent in above]
        found += generation
        above = {process.pid for process in generation}
    return found


def holdings(folder: Path) -> Counter[str]:
    """Count what this process holds.

    Args:
        folder: where its temporary files are

    Returns:
        how often each thing is there, by its description
    """
    return Counter([*_actors(), *_processes(), *_fds(), *_threads(), *_files(folder)])


def warm_holdings(folder: Path) -> Counter[str]:
    """Count what this process holds once the runtime is up: what that keeps from test to test is no test's leak.

    Args:
        folder: where the temporary files are

    Returns:
        the same as `holdings`
    """
    found = holdings(folder)
    if found[KEEPER]:
        return found
    with prx.fork():
        pass
    _wait_for_idle_keeper()
    return holdings(folder)


def left_behind(before: Counter[str], folder: Path) -> list[str]:
    """Wait until nothing is left but what was there before, for as long as the last of it may take to go.

    Args:
        before: what was there before
        folder: where the temporary files are

    Returns:
        descriptions of what did not go
    """
    deadline = time.monotonic() + PATIENCE
    while (left := holdings(folder) - before) and time.monotonic() < deadline:
        gc.collect()
        time.sleep(PAUSE)
    return sorted(f"{count} x {what}" for what, count in left.items())


def end_all() -> None:
    """End every actor and every OS process below this one, so that the tests to come fail by faults of their own."""
    for actor in ActorRegistry.get_all():
        if isinstance(actor, Pid):
            exit_signal(actor, "kill")
        else:
            actor.stop(block=False)
    shutdown()
    for process in descendants(os.getpid()):
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)


def _wait_for_idle_keeper() -> None:
    deadline = time.monotonic() + PATIENCE
    while KEEPER not in (found := _processes()):
        assert time.monotonic() < deadline, f"no idle keeper among {found}"
        time.sleep(PAUSE)


def _process_table() -> Iterator[OsProcess]:
    # Three times for each test: pathlib would take most of the time.
    for entry in os.listdir("/proc"):  # noqa: PTH208
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb", buffering=0) as file:  # noqa: PTH123
                stat = file.read().decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        # The name stands in parentheses and may hold any character, parentheses too.
        pid, _, rest = stat.partition(" (")
        name, _, rest = rest.rpartition(") ")
        state, parent, _ = rest.split(maxsplit=2)
        yield OsProcess(int(pid), int(parent), name, state)


def _actors() -> list[str]:
    return [f"actor {ref}" for ref in ActorRegistry.get_all()]


def _processes() -> list[str]:
    below = descendants(os.getpid())
    parents = {process.parent for process in below}
    # Where the tests run with all roots under sudo, it stands between.
    launchers = {process.pid for process in below if process.name == "sudo" and process.parent == os.getpid()}
    return [_description(process, parents, launchers) for process in below]


def _description(process: OsProcess, parents: set[int], launchers: set[int]) -> str:
    if process.state == "Z":
        return str(process)
    if process.pid in launchers:
        return LAUNCHER
    is_keeper = process.name == "prx-driver" and process.parent in {os.getpid(), *launchers}
    return KEEPER if is_keeper and process.pid not in parents else str(process)


def _fds() -> list[str]:
    return [f"fd of {INODE.sub('', target)}" for target in _fd_targets()]


def _fd_targets() -> Iterator[str]:
    for fd in os.listdir("/proc/self/fd"):  # noqa: PTH208 - it needs names only
        try:
            yield os.readlink(f"/proc/self/fd/{fd}")  # noqa: PTH115 - what a socket "links" to is no path
        except FileNotFoundError:
            continue  # the one that the listing itself had open


def _threads() -> list[str]:
    # The runtime's own, its pool and its reactor, come and go by rules of their own; those of `spawn` are the test's.
    names = [thread.name for thread in threading.enumerate()]
    return [f"thread {name}" for name in names if not name.startswith("prx-") or name.startswith("prx-process-")]


def _files(folder: Path) -> list[str]:
    return [f"file {path}" for path in folder.iterdir()]
