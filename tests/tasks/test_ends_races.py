"""Ends that come at any instant of a fork, an exec or a call: nothing hangs, nothing is lost, nothing is left."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from support.ends import WAIT, OsProcesses, down_of, rounds, run_program, spin

from prx_actors import (
    Exit,
    NoProcess,
    Task,
    TermSig,
    exit_signal,
    monitor,
    prx,
    receive,
    spawn_monitor,
    trap_exit,
)
from prx_actors.driver.channels import Channels
from prx_actors.driver.driver import Driver
from prx_actors.driver.protocol import CALLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prx_actors.driver.turn import Turns

ROUNDS = 600
STEP = 4e-6
"""Seconds between the instants of two rounds; a fork or an exec takes some hundred of these."""
INSTANTS = 150
MANY = 10_000
"""Children that a parent may have which is forked from until something ends it."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@contextlib.contextmanager
def meanwhile(number: int, act: Callable[[], object]) -> Iterator[None]:
    """Do something on another thread, at an instant in the block that the number says."""
    begun = threading.Event()

    def run() -> None:
        begun.wait(WAIT)
        spin(number % INSTANTS * STEP)
        act()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        begun.set()
        yield
    finally:
        thread.join(WAIT)
        assert not thread.is_alive()


def kill(pid: int | None) -> None:
    """Kill an OS process, if it is there."""
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_a_stop_at_any_instant_of_exec_ends_the_task_at_once() -> None:
    """Be it still a driver or a program by then: it does not wait for `killdelay`."""
    for number in range(rounds(ROUNDS)):
        task = prx.fork(killdelay=1000)
        with OsProcesses.below(task) as processes:
            with meanwhile(number, lambda: task.stop(timeout=WAIT)), contextlib.suppress(NoProcess):  # noqa: B023
                prx.execvp(task, ["sleep", "1000"])
            assert processes.left() == []


def test_a_driver_killed_at_any_instant_of_exec_ends_its_task() -> None:
    """It is told as a program or as a driver, but told."""
    for number in range(rounds(ROUNDS)):
        task = prx.fork()
        ref, pid = monitor(task), task.host_pid
        with meanwhile(number, lambda: kill(pid)), contextlib.suppress(NoProcess):  # noqa: B023
            prx.execvp(task, ["sleep", "1000"])
        assert receive(TermSig, task=task, timeout=WAIT).signal == signal.SIGKILL
        assert down_of(ref) in ("normal", ("termsig", signal.SIGKILL))


def test_a_parent_killed_at_any_instant_of_a_fork_takes_the_child_with_it() -> None:
    """The fork raises, or the child ends; no `Down` is missing."""
    for number in range(rounds(ROUNDS)):
        parent = prx.fork(maxchild=MANY)
        ref, pid = monitor(parent), parent.host_pid
        children: list[Task] = []
        with meanwhile(number, lambda: kill(pid)), contextlib.suppress(NoProcess):  # noqa: B023
            while True:
                children.append(prx.fork(parent))
        assert down_of(ref) == ("termsig", signal.SIGKILL)
        assert not any(child.is_alive() for child in children)
        for child in children:
            assert down_of(monitor(child)) == "noproc"


