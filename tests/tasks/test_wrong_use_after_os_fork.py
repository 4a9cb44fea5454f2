"""The child of an `os.fork()` has copies of its parent's tasks, which it can neither use nor harm."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.calls import outcome, until

from prx_actors import NoProcess, Stdout, prx, receive, shutdown
from prx_actors.driver import keeper as keeper_module
from prx_actors.driver.keeper import Keeper

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors import Task

# From 3.12 on Python warns of it, rightly; people do it all the same.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def in_fork(function: Callable[[], Any]) -> Any:
    """Call a function in a child of os.fork() and return its result; an exception as its type and text."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            signal.alarm(30)
            result = function()
        except BaseException as error:  # noqa: BLE001 -- told to the parent
            result = [type(error).__name__, str(error)]
        os.write(write_end, json.dumps(result).encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as answer:
        text = answer.read()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return json.loads(text)


USES: dict[str, Callable[[Task], object]] = {
    "getpid": prx.getpid,
    "fork": prx.fork,
    "clone": lambda task: prx.clone(task, []),
    "execvp": lambda task: prx.execvp(task, ["true"]),
    "exit": lambda task: prx.exit(task, 0),
    "setopt": lambda task: prx.setopt(task, "maxchild", 1),
    "stop": prx.stop,
    "stdin": lambda task: prx.stdin(task, "x"),
    "eof": prx.eof,
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("state", ["call", "exec"])
def test_every_use_in_the_child_raises_and_harms_nobody(use: str, state: str) -> None:
    """It says what is wrong; in the parent the task is what it was."""
    with prx.fork() as task:
        if state == "exec":
            prx.execvp(task, ["cat"])
        kind, text = in_fork(lambda: USES[use](task))
        assert (kind, text.partition(":")[0]) == (NoProcess.__name__, use)
        assert "os.fork()" in text
        if state == "call":
            assert prx.getpid(prx.fork(task))
            prx.execvp(prx.fork(task), ["cat"])
        else:
            prx.stdin(task, "unharmed")
            prx.eof(task)
            assert outcome(task).stdout == b"unharmed"


def test_the_child_holds_none_of_the_runtime_s_fds() -> None:
    """What it could keep open would keep programs from their ends."""

    def sockets_and_pipes() -> list[str]:
        found = []
        for entry in Path("/proc/self/fd").iterdir():
            try:
                target = str(entry.readlink())
            except FileNotFoundError:
                continue
            if target.startswith(("socket:", "pipe:", "anon_inode:")):
                found.append(target)
        return found

    shutdown()
    before = in_fork(sockets_and_pipes)
    assert not [target for target in before if "event" in target]
    with prx.fork() as task:
        for _ in range(3):
            prx.execvp(prx.fork(task), ["cat"])
        assert len(in_fork(sockets_and_pipes)) == len(before)


def test_leaving_the_block_of_a_task_in_the_child_ends_nothing() -> None:
    """An exit inside of it stays an exit."""

    def leave() -> None:
        with task:
            sys.exit(3)

    with prx.fork() as task:
        assert in_fork(leave) == ["SystemExit", "3"]
        assert prx.getpid(task) == task.host_pid


def test_the_child_may_fork_tasks_of_its_own() -> None:
    """With a keeper of its own, which is gone with it; neither sees the other's."""

    def own() -> list[int | None]:
        with prx.fork() as mine:
            prx.execvp(mine, ["cat"])
            prx.stdin(mine, "hello")
            assert receive(Stdout, task=mine, timeout=30).data == b"hello"
            pids = [mine.host_pid, parent_of(mine.host_pid)]
        shutdown()
        return pids

    with prx.fork() as task:
        pids = in_fork(own)
        assert len({*pids, task.host_pid, parent_of(task.host_pid)}) == 4
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "the child's processes are gone")
        assert prx.getpid(task) == task.host_pid


def parent_of(pid: int | None) -> int:
    """Return the parent's pid."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("PPid:")[2].split()[0])


def test_the_child_s_tasks_end_with_it_when_it_is_killed() -> None:
    """Its keeper watches it, not us."""

    def die() -> None:
        mine = prx.fork()
        os.write(write_end, f"{mine.host_pid} {parent_of(mine.host_pid)}".encode())
        os.kill(os.getpid(), signal.SIGKILL)

    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        die()
    os.close(write_end)
    with os.fdopen(read_end) as answer:
        pids = answer.read().split()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    assert len(pids) == 2
    until(lambda: not any(Path(f"/proc/{one}").exists() for one in pids), "its processes are gone")


def test_a_fork_in_the_middle_of_a_call_cannot_block_the_child(tmp_path: Path) -> None:
    """Another thread holds the task's turn at that moment."""
    os.mkfifo(tmp_path / "fifo")
    tasks: list[Task] = []
    reads = threading.Event()
    data: list[bytes] = []

    def reader() -> None:
        with prx.fork() as task:
            fd = prx.open(task, tmp_path / "fifo", "o_rdwr")
            tasks.append(task)
            reads.set()
            data.append(prx.read(task, fd, 10))

    thread = threading.Thread(target=reader)
    thread.start()
    assert reads.wait(10)
    until(lambda: tasks[0]._process.driver.turns.busy, "the call is under way")
    assert in_fork(lambda: prx.getpid(tasks[0]))[0] == NoProcess.__name__
    assert in_fork(lambda: prx.fork(tasks[0]))[0] == NoProcess.__name__
    (tmp_path / "fifo").write_bytes(b"done")
    thread.join(20)
    assert data == [b"done"]


def start_child() -> tuple[int, int, int]:
    """Fork a child with a task and a program; return its pid, a pipe of what it says, and one that releases it."""
    said, reports = os.pipe()
    go_on, release = os.pipe()
    pid = os.fork()
    if pid:
        os.close(reports)
        os.close(go_on)
        return pid, said, release
    try:
        signal.alarm(30)
        mine = prx.fork()
        program = prx.fork(mine)
        prx.execvp(program, ["sleep", "1000"])
        os.write(reports, b"%d" % parent_of(mine.host_pid))
        os.read(go_on, 1)
        os.write(reports, b"alive" if program.is_alive() and prx.getpid(mine) else b"dead")
    finally:
        os._exit(0)


def test_the_end_of_a_child_ends_nothing_of_another_child() -> None:
    """A keeper ends all that has the mark of its run when it ends itself: each child's has a mark of its own."""
    children = [(*child, os.read(child[1], 20)) for child in (start_child(), start_child())]
    for pid, said, release, keeper in children:
        assert keeper
        os.write(release, b".")
        assert os.read(said, 20) == b"alive"
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        until(lambda: not Path(f"/proc/{int(keeper)}").exists(), "its keeper is gone")  # noqa: B023 - called at once
        os.close(release)
        os.close(said)


def test_a_fork_while_a_launcher_is_reaped_leaves_all_to_the_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pidfd is closed then, and the runtime does not know yet: the child begins anew all the same."""
    found: list[Any] = []
    told = Keeper._part_ended

    def part_ended(self: Keeper, part: str) -> None:
        if part == "launcher":
            found.append(in_fork(lambda: [len(keeper_module._running), self.driver.state.name]))
        told(self, part)

    prx.stop(prx.fork())
    monkeypatch.setattr(Keeper, "_part_ended", part_ended)
    shutdown()
    assert found == [[0, "FORKED"]]


def worker(pids: list[int]) -> int:
    """Run in a worker of multiprocessing."""
    with prx.fork() as task:
        assert prx.getpid(task) not in pids
        return prx.getpid(prx.fork(task))


def test_a_worker_of_multiprocessing_is_such_a_child() -> None:
    """With the method "fork", and tasks on both sides."""
    with prx.fork() as task:
        pids = [prx.getpid(task)]
        with multiprocessing.get_context("fork").Pool(2) as pool:
            found = pool.map(worker, [pids] * 8)
            pool.close()
            pool.join()
        assert len(found) == 8
        assert prx.getpid(task) == pids[0]
