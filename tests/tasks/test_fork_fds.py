"""What a task gets in the place of pipes."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest
from support.ends import WAIT

from prx_actors import ExitStatus, Stderr, Stdout, Task, prx, receive

if TYPE_CHECKING:
    from pathlib import Path


def status_of(task: Task) -> int:
    """Wait for the end of a program and return its exit status."""
    status: int = receive(ExitStatus, task=task, timeout=WAIT).status
    return status


def test_a_file_stands_in_the_place_of_stdout_and_the_others_stay_pipes(tmp_path: Path) -> None:
    """The program writes to the file itself, at the offset that the fd has."""
    with (tmp_path / "out").open("wb") as file:
        file.write(b"before ")
        file.flush()
        task = prx.fork(fds={"stdout": file.fileno()})
        prx.execvp(task, ["sh", "-c", "cat; echo error >&2"])
        prx.stdin(task, "hello")
        prx.eof(task)
        assert receive(Stderr, task=task, timeout=WAIT).data == b"error\n"
        assert status_of(task) == 0
        assert file.tell() == len(b"before hello")
    assert (tmp_path / "out").read_bytes() == b"before hello"


def test_a_child_gets_fds_as_a_root_does(tmp_path: Path) -> None:
    """They go down to whoever forks."""
    (tmp_path / "in").write_bytes(b"input")
    with (tmp_path / "in").open("rb") as file, prx.fork() as root:
        task = prx.fork(root, fds={"stdin": file.fileno()})
        prx.execvp(task, ["cat"])
        assert receive(Stdout, task=task, timeout=WAIT).data == b"input"
        assert status_of(task) == 0


def test_a_stream_that_the_runtime_has_no_end_of_takes_no_data() -> None:
    """There is nothing to write to and nothing to close."""
    with open(os.devnull) as null, prx.fork(fds={"stdin": null.fileno()}) as task:  # noqa: PTH123
        prx.execvp(task, ["sleep", "1000"])
        with pytest.raises(OSError, match="stdin") as caught:
            prx.stdin(task, "data")
        assert caught.value.errno == errno.EBADF


def test_a_terminal_is_read_to_the_end_and_not_beyond() -> None:
    """EIO, which a terminal gives when nobody has it open any more, is its end."""
    near, far = os.openpty()
    task = prx.fork(fds={"stdin": (near, far), "stdout": (near, far), "stderr": far})
    os.close(near)
    os.close(far)
    prx.execvp(task, ["sh", "-c", "tty; stty size >/dev/null; exit 3"])
    assert receive(Stdout, task=task, timeout=WAIT).data.startswith(b"/dev/pts/")
    assert status_of(task) == 3


@pytest.mark.parametrize(
    ("fds", "error"),
    [({"stdout": 1 << 20}, OSError), ({"output": 1}, ValueError), ({"stdin": -1}, OSError)],
    ids=str,
)
def test_what_is_no_stream_or_no_open_fd_is_refused(fds: dict[str, int], error: type[Exception]) -> None:
    """At once, and nothing is forked."""
    with pytest.raises(error):
        prx.fork(fds=fds)


def test_a_program_makes_files_with_the_mask_that_its_task_was_given(tmp_path: Path) -> None:
    """umask(2) outlasts exec."""
    task = prx.fork()
    prx.umask(task, 0o077)
    prx.execvp(task, ["touch", tmp_path / "file"])
    assert status_of(task) == 0
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
