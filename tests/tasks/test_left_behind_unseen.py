"""What a program leaves where its parent driver cannot look: the keeper does, and `Down` comes after that."""

from __future__ import annotations

import errno
import resource
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import until
from support.ends import WAIT, OsProcesses, down_of
from support.images import stopped
from support.leaks import descendants
from support.marks import DAEMON, DEAF, daemon_of, lives

from prx_actors import Down, ExitStatus, monitor, prx, receive
from prx_actors.system.seccomp import deny, filter_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prx_actors import Task

KILLDELAY = 0.5
REAPED = 0.25
"""Seconds that a zombie is waited for at least."""
NEVER = 1000.0
"""A killdelay that is not waited for."""


@contextmanager
def blind_keeper(root: Task) -> Iterator[None]:
    """Let the keeper above a root open nothing more: `EMFILE`."""
    stat = Path(f"/proc/{root.host_pid}/stat").read_text()
    pid = int(stat.rpartition(") ")[2].split()[1])
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
    yield
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def fill(task: Task) -> None:
    """Fill a driver's own table, as its owner may: `EMFILE`."""
    prx.setrlimit(task, "rlimit_nofile", (64, 64))
    while True:
        try:
            prx.open(task, "/dev/null", "o_rdonly")
        except OSError as error:
            assert error.errno == errno.EMFILE  # noqa: PT017 - the loop has an end
            return


def restrict(task: Task) -> None:
    """Have a driver open nothing, as where the system's table is full: `ENFILE`."""
    prx.prctl(task, "pr_set_no_new_privs", 1)
    program = filter_program(deny(["openat"], errno.ENFILE))
    prx.seccomp(task, "seccomp_set_mode_filter", 0, program)


def leave_procfs(task: Task) -> None:
    """Have a driver see no `/proc`."""
    prx.chroot(task, "/proc/self/fdinfo")


BLINDNESSES: dict[str, Callable[[Task], None]] = {
    "its table is full": fill,
    "the table of the system is": restrict,
    "it sees no procfs": leave_procfs,
}
CASES = [pytest.param(name, marks=[pytest.mark.root] * (name == "it sees no procfs")) for name in BLINDNESSES]


@pytest.mark.parametrize("start", [DAEMON, DEAF], ids=["daemon", "deaf"])
@pytest.mark.parametrize("blindness", CASES)
def test_what_a_blind_driver_does_not_see_is_gone_when_down_comes(blindness: str, start: str) -> None:
    """A sibling's daemon lives, and goes with that one."""
    with prx.fork(killdelay=KILLDELAY, drain=0.1) as root:
        middle = prx.fork(root)
        task, sibling = prx.fork(middle), prx.fork(middle)
        with OsProcesses([daemon_of(task, start)]) as left, OsProcesses([daemon_of(sibling, start)]) as others:
            BLINDNESSES[blindness](middle)
            for one, its in ((task, left), (sibling, others)):
                assert len(others.left()) == 1
                ref = monitor(one)
                prx.stdin(one, "\n")
                assert receive(ExitStatus, task=one, timeout=WAIT).status == 3
                assert down_of(ref) == "shutdown"
                assert its.left() == []
        assert prx.getpid(middle) == middle.host_pid


def test_who_was_killed_by_the_keeper_is_waited_for_until_its_parent_has_reaped_it() -> None:
    """Or for 0.3 s, by which a parent that stands still has not; be its end late or early."""
    with prx.fork(killdelay=KILLDELAY, drain=0.1) as root:
        middle = prx.fork(root)
        task = prx.fork(middle)
        with OsProcesses([daemon := daemon_of(task, DEAF)]) as left:
            fill(middle)
            ref = monitor(task)
            prx.stdin(task, "\n")
            assert receive(ExitStatus, task=task, timeout=WAIT).status == 3
            looks = [time.monotonic()]

            def ended() -> bool:
                looks.append(time.monotonic())
                return not lives(daemon)

            with stopped(middle):
                until(ended, "it is killed")
                assert down_of(ref) == "shutdown"
                assert time.monotonic() - looks[-2] >= REAPED, "seen alive at the last look but one"
                assert len(left.left()) == 1
            assert left.wait_gone(WAIT) == []


@pytest.mark.parametrize("blindness", CASES)
def test_what_leaves_nothing_below_a_blind_driver_ends_at_once(blindness: str) -> None:
    """The driver has no other children, so that there is nothing to look for."""
    with prx.fork(killdelay=NEVER, drain=NEVER) as root:
        middle = prx.fork(root)
        task = prx.fork(middle)
        prx.execvp(task, ["sh", "-c", "read line; exit 3"])
        BLINDNESSES[blindness](middle)
        ref = monitor(task)
        prx.stdin(task, "\n")
        assert down_of(ref) == "shutdown"


@pytest.mark.root
@pytest.mark.parametrize("start", [DAEMON, DEAF], ids=["daemon", "deaf"])
def test_what_is_left_in_a_namespace_with_the_procfs_of_another_is_gone_when_down_comes(start: str) -> None:
    """The numbers in there are not those that its first process may use."""
    with prx.fork(killdelay=KILLDELAY, drain=0.1) as root:
        init = prx.clone(root, "clone_newpid")
        task, sibling = prx.fork(init), prx.fork(init)
        inner = [daemon_of(one, start) for one in (task, sibling)]
        outer = {numbers_of(one.pid)[-1]: one.pid for one in descendants(init.host_pid or 0)}
        with OsProcesses([outer[inner[0]]]) as left, OsProcesses([outer[inner[1]]]) as others:
            ref = monitor(task)
            prx.stdin(task, "\n")
            assert down_of(ref) == "shutdown"
            assert left.left() == []
            assert len(others.left()) == 1
        assert prx.getpid(init) == 1


def numbers_of(pid: int) -> list[int]:
    """Return all pids that a process has, the innermost last."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next([int(one) for one in line.split()[1:]] for line in lines if line.startswith("NSpid"))


def test_a_keeper_without_fds_looks_again_until_it_has_some() -> None:
    """Meanwhile `Down` does not come."""
    with prx.fork(killdelay=NEVER, drain=0.1) as root:
        middle = prx.fork(root)
        task = prx.fork(middle)
        with OsProcesses([daemon_of(task, DAEMON)]) as left:
            fill(middle)
            ref = monitor(task)
            with blind_keeper(root):
                prx.stdin(task, "\n")
                assert receive(ExitStatus, task=task, timeout=WAIT).status == 3
                with pytest.raises(TimeoutError):
                    receive(Down, ref=ref, timeout=1.0)
                assert len(left.left()) == 1
            assert down_of(ref) == "shutdown"
            assert left.left() == []


def test_a_keeper_that_never_has_fds_keeps_nobody_waiting() -> None:
    """Half a second after the deadline it gives up."""
    with prx.fork(killdelay=KILLDELAY, drain=0.1) as root:
        middle = prx.fork(root)
        task = prx.fork(middle)
        with OsProcesses([daemon_of(task, DAEMON)]) as left:
            fill(middle)
            ref = monitor(task)
            with blind_keeper(root):
                prx.stdin(task, "\n")
                assert down_of(ref) == "shutdown"
                assert len(left.left()) == 1
            prx.stop(middle)
            assert left.left() == []
