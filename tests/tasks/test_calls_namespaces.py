"""unshare, setns and pivot_root: whose namespaces change, and that none gets out."""

from __future__ import annotations

import errno
import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import OWN_FDS, children, fails, outcome, program, unprivileged
from support.namespaces import KINDS, folder_for_all, namespace, need_user_namespaces, outside, user_namespace, write

from prx_actors import ExitStatus, Stdout, prx, receive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prx_actors import Task

FLAGS = {"cgroup": "clone_newcgroup", "ipc": "clone_newipc", "mnt": "clone_newns", "net": "clone_newnet",
         "user": "clone_newuser", "uts": "clone_newuts"}  # fmt: skip
DEAF = ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"]


@pytest.fixture(autouse=True)
def nothing_changes_outside() -> Iterator[None]:
    """Fail a test whose mounts, names or namespaces get out."""
    before = outside()
    yield
    assert outside() == before


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder to mount things on, whoever the task is."""
    with folder_for_all() as found:
        yield found


def different(one: Task, other: Task) -> set[str]:
    """Return the kinds of namespaces that two tasks do not share."""
    return {kind for kind in KINDS if namespace(one.host_pid, kind) != namespace(other.host_pid, kind)}


def start(task: Task, argv: list[str]) -> int:
    """Turn a task into a program that says when it is up."""
    prx.execvp(task, argv)
    assert receive(Stdout, task=task, timeout=30).data == b"up\n"
    assert task.host_pid is not None
    return task.host_pid


# unshare


@pytest.mark.root
@pytest.mark.parametrize("kind", FLAGS)
def test_unshare_gives_the_namespace_that_is_named_and_no_other(kind: str) -> None:
    """To the task and its later children; not to its parent or the children it has."""
    with prx.fork() as task:
        child = prx.fork(task)
        early = prx.fork(child)
        prx.unshare(child, FLAGS[kind])
        assert different(task, child) == different(early, child) == {kind}
        assert different(prx.fork(child), child) == set()
        assert namespace(early.host_pid, kind) == namespace(task.host_pid, kind)


def test_unshare_needs_no_privilege_with_a_user_namespace() -> None:
    """The maps are written from outside; then its host may get a name."""
    need_user_namespaces("--uts", "--net")
    with unprivileged() as task:
        child = prx.fork(task)
        prx.unshare(child, ["clone_newuser", "clone_newuts", "clone_newnet"])
        assert different(task, child) == {"user", "uts", "net"}
        write(task, f"/proc/{prx.pidof(child)}/uid_map", f"0 {prx.getuid(task)} 1")
        assert prx.getresuid(child) == (0, 0, 0)
        prx.sethostname(child, "inside")
        assert (prx.gethostname(child), prx.gethostname(task)) == (b"inside", os.fsencode(socket.gethostname()))


def test_unshare_fails_with_the_errno_of_its_man_page() -> None:
    """`EPERM`, `EINVAL`; the task keeps its namespaces."""
    with unprivileged() as task:
        for kind, flag in FLAGS.items():
            if kind != "user":
                with fails(errno.EPERM, note=f"of {task}"):
                    prx.unshare(task, flag)
        for wrong in (1, -1, 1 << 31, 1 << 40):
            with fails(errno.EINVAL):
                prx.unshare(task, wrong)
        assert different(task, prx.fork(task)) == set()


def test_a_new_pid_namespace_is_for_later_children() -> None:
    """The first is pid 1 in there; parent and runtime know it by their own numbers, and the status arrives."""
    need_user_namespaces("--pid")
    with unprivileged() as task:
        early = prx.fork(task)
        before = prx.getpid(task)
        prx.unshare(task, ["clone_newuser", "clone_newpid"])
        assert prx.getpid(task) == task.host_pid == before
        first, second = prx.fork(task), prx.fork(task)
        assert [prx.getpid(one) for one in (first, second)] == [1, 2]
        for one in (early, first, second):
            assert prx.pidof(one) == one.host_pid
        assert [one.pid for one in children(task)] == [prx.pidof(one) for one in (early, first, second)]
        below = prx.fork(first)
        assert prx.pidof(below) == prx.getpid(below) == 3
        assert prx.pipeline(below) == [first.host_pid, 3]
        assert namespace(below.host_pid, "pid") != namespace(task.host_pid, "pid")
        prx.execvp(second, ["sh", "-c", "exit 3"])
        assert outcome(second).end == ExitStatus(second, 3)
        prx.execvp(below, ["sh", "-c", "exit 4"])
        assert outcome(below).end == ExitStatus(below, 4)
        assert prx.getpid(early) == early.host_pid


def test_with_the_first_process_of_a_pid_namespace_all_in_it_end() -> None:
    """The later ones are siblings to the runtime; after that the parent cannot fork (`ENOMEM`), and lives."""
    need_user_namespaces("--pid")
    with unprivileged() as task:
        prx.unshare(task, ["clone_newuser", "clone_newpid"])
        first, second = prx.fork(task, killdelay=0.3), prx.fork(task)
        daemon = "setsid sh -c 'trap \"\" TERM; echo up; while :; do sleep 1; done'"
        pid = start(prx.fork(first, killdelay=0.3), ["sh", "-c", f"{daemon} & wait"])
        prx.stop(first)
        assert receive(task=second, timeout=30).signal == 9
        assert not Path(f"/proc/{pid}").exists()
        assert children(task) == []
        with fails(errno.ENOMEM, note=f"fork of {task}"):
            prx.fork(task)
        assert prx.getpid(task) == task.host_pid


@pytest.mark.parametrize("flags", ["clone_fs", "clone_files", "clone_sysvsem", 0x100, 0x800, 0x10000])
def test_flags_that_name_no_namespace_do_the_driver_no_harm(flags: str | int) -> None:
    """It has one thread and shares nothing: files, memory, handlers and children are as before."""
    with prx.fork(killdelay=0.3) as task:
        child = prx.fork(task)
        fd = prx.open(task, "/dev/zero", "o_rdonly")
        prx.unshare(task, flags)
        assert prx.read(task, fd, 2) == b"\0\0"
        assert prx.getpid(child) == child.host_pid
        prx.execvp(child, ["sh", "-c", "exit 5"])
        assert outcome(child).end == ExitStatus(child, 5)
        pid = start(prx.fork(task), DEAF)
        prx.stop(task)
        assert not Path(f"/proc/{pid}").exists()


def test_a_tree_in_all_namespaces_at_once_ends_in_time() -> None:
    """With a program below that is deaf."""
    need_user_namespaces("--pid", "--mount", "--net", "--ipc", "--uts", "--cgroup")
    with unprivileged() as root:
        task = prx.fork(root, killdelay=0.3)
        prx.unshare(task, [*FLAGS.values(), "clone_newpid"])
        assert different(root, task) == set(FLAGS)
        init = prx.fork(task)
        pid = start(prx.fork(init), DEAF)
        prx.stop(task)
        assert not Path(f"/proc/{pid}").exists()


@pytest.mark.root
@pytest.mark.parametrize("clock", ["ahead", "behind"])
def test_a_clock_of_its_own_does_not_change_deadlines(clock: str) -> None:
    """In a time namespace CLOCK_MONOTONIC is another: a program still has its time to end, and no more than that."""
    # It cannot be below 0, and a machine may just have started.
    offset = 100_000 if clock == "ahead" else -int(time.monotonic() / 2)
    with prx.fork(killdelay=1) as root:
        task = prx.fork(root)
        prx.unshare(task, "clone_newtime")
        write(root, f"/proc/{prx.pidof(task)}/timens_offsets", f"monotonic {offset} 0")
        clean, deaf = prx.fork(prx.fork(task)), prx.fork(task)
        script = "trap 'sleep 0.2; exit 9' TERM; echo up; while :; do sleep 0.05; done"
        pids = [start(clean, ["sh", "-c", script]), start(deaf, DEAF)]
        prx.stop(deaf)
        prx.kill(root, pids[0], "sigterm")
        assert outcome(clean).end == ExitStatus(clean, 9)
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


# setns


def enter(task: Task, other: Task, kind: str, nstype: str | int = 0) -> None:
    """Move a task into a namespace of another one."""
    fd = prx.open(task, f"/proc/{other.host_pid}/ns/{kind}", ["o_rdonly", "o_cloexec"])
    try:
        prx.setns(task, fd, nstype)
    finally:
        prx.close(task, fd)


@pytest.mark.root
@pytest.mark.parametrize("kind", FLAGS)
def test_setns_moves_a_task_into_a_namespace_of_another(kind: str) -> None:
    """Only that one; named or not."""
    with prx.fork() as task:
        inside = prx.clone(task, FLAGS[kind])
        for nstype in (0, FLAGS[kind], FLAGS[kind].upper()):
            moved = prx.fork(task)
            enter(moved, inside, kind, nstype)
            assert different(moved, inside) == set()
            assert different(moved, task) == {kind}


def test_without_privilege_the_user_namespace_comes_first() -> None:
    """Then those that it owns: the other task's hostname is one's own."""
    need_user_namespaces("--uts", "--net")
    with unprivileged() as task:
        inside = user_namespace(task, ["clone_newuts", "clone_newnet"])
        prx.sethostname(inside, "inside")
        moved = prx.fork(task)
        with fails(errno.EPERM, note="setns("):
            enter(moved, inside, "uts")
        for kind in ("user", "uts", "net"):
            enter(moved, inside, kind)
        assert different(moved, inside) == set()
        assert prx.getuid(moved) == 0
        assert prx.gethostname(moved) == b"inside"
        assert program(prx.fork(moved), ["uname", "-n"]) == b"inside\n"


def test_setns_into_a_pid_namespace_is_for_later_children() -> None:
    """They are numbered among those in there, and end with them or with their parent, whoever is first."""
    need_user_namespaces("--pid")
    with unprivileged() as task:
        inside = user_namespace(task, ["clone_newpid"])
        moved = prx.fork(task, killdelay=0.3)
        enter(moved, inside, "user")
        enter(moved, inside, "pid", "clone_newpid")
        assert prx.getpid(moved) == prx.pidof(moved) == moved.host_pid
        first, second = prx.fork(moved), prx.fork(moved)
        assert [prx.getpid(one) for one in (inside, first, second)] == [1, 2, 3]
        assert [prx.pidof(one) for one in (first, second)] == [first.host_pid, second.host_pid]
        prx.execvp(first, ["sh", "-c", "exit 6"])
        assert outcome(first).end == ExitStatus(first, 6)
        pid = start(second, DEAF)
        prx.stop(moved)
        assert not Path(f"/proc/{pid}").exists()
        assert prx.getpid(inside) == 1


@pytest.mark.root
def test_setns_can_be_made_by_its_name() -> None:
    """With its default, too."""
    with prx.fork() as task:
        inside, moved = prx.clone(task, "clone_newuts"), prx.fork(task)
        prx.call(moved, "setns", prx.open(moved, f"/proc/{inside.host_pid}/ns/uts", "o_rdonly"))
        assert different(moved, task) == {"uts"}


def test_setns_fails_with_the_errno_of_its_man_page() -> None:
    """`EBADF` for what is closed or the driver's, `EINVAL` for what is no namespace or another kind."""
    with prx.fork() as task:
        for wrong in (-1, 999, *OWN_FDS, 1 << 32):
            with fails(errno.EBADF, note=f"setns({wrong}, 0) of {task}"):
                prx.setns(task, wrong)
        null = prx.open(task, "/dev/null", "o_rdonly")
        net = prx.open(task, "/proc/self/ns/net", "o_rdonly")
        for fd, kind in ((null, 0), (net, "clone_newuts"), (net, 1 << 40), (net, -1)):
            with fails(errno.EINVAL):
                prx.setns(task, fd, kind)


