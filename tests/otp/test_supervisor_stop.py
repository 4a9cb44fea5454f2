"""How a supervisor stops its children; the cases of OTP's supervisor_SUITE have their names."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import pytest
from support.supervised import WAIT, Worker, exit_of, pid_of, pids, start, stop, worker

from prx_actors.actors import (
    Down,
    Exit,
    Pid,
    ProcessExit,
    current,
    exit,
    exit_signal,
    link,
    monitor,
    receive,
    send,
    spawn_link,
    trap_exit,
    unlink,
)
from prx_actors.otp.supervisor import Supervisor, SupervisorReport


def errors(caplog: pytest.LogCaptureFixture) -> list[tuple[str, object]]:
    """Return the contexts and reasons of the error reports."""
    reports = [getattr(record, "report", None) for record in caplog.records]
    return [(report.context, report.reason) for report in reports if isinstance(report, SupervisorReport)]


def stubborn(told: Pid) -> None:
    """Ignore everything but a kill."""
    trap_exit(True)
    send(told, "ready")
    while True:
        receive()


def start_stubborn(**fields: Any) -> tuple[Pid, Pid, Pid]:
    """Start a supervisor with a worker and a child that must be killed, linked to the test."""
    supervisor = start(worker("good"), worker("bad", (spawn_link, (stubborn, current())), **fields))
    assert receive(str, timeout=WAIT) == "ready"
    good, bad = pid_of(supervisor, "good"), pid_of(supervisor, "bad")
    link(good)
    link(bad)
    return supervisor, good, bad


def test_sup_stop_infinity() -> None:
    """With an infinite shutdown time children have all the time they need."""
    supervisor = start(worker("sup", shutdown="infinity", type="supervisor"), worker("wrk", shutdown="infinity"))
    children = list(pids(supervisor).values())
    for child in children:
        assert child is not None
        link(child)
    stop(supervisor)
    assert [exit_of(child) for child in children if child is not None] == ["shutdown", "shutdown"]


def test_sup_stop_timeout(caplog: pytest.LogCaptureFixture) -> None:
    """A child that is late is killed, and that is reported."""
    supervisor, good, bad = start_stubborn(shutdown=0.05)
    stop(supervisor)
    assert exit_of(good) == "shutdown"
    assert exit_of(bad) == "killed"
    assert errors(caplog) == [("shutdown_error", "killed")]


def test_sup_stop_brutal_kill(caplog: pytest.LogCaptureFixture) -> None:
    """With brutal_kill a child is killed at once, as it should be."""
    supervisor, good, bad = start_stubborn(shutdown="brutal_kill")
    stop(supervisor)
    assert exit_of(good) == "shutdown"
    assert exit_of(bad) == "killed"
    assert errors(caplog) == []


def start_dynamic(count: int, **fields: Any) -> tuple[Pid, list[Pid]]:
    """Start children that must be killed under simple_one_for_one."""
    spec = worker("bad", (spawn_link, (stubborn, current())), **fields)
    supervisor = start(spec, strategy="simple_one_for_one")
    children = [Supervisor.start_child(supervisor) for _ in range(count)]
    for child in children:
        assert receive(str, timeout=WAIT) == "ready"
        link(child)
    return supervisor, children


def test_sup_stop_timeout_dynamic(caplog: pytest.LogCaptureFixture) -> None:
    """Children of simple_one_for_one have one time limit together, and one report."""
    supervisor, children = start_dynamic(20, shutdown=0.5)
    began = time.monotonic()
    stop(supervisor)
    assert time.monotonic() - began < 5  # one after the other they would take 10 s
    assert [exit_of(child) for child in children] == ["killed"] * 20
    assert errors(caplog) == [("shutdown_error", "killed")]
    assert caplog.records[-1].report.offender.count == 20  # type: ignore[attr-defined]


def test_sup_stop_brutal_kill_dynamic(caplog: pytest.LogCaptureFixture) -> None:
    """With brutal_kill they are killed at once."""
    supervisor, children = start_dynamic(3, shutdown="brutal_kill")
    stop(supervisor)
    assert [exit_of(child) for child in children] == ["killed"] * 3
    assert errors(caplog) == []


def leave_when_told(how: str) -> None:
    """End otherwise than by shutdown when told to shut down."""
    trap_exit(True)
    receive(Exit)
    exit(how)


def test_sup_stop_non_shutdown_exit_dynamic(caplog: pytest.LogCaptureFixture) -> None:
    """Children that end otherwise than they should are reported, one report for each reason."""
    supervisor = start(worker(start=(spawn_link, (leave_when_told,))), strategy="simple_one_for_one")
    for how in ("odd", "odd", "even", "shutdown"):
        link(Supervisor.start_child(supervisor, how))
    stop(supervisor)
    assert sorted(errors(caplog), key=str) == [("shutdown_error", "even"), ("shutdown_error", "odd")]


@pytest.mark.parametrize("restart", ["permanent", "transient"])
@pytest.mark.parametrize("round", range(10))
def test_sup_stop_race(restart: str, round: int, caplog: pytest.LogCaptureFixture) -> None:
    """A child that dies of something else while it is stopped is reported with its own reason."""
    supervisor = start(worker(start=(spawn_link, (receive,)), restart=restart))
    pid = pid_of(supervisor)
    begin = threading.Barrier(2)

    def die() -> None:
        begin.wait(WAIT)
        exit_signal(pid, "own")

    spawn_link(die)
    begin.wait(WAIT)
    exit_signal(supervisor, "shutdown")
    assert exit_of(supervisor) == "shutdown"
    # It was shut down, or it died while being stopped, or it died first and came back to be stopped.
    assert errors(caplog) in ([], [("shutdown_error", "own")], [("child_terminated", "own")])


def test_a_child_that_was_dead_before_it_is_stopped_is_reported_with_its_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its Exit waits in the mailbox of the supervisor: it is neither noproc nor a second restart."""
    begun, go = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        assert go.wait(WAIT)

    supervisor = start(worker("one"), worker("two"), strategy="one_for_all", intensity=1)
    one, two = pid_of(supervisor, "one"), pid_of(supervisor, "two")
    spawn_link(Supervisor.start_child, supervisor, worker("slow", slow, restart="temporary"))
    assert begun.wait(WAIT)
    for pid in (one, two):
        link(pid)
        exit_signal(pid, "kill")
        assert exit_of(pid) == "killed"
    go.set()
    assert {pid_of(supervisor, "one"), pid_of(supervisor, "two")}.isdisjoint({one, two})
    assert errors(caplog) == [("child_terminated", "killed"), ("shutdown_error", "killed")]
    stop(supervisor)


