"""lseek, fcntl and sockets: what is done with an fd, and that the driver's own are never met."""

from __future__ import annotations

import errno
import os
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.calls import OWN_FDS, fails, program

from prx_actors import prx
from prx_actors.system.constants import table

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors import Task

"""The driver's own fds."""


def test_lseek_moves_where_an_fd_reads_and_writes(tmp_path: Path) -> None:
    """From the beginning, from where it is and from the end; it returns where that is."""
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with prx.fork() as task:
        fd = prx.open(task, path, "o_rdwr")
        assert prx.lseek(task, fd, 3, "seek_set") == 3
        assert prx.read(task, fd, 2) == b"34"
        assert prx.lseek(task, fd, -1, os.SEEK_CUR) == 4
        assert prx.lseek(task, fd, -2, "SEEK_END") == 8
        assert prx.read(task, fd, 9) == b"89"
        assert prx.lseek(task, fd, 1 << 40, "seek_set") == 1 << 40
        prx.write(task, fd, "x")
    assert path.stat().st_size == (1 << 40) + 1


def test_lseek_fails_with_the_errno_of_its_man_page(tmp_path: Path) -> None:
    """`ESPIPE`, `EINVAL`, `ENXIO`, `EBADF`."""
    (tmp_path / "file").touch()
    with prx.fork() as task:
        with fails(errno.ESPIPE, note=f"lseek(0, 0, 0) of {task}"):
            prx.lseek(task, 0, 0, "seek_set")
        fd = prx.open(task, tmp_path / "file", "o_rdonly")
        for offset, whence in ((-1, "seek_set"), (0, 99), (0, 1 << 40)):
            with fails(errno.EINVAL):
                prx.lseek(task, fd, offset, whence)
        with fails(errno.ENXIO):
            prx.lseek(task, fd, 1, "seek_data")
        with fails(errno.EBADF):
            prx.lseek(task, 1000, 0, "seek_set")


def test_fcntl_gets_and_sets_the_flags_of_an_fd() -> None:
    """By names and by numbers; a program does not inherit what is close-on-exec."""
    with prx.fork() as task:
        kept = prx.open(task, "/dev/null", "o_rdonly")
        closed = prx.open(task, "/dev/null", "o_rdonly")
        assert prx.fcntl(task, closed, "f_getfd") == 0
        assert prx.fcntl(task, closed, "f_setfd", "fd_cloexec") == 0
        assert prx.fcntl(task, closed, "f_getfd", 0) == 1
        child = prx.fork(task)
        fds = {int(name) for name in program(child, ["ls", "/proc/self/fd"]).split()}
        assert (kept in fds, closed in fds) == (True, False) or closed == max(fds)


def test_fcntl_sets_the_flags_of_a_file(tmp_path: Path) -> None:
    """Those of `open`: a read of an empty fifo no longer waits."""
    with prx.fork() as task:
        prx.mkfifo(task, tmp_path / "fifo", 0o600)
        fd = prx.open(task, tmp_path / "fifo", "o_rdwr")
        assert prx.fcntl(task, fd, "f_setfl", ["o_nonblock", "o_append"]) == 0
        assert prx.fcntl(task, fd, "f_getfl") & (os.O_NONBLOCK | os.O_APPEND) == os.O_NONBLOCK | os.O_APPEND
        with fails(errno.EAGAIN):
            prx.read(task, fd, 1)


def test_fcntl_sizes_a_pipe(tmp_path: Path) -> None:
    """As the kernel rounds it."""
    with prx.fork() as task:
        prx.mkfifo(task, tmp_path / "fifo", 0o600)
        fd = prx.open(task, tmp_path / "fifo", "o_rdwr")
        assert prx.fcntl(task, fd, "f_setpipe_sz", 5000) == 8192
        assert prx.fcntl(task, fd, "f_getpipe_sz") == 8192


STRUCTURES = ["f_getlk", "f_setlk", "f_setlkw", "f_ofd_getlk", "f_getown_ex", "f_setown_ex", "f_get_rw_hint"]


@pytest.mark.parametrize("command", STRUCTURES)
def test_fcntl_takes_no_address(command: str) -> None:
    """The kernel would read or write there: `EINVAL`, whatever the number is, and the driver lives."""
    with prx.fork() as task:
        pid = prx.getpid(task)
        first = Path(f"/proc/{task.host_pid}/maps").read_text().partition("-")[0]
        for address in (0, int(first, 16)):
            with fails(errno.EINVAL):
                prx.fcntl(task, 0, command, address)
        assert prx.getpid(task) == pid


def test_fcntl_fails_with_the_errno_of_its_man_page() -> None:
    """`EBADF`, `EINVAL`; `ENOTSUP` for a name that nobody knows, in either place."""
    with prx.fork() as task:
        with fails(errno.EBADF, note="fcntl(1000, 1, 0)"):
            prx.fcntl(task, 1000, "f_getfd")
        for command, arg in ((9999, 0), (1 << 40, 0), ("f_dupfd", -1), ("f_dupfd", 1 << 40)):
            with fails(errno.EINVAL):
                prx.fcntl(task, 0, command, arg)
        unknown: list[tuple[str, int | str]] = [("f_bogus", 0), ("f_setfd", "f_bogus"), ("f_setfl", "f_bogus")]
        for name, value in unknown:
            with fails(errno.ENOTSUP, filename="f_bogus"):
                prx.fcntl(task, 0, name, value)


