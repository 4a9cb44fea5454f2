"""Limits of a program by control groups, as the kernel shows and enforces them."""

from __future__ import annotations

import logging
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.ends import WAIT
from support.features import require
from support.supervised import exit_of, start

from prx_actors import ChildSpec, Command, Down, Stdout, TermSig, monitor, receive, run, shutdown, stream
from prx_actors.programs import BadCommand, Limits
from prx_actors.programs.limits.group import LimitGroup, remove_left
from prx_actors.programs.runtime_names import new_name
from prx_actors.system.cgroups import Cgroups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.unprivileged import Unprivileged

pytestmark = pytest.mark.root

HOG = (sys.executable, "-c", "x = bytearray(256 << 20); print(len(x))")
MEMORY = 48 << 20


def groups() -> set[Path]:
    """List the groups that a runtime has made for programs, in or beside ours."""
    own = Cgroups().own()
    folders = [Path(one.path) / own.get(one.controllers[0], "") for one in Cgroups().hierarchies()]
    return {path for folder in folders for path in folder.glob("prx-[0-9]*")}


@pytest.fixture(scope="module", autouse=True)
def _group_of_its_own() -> Iterator[None]:
    """Be in groups where no other runtime of the machine makes some, or removes those of the dead."""
    known = {name for one in Cgroups().hierarchies() for name in one.controllers}
    require({"memory", "pids", "cpu"} <= known, "the controllers of memory, pids and cpu")
    found = [group_of(os.getpid(), controller) for controller in ("memory", "pids", "cpu")]
    own = [folder / f"tests-{os.getpid()}" for folder in found]
    for folder in own:
        folder.mkdir()
        (folder / "cgroup.procs").write_text(str(os.getpid()))
    yield
    for folder in found:
        (folder / "cgroup.procs").write_text(str(os.getpid()))
    shutdown()  # the keeper may have been started in there
    for folder in own:
        folder.rmdir()


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """Whatever a test does, its groups are gone with the program."""
    before = groups()
    yield
    assert groups() <= before


def group_of(pid: int | None, controller: str) -> Path:
    """Return the directory of the group that a process is in."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            tree = next(one for one in Cgroups().hierarchies() if controller in one.controllers)
            return Path(tree.path) / path.lstrip("/")
    tree = next(one for one in Cgroups().hierarchies() if one.version > 1)
    return Path(tree.path) / path.lstrip("/")


def value(folder: Path, *files: str) -> str:
    """Return what the first of some files has that is there."""
    return next((folder / file).read_text().strip() for file in files if (folder / file).exists())


def test_the_program_is_in_a_group_with_its_limits() -> None:
    """Before it runs, and with what it starts; the group goes with it."""
    limits = Limits(memory=MEMORY, pids=7, cpu=0.5)
    with stream(["sh", "-c", "sleep 1000 & echo $!; exec sleep 1000"], limits=limits) as events:
        event = next(events)
        assert isinstance(event, Stdout)
        ref = monitor(event.task)
        for pid in (event.task.host_pid, int(event.data)):
            memory, pids, cpu = (group_of(pid, name) for name in ("memory", "pids", "cpu"))
            assert memory.name.startswith(f"prx-{Path('/proc/self/ns/pid').stat().st_ino}-{os.getpid()}-")
            assert int(value(memory, "memory.max", "memory.limit_in_bytes")) == MEMORY
            assert value(pids, "pids.max") == "7"
            assert value(cpu, "cpu.max", "cpu.cfs_quota_us").split()[0] == "50000"
        assert group_of(os.getpid(), "pids") != pids
    receive(Down, ref=ref, timeout=WAIT)
    assert not memory.exists()
    assert not pids.exists()
    assert not cpu.exists()


def test_the_program_of_another_user_is_limited_too() -> None:
    """It cannot leave: the group is ours."""
    script = "echo $$ >$0/cgroup.procs; cat /proc/self/cgroup; for i in 1 2 3 4; do sleep 0 & done; wait"
    own = group_of(os.getpid(), "pids")
    done = run(["sh", "-c", script, own], user="nobody", limits=Limits(pids=2), text=True)
    assert "ermission denied" in done.stderr
    assert "ork" in done.stderr  # Cannot fork
    assert f":pids:/{own.name}\n" not in done.stdout or own.name == ""
    assert "/prx-" in done.stdout


def test_a_fork_beyond_the_limit_fails() -> None:
    """Threads count, too; what ran before goes on."""
    script = """
