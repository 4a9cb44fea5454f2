"""Single calls, as alcove's own tests go through them."""

from __future__ import annotations

import errno
import os
import signal
import socket
import struct
from typing import TYPE_CHECKING

import pytest
from support.calls import children, fails
from support.features import require
from support.namespaces import folder_for_all

from prx_actors import ExitStatus, Ptr, TermSig, UndefinedCall, prx, receive

if TYPE_CHECKING:
    from pathlib import Path

WAIT = 20
ALL = ["clone_newipc", "clone_newnet", "clone_newns", "clone_newpid", "clone_newuts"]
NOBODY = 65534


def test_forks_stop_where_depth_or_number_of_children_ends() -> None:
    """Both are options, which forks inherit and a task can change for itself."""
    with prx.fork() as root:
        task = prx.fork(root)
        prx.setopt(task, "maxforkdepth", 128)
        child = prx.fork(task)
        assert [prx.getopt(one, "maxforkdepth") for one in (task, child)] == [128, 128]
        prx.exit(child, 0)
        receive(ExitStatus, task=child, timeout=WAIT)
        prx.setopt(task, "exit_status", 0)
        prx.setopt(task, "maxforkdepth", 0)
        assert [prx.getopt(task, name) for name in ("exit_status", "maxforkdepth")] == [0, 0]
        assert prx.getopt(root, "maxforkdepth") != 0
        with pytest.raises(BlockingIOError):
            prx.fork(task)
        prx.setopt(task, "maxforkdepth", 1)
        prx.setopt(task, "maxchild", 0)
        with pytest.raises(BlockingIOError):
            prx.fork(task)


def test_a_place_is_free_again_when_a_child_exits() -> None:
    """Of the few that a low limit of open files leaves."""
    with prx.fork(maxchild=8) as task:
        limit = prx.getrlimit(task, "rlimit_nofile")
        prx.setrlimit(task, "rlimit_nofile", (64, limit.max))
        assert prx.getopt(task, "maxchild") == 8
        prx.setrlimit(task, "rlimit_nofile", (32, limit.max))
        room = int(prx.getopt(task, "maxchild"))
        tasks = [prx.fork(task) for _ in range(room)]
        with pytest.raises(BlockingIOError):
            prx.fork(task)
        prx.exit(tasks[0], 0)
        assert receive(ExitStatus, task=tasks[0], timeout=WAIT).status == 0
        prx.fork(task)
        with pytest.raises(BlockingIOError):
            prx.fork(task)
        assert len(children(task)) == room


def test_a_signal_ends_a_task_once_it_is_not_ignored() -> None:
    """Its parent sends it, and then finds nobody."""
    with prx.fork() as root:
        child = prx.fork(root)
        pid = prx.getpid(child)
        assert prx.sigaction(child, "sigterm", "sig_ign") == "sig_info"
        assert prx.sigaction(child, "sigterm") == "sig_ign"
        prx.kill(root, pid, "sigterm")
        assert prx.getpid(child) == pid
        assert prx.sigaction(child, "sigterm", "sig_dfl") == "sig_ign"
        prx.kill(root, pid, "sigterm")
        assert receive(TermSig, task=child, timeout=WAIT).signal is signal.SIGTERM
        with pytest.raises(ProcessLookupError):
            prx.kill(root, pid, 0)


def test_a_thousand_calls_all_answer() -> None:
    """And alike."""
    with prx.fork() as root:
        child = prx.fork(root)
        assert len({prx.version(child) for _ in range(1000)}) == 1


def test_a_hundred_children_come_and_go_between_calls() -> None:
    """Of one parent, which answers as before."""
    with prx.fork() as root:
        task = prx.fork(root)
        version = prx.version(task)
        for _ in range(100):
            child = prx.fork(task)
            prx.exit(child, 0)
            receive(ExitStatus, task=child, timeout=WAIT)
            assert [prx.version(task), prx.version(task)] == [version, version]


