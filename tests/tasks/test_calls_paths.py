"""mkdir, rmdir, unlink, link, symlink, mkfifo, chmod, chown, chroot: names in the file system."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import fails, unprivileged
from support.features import require

from prx_actors import prx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prx_actors import Task

NOBODY = 65534


@pytest.fixture
def umask_of_none() -> Iterator[None]:
    """Fork tasks with an umask that takes nothing away, as the keeper has ours."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_mkdir_makes_a_directory_and_rmdir_removes_it(tmp_path: Path) -> None:
    """With the permissions that were asked for, less the umask."""
    path = tmp_path / "new"
    with prx.fork() as task:
        prx.mkdir(task, path, 0o700)
        assert path.is_dir()
        assert path.stat().st_mode & 0o7777 == 0o700
        prx.rmdir(task, path)
    assert not path.exists()


def test_mkdir_and_rmdir_fail_with_the_errno_of_their_man_pages(tmp_path: Path) -> None:
    """`EEXIST`, `ENOENT`, `ENOTEMPTY`, `ENOTDIR`, with the name."""
    (tmp_path / "full" / "inside").mkdir(parents=True)
    file = tmp_path / "file"
    file.touch()
    with prx.fork() as task:
        for name, number in (("full", errno.EEXIST), ("no/such", errno.ENOENT), ("file/new", errno.ENOTDIR)):
            path = tmp_path / name
            with fails(number, filename=path, note=f"of {task}"):
                prx.mkdir(task, path, 0o700)
        for name, number in (("full", errno.ENOTEMPTY), ("nosuch", errno.ENOENT), ("file", errno.ENOTDIR)):
            with fails(number, filename=tmp_path / name):
                prx.rmdir(task, tmp_path / name)


@pytest.mark.parametrize("call", ["mkdir", "mkfifo", "chmod"])
@pytest.mark.parametrize("mode", [-1, 0o10000, 1 << 40], ids=str)
def test_a_mode_has_twelve_bits(call: str, mode: int, tmp_path: Path) -> None:
    """Beyond them it is `EINVAL`, and nothing is made or changed."""
    with prx.fork() as task, fails(errno.EINVAL, filename=tmp_path / "new"):
        getattr(prx, call)(task, tmp_path / "new", mode)
    assert not (tmp_path / "new").exists()


def test_unlink_removes_one_name(tmp_path: Path) -> None:
    """The file stays under its other one; a directory is none, and what is not there is not either."""
    (tmp_path / "one").write_text("x")
    with prx.fork() as task:
        prx.link(task, tmp_path / "one", tmp_path / "two")
        assert (tmp_path / "one").samefile(tmp_path / "two")
        prx.unlink(task, tmp_path / "one")
        assert (tmp_path / "two").read_text() == "x"
        with fails(errno.ENOENT, filename=tmp_path / "one"):
            prx.unlink(task, tmp_path / "one")
        with fails(errno.EISDIR, filename=tmp_path):
            prx.unlink(task, tmp_path)


def test_link_takes_no_name_that_is_taken(tmp_path: Path) -> None:
    """`EEXIST`; `ENOENT` for what is not there; `EPERM` for a directory."""
    (tmp_path / "one").touch()
    (tmp_path / "two").touch()
    with prx.fork() as task:
        for old, new, number in (("one", "two", errno.EEXIST), ("no", "x", errno.ENOENT), (".", "x", errno.EPERM)):
            with fails(number, filename=str(tmp_path / old)):
                prx.link(task, str(tmp_path / old), tmp_path / new)


def test_symlink_says_what_it_is_given(tmp_path: Path) -> None:
    """Byte by byte, be there such a file or not."""
    with prx.fork() as task:
        prx.symlink(task, b"no\xff/such", tmp_path / "link")
        assert os.readlink(os.fsencode(tmp_path / "link")) == b"no\xff/such"  # noqa: PTH115 -- bytes
        with fails(errno.EEXIST, filename="x"):
            prx.symlink(task, "x", tmp_path / "link")
        with fails(errno.ENOENT, filename=""):
            prx.symlink(task, "", tmp_path / "other")


def test_mkfifo_makes_a_pipe_with_a_name(tmp_path: Path) -> None:
    """What one task writes into it another one reads."""
    path = tmp_path / "fifo"
    with prx.fork() as task:
        child = prx.fork(task)
        prx.mkfifo(task, path, 0o600)
        assert stat.S_ISFIFO(path.stat().st_mode)
        into = prx.open(child, path, ["o_rdonly", "o_nonblock"])
        out = prx.open(task, path, ["o_wronly", "o_nonblock"])
        assert prx.read(child, into, prx.write(task, out, b"123456789")) == b"123456789"
        with fails(errno.EEXIST, filename=path):
            prx.mkfifo(task, path, 0o600)