import threading, time
started = 0
event = threading.Event()
try:
    for _ in range(20):
        threading.Thread(target=event.wait).start()
        started += 1
except RuntimeError:
    print(started)
event.set()
"""
    assert run([sys.executable, "-c", script], limits=Limits(pids=5)).stdout == b"4\n"


def test_who_needs_more_memory_is_killed_and_that_is_told() -> None:
    """By the kernel's out-of-memory killer."""
    done = run(HOG, limits=Limits(memory=MEMORY))
    assert (done.signal, done.oom_killed, done.stdout) == (signal.SIGKILL, True, b"")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        done.check_returncode()
    told = f"the out-of-memory killer has killed it: Limits(memory={MEMORY}, pids=None, cpu=None)"
    assert caught.value.__notes__ == [told]


def test_who_kills_itself_was_not_killed_for_its_memory() -> None:
    """Nor was who ends in peace, or has no limit."""
    limits = Limits(memory=MEMORY)
    done = run(["sh", "-c", "kill -9 $$"], limits=limits)
    assert (done.signal, done.oom_killed) == (signal.SIGKILL, False)
    assert not run(["true"], limits=limits).oom_killed
    assert not run(["true"], limits=Limits(pids=10)).oom_killed
    assert not run(["true"]).oom_killed


def test_that_a_child_was_killed_for_its_memory_is_told() -> None:
    """The program itself lives to tell."""
    done = run(["sh", "-c", '"$@"; exit 3', "sh", *HOG], limits=Limits(memory=MEMORY))
    assert (done.status, done.oom_killed) == (3, True)


def test_the_end_of_a_stream_tells_it() -> None:
    """As the message of the end does."""
    *_, end = stream(HOG, limits=Limits(memory=MEMORY))
    assert isinstance(end, TermSig)
    assert end.oom_killed


def test_a_supervised_program_has_its_limits_after_each_restart(caplog: pytest.LogCaptureFixture) -> None:
    """And its log says what has killed it."""
    command = Command(HOG, name="hog", limits=Limits(memory=MEMORY))
    with caplog.at_level(logging.ERROR, "prx_actors.programs.hog"):
        supervisor = start(ChildSpec("hog", command, restart="transient"), intensity=2, period=100)
        assert exit_of(supervisor) == "shutdown"
    told = [record.getMessage() for record in caplog.records if record.name == "prx_actors.programs.hog"]
    assert sum("the out-of-memory killer has killed it" in one for one in told) == 3


def test_several_at_once_have_a_group_each() -> None:
    """Whatever thread starts them."""
    done: list[bytes] = []

    def work() -> None:
        done.append(run(["cat", "/proc/self/cgroup"], limits=Limits(pids=3)).stdout)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(done)) == 8


def test_a_program_that_cannot_start_leaves_no_group() -> None:
    """Be it by its exec, its operations, or its streams."""
    limits = Limits(memory=MEMORY, pids=10)
    with pytest.raises(FileNotFoundError):
        run(["/no/such/program"], limits=limits)
    with pytest.raises(FileNotFoundError):
        run(["true"], cwd="/no/such/folder", limits=limits)
    with pytest.raises(FileNotFoundError):
        run(["true"], stdin=Path("/no/such/file"), limits=limits)


def test_what_the_kernel_does_not_take_is_said() -> None:
    """With what was asked for."""
    with pytest.raises(OSError, match=r"\[Errno 22\] Invalid argument: 1099511627776 for pids.max"):
        run(["true"], limits=Limits(pids=1 << 40))


def test_groups_that_a_program_has_made_in_its_own_go_too() -> None:
    """They hold the one above them."""
    own = str(group_of(os.getpid(), "pids"))
    script = 'group=$0/$(sed -n "s/.*:pids:.*\\/\\(prx-\\)/\\1/p" /proc/self/cgroup); mkdir -p $group/a/b; ls $group'
    assert b"\na\n" in b"\n" + run(["sh", "-c", script, own], limits=Limits(pids=10)).stdout


