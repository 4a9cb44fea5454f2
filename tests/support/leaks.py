"""What the test process holds, and what of it a test has left behind.

Holdings are counted by descriptions, not by numbers, because the runtime may be shut down and come up again within a
test: its keeper then has another pid and its sockets have other inodes, but there are no more of them than before.
"""

from __future__ import annotations

import gc
import os
import re
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from chaos.processes import Process, below, end, everything, mark, process
from pykka import ActorRegistry

from prx_actors import Pid, exit_signal, prx, shutdown
from prx_actors.driver import keeper as keepers
from prx_actors.driver.keeper import is_own_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["descendants", "end_all", "holdings", "left_behind", "warm_holdings"]

KEEPER = "the idle keeper"
LAUNCHER = "its launcher"
PATIENCE = 5.0
PAUSE = 0.02
_older: dict[int, int] = {}
"""Inodes of processes that were there before this one, by pid: four looks in five are at such, and for nothing."""
INODE = re.compile(r":\[\d+\]$")


def descendants(pid: int) -> list[Process]:
    """List the OS processes below one, zombies too.

    Args:
        pid: the one above them

    Returns:
        parents before their children
    """
    return below(pid, everything())


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
    # One that a test before has killed is there for a moment without its channels.
    if found[KEEPER] and any(keeper.usable for keeper in keepers._keepers.values()):
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
    there = _younger()
    found = below(os.getpid(), there)
    end([*found, *_strays(there, found)])


def _wait_for_idle_keeper() -> None:
    deadline = time.monotonic() + PATIENCE
    while KEEPER not in (found := _processes()):
        assert time.monotonic() < deadline, f"no idle keeper among {found}"
        time.sleep(PAUSE)


def _actors() -> list[str]:
    return [f"actor {ref}" for ref in ActorRegistry.get_all()]


def _processes() -> list[str]:
    there = _younger()
    found = below(os.getpid(), there)
    parents = {one.parent for one in found}
    # Where the tests run with all roots under sudo, it stands between.
    launchers = {one.pid for one in found if one.name == "sudo" and one.parent == os.getpid()}
    return [*(_description(one, parents, launchers) for one in found), *map(str, _strays(there, found))]


def _younger() -> dict[int, Process]:
    """Look at the processes that are no older than this one; an inode tells an older one from who has its pid later."""
    own = process(os.getpid())
    assert own
    found = {}
    with os.scandir("/proc") as entries:
        pids = [(int(entry.name), entry.inode()) for entry in entries if entry.name.isdigit()]
    for pid, inode in pids:
        if _older.get(pid) != inode and (one := process(pid)):
            if one.start < own.start:
                _older[pid] = inode
            else:
                found[pid] = one
    return found


def _strays(there: dict[int, Process], found: list[Process]) -> list[Process]:
    """List what a task of ours has started, and is below us no more."""
    known = {one.key for one in found}
    return [one for one in there.values() if one.key not in known and one.state not in "ZX" and _is_ours(one)]


def _is_ours(one: Process) -> bool:
    found = mark(one.pid)
    return found is not None and is_own_run(found.run)


def _description(one: Process, parents: set[int], launchers: set[int]) -> str:
    if one.state == "Z":
        return str(one)
    if one.pid in launchers:
        return LAUNCHER
    is_keeper = one.name == "prx-driver" and one.parent in {os.getpid(), *launchers}
    return KEEPER if is_keeper and one.pid not in parents else str(one)


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
