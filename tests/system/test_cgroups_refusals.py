"""Control groups where there are none, or where they are not ours."""

from __future__ import annotations

import contextlib
import os
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import unprivileged
from support.features import require

from prx_actors import prx
from prx_actors.system.cgroups import Cgroups
from prx_actors.system.files import LocalFiles, read_file

if TYPE_CHECKING:
    from prx_actors import Task

V1, V2 = 1, 2
NUMBERS = count(1)


def test_without_proc_nothing_is_supported(tmp_path: Path) -> None:
    """As after a chroot."""

    class Elsewhere(LocalFiles):
        @staticmethod
        def open(path: str, flags: int, mode: int = 0) -> int:  # type: ignore[override]
            return os.open(f"{tmp_path}{path}", flags, mode)

    assert not Cgroups(Elsewhere()).supported()


def test_without_permission_the_kernel_s_errno_is_raised() -> None:
    """Everyone may look; `EACCES` to who may not write."""
    require(Cgroups().supported(), "control groups")
    with unprivileged() as task:
        groups = Cgroups(task)
        assert groups.hierarchies() == Cgroups().hierarchies()
        require(not _may_write(task, groups), "hierarchies of root")
        with pytest.raises(PermissionError):
            groups.create("prx-tests-denied")
        with pytest.raises(PermissionError):
            groups.join("")
    assert list(Path("/sys/fs/cgroup").rglob("prx-tests-denied")) == []


def _may_write(task: Task, groups: Cgroups) -> bool:
    for one in groups.hierarchies():
        with contextlib.suppress(OSError):
            prx.close(task, prx.open(task, f"{one.path}/cgroup.procs", "o_wronly"))
            return True
    return False


def test_a_short_write_is_an_error() -> None:
    """`EIO`: a value is not written in two parts. A file is read to its end, in parts."""

    class Short(LocalFiles):
        @staticmethod
        def write(fd: int, data: bytes) -> int:  # type: ignore[override]
            return len(data) - 1

        @staticmethod
        def read(fd: int, count: int) -> bytes:
            return os.read(fd, 1)

    with pytest.raises(OSError, match="Input/output error"):
        Cgroups(Short())._write("/dev/null", b"value")
    assert read_file(Short(), "/proc/self/mountinfo") == Path("/proc/self/mountinfo").read_bytes()
