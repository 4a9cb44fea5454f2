"""open, close, read, write: what open(2) and its kin say."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import fails, unprivileged

from prx_actors import Signal, prx, receive

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.system.constants import Constant
    from prx_actors.tasks.arguments import Bytes
    from prx_actors.tasks.arguments import Path as AnyPath


def test_open_read_write_and_close_work_on_one_file(tmp_path: Path) -> None:
    """What is written through one fd is read through another, and a closed fd is none."""
    path = tmp_path / "file"
    with prx.fork() as task:
        out = prx.open(task, path, ["o_wronly", "o_creat"], 0o640)
        assert prx.write(task, out, b"one\0two") == 7
        prx.close(task, out)
        into = prx.open(task, path, "o_rdonly")
        assert into == out
        assert [prx.read(task, into, count) for count in (3, 0, 100, 100)] == [b"one", b"", b"\0two", b""]
    assert path.read_bytes() == b"one\0two"
    assert path.stat().st_mode & 0o777 == 0o640


def test_the_default_mode_of_a_new_file_is_none(tmp_path: Path) -> None:
    """As the surface says: `mode=0`."""
    with prx.fork() as task:
        prx.open(task, tmp_path / "file", ["o_wronly", "o_creat"])
    assert (tmp_path / "file").stat().st_mode & 0o7777 == 0


@pytest.mark.parametrize("form", [str, os.fsencode, Path], ids=["str", "bytes", "Path"])
def test_a_path_may_be_str_bytes_or_a_path_object(form: Callable[[str], AnyPath], tmp_path: Path) -> None:
    """Also with bytes that are no UTF-8 (surrogateescape), a line break and blanks inside."""
    name = os.fsdecode(b"a b\n\xff\xfe")
    path = form(str(tmp_path / name))
    with prx.fork() as task:
        prx.close(task, prx.open(task, path, ["o_creat", "o_wronly"], 0o600))
        assert os.fsencode(name) in prx.readdir(task, tmp_path)
    assert os.listdir(os.fsencode(tmp_path)) == [b"a b\n\xff\xfe"]  # noqa: PTH208 -- bytes


DATA: list[Bytes] = ["grün\udcff", b"bytes", bytearray(b"array"), memoryview(b"view")[1:]]


@pytest.mark.parametrize("data", DATA, ids=lambda data: type(data).__name__)
def test_data_may_be_str_or_anything_that_holds_bytes(data: Bytes, tmp_path: Path) -> None:
    """Strings are written as UTF-8 with surrogateescape."""
    expected = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else bytes(data)
    with prx.fork() as task:
        fd = prx.open(task, tmp_path / "file", ["o_wronly", "o_creat"], 0o600)
        assert prx.write(task, fd, data) == len(expected)
    assert (tmp_path / "file").read_bytes() == expected


def test_open_flags_mean_what_they_mean_to_the_kernel(tmp_path: Path) -> None:
    """`o_append`, `o_trunc` and `o_cloexec` among them."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with prx.fork() as task:
        prx.write(task, prx.open(task, path, ["o_wronly", "o_append"]), "new")
        assert path.read_bytes() == b"oldnew"
        kept = prx.open(task, path, ["o_rdwr", "o_trunc"])
        closed = prx.open(task, path, ["o_rdwr", "o_cloexec"])
        assert path.read_bytes() == b""
        flags = {fd: fdinfo_flags(task.host_pid, fd) for fd in (kept, closed)}
    assert [bool(flags[fd] & os.O_CLOEXEC) for fd in (kept, closed)] == [False, True]


def fdinfo_flags(pid: int | None, fd: int) -> int:
    """Return the flags of a process' fd."""
    lines = Path(f"/proc/{pid}/fdinfo/{fd}").read_text().splitlines()
    return next(int(line.split()[1], 8) for line in lines if line.startswith("flags:"))


@pytest.mark.parametrize(
    ("name", "flags", "number"),
    [
        ("missing", "o_rdonly", errno.ENOENT),
        ("file/below", "o_rdonly", errno.ENOTDIR),
        ("file", ["o_rdonly", "o_directory"], errno.ENOTDIR),
        ("file", ["o_wronly", "o_creat", "o_excl"], errno.EEXIST),
        (".", "o_wronly", errno.EISDIR),
        ("loop", "o_rdonly", errno.ELOOP),
        ("loop", ["o_rdonly", "o_nofollow"], errno.ELOOP),
        ("x" * 256, "o_rdonly", errno.ENAMETOOLONG),
        ("fifo", ["o_wronly", "o_nonblock"], errno.ENXIO),
    ],
)
def test_open_fails_with_the_errno_of_its_man_page(name: str, flags: Constant, number: int, tmp_path: Path) -> None:
    """The error carries the path as it was given, and a note with the call and the task."""
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "fifo")
    path = tmp_path / name
    with prx.fork() as task, fails(number, filename=path, note=f"of {task}"):
        prx.open(task, path, flags)


