"""Users, groups, and what becomes of a task that has given up its privilege."""

from __future__ import annotations

import errno
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import fails, outcome, program, unprivileged, until
from support.ends import LAG
from support.namespaces import need_user_namespaces, user_namespace, write

from prx_actors import Down, ExitStatus, Stdout, TermSig, monitor, prx, receive
from prx_actors.tasks.credentials import Resgid, Resuid

if TYPE_CHECKING:
    from prx_actors import Task

NOBODY = 65534
KILLDELAY = 0.3
BOUND = KILLDELAY + 1.0 + LAG
DEAF = ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"]
MY_GROUPS = sorted(os.getgroups())


def drop(task: Task) -> None:
    """Make a task nobody's."""
    prx.setgroups(task, [])
    prx.setgid(task, NOBODY)
    prx.setuid(task, NOBODY)


def start(task: Task, argv: list[str]) -> int:
    """Turn a task into a program that says when it is up."""
    prx.execvp(task, argv)
    assert receive(Stdout, task=task, timeout=30).data == b"up\n"
    assert task.host_pid is not None
    return task.host_pid


def status(pid: int | None, name: str) -> list[int]:
    """Return numbers of a line of `/proc/PID/status`."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return [int(one) for line in lines if line.startswith(f"{name}:") for one in line.split()[1:]]


def test_the_ids_are_those_of_whoever_runs_the_tests() -> None:
    """Nobody has changed them yet."""
    with prx.fork() as task:
        assert prx.getresuid(task) == Resuid(*os.getresuid())
        assert prx.getresgid(task) == Resgid(*os.getresgid())
        assert sorted(prx.getgroups(task)) == MY_GROUPS


@pytest.mark.root
def test_setuid_and_setgid_change_all_three_ids() -> None:
    """With privilege; the kernel says so, a child and a program inherit it, and the parent keeps its own."""
    with prx.fork() as task:
        child = prx.fork(task)
        drop(child)
        assert prx.getresuid(child) == (NOBODY, NOBODY, NOBODY)
        assert prx.getresgid(child) == (NOBODY, NOBODY, NOBODY)
        assert status(child.host_pid, "Uid") == status(child.host_pid, "Gid") == [NOBODY] * 4
        assert prx.getresuid(prx.fork(child)) == (NOBODY, NOBODY, NOBODY)
        assert program(prx.fork(child), ["id", "-u"]) == b"65534\n"
        assert prx.getresuid(task) == os.getresuid()


@pytest.mark.root
def test_what_is_given_up_is_gone() -> None:
    """`EPERM`, with the call and the task."""
    with prx.fork() as task:
        drop(task)
        for call, args in (("setuid", (0,)), ("setgid", (0,)), ("setresuid", (0, 0, 0)), ("setresgid", (-1, 0, -1)),
                           ("setgroups", ([],))):  # fmt: skip
            with fails(errno.EPERM, note=f"{call}("):
                getattr(prx, call)(task, *args)
        assert prx.getresuid(task) == (NOBODY, NOBODY, NOBODY)


@pytest.mark.root
def test_setresuid_and_setresgid_set_each_id_by_itself() -> None:
    """-1 leaves one as it is; the saved id is the way back."""
    with prx.fork() as task:
        prx.setresgid(task, 1, 2, 3)
        prx.setresgid(task, -1, 4, -1)
        assert prx.getresgid(task) == Resgid(rgid=1, egid=4, sgid=3)
        prx.setresuid(task, 1, 2, 0)
        assert prx.getresuid(task) == Resuid(ruid=1, euid=2, suid=0)
        assert status(task.host_pid, "Uid")[:3] == [1, 2, 0]
        prx.setresuid(task, -1, 0, -1)
        assert prx.getresuid(task) == Resuid(ruid=1, euid=0, suid=0)
        prx.setresuid(task, -1, -1, -1)
        assert prx.getresuid(task) == Resuid(ruid=1, euid=0, suid=0)


@pytest.mark.root
def test_ids_go_up_to_the_last_but_one_of_32_bits() -> None:
    """The last means "leave it", and is written as -1."""
    most = (1 << 32) - 2
    with prx.fork() as task:
        prx.setgroups(task, [most, 0])
        prx.setresgid(task, most, most, most)
        prx.setresuid(task, most, most, most)
        assert sorted(prx.getgroups(task)) == [0, most]
        assert set(prx.getresgid(task)) == set(prx.getresuid(task)) == {most}


@pytest.mark.parametrize("wrong", [-2, (1 << 32) - 1, 1 << 32, -1 << 40])
def test_a_number_that_is_no_id_is_refused(wrong: int) -> None:
    """`EINVAL`, and nothing is cut to 32 bits: 2 ** 32 is not root."""
    with prx.fork() as task:
        for call, args in (("setuid", (wrong,)), ("setgid", (wrong,)), ("setresuid", (-1, -1, wrong)),
                           ("setresgid", (wrong, -1, -1)), ("setgroups", ([0, wrong],))):  # fmt: skip
            with fails(errno.EINVAL, note=f"of {task}"):
                getattr(prx, call)(task, *args)
        for call in ("setuid", "setgid"):
            with fails(errno.EINVAL):
                getattr(prx, call)(task, -1)
        assert prx.getresuid(task) == os.getresuid()


@pytest.mark.root
def test_setgroups_replaces_all_groups() -> None:
    """Also by none, and up to as many as the kernel takes."""
    with prx.fork() as task:
        for groups in ([10000, 10001, 10002], [], [7], range(1, 65537), ()):
            prx.setgroups(task, groups)
            assert sorted(prx.getgroups(task)) == list(groups)
        with fails(errno.EINVAL):
            prx.setgroups(task, range(1, 65538))
        prx.call(task, "setgroups", {12})
        assert program(prx.fork(task), ["id", "-G"]).split() == [b"0", b"12"]


def test_without_privilege_ids_are_only_swapped() -> None:
    """To what one has is allowed, to others `EPERM`."""
    with unprivileged() as task:
        ids, groups = prx.getresuid(task), prx.getresgid(task)
        prx.setuid(task, ids.ruid)
        prx.setgid(task, groups.rgid)
        prx.setresuid(task, ids.euid, ids.suid, ids.ruid)
        prx.setresgid(task, -1, groups.rgid, groups.rgid)
        for call, args in (("setuid", (0,)), ("setgid", (0,)), ("setresuid", (-1, 1, -1)), ("setresgid", (1, 1, 1)),
                           ("setgroups", ([groups.egid],))):  # fmt: skip
            with fails(errno.EPERM, note=f"of {task}"):
                getattr(prx, call)(task, *args)


def test_a_user_namespace_gives_ids_by_its_map() -> None:
    """Unmapped all are the overflow id; after the parent has written the maps the child is root, and only inside."""
    need_user_namespaces()
    with unprivileged() as task:
        mine = prx.getresuid(task)
        stranger = prx.clone(task, "clone_newuser")
        assert set(prx.getresuid(stranger)) | set(prx.getresgid(stranger)) == {NOBODY}
        child = user_namespace(task)
        assert (prx.getresuid(child), prx.getresgid(child)) == ((0, 0, 0), (0, 0, 0))
        assert status(child.host_pid, "Uid") == [mine.ruid] * 4
        prx.setuid(child, 0)
        prx.setresgid(child, 0, -1, 0)
        for call in ("setuid", "setgid"):
            with fails(errno.EINVAL, note=f"{call}(1)"):
                getattr(prx, call)(child, 1)
        assert program(prx.fork(child), ["id", "-u"]) == b"0\n"


def test_setgroups_is_denied_where_the_parent_has_denied_it() -> None:
    """In a user namespace: `EPERM`, before the map and after."""
    need_user_namespaces()
    with unprivileged() as task:
        child = prx.clone(task, "clone_newuser")
        with fails(errno.EPERM, note="setgroups([])"):
            prx.setgroups(child, [])
        with fails(errno.EPERM, note="write("):
            write(task, f"/proc/{prx.pidof(child)}/gid_map", f"0 {prx.getgid(task)} 1")
        with fails(errno.EPERM, note="setgroups([0])"):
            prx.setgroups(user_namespace(task), [0])


@pytest.mark.root
def test_a_map_of_many_ids_lets_a_task_change_among_them() -> None:
    """Written by a privileged parent: inside 0 to 9, outside from 100000."""
    with prx.fork() as task:
        child = prx.clone(task, "clone_newuser")
        for name in ("uid_map", "gid_map"):
            write(task, f"/proc/{prx.pidof(child)}/{name}", "0 100000 10")
        prx.setgroups(child, [5, 6])
        prx.setresgid(child, 3, 3, 3)
        prx.setuid(child, 0)
        prx.setuid(child, 9)
        assert (prx.getuid(child), prx.getgid(child), prx.getgroups(child)) == (9, 3, [5, 6])
        assert status(child.host_pid, "Uid") == [100009] * 4
        with fails(errno.EPERM):
            prx.setuid(child, 0)
        assert outcome_of(prx.fork(child), ["sh", "-c", "exit 3"]) == 3
        grandchild = prx.fork(child, killdelay=KILLDELAY)
        pid = start(grandchild, DEAF)
        assert ends_within(BOUND, grandchild, pid)


def outcome_of(task: Task, argv: list[str]) -> int:
    """Run a program and return its status."""
    prx.execvp(task, argv)
    ended = outcome(task).end
    assert isinstance(ended, ExitStatus)
    return ended.status


def ends_within(seconds: float, task: Task, *pids: int) -> bool:
    """Stop a task, and say whether it was in time and left none of these."""
    begin = time.monotonic()
    assert prx.stop(task)
    took = time.monotonic() - begin
    left = [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    return took <= seconds and not left


@pytest.mark.root
@pytest.mark.parametrize("who", ["program", "its parent", "its grandparent"])
def test_a_task_that_gave_up_its_privilege_ends_with_all_below_it(who: str) -> None:
    """A program that is deaf to SIGTERM below it, too, within `killdelay` and a second."""
    with prx.fork(killdelay=KILLDELAY) as task:
        parent = prx.fork(task)
        drop(parent)
        child = prx.fork(parent)
        assert child.host_pid is not None
        pids = [child.host_pid, start(child, DEAF)]
        assert ends_within(BOUND, {"program": child, "its parent": parent, "its grandparent": task}[who], *pids)


@pytest.mark.root
@pytest.mark.parametrize("who", ["program", "its parent", "its grandparent"])
def test_a_parent_that_may_no_longer_kill_its_children_ends_with_them(who: str) -> None:
    """They are still root's: whoever can, ends them."""
    with prx.fork(killdelay=KILLDELAY) as task:
        parent = prx.fork(task)
        child, sibling = prx.fork(parent), prx.fork(parent)
        pid = start(child, DEAF)
        assert sibling.host_pid is not None
        drop(parent)
        with fails(errno.EPERM, note="kill("):
            prx.kill(parent, pid, "sigkill")
        assert ends_within(BOUND, {"program": child, "its parent": parent, "its grandparent": task}[who], pid)
        if who == "program":
            assert prx.getresuid(parent) == (NOBODY, NOBODY, NOBODY)
            assert prx.getpid(sibling) == sibling.host_pid


