"""chdir, getcwd, readdir."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest
from support.calls import fails, program, unprivileged

from prx_actors import prx

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from prx_actors import Task


def test_chdir_moves_the_task_its_forks_and_its_programs(tmp_path: Path) -> None:
    """Nobody else: parent and runtime stay where they are."""
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    with prx.fork() as task:
        before = prx.getcwd(task)
        child = prx.fork(task)
        prx.chdir(child, tmp_path / "a")
        prx.chdir(child, "b")
        grandchild = prx.fork(child)
        assert prx.getcwd(child) == prx.getcwd(grandchild) == bytes(inside)
        assert program(grandchild, ["pwd"]) == bytes(inside) + b"\n"
        assert prx.getcwd(task) == before


def test_getcwd_of_a_removed_directory_fails(tmp_path: Path) -> None:
    """With `ENOENT` and no filename: the call takes none."""
    (tmp_path / "gone").mkdir()
    with prx.fork() as task:
        prx.chdir(task, tmp_path / "gone")
        (tmp_path / "gone").rmdir()
        with fails(errno.ENOENT, note=f"getcwd() of {task}"):
            prx.getcwd(task)


def test_readdir_lists_every_name(tmp_path: Path) -> None:
    """As bytes, dots included; also of a directory that has no name."""
    for name in ("one", ".two", "drei \u00fc"):
        (tmp_path / name).touch()
    with prx.fork() as task:
        assert sorted(prx.readdir(task, tmp_path)) == [b".", b"..", b".two", "drei \u00fc".encode(), b"one"]
        (tmp_path / "empty").mkdir()
        assert sorted(prx.readdir(task, tmp_path / "empty")) == [b".", b".."]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("missing", errno.ENOENT),
        ("file", errno.ENOTDIR),
        ("file/below", errno.ENOTDIR),
        ("loop", errno.ELOOP),
        ("x" * 256, errno.ENAMETOOLONG),
    ],
)
@pytest.mark.parametrize("call", [prx.chdir, prx.readdir], ids=["chdir", "readdir"])
def test_chdir_and_readdir_fail_with_the_errno_of_their_man_pages(
    call: Callable[[Task, Path], object], name: str, number: int, tmp_path: Path
) -> None:
    """The error carries the path as it was given."""
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    path = tmp_path / name
    with prx.fork() as task, fails(number, filename=path, note=f"of {task}"):
        call(task, path)


@pytest.mark.parametrize("call", [prx.chdir, prx.readdir], ids=["chdir", "readdir"])
def test_chdir_and_readdir_are_denied_without_permission(call: Callable[[Task, Path], object], tmp_path: Path) -> None:
    """The process' own credentials count."""
    (tmp_path / "closed").mkdir(mode=0)
    with unprivileged() as task, fails(errno.EACCES, filename=tmp_path / "closed"):
        call(task, tmp_path / "closed")
    (tmp_path / "closed").chmod(0o700)
