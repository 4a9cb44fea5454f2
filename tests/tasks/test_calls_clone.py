"""clone: namespaces, and the flags that are refused."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import children, fails, outcome, program, unprivileged
from support.features import require

from prx_actors import ExitStatus, prx

if TYPE_CHECKING:
    from prx_actors.system.constants import Constant

NAMESPACES = {
    "cgroup": "clone_newcgroup",
    "ipc": "clone_newipc",
    "mnt": "clone_newns",
    "net": "clone_newnet",
    "pid": "clone_newpid",
    "user": "clone_newuser",
    "uts": "clone_newuts",
}


def namespace(pid: int | None, kind: str) -> str:
    """Return the identity of a process' namespace."""
    return os.readlink(f"/proc/{pid}/ns/{kind}")  # noqa: PTH115 -- what it "links" to is no path


@pytest.mark.root
@pytest.mark.parametrize("kind", NAMESPACES)
def test_a_flag_gives_the_namespace_it_names_and_no_other(kind: str) -> None:
    """As `/proc` shows from outside."""
    with prx.fork() as task:
        child = prx.clone(task, NAMESPACES[kind])
        new = {one for one in NAMESPACES if namespace(child.host_pid, one) != namespace(task.host_pid, one)}
        assert new == {kind}


@pytest.mark.root
def test_a_child_in_new_namespaces_is_pid_1_and_runs_programs() -> None:
    """The parent knows it by another pid; all pids are kept."""
    with prx.fork() as task:
        child = prx.clone(task, ["clone_newpid", "clone_newns", "clone_newnet", "clone_newuts", "clone_newipc"])
        assert prx.getpid(child) == 1
        assert prx.pidof(child) == child.host_pid
        assert [one.pid for one in children(task)] == [prx.pidof(child)]
        grandchild = prx.fork(child)
        assert prx.getpid(grandchild) == prx.pidof(grandchild) == 2
        assert grandchild.host_pid not in {1, 2, None}
        assert prx.pipeline(grandchild) == [prx.pidof(child), 2]
        assert program(grandchild, ["sh", "-c", "echo $$"]) == b"2\n"


def test_without_flags_clone_is_fork() -> None:
    """Whichever way nothing is written."""
    with prx.fork() as task:
        nothing: list[Constant] = [0, []]
        for flags in nothing:
            child = prx.clone(task, flags)
            assert prx.getpid(child) == prx.pidof(child) == child.host_pid
            assert all(namespace(child.host_pid, kind) == namespace(task.host_pid, kind) for kind in NAMESPACES)


def test_clone_takes_what_fork_takes() -> None:
    """Options, that is."""
    with prx.fork() as task:
        child = prx.clone(task, [], maxchild=3, killdelay=1.5)
        assert (prx.getopt(child, "maxchild"), prx.getopt(child, "killdelay")) == (3, 1.5)


def test_a_user_namespace_needs_no_privilege() -> None:
    """As the user that may do little, with another namespace beneath it."""
    probe = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    allowed = subprocess.run([*probe, "unshare", "--user", "true"], check=False, capture_output=True).returncode == 0
    require(allowed, "user namespaces for users without privilege")
    with unprivileged() as task:
        child = prx.clone(task, ["clone_newuser", "clone_newpid", "clone_newnet"])
        assert (prx.getpid(child), prx.getuid(child)) == (1, 65534)
        assert program(prx.fork(child), ["sh", "-c", "echo $$"]) == b"2\n"


def test_namespaces_without_privilege_are_not_permitted() -> None:
    """`EPERM`; no process is left, and the task goes on."""
    with unprivileged() as task:
        for flag in set(NAMESPACES.values()) - {"clone_newuser"}:
            with fails(errno.EPERM, note=f"clone of {task}"):
                prx.clone(task, flag)
        assert children(task) == []
        assert prx.getpid(prx.fork(task))


REFUSED = {"CLONE_VM": 0x100, "CLONE_FS": 0x200, "CLONE_FILES": 0x400, "CLONE_SIGHAND": 0x800, "CLONE_PIDFD": 0x1000,
           "CLONE_VFORK": 0x4000, "CLONE_PARENT": 0x8000, "CLONE_THREAD": 0x10000, "an exit signal": signal.SIGUSR1,
           "CLONE_INTO_CGROUP": 1 << 33, "all at once": (1 << 62) - 1, "a negative number": -1}  # fmt: skip


@pytest.mark.parametrize("flags", REFUSED.values(), ids=REFUSED)
def test_what_would_share_with_the_driver_is_refused(flags: int) -> None:
    """`EINVAL`, and neither the task nor its other children come to harm."""
    with prx.fork() as task:
        sibling = prx.fork(task)
        for _ in range(2):
            with fails(errno.EINVAL, note=f"clone of {task}"):
                prx.clone(task, flags)
        assert prx.getpid(task) == task.host_pid
        assert prx.getpid(sibling) == sibling.host_pid
        assert [one.pid for one in children(task)] == [sibling.host_pid]
        prx.execvp(sibling, ["true"])
        assert outcome(sibling).end == ExitStatus(sibling, 0)


def test_a_refused_clone_keeps_no_fd_in_the_driver() -> None:
    """What came with the request is closed."""
    with prx.fork() as task:
        prx.getpid(task)  # it has closed what it was born with
        folder = Path(f"/proc/{task.host_pid}/fd")
        before = len(list(folder.iterdir()))
        for _ in range(3):
            with fails(errno.EINVAL):
                prx.clone(task, 0x100)
        assert len(list(folder.iterdir())) == before
