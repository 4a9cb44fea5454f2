"""Many Erlang processes use one tree of OS processes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import children, until
from support.stress import WAIT, in_threads, no_children, shorter

from prx_actors import ExitStatus, Stdout, TermSig, current, prx, receive, send, spawn

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors import Pid, Task

TIMES = 20
PROCESSES = 10
NAMESPACES = ["clone_newipc", "clone_newnet", "clone_newns", "clone_newpid", "clone_newuts"]
LINE = b"x" * 128 + b"\n"


def all_at_once(function: Callable[..., object], *args: object) -> None:
    """Run a function in ten processes."""
    in_threads([partial(function, *args)] * PROCESSES)


def come_and_go(task: Task) -> None:
    """Fork and exit, one after the other."""
    for _ in range(TIMES):
        child = prx.fork(task)
        assert prx.cpid(child) == []
        prx.exit(child, 0)
        assert receive(ExitStatus, task=child, timeout=WAIT).status == 0


def test_ten_processes_fork_from_one_task_in_a_loop() -> None:
    """Two hundred children come and go."""
    with prx.fork() as task:
        all_at_once(come_and_go, task)
        no_children(task)


def hand_in(owner: Pid) -> None:
    """Ask the owner of a program to feed it."""
    for _ in range(TIMES):
        send(owner, LINE)


def test_ten_processes_feed_one_program_through_its_owner() -> None:
    """Nobody else may write to it; each line that was handed in comes back whole."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.execvp(child, ["cat"])
        for _ in range(PROCESSES):
            spawn(hand_in, current())
        for _ in range(TIMES * PROCESSES):
            prx.stdin(child, receive(bytes, timeout=WAIT))
        echoed = b""
        while len(echoed) < len(LINE) * TIMES * PROCESSES:
            echoed += receive(Stdout, task=child, timeout=WAIT).data
        assert echoed == LINE * TIMES * PROCESSES


def ask_often(task: Task) -> None:
    """Get the same answer every time."""
    child = prx.fork(task)
    pid = prx.getpid(child)
    for _ in range(TIMES):
        assert (prx.cpid(child), prx.getpid(child)) == ([], pid)
    prx.exit(child, 0)
    assert receive(ExitStatus, task=child, timeout=WAIT).status == 0


def test_ten_processes_call_children_forked_beforehand() -> None:
    """Each reaches its own."""
    with prx.fork() as root:
        task = prx.fork(root)
        all_at_once(ask_often, task)
        no_children(task)


def read_pids(task: Task, script: Path) -> None:
    """Run a program that writes its pid without end, until it has done so often enough."""
    child = prx.fork(task)
    line = b"%d\n" % prx.getpid(child)
    prx.execvp(child, [str(script)])
    output = b""
    while output.count(b"\n") < TIMES:
        output += receive(Stdout, task=child, timeout=WAIT).data
    assert output.startswith(line * TIMES)
    prx.stop(child)


def test_ten_processes_read_from_programs_that_never_end(tmp_path: Path) -> None:
    """Each gets what its own writes, and can stop it."""
    script = tmp_path / "pid.sh"
    script.write_text("#!/bin/sh\nwhile echo $$; do :; done\n")
    script.chmod(0o755)
    with prx.fork() as task:
        all_at_once(read_pids, task, script)
        no_children(task)


def sleep(task: Task) -> None:
    """Run a program that somebody else is to kill."""
    child = prx.fork(task)
    prx.execvp(child, ["sleep", "99999"])
    assert receive(TermSig, task=child, timeout=WAIT).signal == 9


def kill_all(task: Task) -> None:
    """Kill all programs once they run."""
    until(lambda: sum(child.exec for child in children(task)) == PROCESSES, "all are programs")
    for child in children(task):
        prx.kill(task, child.pid, "sigkill")


def test_a_task_kills_the_programs_of_ten_other_processes() -> None:
    """It knows them by their pids."""
    with prx.fork() as task:
        in_process: list[BaseException] = []
        workers = [partial(sleep, task)] * PROCESSES
        owners = [spawn(guarded, in_process, worker) for worker in workers]
        kill_all(task)
        until(lambda: not any(owner.is_alive() for owner in owners), "all owners have heard of it")
        assert in_process == []
        no_children(task)


def guarded(failures: list[BaseException], function: Callable[[], object]) -> None:
    """Keep what a function raises."""
    try:
        function()
    except BaseException as failure:
        failures.append(failure)
        raise


def go_deeper(task: Task, times: int, flags: list[str]) -> None:
    """Make a chain of tasks, each of which replaces its image."""
    for depth in range(times):
        task = prx.clone(task, flags)
        prx.reexec(task)
        prx.setproctitle(task, f"<{depth}>")
        prx.setopt(task, "maxforkdepth", 2048)
        assert Path(f"/proc/{task.host_pid}/cmdline").read_bytes() == b"<%d>\0" % depth


@pytest.mark.static
def test_ten_chains_of_tasks_replace_their_images() -> None:
    """Each twenty deep."""
    with prx.fork() as task:
        prx.setopt(task, "maxforkdepth", 2048)
        all_at_once(go_deeper, task, TIMES, [])


@pytest.mark.root
@pytest.mark.static
@pytest.mark.slow
def test_ten_chains_of_namespaces_replace_their_images() -> None:
    """Each level in namespaces of its own."""
    with prx.fork() as task:
        prx.setopt(task, "maxforkdepth", 2048)
        all_at_once(go_deeper, task, shorter(TIMES, 4), NAMESPACES)