def test_chmod_sets_all_permissions(tmp_path: Path) -> None:
    """The bits beside them, too; `ENOENT` for what is not there."""
    (tmp_path / "file").touch()
    with prx.fork() as task:
        for mode in (0o4755, 0o1000, 0, 0o640):
            prx.chmod(task, tmp_path / "file", mode)
            assert (tmp_path / "file").stat().st_mode & 0o7777 == mode
        with fails(errno.ENOENT, filename="/nosuch"):
            prx.chmod(task, "/nosuch", 0o600)


def test_without_privilege_a_file_without_permissions_is_closed(umask_of_none: None) -> None:
    """`EACCES` for who is not root, even for the owner, until the permissions are back."""
    with unprivileged() as task:
        name = f"/tmp/prx-{prx.getpid(task)}"
        prx.mkdir(task, name, 0o700)
        prx.chmod(task, name, 0)
        with fails(errno.EACCES, filename=name):
            prx.readdir(task, name)
        prx.chmod(task, name, 0o700)
        assert sorted(prx.readdir(task, name)) == [b".", b".."]
        prx.rmdir(task, name)


@pytest.mark.root
def test_chown_gives_a_file_away(tmp_path: Path) -> None:
    """-1 leaves the user or the group as it is."""
    path = tmp_path / "file"
    path.touch()
    with prx.fork() as task:
        seen = []
        for ids in ((NOBODY, 1), (-1, 2), (3, -1), (-1, -1), (0xFFFFFFFE, 0)):
            prx.chown(task, path, *ids)
            seen.append((path.stat().st_uid, path.stat().st_gid))
    assert seen == [(NOBODY, 1), (NOBODY, 2), (3, 2), (3, 2), (0xFFFFFFFE, 0)]


def test_chown_is_not_permitted_without_privilege() -> None:
    """`EPERM` for what is root's, but who gives nothing away may."""
    with unprivileged() as task:
        with fails(errno.EPERM, filename="/"):
            prx.chown(task, "/", prx.getuid(task), -1)
        with fails(errno.ENOENT, filename="/nosuch"):
            prx.chown(task, "/nosuch", -1, -1)


@pytest.mark.parametrize("ids", [(-2, 0), (0, -2), (1 << 32, 0), (0, (1 << 32) - 1)], ids=str)
def test_chown_refuses_what_is_no_id(ids: tuple[int, int], tmp_path: Path) -> None:
    """`EINVAL`; the highest number is -1 to the kernel, and here it is only so by its name."""
    with prx.fork() as task, fails(errno.EINVAL, filename=tmp_path):
        prx.chown(task, tmp_path, *ids)


@contextmanager
def privileged_root() -> Iterator[Task]:
    """Fork a root that is one."""
    with prx.fork() as task:
        yield task


@contextmanager
def user_namespace() -> Iterator[Task]:
    """Fork a task that may do what root may, in a user namespace."""
    with unprivileged() as task:
        try:
            child = prx.clone(task, "clone_newuser")
        except OSError as error:
            require(error.errno not in {errno.EPERM, errno.ENOSPC}, "user namespaces for users without privilege")
            raise
        yield child


@pytest.mark.static
@pytest.mark.parametrize("form", [pytest.param(privileged_root, marks=pytest.mark.root), user_namespace])
def test_chroot_changes_the_root_of_a_task_and_its_forks(form: Callable[[], Iterator[Task]], tmp_path: Path) -> None:
    """Of nobody else; they obey calls and end as ever."""
    with form() as task:  # type: ignore[attr-defined]
        prx.chroot(task, "/proc/self/fdinfo")
        prx.chdir(task, "/")
        child = prx.fork(task)
        for one in (task, child):
            assert prx.getcwd(one) == b"/"
            with fails(errno.ENOENT, filename="/proc"):
                prx.readdir(one, "/proc")
        with fails(errno.ENOENT, filename=b"true"):
            prx.execvp(child, ["true"])
        pid = child.host_pid
        assert prx.stop(child)
        assert not Path(f"/proc/{pid}").exists()
    with prx.fork() as other:
        assert b"self" in prx.readdir(other, "/proc")


def test_chroot_fails_with_the_errno_of_its_man_page(tmp_path: Path) -> None:
    """`EPERM`, `ENOENT`, `ENOTDIR`."""
    with unprivileged() as task:
        for path, number in (("/", errno.EPERM), ("/nosuch", errno.ENOENT), ("/dev/null", errno.ENOTDIR)):
            with fails(number, filename=path):
                prx.chroot(task, path)