def test_no_zombie_is_left_by_a_driver_that_is_killed_when_its_end_is_told() -> None:
    """Its children are others' to reap now, and their ends are not told before that is done."""
    for _ in range(rounds(ROUNDS) // 2):
        root = prx.fork()
        programs = [run_program(root) for _ in range(6)]
        ref = monitor(root)
        with OsProcesses.below(root) as processes:
            assert len(processes) == 1 + len(programs)
            kill(root.host_pid)
            assert down_of(ref) == ("termsig", signal.SIGKILL)
            assert processes.left() == []


def test_an_owner_killed_at_any_instant_of_a_fork_leaves_nothing() -> None:
    """Its `Down` comes, and later that of the parent, which a child forgotten would hold up."""
    for number in range(rounds(ROUNDS)):
        with prx.fork(maxchild=MANY) as parent:
            begun = threading.Event()

            def own() -> None:
                begun.set()  # noqa: B023
                while True:
                    prx.fork(parent)

            pid, ref = spawn_monitor(own)
            assert begun.wait(WAIT)
            spin(number % INSTANTS * STEP)
            exit_signal(pid, "kill")
            assert down_of(ref) == "killed"
            assert prx.cpid(parent) == []
            ref = monitor(parent)
        assert down_of(ref) == "normal"


def test_a_parent_stopped_at_any_instant_of_a_fork_leaves_nothing() -> None:
    """As above, with the parent's orderly end."""
    for number in range(rounds(ROUNDS)):
        parent = prx.fork(maxchild=MANY)
        ref = monitor(parent)
        with OsProcesses.below(parent) as processes:
            with meanwhile(number, lambda: parent.stop(timeout=WAIT)), contextlib.suppress(NoProcess):  # noqa: B023
                while True:
                    prx.fork(parent)
            assert down_of(ref) == "normal"
            assert processes.left() == []


def test_a_child_that_ends_before_its_birth_is_known_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its end is reported by an id that the runtime has chosen: the pid, in the reply, comes later."""
    with prx.fork() as parent:
        above = parent._process.driver
        for _ in range(rounds(ROUNDS)):
            listener = Recorder()
            child = Driver(above, listener, Channels.create(0))
            # It finds its order to end as soon as it looks.
            child.shut()
            with monkeypatch.context() as patch:
                patch.setattr(above, "turns", LateReplies(above.turns, listener.ended))
                above.fork(CALLS["fork"].number, ([],), child, lambda: None)
            assert listener.reaped == [0]
            assert child.id not in above.children
            child.close()


class LateReplies:
    """Turns whose replies are not looked at before something has happened."""

    def __init__(self, turns: Turns, event: threading.Event) -> None:
        self._turns = turns
        self._event = event

    def call(self, *args: Any) -> object:
        """Make the call and wait."""
        value = self._turns.call(*args)
        assert self._event.wait(WAIT)
        return value


class Recorder:
    """A listener that notes the end."""

    def __init__(self) -> None:
        self.reaped: list[int | None] = []
        self.ended = threading.Event()

    def wants_output(self) -> bool:
        """Read all."""
        return True

    def on_output(self, _stream: str, _data: bytes) -> bool:
        """Drop it."""
        return True

    def on_signal(self, _signal: int, _info: bytes) -> None:
        """Drop it."""

    def on_reaped(self, status: int | None) -> None:
        """Note it."""
        self.reaped.append(status)
        self.ended.set()

    def on_closed(self) -> None:
        """Drop it."""


def test_stops_from_many_threads_at_once_all_return() -> None:
    """One of them ends the task, all of them wait for that."""
    for _ in range(rounds(ROUNDS) // 10):
        task = run_program(prx.fork())
        parent = prx.parent(task)
        assert parent
        stopped: list[bool] = []
        line = threading.Barrier(8)

        def stop() -> None:
            line.wait(WAIT)  # noqa: B023
            stopped.append(task.stop(timeout=WAIT))  # noqa: B023

        with OsProcesses.below(task) as processes:
            threads = [threading.Thread(target=stop) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(WAIT)
            assert len(stopped) == 8
            assert any(stopped)
            assert processes.left() == []
        prx.stop(parent)


def test_a_program_that_ends_while_it_is_stopped_ends_once() -> None:
    """Whichever comes first: one reason, one message through the link."""
    for number in range(rounds(ROUNDS)):

        def owner() -> None:
            trap_exit(True)
            task = prx.fork(link=True)
            prx.execvp(task, ["true"])
            spin(number % INSTANTS * 4 * STEP)  # noqa: B023
            prx.stop(task)
            assert receive(Exit, timeout=WAIT) == Exit(task, "normal")
            with pytest.raises(TimeoutError):
                receive(Exit, timeout=0)

        _, ref = spawn_monitor(owner)
        assert down_of(ref) == "normal"


def test_many_trees_come_and_go_at_once() -> None:
    """Threads that fork, exec and end trees of their own do not get into each other's way."""
    failed: list[BaseException] = []
    until = time.monotonic() + (2 if os.environ.get("CI") else 10)

    def work(number: int) -> None:
        try:
            while time.monotonic() < until:
                with prx.fork(killdelay=1000) as root:
                    child = prx.fork(root)
                    programs = [run_program(child), run_program(root, "cat"), run_program(child)]
                    with OsProcesses.below(root) as processes:
                        kill(programs[number % 3].host_pid)
                        receive(TermSig, task=programs[number % 3], timeout=WAIT)
                        if number % 2:
                            kill(child.host_pid)
                        prx.stop(root)
                        assert processes.left() == []
        except BaseException as error:  # noqa: BLE001 - it is the test's
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