# pivot_root


@pytest.mark.static
@pytest.mark.parametrize("privilege", [pytest.param("root", marks=pytest.mark.root), "a user namespace"])
def test_a_task_can_live_in_a_root_of_its_own(privilege: str, folder: Path) -> None:
    """In an empty file system, of which the host knows nothing, it forks, opens files and ends as ever."""
    need_user_namespaces("--mount")
    with unprivileged() as nobody, prx.fork() as root:
        clone = prx.clone if privilege == "root" else user_namespace
        task = clone(root if privilege == "root" else nobody, ["clone_newns"])
        prx.mount(task, None, "/", None, ["ms_rec", "ms_private"], None)
        prx.mount(task, "tmpfs", folder, "tmpfs", [], "size=1m")
        prx.chdir(task, folder)
        prx.pivot_root(task, ".", ".")
        prx.umount2(task, ".", "mnt_detach")
        prx.chdir(task, "/")
        assert prx.readdir(task, "/") == [b".", b".."]
        child = prx.fork(task)
        prx.write(child, prx.open(child, "/file", ["o_creat", "o_wronly"], 0o600), "x" * 1000)
        assert sorted(prx.readdir(task, "/")) == [b".", b"..", b"file"]
        prx.setproctitle(child, "still works without /proc")
        assert Path(f"/proc/{child.host_pid}/cmdline").read_bytes() == b"still works without /proc\0"
        with pytest.raises(FileNotFoundError):
            prx.execvp(child, ["sh"])
        prx.exit(child, 7)
        assert receive(ExitStatus, task=child, timeout=30).status == 7
    assert list(folder.iterdir()) == []