def test_the_groups_of_a_dead_runtime_are_removed_and_no_others() -> None:
    """By the next runtime that makes one there."""
    above = group_of(os.getpid(), "pids")
    script = "import sys; from prx_actors import run; from prx_actors.programs import Limits; "
    script += "run(['true'], limits=Limits(pids=10))"
    mine = new_name()
    start = mine.split("-")[3]
    dead = mine.replace(f"-{os.getpid()}-{start}-", f"-{os.getpid()}-{int(start) - 1}-")
    names = [mine, dead, f"{dead}x", "prx-other"]
    for name in names:
        (above / name).mkdir()
    try:
        subprocess.run([sys.executable, "-c", script], check=True, timeout=WAIT)
        assert [name for name in names if (above / name).exists()] == [mine, f"{dead}x", "prx-other"]
    finally:
        for name in names:
            if (above / name).exists():
                (above / name).rmdir()


def test_a_group_that_is_not_empty_is_removed_later() -> None:
    """As of a process that could not be killed."""
    group = LimitGroup(Limits(pids=10))
    (folder,) = group._folders
    with subprocess.Popen(["sleep", "1000"]) as process:
        (folder / "cgroup.procs").write_text(str(process.pid))
        group.remove()
        assert folder.exists()
        process.kill()
    remove_left()
    assert not folder.exists()


def test_a_killed_runtime_leaves_no_process_in_a_group_and_the_group_to_the_next() -> None:
    """The keeper ends the program as ever."""
    script = "from prx_actors import stream; from prx_actors.programs import Limits\n"
    script += "events = stream(['sh', '-c', 'echo $$; exec sleep 1000'], limits=Limits(pids=10))\n"
    script += "for event in events: print(int(event.data), flush=True)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as runtime:
        assert runtime.stdout is not None
        pid = int(runtime.stdout.readline())
        folder = group_of(pid, "pids")
        pidfd = os.pidfd_open(pid)
        runtime.kill()
    assert select.select([pidfd], [], [], WAIT)[0]
    os.close(pidfd)
    assert folder.exists()
    script = "from prx_actors import run; from prx_actors.programs import Limits; run(['true'], limits=Limits(pids=10))"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=WAIT)
    assert not folder.exists()


def test_mistakes_are_named_when_the_limits_are_made() -> None:
    """And what is no limits when the command is."""
    for wrong in ({}, {"memory": 0}, {"memory": 1.5}, {"pids": True}, {"pids": -1}, {"cpu": 0}, {"cpu": float("nan")}):
        with pytest.raises(ValueError, match=next(iter(wrong), "nothing is limited")):
            Limits(**wrong)
    with pytest.raises(BadCommand, match="limits: 5 is no Limits"):
        Command(["true"], limits=5)  # type: ignore[arg-type]


RUNS = """
import sys
from prx_actors import run
from prx_actors.programs import Limits
sys.stdin.readline()
try:
    done = run(["cat", "/proc/self/cgroup"], limits=Limits(pids=5), text=True)
    print(done.stdout)
except OSError as error:
    print(error)
"""


def test_without_the_right_to_make_a_group_nothing_starts(unprivileged: Unprivileged) -> None:
    """The error says what was asked and what it takes."""
    with unprivileged.start("-c", RUNS) as process:
        said, _ = process.communicate("\n", timeout=WAIT)
    assert "[Errno 13] no control group for limits of pids: Permission denied; this takes root" in said


def test_a_user_with_a_group_of_its_own_has_limits(unprivileged: Unprivileged) -> None:
    """It was given to that user, who is in it."""
    (tree,) = (Path(one.path) for one in Cgroups().hierarchies() if "pids" in one.controllers)
    above = tree / f"prx-tests-{os.getpid()}"
    above.mkdir()
    try:
        shutil.chown(above, "nobody")
        with unprivileged.start("-c", RUNS) as process:
            (above / "cgroup.procs").write_text(str(process.pid))
            said, _ = process.communicate("\n", timeout=WAIT)
        assert f"/{above.name}/prx-" in said
        assert not list(above.glob("prx-*"))
    finally:
        above.rmdir()
