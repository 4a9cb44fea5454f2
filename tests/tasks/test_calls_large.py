"""Calls of megabytes: the original stops at 64 KiB."""

from __future__ import annotations

import errno
import os
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from support.calls import fails, outcome, program

from prx_actors import ExitStatus, prx

if TYPE_CHECKING:
    from pathlib import Path

MB = 1 << 20
PATTERN = bytes(range(251))
"""No divisor of a power of two: a block that is out of its place shows."""


def pattern(size: int) -> bytes:
    """Make data of that size."""
    return (PATTERN * (size // len(PATTERN) + 1))[:size]


def test_a_read_of_4_mb_comes_in_one_piece(tmp_path: Path) -> None:
    """Every byte, at depth 1 and below."""
    data = pattern(4 * MB)
    (tmp_path / "file").write_bytes(data)
    with prx.fork() as task:
        for one in (task, prx.fork(prx.fork(task))):
            fd = prx.open(one, tmp_path / "file", "o_rdonly")
            assert prx.read(one, fd, 8 * MB) == data
            assert prx.read(one, fd, 8 * MB) == b""


def test_a_read_beyond_a_frame_is_a_short_read(tmp_path: Path) -> None:
    """A file of 80 MB is read by a count of 2^62, in few reads of 64 MiB and less."""
    size = 80 * MB
    with (tmp_path / "file").open("wb") as file:
        file.truncate(size)
    with prx.fork() as task:
        fd = prx.open(task, tmp_path / "file", "o_rdonly")
        sizes = []
        while data := prx.read(task, fd, 1 << 62):
            assert not data.strip(b"\0")
            sizes.append(len(data))
        assert sum(sizes) == size
        assert len(sizes) == 2
        assert sizes[0] < 64 * MB


def test_a_write_of_several_mb_goes_out_whole(tmp_path: Path) -> None:
    """In one call; a file takes all of it."""
    data = pattern(9 * MB)
    with prx.fork() as task:
        fd = prx.open(task, tmp_path / "file", ["o_wronly", "o_creat"], 0o600)
        assert prx.write(task, fd, data) == len(data)
    assert (tmp_path / "file").read_bytes() == data


def test_a_request_beyond_a_frame_is_refused_and_the_task_goes_on(tmp_path: Path) -> None:
    """`EMSGSIZE`; nothing was sent."""
    with prx.fork() as task:
        fd = prx.open(task, tmp_path / "file", ["o_wronly", "o_creat"], 0o600)
        with fails(errno.EMSGSIZE, note=f"of {task}"):
            prx.write(task, fd, bytes(64 * MB))
        assert prx.write(task, fd, b"fine") == 4
    assert (tmp_path / "file").read_bytes() == b"fine"


@pytest.mark.timeout(120)
def test_a_directory_of_100_000_names_is_listed(tmp_path: Path) -> None:
    """Each of them once, in one reply."""
    names = [f"{number:06}-{'x' * 30}" for number in range(100_000)]
    for name in names:
        os.mknod(tmp_path / name)
    with prx.fork() as task:
        assert sorted(prx.readdir(task, tmp_path)) == [b".", b"..", *(name.encode() for name in names)]


def test_an_execve_takes_a_megabyte_and_a_half() -> None:
    """As arguments, and as environment."""
    strings = [f"{number:04}={'y' * 99_990}" for number in range(15)]
    with prx.fork() as task:
        child = prx.fork(task)
        prx.execve(child, ["/usr/bin/printf", "%s\n", *strings], [])
        assert outcome(child).stdout.decode() == "".join(f"{one}\n" for one in strings)
        child = prx.fork(task)
        prx.execve(child, ["/usr/bin/env"], strings)
        assert outcome(child).stdout.decode() == "".join(f"{one}\n" for one in strings)


def test_an_execvp_takes_ten_thousand_arguments() -> None:
    """And a program gets them in order."""
    with prx.fork() as task:
        numbers = list(map(int, program(task, ["printf", "%s\n", *map(str, range(10_000))]).split()))
    assert len(numbers) == 10_000
    assert all(after == before + 1 for before, after in pairwise(numbers))


def test_an_environment_of_megabytes_is_returned() -> None:
    """Variables of 1 MB each, more than the kernel would give to a program."""
    values = [chr(ord("a") + number) * MB for number in range(5)]
    with prx.fork() as task:
        before = prx.environ(task)
        for number, value in enumerate(values):
            prx.setenv(task, f"PRX_{number}", value, True)
        assert prx.environ(task)[len(before) :] == [f"PRX_{n}={value}".encode() for n, value in enumerate(values)]
        with fails(errno.E2BIG, filename=b"true"):
            prx.execvp(task, ["true"])
        prx.execve(task, ["/bin/true"], [])
        assert outcome(task).end == ExitStatus(task, 0)


@pytest.mark.static  # AddressSanitizer keeps what is freed
def test_a_driver_gives_the_memory_of_a_large_call_back(tmp_path: Path) -> None:
    """After 30 MB it is as small as before, give or take what is kept between requests."""
    with prx.fork() as task:
        fd = prx.open(task, tmp_path / "file", ["o_rdwr", "o_creat"], 0o600)
        prx.write(task, fd, b"x")
        before = resident(task.host_pid)
        prx.write(task, fd, bytes(30 * MB))
        again = prx.open(task, tmp_path / "file", "o_rdonly")
        assert len(prx.read(task, again, 30 * MB)) == 30 * MB
        prx.getpid(task)
        prx.getpid(task)
        assert resident(task.host_pid) < before + 2 * MB


def resident(pid: int | None) -> int:
    """Return the resident memory of a process, in bytes."""
    with open(f"/proc/{pid}/statm") as statm:  # noqa: PTH123 -- no path of the file system
        return int(statm.read().split()[1]) * 4096