def test_pivot_root_fails_with_the_errno_of_its_man_page(folder: Path) -> None:
    """`EPERM`, `ENOENT`, `ENOTDIR`, `EINVAL`, `EBUSY`; an error names both folders."""
    need_user_namespaces("--mount")
    (folder / "file").touch()
    (folder / "old").mkdir()
    with unprivileged() as task:
        with fails(errno.EPERM, filename=folder):
            prx.pivot_root(task, folder, folder)
        child = user_namespace(task, ["clone_newns"])
        prx.mount(child, None, "/", None, ["ms_rec", "ms_private"], None)
        for new, number in (("nosuch", errno.ENOENT), ("file", errno.ENOTDIR)):
            with pytest.raises(OSError, match=f"{new}.*->.*old") as caught:
                prx.pivot_root(child, folder / new, folder / "old")
            assert caught.value.errno == number
            assert (caught.value.filename, caught.value.filename2) == (folder / new, folder / "old")
        prx.mount(child, "tmpfs", folder, "tmpfs", 0, None)
        with fails(errno.EBUSY, filename=folder):
            prx.pivot_root(child, folder, "/")
        prx.mount(child, "/proc", folder, None, ["ms_bind", "ms_rec"], None)
        with fails(errno.EINVAL, filename=folder / "self"):
            prx.pivot_root(child, folder / "self", folder / "self")
