"""The kernel's table of files is full, for one thread of the runtime or for one driver: nobody else is harmed.

A seccomp filter fails the calls that make a file, one at a time, as a full table does for who is not root.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import fails, outcome, until
from support.ends import WAIT
from support.leaks import descendants
from support.scarce import run_scarce
from support.seccomp import launcher
from support.stress import fds_return_to, no_children, open_fds

from prx_actors import ExitStatus, NoProcess, prx, receive
from prx_actors.system.native import lib
from prx_actors.system.seccomp import Argument, Rule, deny, filter_program

if TYPE_CHECKING:
    from prx_actors import Task

TESTS = Path(__file__).parents[1]


FULL = """
import sys
sys.path.insert(0, sys.argv[1])
from support.seccomp import install
from prx_actors.system.seccomp import deny

def fails_for_want_of_files(make):
    "From now on; nothing is left of what is made."
    install(deny([sys.argv[2]], errno.ENFILE))
    for _ in range(3):
        before, processes = fds(), sorted(below(os.getpid()))
        try:
            make()
        except OSError as error:
            assert error.errno == errno.ENFILE, repr(error)
        else:
            raise AssertionError(make)
        wait_for(lambda: fds() == before, lambda: (before, fds()))
        wait_for(lambda: sorted(below(os.getpid())) == processes, lambda: (processes, below(os.getpid())))

with prx.fork() as root:
    task, program = prx.fork(root), prx.fork(root)
    prx.execvp(program, ["cat"])
"""

GOES_ON = """
    assert prx.getpid(task) == task.host_pid
    prx.stdin(program, bytes(1 << 20))
    prx.eof(program)
    size = 0
    while size < 1 << 20:
        size += len(receive(Stdout, task=program, timeout=PATIENCE).data)
    assert receive(ExitStatus, task=program, timeout=PATIENCE).status == 0
    prx.stop(task)
shutdown()
assert not below(os.getpid())
"""


@pytest.mark.parametrize("name", ["socketpair", "pipe2"])
@pytest.mark.parametrize("parent", ["None", "root"], ids=["the keeper", "a root"])
def test_a_fork_for_which_the_runtime_gets_no_file_fails_and_leaves_nothing(name: str, parent: str) -> None:
    """What runs goes on, and ends."""
    fork = f"    fails_for_want_of_files(lambda: prx.fork({parent}))"
    run_scarce(FULL + fork + GOES_ON, str(TESTS), name)


def echo(parent: Task) -> None:
    """Show that all works."""
    with prx.fork(parent) as task:
        prx.execvp(task, ["echo", "works"])
        assert outcome(task).stdout == b"works\n"


START = """
import sys
sys.path.insert(0, sys.argv[1])
from concurrent.futures import ThreadPoolExecutor
from support.seccomp import install
from prx_actors.system.seccomp import deny

def work():
    install(deny([sys.argv[2]], errno.ENFILE))
    prx.fork()

with ThreadPoolExecutor(1) as pool:
    failed = pool.submit(work).exception()
assert isinstance(failed, OSError) and (failed.errno == errno.ENFILE or "open files in system" in str(failed)), failed
# Where Python needs no pipe to start a program, the keeper has come up.
shutdown()
wait_for(lambda: not below(os.getpid()), lambda: below(os.getpid()))
echo()
"""


@pytest.mark.parametrize("name", ["epoll_create1", "eventfd2", "memfd_create", "socketpair", "pipe2", "pidfd_open"])
def test_a_runtime_that_gets_no_file_to_start_with_says_so_and_starts_later(name: str) -> None:
    """Nothing is left of what came up by then."""
    run_scarce(START, str(TESTS), name)


def restrict(task: Task, name: str) -> None:
    """Have a system call of a driver, and of what it forks, fail."""
    prx.prctl(task, "pr_set_no_new_privs", 1)
    prx.seccomp(task, "seccomp_set_mode_filter", 0, filter_program(deny([name], errno.ENFILE)))


@pytest.mark.parametrize("name", ["eventfd2", "clone3"])
def test_a_fork_for_which_a_driver_gets_no_file_fails_and_leaves_nothing(name: str) -> None:
    """The driver goes on, and so do those beside it and above."""
    with prx.fork() as root:
        task = prx.fork(root)
        restrict(task, name)
        fds = open_fds()
        for _ in range(3):
            with fails(errno.ENFILE, note="fork"):
                prx.fork(task)
        no_children(task)
        fds_return_to(fds)
        assert prx.getpid(task) == task.host_pid
        echo(root)


@pytest.mark.parametrize("name", ["pidfd_open", "epoll_create1"])
def test_a_child_that_gets_no_file_to_come_up_with_ends_with_the_status_that_says_so(name: str) -> None:
    """Its parent goes on."""
    with prx.fork() as root:
        task = prx.fork(root)
        restrict(task, name)
        fds = open_fds()
        for _ in range(3):
            child = prx.fork(task)
            assert receive(ExitStatus, task=child, timeout=WAIT).status == lib.PRX_EXIT_RESOURCE
            with pytest.raises(NoProcess):
                prx.getpid(child)
        no_children(task)
        fds_return_to(fds)
        assert prx.getpid(task) == task.host_pid
        echo(root)


@pytest.mark.parametrize("name", ["openat", "pidfd_open", "epoll_create1"])
def test_a_keeper_that_gets_no_file_to_come_up_with_does_not_start(name: str) -> None:
    """Others do."""
    refused = [name] if name != "openat" else [Rule("openat", (Argument(2, os.O_RDWR, os.O_ACCMODE),))]
    with prx.fork() as root:
        fds, processes = open_fds(), [one.pid for one in descendants(os.getpid())]
        with pytest.raises(OSError, match=r"the driver does not start|the keeper of this launcher has ended"):
            prx.fork(exec=launcher(deny(refused, errno.ENFILE)))
        fds_return_to(fds)
        until(lambda: [one.pid for one in descendants(os.getpid())] == processes, "nothing is left of it")
        echo(root)
