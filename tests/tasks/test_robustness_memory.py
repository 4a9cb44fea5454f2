"""There is no memory or no room left: in the runtime, for a driver, on a file system."""

from __future__ import annotations

import errno
import os
import signal
from itertools import count
from typing import TYPE_CHECKING

import pytest
from support.calls import fails, outcome
from support.ends import WAIT, OsProcesses, down_of
from support.features import require
from support.scarce import run_scarce

from prx_actors import ExitStatus, NoProcess, monitor, prx
from prx_actors.system.cgroups import Cgroups

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NUMBERS = count(1)


@pytest.mark.parametrize("room", [1 << 20, 8 << 20, 24 << 20, 40 << 20])
def test_a_reply_that_the_runtime_has_no_memory_for_fails_the_call(room: int) -> None:
    """Wherever the memory ends; the reply is dropped, and the next call is right."""
    run_scarce(f"""
def size():
    return int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()

with prx.fork() as task:
    fd = prx.open(task, "/dev/zero", "o_rdonly")
    pid = prx.getpid(task)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    for _ in range(3):
        resource.setrlimit(resource.RLIMIT_AS, (size() + {room}, hard))
        try:
            data = prx.read(task, fd, 32 << 20)
        except MemoryError:
            pass
        except OSError as error:
            assert error.errno == errno.ENOMEM, error
        else:
            assert len(data) == 32 << 20
            del data
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        assert prx.getpid(task) == pid
    echo(task)
""")


@pytest.fixture
def group() -> Iterator[tuple[Cgroups, str, str]]:
    """Make a control group with 16 MiB of memory; give it, its name, and the file that says so."""
    groups = Cgroups()
    versions = {tree.version for tree in groups.hierarchies() if "memory" in tree.controllers}
    require(os.geteuid() == 0 and versions, "control groups of memory")
    key = "memory.max" if 2 in versions else "memory.limit_in_bytes"
    name = f"prx-tests-robust-{os.getpid()}-{next(NUMBERS)}"
    groups.create(name, ["memory"])
    groups.set("memory", name, key, 16 << 20)
    yield groups, name, key
    groups.destroy(name)


@pytest.mark.root
def test_a_driver_that_is_out_of_memory_is_killed_and_all_below_it_goes(group: tuple[Cgroups, str, str]) -> None:
    """The call under way fails, the task is down of SIGKILL, and its parent goes on."""
    _, name, _ = group
    with prx.fork() as root:
        task = prx.fork(root)
        below = prx.fork(task)
        prx.execvp(below, ["sleep", "1000"])
        Cgroups(task).join(name, controllers=["memory"])
        with OsProcesses.below(task) as processes:
            ref = monitor(task)
            fd = prx.open(task, "/dev/zero", "o_rdonly")
            with pytest.raises(NoProcess):
                prx.read(task, fd, 60 << 20)
            assert down_of(ref) == ("termsig", signal.SIGKILL)
            assert processes.wait_gone(WAIT) == []
        assert prx.getpid(root) > 0


@pytest.mark.root
def test_a_full_file_system_is_told_by_whoever_writes(tmp_path: Path) -> None:
    """`ENOSPC` for a call; a program says it itself, and its status is its own."""
    with prx.fork() as root:
        task = prx.clone(root, "clone_newns")
        prx.mount(task, "none", "/", "none", ["ms_rec", "ms_private"], "")
        prx.mount(task, "tmpfs", tmp_path, "tmpfs", [], "size=64k")
        prx.chdir(task, tmp_path)
        program = prx.fork(task)
        prx.execvp(program, ["sh", "-c", "head -c 1000000 /dev/zero > full"])
        ended = outcome(program)
        assert b"No space left on device" in ended.stderr
        assert ended.end != ExitStatus(program, 0)
        with fails(errno.ENOSPC):
            prx.write(task, prx.open(task, "more", ["o_creat", "o_wronly"], 0o600), bytes(4096))
        prx.unlink(task, "full")
        assert prx.write(task, prx.open(task, "more", ["o_wronly"]), b"fits") == 4