@pytest.mark.root
def test_a_root_that_gave_up_its_privilege_and_is_killed_leaves_nothing() -> None:
    """`Down` comes when its privileged child is gone."""
    task = prx.fork(killdelay=KILLDELAY)
    pid = start(prx.fork(task), DEAF)
    drop(task)
    ref = monitor(task)
    assert task.host_pid is not None
    os.kill(task.host_pid, signal.SIGKILL)
    assert receive(Down, ref=ref, timeout=30).reason == ("termsig", signal.SIGKILL)
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.root
def test_a_program_dies_with_its_parent_whatever_ids_it_has_taken() -> None:
    """A change of ids clears the parent-death signal: it is set after that, in the last moment before exec."""
    with prx.fork() as task:
        parent = prx.fork(task)
        child = prx.fork(parent)
        prx.setresgid(child, 1, 2, 3)
        drop(child)
        pid = start(child, DEAF)
        # Stopped, the driver above the parent cannot be who ends the program.
        assert (task.host_pid, parent.host_pid) != (None, None)
        os.kill(task.host_pid or 0, signal.SIGSTOP)
        try:
            os.kill(parent.host_pid or 0, signal.SIGKILL)
            until(lambda: "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0], "it is dead")
        finally:
            os.kill(task.host_pid or 0, signal.SIGCONT)


@pytest.mark.root
def test_reports_of_programs_reach_the_owner_whatever_ids_they_have() -> None:
    """Reaping goes on in a driver that has dropped to nobody, with children of either kind."""
    with prx.fork() as task:
        still_root = prx.fork(task)
        drop(task)
        dropped = prx.fork(task)
        assert outcome_of(still_root, ["sh", "-c", "exit 4"]) == 4
        prx.execvp(dropped, ["sh", "-c", "kill -9 $$"])
        assert outcome(dropped).end == TermSig(dropped, signal.SIGKILL)
        assert prx.cpid(task) == []
