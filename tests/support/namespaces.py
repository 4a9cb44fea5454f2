"""What tests of namespaces share: a user namespace with its maps written, and what must not change outside."""

from __future__ import annotations

import functools
import os
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from support.features import require

from prx_actors import prx

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prx_actors import Task

__all__ = ["KINDS", "folder_for_all", "namespace", "need_user_namespaces", "outside", "user_namespace", "write"]

KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")


def namespace(pid: int | None, kind: str) -> str:
    """Return the identity of a process' namespace."""
    return os.readlink(f"/proc/{pid}/ns/{kind}")  # noqa: PTH115 -- what it "links" to is no path


def outside() -> tuple[object, ...]:
    """Return what a test of mounts, names or namespaces could change for everybody."""
    mounts = Path("/proc/self/mountinfo").read_text()
    return mounts, socket.gethostname(), [namespace(os.getpid(), kind) for kind in KINDS]


@contextmanager
def folder_for_all() -> Iterator[Path]:
    """Make a folder that every user can reach and write to, as long as it is needed; pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


@functools.cache
def _unshare_works(*flags: str) -> bool:
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    argv = [*as_nobody, "unshare", "--user", "--map-root-user", *flags, "true"]
    return subprocess.run(argv, check=False, capture_output=True).returncode == 0


def need_user_namespaces(*flags: str) -> None:
    """Skip the test where a user without privilege cannot have such namespaces.

    Args:
        flags: what unshare(1) is to do besides
    """
    require(_unshare_works(*flags), " ".join(["user namespaces for users without privilege", *flags]))


def write(task: Task, path: str, text: str) -> None:
    """Write a file of `/proc`, as a task."""
    fd = prx.open(task, path, "o_wronly")
    try:
        assert prx.write(task, fd, text) == len(text)
    finally:
        prx.close(task, fd)


def user_namespace(task: Task, flags: Sequence[str] = ()) -> Task:
    """Clone a task into a user namespace in which it is root.

    Args:
        task: the parent, who writes the maps
        flags: other namespaces to have with it
    """
    child = prx.clone(task, ["clone_newuser", *flags])
    folder = f"/proc/{prx.pidof(child)}"
    write(task, f"{folder}/setgroups", "deny")
    write(task, f"{folder}/uid_map", f"0 {prx.getresuid(task).euid} 1")
    write(task, f"{folder}/gid_map", f"0 {prx.getresgid(task).egid} 1")
    return child
