"""fexecve: the program that an fd is open on."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from support.calls import fails, outcome, program

from prx_actors import ExitStatus, prx

CLOSED = ["o_rdonly", "o_cloexec"]


@pytest.mark.parametrize("flags", ["o_rdonly", CLOSED, ["o_path", "o_cloexec"]], ids=str)
def test_fexecve_gives_arguments_and_environment_and_nothing_else(flags: str | list[str]) -> None:
    """Whether or not the fd is closed on the way; the first argument is the name that the program is told."""
    with prx.fork() as task:
        fd = prx.open(task, "/usr/bin/printf", flags)
        child = prx.fork(task)
        prx.fexecve(child, fd, ["other", "<%s>", "", "a b", b"\xff"], [])
        assert outcome(child).stdout == b"<><a b><\xff>"
        shell = prx.open(task, "/bin/sh", flags)
        prx.fexecve(
            task, shell, ["other", "-c", "tr '\\0' ' ' </proc/$$/cmdline; exec env"], ["A=1", b"PATH=/usr/bin:/bin"]
        )
        said = outcome(task).stdout
        assert said.startswith(b"other -c tr ")
        assert b"A=1\n" in said
        assert b"HOME=" not in said


def test_fexecve_by_its_name() -> None:
    """As any call."""
    with prx.fork() as task:
        fd = prx.open(task, "/usr/bin/env", CLOSED)
        prx.call(task, "fexecve", fd, ["env", "-0"], ["FOO=123"])
        assert outcome(task).stdout == b"FOO=123\0"


def test_fexecve_runs_a_file_that_was_removed(tmp_path: Path) -> None:
    """No name is looked up; the environment may be empty."""
    path = tmp_path / "program"
    path.write_bytes(Path("/usr/bin/env").read_bytes())
    path.chmod(0o755)
    with prx.fork() as task:
        fd = prx.open(task, path, CLOSED)
        path.unlink()
        prx.fexecve(task, fd, ["env", "-0"], [])
        ended = outcome(task)
        assert (ended.stdout, ended.end) == (b"", ExitStatus(task, 0))


def test_a_script_needs_an_fd_that_stays_open(tmp_path: Path) -> None:
    """Its interpreter opens it by its number: the kernel refuses with `ENOENT` what will be closed by then."""
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\necho hello $1\n")
    script.chmod(0o755)
    with prx.fork() as task:
        closed, kept = prx.open(task, script, CLOSED), prx.open(task, script, "o_rdonly")
        with fails(errno.ENOENT, note=f"fexecve({closed}, "):
            prx.fexecve(task, closed, ["script", "you"], [])
        prx.fexecve(task, kept, ["script", "you"], [])
        assert outcome(task).stdout == b"hello you\n"


@pytest.mark.parametrize("fd", [5000, -1, -100, *range(53, 64)])
def test_an_fd_that_is_not_open_is_a_bad_one(fd: int) -> None:
    """`EBADF`; the driver's own are none, and a negative number is no current directory."""
    with prx.fork() as task:
        with fails(errno.EBADF, note=f"of {task}"):
            prx.fexecve(task, fd, ["true"], [])
        assert not prx.execed(task)
        assert program(task, ["echo", "fine"]) == b"fine\n"


def test_a_number_that_is_no_fd_is_invalid() -> None:
    """`EINVAL` for what does not fit into an int."""
    with prx.fork() as task, fails(errno.EINVAL):
        prx.fexecve(task, 1 << 40, ["true"], [])


def test_what_is_no_program_is_refused_and_the_task_obeys_calls_as_before(tmp_path: Path) -> None:
    """`EACCES` without the permission and for a directory, `ENOEXEC` for what is no program, `E2BIG`."""
    plain, text = tmp_path / "plain", tmp_path / "text"
    for path, mode in ((plain, 0o644), (text, 0o755)):
        path.write_text("echo hello\n")
        path.chmod(mode)
    with prx.fork() as task:
        for path, number in ((plain, errno.EACCES), (tmp_path, errno.EACCES), (text, errno.ENOEXEC)):
            fd = prx.open(task, path, CLOSED)
            with fails(number, note=f"of {task}"):
                prx.fexecve(task, fd, ["x"], [])
        fd = prx.open(task, "/bin/true", CLOSED)
        with fails(errno.E2BIG):
            prx.fexecve(task, fd, ["true", "x" * 131072], [])
        assert prx.getpid(task) == task.host_pid
        assert program(prx.fork(task), ["echo", "fine"]) == b"fine\n"


def test_a_task_with_children_cannot_fexecve() -> None:
    """`EACCES`, until they are gone."""
    with prx.fork() as task:
        fd = prx.open(task, "/bin/true", CLOSED)
        child = prx.fork(task)
        with fails(errno.EACCES, note=f"of {task}"):
            prx.fexecve(task, fd, ["true"], [])
        prx.stop(child)
        prx.fexecve(task, fd, ["true"], [])
        assert outcome(task).end == ExitStatus(task, 0)


def test_fexecve_keeps_the_pid_and_hands_on_what_execve_does() -> None:
    """The fds that were opened for the program, and three more."""
    with prx.fork() as task:
        pid = prx.getpid(task)
        kept = prx.open(task, "/dev/null", "o_rdonly")
        prx.fexecve(
            task, prx.open(task, "/bin/sh", CLOSED), ["sh", "-c", "echo $$; ls /proc/$$/fd"], ["PATH=/usr/bin:/bin"]
        )
        numbers = [int(line) for line in outcome(task).stdout.split()]
        assert numbers[0] == pid
        assert set(numbers[1:]) == {0, 1, 2, kept}