def test_a_c_structure_is_laid_out_as_it_is_described() -> None:
    """Bytes in their places, pointers as words, and NULL for those to nothing."""
    word = struct.calcsize("P")
    described: list[bytes | Ptr] = [bytes(range(1, 11)), Ptr(11), b"five.", Ptr(b"seven.."), b"end"]
    with prx.fork() as root:
        memory, cstruct = prx.alloc(root, described)
        assert len(memory) == 10 + word + 5 + word + 3
        assert list(cstruct) == [described[0], Ptr(bytes(11)), *described[2:]]
        with pytest.raises(OSError, match=os.strerror(errno.EINVAL)):
            prx.alloc(root, [])
        for count in (1, 2, 3):
            assert prx.alloc(root, [b""] * count).memory == b""
        for null in (Ptr(0), Ptr(b"")):
            assert prx.alloc(root, [null]).memory == bytes(word)
        mixed = prx.alloc(root, [b"", Ptr(0), b"foo123", Ptr(b""), b"bar456789"])
        assert mixed.memory == bytes(word) + b"foo123" + bytes(word) + b"bar456789"


def test_prctl_names_a_task_and_tells_its_signal() -> None:
    """Arguments come back as the kernel has left them."""
    with prx.fork() as root:
        child = prx.fork(root)
        assert prx.prctl(child, "pr_capbset_read", 0).value in {0, 1}
        assert prx.prctl(child, "pr_set_name", b"test\0").a2 == b"test\0"
        assert prx.prctl(child, "pr_get_name", bytes(17)).a2 == b"test" + bytes(13)
        assert prx.prctl(child, "pr_set_pdeathsig", 9).a2 == 9
        assert prx.prctl(child, "pr_get_pdeathsig", bytes(4)).a2 == struct.pack("i", 9)


@pytest.mark.root
def test_priorities_hold_and_rise_only_with_privilege() -> None:
    """For a process and for a group."""
    with prx.fork() as root:
        task = prx.fork(root)
        nice, better, leader = (prx.fork(task) for _ in range(3))
        assert prx.getpriority(nice, "prio_process", 0) == os.getpriority(os.PRIO_PROCESS, 0)
        prx.setpriority(nice, "prio_process", 0, 10)
        assert prx.getpriority(nice, "prio_process", 0) == 10
        prx.setrlimit(nice, "rlimit_nice", (0, 0))
        prx.setuid(nice, NOBODY)
        with pytest.raises(PermissionError):
            prx.setpriority(nice, "prio_process", 0, 1)
        prx.setpriority(better, "prio_process", 0, -1)
        assert prx.getpriority(better, "prio_process", 0) == -1
        prx.setsid(leader)
        assert prx.getpriority(leader, "prio_pgrp", 0) == os.getpriority(os.PRIO_PROCESS, 0)
        prx.setpriority(leader, "prio_pgrp", 0, 10)
        assert prx.getpriority(leader, "prio_pgrp", 0) == 10


@pytest.mark.root
def test_a_folder_that_was_given_away_is_not_its_first_owner_s_to_remove() -> None:
    """In a folder with the sticky bit, until it is given back."""
    with folder_for_all() as folder, prx.fork() as root:
        folder.chmod(0o1777)
        nobody = prx.fork(root)
        prx.setuid(nobody, NOBODY)
        path = folder / "mine"
        prx.mkdir(nobody, path, 0o700)
        prx.chmod(nobody, path, 0)
        with pytest.raises(PermissionError):
            prx.readdir(nobody, path)
        prx.chmod(nobody, path, 0o700)
        prx.chown(root, path, 0, 0)
        with fails(errno.EPERM, filename=path):
            prx.rmdir(nobody, path)
        prx.chown(root, path, NOBODY, NOBODY)
        prx.rmdir(nobody, path)
        assert list(folder.iterdir()) == []


