"""The host's name, and the process' title."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import fails, program, unprivileged
from support.namespaces import need_user_namespaces, outside, user_namespace

from prx_actors import prx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prx_actors import Task


@pytest.fixture(autouse=True)
def nothing_changes_outside() -> Iterator[None]:
    """Fail a test whose name gets out."""
    before = outside()
    yield
    assert outside() == before


def cmdline(task: Task) -> bytes:
    """Return the command line as `/proc` shows it."""
    return Path(f"/proc/{task.host_pid}/cmdline").read_bytes()


def test_gethostname_is_the_host_s() -> None:
    """In bytes."""
    with prx.fork() as task:
        assert prx.gethostname(task) == os.fsencode(socket.gethostname())


@pytest.mark.parametrize("name", ["inside", b"\xff bytes", "x" * 64, "", bytearray(b"array"), memoryview(b"view")])
def test_sethostname_names_the_task_s_own_uts_namespace(name: str | bytes) -> None:
    """A child and a program inherit it; up to 64 bytes of any kind."""
    need_user_namespaces("--uts")
    expected = name.encode() if isinstance(name, str) else bytes(name)
    with unprivileged() as task:
        child = user_namespace(task, ["clone_newuts"])
        prx.sethostname(child, name)
        assert prx.gethostname(child) == prx.gethostname(prx.fork(child)) == expected
        assert program(prx.fork(child), ["uname", "-n"]) == expected + b"\n"
        assert prx.gethostname(task) == os.fsencode(socket.gethostname())


def test_sethostname_fails_with_the_errno_of_its_man_page() -> None:
    """`EPERM` outside, `EINVAL` for what is too long."""
    need_user_namespaces("--uts")
    with unprivileged() as task:
        with fails(errno.EPERM, note=f"sethostname('name') of {task}"):
            prx.sethostname(task, "name")
        child = user_namespace(task, ["clone_newuts"])
        for size in (65, 100_000):
            with fails(errno.EINVAL):
                prx.sethostname(child, "x" * size)


@pytest.mark.parametrize("title", ["new process name", "x", "grün", b"\xff bytes", "x" * 4095])
def test_a_title_is_what_ps_shows(title: str | bytes) -> None:
    """Without privilege, and whatever its length up to a page."""
    expected = title.encode() if isinstance(title, str) else title
    with unprivileged() as task:
        prx.setproctitle(task, title)
        assert cmdline(task) == expected + b"\0"
    with prx.fork() as task:
        prx.setproctitle(task, "ps shows it")
        shown = program(prx.fork(task), ["ps", "-ww", "-o", "args=", "-p", str(prx.getpid(task))])
        assert shown == b"ps shows it\n"


def test_a_title_may_change_often_and_an_empty_one_brings_the_first_back() -> None:
    """Long after short, short after long."""
    with prx.fork() as task:
        first = cmdline(task)
        for title in (b"one", b"a longer one", b"2", b"x" * 4095, b"last"):
            prx.setproctitle(task, title)
            assert cmdline(task) == title + b"\0"
        prx.setproctitle(task, "")
        assert cmdline(task) == first


def test_a_title_that_is_too_long_is_cut() -> None:
    """After 4,095 bytes."""
    with prx.fork() as task:
        prx.setproctitle(task, b"0123456789" * 100_000)
        assert cmdline(task) == b"0123456789" * 409 + b"01234" + b"\0"


def test_forks_inherit_a_title_and_programs_do_not() -> None:
    """A change of theirs is their own."""
    with prx.fork() as task:
        before = cmdline(task)
        early = prx.fork(task)
        prx.setproctitle(task, "the parent")
        child = prx.fork(task)
        assert (cmdline(early), cmdline(child)) == (before, b"the parent\0")
        prx.setproctitle(child, "the child")
        assert (cmdline(task), cmdline(child)) == (b"the parent\0", b"the child\0")
        assert program(child, ["cat", "/proc/self/cmdline"]) == b"cat\0/proc/self/cmdline\0"


@pytest.mark.parametrize("limit", ["infinity", 0], ids=["anywhere", "in the place of the arguments"])
def test_a_title_leaves_the_environment_alone(limit: int | str) -> None:
    """What the task has, what a program gets, and what `/proc` shows; also after the title is taken back."""
    with prx.fork() as task:
        shown = Path(f"/proc/{task.host_pid}/environ").read_bytes()
        prx.setenv(task, "PRX_ONE", "1", True)
        environment = prx.environ(task)
        first = cmdline(task)
        refuse_layouts(task, limit)
        for title in ("a title", "x" * 4095, ""):
            prx.setproctitle(task, title)
            assert prx.environ(task) == environment
            assert Path(f"/proc/{task.host_pid}/environ").read_bytes() == shown
            assert program(prx.fork(task), ["cat", "/proc/self/environ"]).split(b"\0")[:-1] == environment
        assert cmdline(task) == first


def refuse_layouts(task: Task, limit: int | str) -> None:
    """Have the kernel refuse another layout of memory: no data is allowed, and there is some."""
    if isinstance(limit, int):
        prx.setrlimit(task, "rlimit_data", (limit, "rlim_infinity"))


def test_where_the_layout_cannot_change_the_title_takes_the_place_of_the_arguments() -> None:
    """It is cut to their length."""
    with prx.fork() as task:
        first = cmdline(task)
        refuse_layouts(task, 0)
        prx.setproctitle(task, "short")
        assert cmdline(task) == b"short".ljust(len(first), b"\0")
        prx.setproctitle(task, "x" * 1000)
        assert cmdline(task) == b"x" * (len(first) - 1) + b"\0"
        prx.setproctitle(task, "")
        assert cmdline(task) == first
