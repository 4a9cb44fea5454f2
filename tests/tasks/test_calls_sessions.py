"""Process groups and sessions."""

from __future__ import annotations

import errno
import os

import pytest
from support.calls import fails, program

from prx_actors import Stdout, prx, receive


def test_a_root_leads_a_session_and_its_children_are_in_it() -> None:
    """Which is not the runtime's."""
    with prx.fork() as task:
        child = prx.fork(task)
        pid = prx.getpid(task)
        assert prx.getsid(task, 0) == prx.getsid(child, 0) == prx.getsid(child, pid) == pid
        assert prx.getpgrp(task) == prx.getpgrp(child) == pid
        assert os.getsid(0) != pid
        with fails(errno.EPERM, note=f"setsid() of {task}"):
            prx.setsid(task)


def test_setsid_makes_a_child_the_leader_of_a_session_and_a_group() -> None:
    """Once: a leader cannot do it again. Programs inherit it."""
    with prx.fork() as task:
        child = prx.fork(task)
        pid = prx.getpid(child)
        assert prx.setsid(child) == pid
        assert prx.getsid(child, 0) == prx.getpgrp(child) == prx.getsid(task, pid) == pid
        assert (os.getsid(pid), os.getpgid(pid)) == (pid, pid)
        with fails(errno.EPERM):
            prx.setsid(child)
        shown = program(prx.fork(child), ["ps", "-o", "sid=,pgid=", "-p", str(pid)])
        assert shown.split() == [b"%d" % pid] * 2


def test_a_task_of_a_session_of_its_own_still_ends_with_its_parent() -> None:
    """It is no way out of the tree: the fixture of all tests looks."""
    with prx.fork(killdelay=0.3) as task:
        child = prx.fork(task)
        prx.setsid(child)
        grandchild = prx.fork(child)
        prx.setpgid(grandchild, 0, 0)
        prx.execvp(grandchild, ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"])
        assert receive(Stdout, task=grandchild, timeout=30).data == b"up\n"


def test_setpgid_moves_itself_or_a_child() -> None:
    """Into a group of its own, into another one, and back."""
    with prx.fork() as task:
        one, two = prx.fork(task), prx.fork(task)
        first, second = prx.getpid(one), prx.getpid(two)
        prx.setpgid(one, 0, 0)
        assert prx.getpgrp(one) == os.getpgid(first) == first
        prx.setpgid(task, second, first)
        assert prx.getpgrp(two) == first
        prx.setpgid(two, second, 0)
        assert prx.getpgrp(two) == second
        prx.setpgid(two, 0, prx.getpgrp(task))
        assert prx.getpgrp(two) == prx.getpid(task)


def test_a_signal_to_a_group_reaches_those_in_it() -> None:
    """`kill` of a negative number."""
    with prx.fork() as task:
        group = [prx.fork(task) for _ in range(2)]
        leader = prx.getpid(group[0])
        for one in group:
            prx.setpgid(one, 0, leader)
        for one in group:
            prx.execvp(one, ["cat"])
        prx.kill(task, -leader, "sigusr1")
        ends = [receive(task=one, timeout=30) for one in group]
        assert [(end.task, end.signal) for end in ends] == [(one, 10) for one in group]
        assert prx.getpid(task) == task.host_pid


def test_setpgid_fails_with_the_errno_of_its_man_page() -> None:
    """`EINVAL`, `ESRCH`, `EPERM`, `EACCES`, and numbers that fit no pid_t."""
    with prx.fork() as task:
        child = prx.fork(task)
        with fails(errno.EINVAL, note=f"setpgid(0, -1) of {task}"):
            prx.setpgid(task, 0, -1)
        for pid, pgid in ((1 << 32, 0), (0, 1 << 32), (-1 << 33, 0)):
            with fails(errno.EINVAL):
                prx.setpgid(child, pid, pgid)
        with fails(errno.ESRCH):
            prx.setpgid(child, prx.getpid(task), 0)
        with fails(errno.EPERM):
            prx.setpgid(task, 0, 0)
        with fails(errno.EPERM):
            prx.setpgid(child, 0, os.getpgid(0))
        pid = prx.getpid(child)
        prx.execvp(child, ["cat"])
        prx.stdin(child, "up")
        receive(Stdout, task=child, timeout=30)
        with fails(errno.EACCES):
            prx.setpgid(task, pid, pid)


@pytest.mark.parametrize("wrong", [-1, 1 << 30, 1 << 31, -1 << 40])
def test_getsid_of_what_is_no_process_fails(wrong: int) -> None:
    """`ESRCH`."""
    with prx.fork() as task, fails(errno.ESRCH, note=f"getsid({wrong}) of {task}"):
        prx.getsid(task, wrong)