def test_what_one_task_writes_into_a_fifo_another_reads(tmp_path: Path) -> None:
    """Both have opened it by its name."""
    path = tmp_path / "fifo"
    with prx.fork() as writer:
        reader = prx.fork(writer)
        prx.mkfifo(reader, path, 0o700)
        source = prx.open(reader, path, ["o_rdonly", "o_nonblock"])
        sink = prx.open(writer, path, ["o_wronly", "o_nonblock"])
        count = prx.write(writer, sink, b"123456789")
        assert prx.read(reader, source, count) == b"123456789"
        prx.unlink(reader, path)


def test_a_task_talks_to_a_server_and_selects_its_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a socket with a name in the file system."""
    monkeypatch.chdir(tmp_path)  # the whole path may be too long for a socket
    name = b"socket"
    with socket.socket(socket.AF_UNIX) as server, prx.fork() as task:
        prx.chdir(task, tmp_path)
        server.bind(name)
        server.listen()
        fd = prx.socket(task, "af_unix", "sock_stream", 0)
        prx.connect(task, fd, struct.pack("H108s", socket.AF_UNIX, name))
        peer, _ = server.accept()
        with peer:
            assert prx.write(task, fd, b"task->server\n") == 13
            assert peer.recv(100) == b"task->server\n"
            peer.sendall(b"server->task\n")
            assert prx.select(task, [fd], [], [fd], None) == ([fd], [], [])
            assert prx.read(task, fd, 100) == b"server->task\n"


@pytest.mark.root
def test_a_tap_interface_is_made_in_a_network_of_its_own() -> None:
    """The kernel writes its name into the structure."""
    require(os.access("/dev/net/tun", os.R_OK), "/dev/net/tun")
    with prx.fork() as root:
        task = prx.clone(root, ALL)
        try:
            fd = prx.open(task, "/dev/net/tun", ["o_rdwr"])
            done = prx.ioctl(task, fd, "tunsetiff", bytes(16) + struct.pack("H14x", 0x0002 | 0x1000))
        except OSError as error:
            require(error.errno not in {errno.ENODEV, errno.EPERM, errno.ENXIO}, "a tun device that works")
            raise
        assert isinstance(done.arg, bytes)
        assert (done.return_value, done.arg[:3]) == (0, b"tap")


@pytest.mark.root
def test_a_task_in_namespaces_has_a_name_and_a_tmpfs_of_its_own(tmp_path: Path) -> None:
    """Another that enters its UTS namespace has the same name; the root has not."""
    with prx.fork() as root:
        task = prx.clone(root, ALL)
        assert prx.getpid(task) == 1
        host = prx.gethostname(root)
        prx.sethostname(task, "alcove")
        visitor = prx.fork(root)
        fd = prx.open(visitor, f"/proc/{task.host_pid}/ns/uts", ["o_rdonly"])
        prx.setns(visitor, fd, 0)
        prx.close(visitor, fd)
        assert prx.gethostname(visitor) == prx.gethostname(task) == b"alcove"
        prx.unshare(task, ["clone_newuts"])
        prx.sethostname(task, "unshare")
        names = [prx.gethostname(one) for one in (task, visitor, root)]
        assert names == [b"unshare", b"alcove", host]
        prx.mount(task, "none", "/", None, ["ms_rec", "ms_private"], None)
        prx.mount(task, "tmpfs", tmp_path, "tmpfs", ["ms_noexec"], "size=16M")
        prx.umount(task, tmp_path)


def test_each_of_two_lists_binds_whom_it_is_for() -> None:
    """The task itself, and what it forks; a nil list binds nobody."""
    with prx.fork() as root:
        prx.filter(root, {"allow": ["fork", "filter", "clone", "getpid"]}, [])
        free = prx.fork(root)
        assert prx.getcwd(free)
        assert prx.getpid(free) == free.host_pid
        prx.filter(root, [], {"allow": ["getcwd"]})
        bound = prx.fork(root)
        assert prx.getcwd(bound)
        with pytest.raises(UndefinedCall):
            prx.getpid(bound)
        with pytest.raises(UndefinedCall):
            prx.getcwd(root)