@pytest.mark.parametrize("command", ["f_dupfd", "f_dupfd_cloexec"])
def test_a_copy_of_an_fd_never_gets_a_number_of_the_driver(command: str) -> None:
    """From whichever number on it is asked for; before the first child and after it."""
    with prx.fork() as task:
        assert prx.fcntl(task, 0, command, 50) == 50
        for least in OWN_FDS:
            assert prx.fcntl(task, 0, command, least) > OWN_FDS[-1]
        child = prx.fork(task)
        assert prx.fcntl(child, 0, command, OWN_FDS[0]) > OWN_FDS[-1]
        assert prx.fcntl(task, 0, command, OWN_FDS[0]) > OWN_FDS[-1]
        assert prx.getpid(child) == child.host_pid


def test_no_fd_ever_gets_a_number_of_the_driver(tmp_path: Path) -> None:
    """Whatever opens it; and all that is open works."""
    with prx.fork() as task:
        opened = set()
        for _ in range(40):
            opened.add(prx.socket(task, "af_unix", "sock_stream", 0))
            opened.add(prx.open(task, "/dev/zero", "o_rdonly"))
        assert len(opened) == 80
        assert max(opened) > OWN_FDS[-1]
        assert not opened & set(OWN_FDS)
        assert prx.read(task, max(opened), 1) == b"\0"


USES: dict[str, Callable[[Task, int], Any]] = {
    "lseek": lambda task, fd: prx.lseek(task, fd, 0, 0),
    "fcntl": lambda task, fd: prx.fcntl(task, fd, "f_getfd"),
    "fcntl to set": lambda task, fd: prx.fcntl(task, fd, "f_setfd", 0),
    "fcntl to copy": lambda task, fd: prx.fcntl(task, fd, "f_dupfd", 100),
    "connect": lambda task, fd: prx.connect(task, fd, b"\1\0x"),
    "select to read": lambda task, fd: prx.select(task, [fd], [], [], 0),
    "select to write": lambda task, fd: prx.select(task, [], [0, fd], [], 0),
    "select for the rest": lambda task, fd: prx.select(task, [], [], [fd], 0),
}


@pytest.mark.parametrize("use", USES)
def test_the_driver_s_own_fds_do_not_exist(use: str) -> None:
    """Nor do numbers that are none: `EBADF`."""
    with prx.fork() as task:
        for fd in (*OWN_FDS, -1, -1 << 40, 1 << 40, 999):
            with fails(errno.EBADF):
                USES[use](task, fd)


def unix(name: str) -> bytes:
    """Make a `struct sockaddr_un` of a name in the working directory: there is no room for long paths."""
    return struct.pack("=H", socket.AF_UNIX) + name.encode()


def test_connect_joins_a_socket_to_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways."""
    monkeypatch.chdir(tmp_path)  # the whole path may be too long for a socket
    with socket.socket(socket.AF_UNIX) as server, prx.fork() as task:
        server.bind("socket")
        server.listen()
        prx.chdir(task, tmp_path)
        fd = prx.socket(task, "af_unix", "sock_stream", 0)
        prx.connect(task, fd, unix("socket") + bytes(20))
        peer, _ = server.accept()
        with peer:
            prx.write(task, fd, "to the server")
            assert peer.recv(100) == b"to the server"
            peer.sendall(b"to the task")
            assert prx.read(task, fd, 100) == b"to the task"


def test_a_socket_is_what_was_asked_for() -> None:
    """Family, type, flags and protocol, by names or numbers."""
    with prx.fork() as task:
        fd = prx.socket(task, "af_inet", ["sock_dgram", "sock_cloexec", "sock_nonblock"], "ipproto_udp")
        assert prx.fcntl(task, fd, "f_getfd") == 1
        assert prx.fcntl(task, fd, "f_getfl") & os.O_NONBLOCK
        other = prx.socket(task, socket.AF_UNIX, socket.SOCK_STREAM, 0)
        assert prx.fcntl(task, other, "f_getfd") == 0


def test_socket_and_connect_fail_with_the_errno_of_their_man_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`EAFNOSUPPORT`, `EINVAL`, `EPROTONOSUPPORT`, `ENOTSOCK`, `ECONNREFUSED`, `ENOENT`, and what fits no int."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with socket.socket(socket.AF_UNIX) as deaf, prx.fork() as task:
        deaf.bind("deaf")
        prx.chdir(task, tmp_path)
        stream = table()["socket"]["SOCK_STREAM"]
        for domain, kind, protocol, number in (
            (999, stream, 0, errno.EAFNOSUPPORT),
            (1 << 40, stream, 0, errno.EINVAL),
            ("af_unix", 15, 0, errno.EINVAL),
            ("af_unix", stream, 77, errno.EPROTONOSUPPORT),
        ):
            with fails(number, note=f"of {task}"):
                prx.socket(task, domain, kind, protocol)
        fd = prx.socket(task, "af_unix", "sock_stream", 0)
        for address, number in (
            (unix("deaf"), errno.ECONNREFUSED),
            (unix("nosuch"), errno.ENOENT),
            (b"", errno.EINVAL),
            (unix("deaf") + bytes(129), errno.EINVAL),
            (bytes(1 << 20), errno.EINVAL),
        ):
            with fails(number):
                prx.connect(task, fd, address)
        with fails(errno.ENOTSOCK):
            prx.connect(task, prx.open(task, tmp_path / "file", "o_rdonly"), unix("deaf"))
