"""execvp, execve: what a program is started as, and what becomes of a task whose exec fails."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import fails, outcome, program, unprivileged

from prx_actors import ExitStatus, prx

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors import Task

EXECS: dict[str, Callable[[Task, Path], None]] = {
    "execvp": lambda task, path: prx.execvp(task, [path]),
    "execve": lambda task, path: prx.execve(task, [path], ["A=b"]),
}


@pytest.fixture(params=list(EXECS))
def exec(request: pytest.FixtureRequest) -> Callable[[Task, Path], None]:
    """One of the two."""
    return EXECS[request.param]


def test_execvp_looks_in_the_path_of_the_task(tmp_path: Path) -> None:
    """In the task's own environment, which the program gets."""
    script = tmp_path / "prx-says"
    script.write_text("#!/bin/sh\necho $0 $1 $PATH\n")
    script.chmod(0o755)
    with prx.fork() as task:
        prx.setenv(task, "PATH", str(tmp_path), True)
        assert program(task, ["prx-says", "one"]).decode() == f"{script} one {tmp_path}\n"


def test_execvp_runs_a_script_without_an_interpreter_line_by_the_shell(tmp_path: Path) -> None:
    """As execvp(3) says; execve(2) refuses it."""
    script = tmp_path / "script"
    script.write_text("echo hello\n")
    script.chmod(0o755)
    with prx.fork() as task:
        with fails(errno.ENOEXEC, filename=bytes(script), note=f"of {task}"):
            prx.execve(task, [script], [])
        assert program(task, [str(script)]) == b"hello\n"


def test_execve_gives_the_environment_and_nothing_else() -> None:
    """In order; also an empty one."""
    with prx.fork() as task:
        environments: list[list[str | bytes]] = [["A=1", b"B=\xff", "A=2", "no equals sign"], []]
        for env in environments:
            child = prx.fork(task)
            prx.execve(child, ["/usr/bin/env", "-0"], env)
            expected = b"".join(os.fsencode(one) + b"\0" for one in env)
            assert outcome(child).stdout == expected


def test_arguments_arrive_as_they_are() -> None:
    """Empty ones, line breaks, and bytes that are no UTF-8; from any iterable."""
    argv: list[str | bytes | Path] = ["printf", "<%s>", "", "a b", "c\nd", b"\xff", Path("e")]
    with prx.fork() as task:
        child = prx.fork(task)
        prx.execvp(child, iter(argv))
        assert outcome(child).stdout == b"<><a b><c\nd><\xff><e>"


def test_arg0_is_the_name_that_a_program_is_told() -> None:
    """The file that is run is the first of argv all the same."""
    with prx.fork() as task:
        starts: list[Callable[[Task], None]] = [
            lambda one: prx.execvp(one, ["sh", "-c", "tr '\\0' ' ' </proc/$$/cmdline"], "other"),
            lambda one: prx.execve(one, ["/bin/sh", "-c", "tr '\\0' ' ' </proc/$$/cmdline"], [], b"other"),
        ]
        for start in starts:
            child = prx.fork(task)
            start(child)
            assert outcome(child).stdout == b"other -c tr '\\0' ' ' </proc/$$/cmdline "


@pytest.mark.parametrize(
    ("make", "number"),
    [
        (lambda _path: None, errno.ENOENT),
        (Path.touch, errno.EACCES),
        (Path.mkdir, errno.EACCES),
        (lambda path: path.symlink_to(path.name), errno.ELOOP),
        (lambda path: path.write_text("#!/no/such/interpreter\n") and path.chmod(0o755), errno.ENOENT),
    ],
    ids=["missing", "not executable", "a directory", "a loop", "no interpreter"],
)
def test_exec_fails_with_the_errno_of_its_man_page(
    make: Callable[[Path], object], number: int, exec: Callable[[Task, Path], None], tmp_path: Path
) -> None:
    """The error names the file, and the task obeys calls as before."""
    path = tmp_path / "program"
    make(path)
    with prx.fork() as task:
        for _ in range(2):
            with fails(number, filename=bytes(path), note=f"of {task}"):
                exec(task, path)
        assert prx.getpid(task) == task.host_pid
        assert not prx.execed(task)
        assert program(task, ["echo", "fine"]) == b"fine\n"


def test_a_file_that_is_being_written_is_busy(tmp_path: Path) -> None:
    """`ETXTBSY`."""
    path = tmp_path / "program"
    path.write_bytes(Path("/bin/true").read_bytes())
    path.chmod(0o755)
    with prx.fork() as task:
        fd = prx.open(task, path, "o_wronly")
        child = prx.fork(task)
        with fails(errno.ETXTBSY, filename=bytes(path)):
            prx.execvp(child, [path])
        prx.close(task, fd)
        prx.close(child, fd)
        assert program(child, [str(path)]) == b""


def test_a_broken_program_is_refused(tmp_path: Path, exec: Callable[[Task, Path], None]) -> None:
    """The name of a directory on the way is no program; nor is a name too long."""
    (tmp_path / "file").touch()
    with prx.fork() as task:
        with fails(errno.ENOTDIR, filename=bytes(tmp_path / "file" / "x")):
            exec(task, tmp_path / "file" / "x")
        with fails(errno.ENAMETOOLONG, filename=bytes(tmp_path / ("x" * 256))):
            exec(task, tmp_path / ("x" * 256))


def test_exec_is_denied_without_permission(tmp_path: Path, exec: Callable[[Task, Path], None]) -> None:
    """The process' own credentials count."""
    (tmp_path / "closed").mkdir(mode=0o700)
    (tmp_path / "closed" / "program").write_text("#!/bin/sh\n")
    (tmp_path / "closed").chmod(0)
    with unprivileged() as task, fails(errno.EACCES, filename=bytes(tmp_path / "closed" / "program")):
        exec(task, tmp_path / "closed" / "program")
    (tmp_path / "closed").chmod(0o700)


def test_too_many_arguments_are_refused() -> None:
    """`E2BIG` for one string of more than 128 KiB and for all of them together; the task lives."""
    with prx.fork() as task:
        for argv in (["true", "x" * 131072], ["true", *["x" * 100_000] * 80]):
            with fails(errno.E2BIG, filename=b"true", note=f"of {task}"):
                prx.execvp(task, argv)
        assert program(task, ["echo", "fine"]) == b"fine\n"


def test_a_task_with_children_cannot_exec(exec: Callable[[Task, Path], None]) -> None:
    """`EACCES`, in call state and in exec state of the child, until it is gone."""
    with prx.fork() as task:
        child = prx.fork(task)
        with fails(errno.EACCES, filename=b"/bin/true", note=f"of {task}"):
            exec(task, Path("/bin/true"))
        prx.execvp(child, ["cat"])
        with fails(errno.EACCES, filename=b"/bin/true"):
            exec(task, Path("/bin/true"))
        assert prx.getpid(task)
        prx.stop(child)
        exec(task, Path("/bin/true"))
        assert outcome(task).end == ExitStatus(task, 0)


def test_exec_keeps_the_pid() -> None:
    """The program is the process that the driver was."""
    with prx.fork() as task:
        pid = prx.getpid(task)
        assert program(task, ["sh", "-c", "echo $$"]) == b"%d\n" % pid
