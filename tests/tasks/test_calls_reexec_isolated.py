"""reexec where little is left of the host: other namespaces, another root, no /proc, no privilege."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import program, unprivileged
from support.features import require

from prx_actors import prx, shutdown
from prx_actors.driver.keeper import driver_path

if TYPE_CHECKING:
    from support.unprivileged import Unprivileged

    from prx_actors import Task

pytestmark = [pytest.mark.static]

TIMES = 20
NAMESPACES = ["clone_newns", "clone_newpid", "clone_newnet", "clone_newuts", "clone_newipc"]
IMAGE = 54
SEALS = 0x1 | 0x2 | 0x4 | 0x10  # seal, shrink, grow, future write


def again_and_again(task: Task) -> None:
    """Have a task execute itself, with and without an environment, and look whether it is as before."""
    pid = prx.getpid(task)
    for _ in range(TIMES):
        prx.reexec(task)
        prx.reexec(task, ["x"], [])
        assert prx.getpid(task) == pid
    child = prx.fork(task)
    prx.reexec(child)
    assert prx.getpid(child) == prx.pidof(child)
    prx.stop(child)


@pytest.mark.root
def test_reexec_works_in_new_namespaces_without_proc() -> None:
    """As pid 1, with `/proc` unmounted by a program of the same mount namespace."""
    with prx.fork() as root:
        task = prx.clone(root, NAMESPACES)
        script = "mount --make-rprivate / && umount -l /proc && test ! -e /proc/self"
        program(prx.fork(task), ["sh", "-c", script])
        again_and_again(task)
        assert prx.getpid(task) == 1
        assert not [name for name in prx.readdir(task, "/proc") if name.isdigit()]


@pytest.mark.root
def test_reexec_works_in_another_root(tmp_path: Path) -> None:
    """One that has neither a driver nor `/proc`."""
    script = f"""
        mount --make-rprivate / && mount -t tmpfs none {tmp_path} && cd {tmp_path} && mkdir old &&
        pivot_root . old
    """
    with prx.fork() as root:
        task = prx.clone(root, NAMESPACES)
        program(prx.fork(task), ["sh", "-c", script])
        prx.chdir(task, "/")
        assert set(prx.readdir(task, "/")) - {b".", b".."} == {b"old"}
        again_and_again(task)


def test_reexec_works_after_chroot(tmp_path: Path) -> None:
    """Into an empty directory, which needs no more privilege than that over a user namespace of its own."""
    with prx.fork() as root:
        task = prx.clone(root, "clone_newuser")
        prx.chroot(task, tmp_path)
        prx.chdir(task, "/")
        assert sorted(prx.readdir(task, "/")) == [b".", b".."]
        again_and_again(task)


def test_reexec_works_without_privilege_in_a_user_namespace() -> None:
    """With ids that are mapped to nobody's."""
    probe = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    allowed = subprocess.run([*probe, "unshare", "--user", "true"], check=False, capture_output=True).returncode == 0
    require(allowed, "user namespaces for users without privilege")
    with unprivileged() as root:
        again_and_again(root)
        task = prx.clone(root, ["clone_newuser", *NAMESPACES])
        again_and_again(task)
        again_and_again(prx.fork(task))


def test_a_reexeced_task_has_no_handle_on_the_driver_s_file() -> None:
    """Not as what it executes, nor among its fds or in its memory; its children have none either."""
    with prx.fork() as root:
        task = prx.fork(root)
        assert Path(f"/proc/{task.host_pid}/exe").samefile(driver_path())
        prx.reexec(task)
        for one in (task, prx.fork(task)):
            prx.getpid(one)  # it has put its fds in order
            folder = Path(f"/proc/{one.host_pid}")
            links = [os.readlink(link) for link in [folder / "exe", *(folder / "fd").iterdir()]]  # noqa: PTH115
            assert sum(link == "/memfd:prx-driver (deleted)" for link in links) == 2
            assert not [link for link in links if link.endswith("/prx-driver")]
            assert driver_path() not in (folder / "maps").read_text()


@pytest.mark.root
def test_nobody_can_write_to_the_image() -> None:
    """Not even root, neither before it is filled nor afterwards."""
    shutdown()  # the next keeper's is empty
    with prx.fork() as root:
        path = f"/proc/{root.host_pid}/fd/{IMAGE}"
        for filled in (False, True):
            if filled:
                task = prx.fork(root)
                prx.reexec(task)
                prx.stop(task)
            with open(path, "r+b", buffering=0) as image:  # noqa: PTH123 -- no path
                assert (image.read(4) == b"\x7fELF") is filled
                assert fcntl.fcntl(image, fcntl.F_GET_SEALS) & SEALS == SEALS
                image.seek(0)
                with pytest.raises(PermissionError):
                    image.write(b"#!/bin/sh\n")
                with pytest.raises(PermissionError):
                    image.truncate(0)


def is_the_file(task: Task) -> bool:
    """Say whether a task executes the driver's file, and not a copy of it."""
    return Path(f"/proc/{task.host_pid}/exe").samefile(driver_path())


@pytest.mark.root
def test_where_no_file_in_memory_may_be_executed_it_is_the_driver_s_file() -> None:
    """`vm.memfd_noexec=2`, which a pid namespace has for itself."""
    script = 'echo 2 >/proc/sys/vm/memfd_noexec && exec "$0"'
    namespace = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c"]
    works = subprocess.run([*namespace, script, "true"], check=False, capture_output=True).returncode == 0
    require(works, "vm.memfd_noexec that may be set")
    try:
        with prx.fork(exec=[*namespace, script]) as root:
            task = prx.fork(root)
            prx.reexec(task, ["other"])
            assert Path(f"/proc/{task.host_pid}/cmdline").read_bytes() == b"other\0"
            assert is_the_file(task)
            again_and_again(task)
    finally:
        shutdown()


@pytest.mark.root
def test_a_driver_that_its_user_cannot_read_is_executed_itself(tmp_path: Path) -> None:
    """There is nothing to be copied."""
    copy = tmp_path / "prx-driver"
    copy.write_bytes(Path(driver_path()).read_bytes())
    copy.chmod(0o711)
    launcher = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o711)
    try:
        with prx.fork(exec=launcher, progname=str(copy)) as task:
            prx.reexec(task, ["other"])
            assert (prx.getpid(task), prx.getuid(task)) == (task.host_pid, 65534)
            assert Path(f"/proc/{task.host_pid}/cmdline").read_bytes() == b"other\0"
    finally:
        shutdown()


SUDO = """
from prx_actors import prx
with prx.fork(exec="sudo -n") as root:
    task = prx.fork(root)
    for one in (task, root):
        prx.reexec(one)
        prx.reexec(one, ["x"], [])
    print(prx.getuid(root), prx.getuid(task), prx.environ(task), prx.getpid(task) == prx.pidof(task))
"""


@pytest.mark.root
def test_a_root_that_sudo_started_reexecs(sudoer: Unprivileged) -> None:
    """On the order of a runtime that is nobody's."""
    done = sudoer.run("-c", SUDO)
    assert (done.stderr, done.stdout) == ("", "0 0 [] True\n")
