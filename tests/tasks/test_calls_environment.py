"""getenv, unsetenv, clearenv: the environment of a task, its forks and its programs."""

from __future__ import annotations

import errno

import pytest
from support.calls import fails, program

from prx_actors import prx


def test_getenv_returns_the_value_or_none() -> None:
    """As bytes; an empty value is one."""
    with prx.fork() as task:
        assert prx.getenv(task, "PRX") is None
        prx.setenv(task, "PRX", "a=b\udcff", False)
        assert prx.getenv(task, b"PRX") == b"a=b\xff"
        prx.setenv(task, "PRX", "", True)
        assert prx.getenv(task, "PRX") == b""
        for name in ("", "PR", "PRX=", "PRXX"):
            assert prx.getenv(task, name) is None


def test_unsetenv_removes_one_variable() -> None:
    """Of the task and its later programs; what is not set may be removed."""
    with prx.fork() as task:
        prx.setenv(task, "PRX_ONE", "1", True)
        prx.setenv(task, "PRX_TWO", "2", True)
        prx.unsetenv(task, "PRX_ONE")
        prx.unsetenv(task, "PRX_ONE")
        assert (prx.getenv(task, "PRX_ONE"), prx.getenv(task, "PRX_TWO")) == (None, b"2")
        seen = program(prx.fork(task), ["env", "-0"]).split(b"\0")
        assert b"PRX_TWO=2" in seen
        assert b"PRX_ONE=1" not in seen


@pytest.mark.parametrize("name", ["", "A=B"])
def test_unsetenv_refuses_what_is_no_name(name: str) -> None:
    """`EINVAL`, as unsetenv(3) says."""
    with prx.fork() as task, fails(errno.EINVAL, filename=name, note=f"unsetenv({name!r}) of {task}"):
        prx.unsetenv(task, name)


def test_clearenv_removes_all() -> None:
    """Twice over; programs get an empty environment, and what is set afterwards."""
    with prx.fork() as task:
        for _ in range(2):
            prx.clearenv(task)
            assert prx.environ(task) == []
        assert prx.getenv(task, "PATH") is None
        assert program(prx.fork(task), ["/usr/bin/env"]) == b""
        prx.setenv(task, "A", "b", True)
        assert prx.environ(task) == [b"A=b"]
        assert program(prx.fork(task), ["/usr/bin/env"]) == b"A=b\n"
