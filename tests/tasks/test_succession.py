"""A keeper that is killed has a successor, which ends what was left, whoever else ends meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from support.calls import until
from support.ends import WAIT, OsProcesses, down_of, keeper_of, run_stubborn
from support.leaks import descendants
from support.marks import DAEMON, DEAF, daemon_of, lives

from prx_actors import monitor, prx, shutdown
from prx_actors.driver import keeper as keeper_module
from prx_actors.driver.keeper import Keeper
from prx_actors.driver.reactor import reactor

if TYPE_CHECKING:
    from collections.abc import Iterator

KILLDELAY = 0.5


@contextmanager
def held_reactor() -> Iterator[None]:
    """Keep the runtime from learning anything."""
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        held.set()
        go_on.wait(WAIT)

    reactor.call_soon(hold)
    assert held.wait(WAIT)
    try:
        yield
    finally:
        go_on.set()


def begin_shutdown() -> threading.Thread:
    """Shut down in a thread, which has to wait."""
    thread = threading.Thread(target=shutdown)
    thread.start()
    thread.join(0.2)
    assert thread.is_alive()
    return thread


def what_runs() -> list[object]:
    """List what of the runtime is there."""
    drivers = [one for one in descendants(os.getpid()) if one.name == "prx-driver"]
    return [*drivers, *keeper_module._running, *keeper_module._killed]


def kill_keeper(keeper: int) -> None:
    """Kill it and wait until it has ended."""
    with OsProcesses([keeper]) as process:
        os.kill(keeper, signal.SIGKILL)
        until(lambda: not [pid for pid in process.left() if lives(pid)], "the keeper ends")


def test_a_root_that_finds_the_keeper_killed_leaves_the_search_to_its_successor() -> None:
    """The next root may be forked before the news of the kill has come."""
    task = prx.fork(killdelay=KILLDELAY)
    daemon = daemon_of(task, DAEMON)
    ref = monitor(task)
    with held_reactor():
        kill_keeper(keeper_of(task))
        root = prx.fork()
    assert down_of(ref) == "shutdown"
    assert not lives(daemon)
    assert prx.getpid(root) == root.host_pid
    prx.stop(root)


def test_shutdown_ends_what_a_keeper_has_left_that_was_killed_unseen() -> None:
    """Its end is not taken for that which was asked for."""
    daemon = daemon_of(task := prx.fork(killdelay=KILLDELAY), DAEMON)
    with held_reactor():
        kill_keeper(keeper_of(task))
        thread = begin_shutdown()
    thread.join(WAIT)
    assert not lives(daemon)
    assert what_runs() == []


@pytest.mark.parametrize("runs", [False, True])
def test_shutdown_ends_a_successor_that_is_being_started(monkeypatch: pytest.MonkeyPatch, runs: bool) -> None:
    """It waits for that: nothing of the runtime is there when it returns, and nothing that was left."""
    begun, go_on = threading.Event(), threading.Event()
    greet = Keeper._greet

    def slow(self: Keeper, *args: Any) -> None:
        begun.set()
        assert go_on.wait(WAIT)
        greet(self, *args)

    daemon = daemon_of(task := prx.fork(killdelay=KILLDELAY), DAEMON)
    monkeypatch.setattr(Keeper, "_greet", slow)
    os.kill(keeper_of(task), signal.SIGKILL)
    assert begun.wait(WAIT)
    with held_reactor():
        if runs:  # and has no order yet
            go_on.set()
            until(lambda: keeper_module._running, "the successor has started")
        thread = begin_shutdown()
    go_on.set()
    thread.join(WAIT)
    assert not lives(daemon)
    assert what_runs() == []


def test_shutdown_gives_what_a_killed_keeper_has_left_no_more_time_than_the_rest() -> None:
    """Its tasks end by their killdelay, which may be long; nobody is there to cut it short but a successor."""
    root = prx.fork(killdelay=1000.0)
    ref = monitor(run_stubborn(root))
    with OsProcesses.below(root) as processes:
        kill_keeper(keeper_of(root))
        until(lambda: keeper_module._killed, "the news has come")
        before = time.monotonic()
        shutdown()
        assert time.monotonic() - before < keeper_module.END_LIMIT + 1.0
        assert processes.left() == []
    down_of(ref)
    assert what_runs() == []


def test_a_killed_keeper_is_forgotten_once_all_below_it_is_gone() -> None:
    """The next one to be started sees to that."""
    for _ in range(3):
        task = prx.fork(killdelay=KILLDELAY)
        ref = monitor(task)
        kill_keeper(keeper_of(task))
        assert down_of(ref) == "shutdown"
    with prx.fork():
        assert not keeper_module._killed


RUNTIME = """
import os, signal, sys, threading
from pathlib import Path
from prx_actors import Stdout, prx, receive
from prx_actors.driver.search import Searches

found = threading.Event()
on_successor = Searches._on_successor

def noticed(self, keeper):
    on_successor(self, keeper)
    found.set()

Searches._on_successor = noticed

task = prx.fork(killdelay=1000.0)
keeper = Path(f"/proc/{task.host_pid}/stat").read_text().rpartition(") ")[2].split()[1]
prx.execvp(task, ["sh", "-c", f"{sys.argv[1]} read line"])
print(int(receive(Stdout, task=task, timeout=30).data), flush=True)
os.kill(int(keeper), signal.SIGKILL)
assert found.wait(30)
print("searches", flush=True)
sys.stdin.readline()
"""


def test_a_successor_whose_runtime_is_killed_goes_on() -> None:
    """It is the last one that can find what was left."""
    command = [sys.executable, "-c", RUNTIME, DEAF]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as runtime:
        assert runtime.stdout
        with OsProcesses([int(runtime.stdout.readline())]) as daemon:
            assert runtime.stdout.readline() == "searches\n"
            runtime.kill()
            runtime.wait(WAIT)
            assert daemon.wait_gone(WAIT) == []