def naughty(told: Pid, supervisor: Pid) -> None:
    """Unlink the supervisor and ignore its signals."""
    unlink(supervisor)
    stubborn(told)


def test_child_unlink() -> None:
    """A child that has unlinked itself is stopped nevertheless, and cannot hang its supervisor."""
    supervisor = start()
    spec = worker("naughty", (spawn_link, (naughty, current(), supervisor)), shutdown=0.05)
    pid = Supervisor.start_child(supervisor, spec)
    assert receive(str, timeout=WAIT) == "ready"
    Supervisor.terminate_child(supervisor, "naughty")
    assert not pid.is_alive()
    assert pids(supervisor) == {"naughty": None}
    stop(supervisor)


def test_order_of_children() -> None:
    """Children are started in order and stopped in reverse order, also after restarts."""
    order: list[tuple[str, int]] = []

    class Noted(Worker):
        def init(self, number: int) -> None:
            super().init()
            self.number = number
            order.append(("start", number))

        def terminate(self, _reason: object) -> None:
            order.append(("stop", self.number))

    specs = [worker(number, (Noted, (number,))) for number in range(4)]
    supervisor = start(*specs, strategy="rest_for_one")
    assert order == [("start", number) for number in range(4)]
    assert list(pids(supervisor)) == [3, 2, 1, 0]
    del order[:]
    second = pid_of(supervisor, 1)
    link(second)
    exit_signal(second, "kill")
    assert exit_of(second) == "killed"
    assert list(pids(supervisor)) == [3, 2, 1, 0]
    assert order == [("stop", 3), ("stop", 2), ("start", 1), ("start", 2), ("start", 3)]
    del order[:]
    stop(supervisor)
    assert order == [("stop", number) for number in (3, 2, 1, 0)]


def test_a_supervisor_that_is_killed_takes_its_children_along() -> None:
    """It stops nobody in order then; the links do."""
    supervisor = start(worker(start=(spawn_link, (receive,))))
    ref = monitor(pid_of(supervisor))
    exit_signal(supervisor, "kill")
    assert exit_of(supervisor) == "killed"
    assert receive(Down, ref=ref, timeout=WAIT).reason == "killed"


def test_a_child_whose_supervisor_was_killed_while_it_started_ends_too() -> None:
    """The start function returns a pid that nobody will ever link."""
    begun, go = threading.Event(), threading.Event()
    started: list[Pid] = []

    def slow() -> Pid:
        begun.set()
        assert go.wait(WAIT)
        started.append(unlinked())
        return started[0]

    trap_exit(True)
    supervisor = start()
    spawn_link(start_slow, supervisor, slow)
    assert begun.wait(WAIT)
    exit_signal(supervisor, "kill")
    assert exit_of(supervisor) == "killed"
    go.set()
    deadline = time.monotonic() + WAIT
    while not (started and not started[0].is_alive()):
        assert time.monotonic() < deadline
        time.sleep(0.001)


def unlinked() -> Pid:
    """Start a process as plain Pykka code does: from a thread that is no process."""
    pids: list[Pid] = []
    thread = threading.Thread(target=lambda: pids.append(Plain.start()))
    thread.start()
    thread.join()
    return pids[0]


class Plain(Worker):
    """A server whose start a supervisor need not know."""

    def init(self) -> None:
        """Trap nothing."""


def start_slow(supervisor: Pid, slow: Any) -> None:
    """Ask for a child that starts slowly; the supervisor will not answer."""
    try:
        Supervisor.start_child(supervisor, worker(start=slow))
    except Exception as error:  # noqa: BLE001 -- an exit reason
        raise ProcessExit(type(error).__name__) from None


def test_stop_of_pykka_ends_the_children_too(caplog: pytest.LogCaptureFixture) -> None:
    """It ends a supervisor as normal, after its children."""
    caplog.set_level(logging.ERROR)
    supervisor = Supervisor.start([worker()])
    pid = pid_of(supervisor)
    assert supervisor.stop()
    assert not pid.is_alive()
    assert errors(caplog) == []
