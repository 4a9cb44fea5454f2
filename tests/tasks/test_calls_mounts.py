"""mount and umount: in namespaces of tasks, with and without privilege, and never outside."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import fails, program, unprivileged
from support.namespaces import folder_for_all, need_user_namespaces, outside, user_namespace

from prx_actors import prx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prx_actors import Task


@pytest.fixture(autouse=True)
def nothing_changes_outside() -> Iterator[None]:
    """Fail a test whose mounts get out."""
    before = outside()
    yield
    assert outside() == before


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder to mount things on, whoever the task is."""
    with folder_for_all() as found:
        yield found


@pytest.fixture(params=["root", "a user namespace"])
def task(request: pytest.FixtureRequest) -> Iterator[Task]:
    """A task with mounts of its own."""
    if request.param == "root":
        if os.geteuid() != 0:
            pytest.skip("needs root")
        with prx.fork() as root:
            yield private(prx.clone(root, "clone_newns"))
        return
    need_user_namespaces("--mount")
    with unprivileged() as root:
        yield private(user_namespace(root, ["clone_newns"]))


def private(task: Task) -> Task:
    """Keep a task's mounts to itself."""
    prx.mount(task, None, "/", None, ["ms_rec", "ms_private"], None)
    return task


def mounts(task: Task, target: Path) -> list[list[str]]:
    """Return the fields of what is mounted on a folder, as the task sees it."""
    rows = Path(f"/proc/{task.host_pid}/mountinfo").read_text().splitlines()
    return [row.split() for row in rows if row.split()[4] == str(target)]


def test_a_file_system_is_mounted_with_its_options_and_its_flags(task: Task, folder: Path) -> None:
    """A tmpfs that is small, and may not run programs; its files are in no other namespace."""
    assert prx.mount(task, "a name", folder, "tmpfs", ["ms_noexec", "MS_NOSUID"], "size=64k,mode=701") is None
    (row,) = mounts(task, folder)
    assert {"nosuid", "noexec"} <= set(row[5].split(","))
    assert row[row.index("-") + 1] == "tmpfs"
    assert {"size=64k", "mode=701"} <= set(row[-1].split(","))
    prx.write(task, prx.open(task, folder / "file", ["o_creat", "o_wronly"], 0o600), "x")
    with fails(errno.ENOSPC):
        fd = prx.open(task, folder / "full", ["o_creat", "o_wronly"], 0o600)
        for _ in range(3):
            prx.write(task, fd, bytes(65536))
    assert list(folder.iterdir()) == []


def test_children_and_programs_share_the_mounts(task: Task, folder: Path) -> None:
    """They live in the same namespace, made before or after."""
    early = prx.fork(task)
    prx.mount(task, "tmpfs", folder, "tmpfs", 0, "")
    prx.close(task, prx.open(task, folder / "file", ["o_creat", "o_wronly"], 0o600))
    assert b"file" in prx.readdir(early, folder)
    assert program(prx.fork(task), ["ls", str(folder)]) == b"file\n"


@pytest.mark.parametrize("nothing", [None, "", b""], ids=repr)
def test_nothing_is_a_null_pointer(task: Task, folder: Path, nothing: str | bytes | None) -> None:
    """For the source, the type and the data: a bind mount wants no type, a change of flags no source either."""
    (folder / "from").mkdir()
    (folder / "to").mkdir()
    (folder / "from" / "file").write_text("there")
    prx.mount(task, folder / "from", folder / "to", nothing, "ms_bind", nothing)
    assert b"file" in prx.readdir(task, folder / "to")
    prx.mount(task, nothing, folder / "to", nothing, ["ms_bind", "ms_remount", "ms_rdonly"], nothing)
    with fails(errno.EROFS, filename=folder / "to/new"):
        prx.open(task, folder / "to/new", ["o_creat", "o_wronly"], 0o600)
    assert list((folder / "to").iterdir()) == []


def test_the_options_argument_is_ignored_here(task: Task, folder: Path) -> None:
    """It is Solaris'."""
    prx.mount(task, "tmpfs", folder, "tmpfs", 0, "", "whatever")
    prx.mount(task, "tmpfs", folder, "tmpfs", 0, "", options=b"\0" * 10_000)
    assert len(mounts(task, folder)) == 2


def test_umount_takes_away_the_last_mount(task: Task, folder: Path) -> None:
    """What was there before shows again."""
    for name in ("lower", "upper"):
        prx.mount(task, name, folder, "tmpfs", 0, None)
        prx.close(task, prx.open(task, folder / name, ["o_creat", "o_wronly"], 0o600))
    prx.umount(task, folder)
    assert b"lower" in prx.readdir(task, folder)
    prx.umount(task, os.fsencode(folder))
    assert mounts(task, folder) == []
    with fails(errno.EINVAL, filename=folder, note="umount("):
        prx.umount(task, folder)


def test_umount2_detaches_what_is_in_use(task: Task, folder: Path) -> None:
    """`EBUSY` otherwise; `mnt_expire` needs two tries."""
    prx.mount(task, "tmpfs", folder, "tmpfs", 0, None)
    fd = prx.open(task, folder / "file", ["o_creat", "o_rdwr"], 0o600)
    for flags in (0, "mnt_expire"):
        with fails(errno.EBUSY, filename=folder):
            prx.umount2(task, folder, flags)
    with fails(errno.EBUSY, filename=folder):
        prx.umount(task, folder)
    prx.umount2(task, folder, ["mnt_detach", "umount_nofollow"])
    assert mounts(task, folder) == []
    assert prx.write(task, fd, "still open") == 10
    prx.mount(task, "tmpfs", folder, "tmpfs", 0, None)
    with fails(errno.EAGAIN, filename=folder, note="umount2("):
        prx.umount2(task, folder, "mnt_expire")
    prx.umount2(task, folder, "mnt_expire")
    assert mounts(task, folder) == []