def test_open_refuses_a_mode_that_is_none(tmp_path: Path) -> None:
    """open(2) would mask it in silence."""
    with prx.fork() as task:
        for mode in (-1, 0o10000):
            with fails(errno.EINVAL, filename=tmp_path / "file"):
                prx.open(task, tmp_path / "file", ["o_wronly", "o_creat"], mode)
    assert not list(tmp_path.iterdir())


def test_open_is_denied_without_permission(tmp_path: Path) -> None:
    """The process' own credentials count."""
    (tmp_path / "file").touch(mode=0)
    with unprivileged() as task, fails(errno.EACCES, filename=tmp_path / "file"):
        prx.open(task, tmp_path / "file", "o_rdonly")


def test_an_fd_that_is_not_open_is_refused() -> None:
    """Closed, never opened, not a number of an fd at all, or open for the other direction."""
    with prx.fork() as task:
        fd = prx.open(task, "/dev/null", "o_rdonly")
        with fails(errno.EBADF, note=f"write({fd}, 'x') of {task}"):
            prx.write(task, fd, "x")
        prx.close(task, fd)
        for wrong in (fd, 5000, -1, 1 << 31, 1 << 62):
            with fails(errno.EBADF):
                prx.close(task, wrong)
            with fails(errno.EBADF):
                prx.read(task, wrong, 1)
            with fails(errno.EBADF):
                prx.write(task, wrong, "x")


def test_the_driver_s_own_fds_do_not_exist_for_calls() -> None:
    """Every number that is open in the driver and was not opened by a call is refused, and the task goes on."""
    with prx.fork() as task:
        prx.fork(task)
        own = [fd for fd in map(int, os.listdir(f"/proc/{task.host_pid}/fd")) if fd > 2]  # noqa: PTH208 -- names only
        assert len(own) >= 6
        for fd in own:
            with fails(errno.EBADF):
                prx.close(task, fd)
            with fails(errno.EBADF):
                prx.read(task, fd, 1)
            with fails(errno.EBADF):
                prx.write(task, fd, "x")
        assert prx.pidof(prx.fork(task))


def test_read_fails_with_the_errno_of_its_man_page(tmp_path: Path) -> None:
    """`EISDIR`, `EINVAL`, `EAGAIN`; a read at the end is no failure."""
    os.mkfifo(tmp_path / "fifo")
    with prx.fork() as task:
        directory = prx.open(task, tmp_path, "o_rdonly")
        with fails(errno.EISDIR):
            prx.read(task, directory, 1)
        with fails(errno.EINVAL):
            prx.read(task, directory, -1)
        fifo = prx.open(task, tmp_path / "fifo", ["o_rdwr", "o_nonblock"])
        with fails(errno.EAGAIN, note=f"read({fifo}, 1)"):
            prx.read(task, fifo, 1)
        prx.write(task, fifo, "x")
        assert prx.read(task, fifo, 100) == b"x"


def test_write_fails_with_the_errno_of_its_man_page(tmp_path: Path) -> None:
    """`ENOSPC`, `EAGAIN`; what fits is written and counted."""
    os.mkfifo(tmp_path / "fifo")
    with prx.fork() as task:
        full = prx.open(task, "/dev/full", "o_wronly")
        with fails(errno.ENOSPC, note=f"write({full}, b'"):
            prx.write(task, full, b"x" * 10_000)
        fifo = prx.open(task, tmp_path / "fifo", ["o_rdwr", "o_nonblock"])
        written = prx.write(task, fifo, bytes(1_000_000))
        assert 0 < written < 1_000_000
        with fails(errno.EAGAIN):
            prx.write(task, fifo, bytes(1_000_000))


def test_a_pipe_without_a_reader_is_an_error_and_a_signal_and_not_the_end(tmp_path: Path) -> None:
    """The driver survives SIGPIPE, and tells of it."""
    os.mkfifo(tmp_path / "fifo")
    with prx.fork() as task:
        reader = prx.open(task, tmp_path / "fifo", ["o_rdonly", "o_nonblock"])
        writer = prx.open(task, tmp_path / "fifo", "o_wronly")
        prx.close(task, reader)
        with fails(errno.EPIPE):
            prx.write(task, writer, "x")
        assert receive(Signal, task=task, timeout=30).signal == 13
        assert prx.getpid(task) == task.host_pid