def test_umount2_does_not_follow_where_it_is_told_not_to(task: Task, folder: Path) -> None:
    """A link to a mount point."""
    (folder / "mount").mkdir()
    (folder / "link").symlink_to("mount")
    prx.mount(task, "tmpfs", folder / "mount", "tmpfs", 0, None)
    with fails(errno.EINVAL, filename=folder / "link"):
        prx.umount2(task, folder / "link", "umount_nofollow")
    prx.umount2(task, folder / "link", 0)
    assert mounts(task, folder / "mount") == []


def test_proc_of_a_pid_namespace_shows_those_in_it(folder: Path) -> None:
    """As `ps` in there sees it; without privilege."""
    need_user_namespaces("--pid", "--fork", "--mount-proc")
    with unprivileged() as root:
        task = private(user_namespace(root, ["clone_newns", "clone_newpid"]))
        prx.mount(task, "proc", folder, "proc", ["ms_nosuid", "ms_nodev", "ms_noexec"], None)
        numbers = {name for name in prx.readdir(task, folder) if name.isdigit()}
        assert numbers == {b"1"}
        prx.mount(task, "proc", "/proc", "proc", 0, None)
        child = prx.fork(task)
        assert program(child, ["sh", "-c", "echo /proc/[0-9]*"]) == b"/proc/1 /proc/2\n"


@pytest.mark.parametrize(
    ("source", "target", "fstype", "flags", "data", "number"),
    [
        ("tmpfs", "nosuch", "tmpfs", 0, "", errno.ENOENT),
        ("tmpfs", "file", "tmpfs", 0, "", errno.ENOTDIR),
        ("tmpfs", ".", "nosuchfs", 0, "", errno.ENODEV),
        ("tmpfs", ".", "tmpfs", 0, "size=nonsense", errno.EINVAL),
        ("tmpfs", ".", "tmpfs", 0, "x" * 4096, errno.EINVAL),
        ("tmpfs", ".", "tmpfs", -1, "", errno.EINVAL),
        ("/nosuch", ".", None, "ms_bind", "", errno.ENOENT),
        ("tmpfs", "x" * 256, "tmpfs", 0, "", errno.ENAMETOOLONG),
        (None, ".", None, "ms_remount", "", errno.EINVAL),
    ],
)
def test_mount_fails_with_the_errno_of_its_man_page(  # noqa: PLR0913, PLR0917 -- they are mount(2)'s
    source: str | None,
    target: str,
    fstype: str | None,
    flags: int | str,
    data: str,
    number: int,
    task: Task,
    folder: Path,
) -> None:
    """The error names the source and the target."""
    (folder / "file").touch()
    with pytest.raises(OSError, match=" -> ") as caught:
        prx.mount(task, source, folder / target, fstype, flags, data)
    error = caught.value
    assert (error.errno, error.filename, error.filename2) == (number, source or "", folder / target)


def test_without_privilege_nothing_is_mounted_or_taken_away(folder: Path) -> None:
    """`EPERM`, although the task knows the names."""
    with unprivileged() as task:
        with fails(errno.EPERM, filename="tmpfs"):
            prx.mount(task, "tmpfs", folder, "tmpfs", 0, None)
        for call, args in (("umount", ("/proc",)), ("umount2", ("/proc", "mnt_detach"))):
            with fails(errno.EPERM, filename="/proc", note=f"{call}("):
                getattr(prx, call)(task, *args)


def test_umount_fails_with_the_errno_of_its_man_page(task: Task, folder: Path) -> None:
    """`ENOENT`, `EINVAL`."""
    for call, args in (("umount", ()), ("umount2", (0,))):
        with fails(errno.ENOENT, filename=folder / "nosuch"):
            getattr(prx, call)(task, folder / "nosuch", *args)
        with fails(errno.EINVAL, filename=folder):
            getattr(prx, call)(task, folder, *args)
    for flags in (1 << 30, -1, 1 << 40):
        with fails(errno.EINVAL, filename=folder):
            prx.umount2(task, folder, flags)


def test_the_calls_of_namespaces_can_be_made_by_their_names(folder: Path) -> None:
    """Those that would change the machine elsewhere."""
    need_user_namespaces("--mount", "--uts")
    with unprivileged() as root:
        task = private(user_namespace(root, ["clone_newns", "clone_newuts"]))
        prx.call(task, "sethostname", "inside")
        assert prx.gethostname(task) == b"inside"
        for flags in ((), (0,)):
            prx.call(task, "mount", None, folder, "tmpfs", "ms_noexec", None)
            assert len(mounts(task, folder)) == 1
            prx.call(task, "umount2" if flags else "umount", folder, *flags)
            assert mounts(task, folder) == []
        prx.mount(task, None, folder, "tmpfs", 0, None)
        prx.chdir(task, folder)
        prx.call(task, "pivot_root", ".", ".")
        prx.umount2(task, ".", "mnt_detach")
        assert prx.readdir(task, "/") == [b".", b".."]
