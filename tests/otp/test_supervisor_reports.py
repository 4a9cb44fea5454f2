"""What a supervisor logs, and what it survives."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest
from support.supervised import WAIT, Switch, Worker, end, exit_of, pid_of, pids, start, stop, worker

from prx_actors.actors import exit_signal, link, send
from prx_actors.otp import StartError, sys
from prx_actors.otp.supervisor import (
    Backoff,
    ProgressReport,
    SpecError,
    StartLink,
    Supervisor,
    SupervisorError,
    SupervisorFlags,
    SupervisorReport,
)


def reports(caplog: pytest.LogCaptureFixture) -> list[Any]:
    """Return the structured reports."""
    found = [getattr(record, "report", None) for record in caplog.records]
    return [report for report in found if isinstance(report, SupervisorReport | ProgressReport)]


def test_format_log_1(caplog: pytest.LogCaptureFixture) -> None:
    """Error reports say what went wrong, why and with whom, as text and as objects."""
    supervisor = start(worker(), intensity=0)
    pid = pid_of(supervisor)
    end(pid, "bad luck")
    assert exit_of(supervisor) == "shutdown"
    terminated, shutdown = reports(caplog)
    assert isinstance(terminated, SupervisorReport)
    assert (terminated.supervisor, terminated.context, terminated.reason) == (
        supervisor,
        "child_terminated",
        "bad luck",
    )
    assert (terminated.offender.id, terminated.offender.pid) == ("child", pid)
    assert terminated.offender.spec == worker()
    assert (shutdown.context, shutdown.reason) == ("shutdown", "reached_max_restart_intensity")
    text = next(text for text in caplog.messages if text.startswith("Supervisor"))
    assert text.startswith(f"Supervisor <Pid {supervisor.number} ")
    assert "child_terminated of child 'child'" in text
    assert text.endswith("'bad luck'")


def test_format_log_2(caplog: pytest.LogCaptureFixture) -> None:
    """Progress reports, at the level INFO, tell of each child that was started."""
    caplog.set_level(logging.INFO)
    supervisor = start(worker("one"))
    two = Supervisor.start_child(supervisor, worker("two"))
    Supervisor.start_child(supervisor, worker("none", lambda: None))
    found = reports(caplog)
    assert all(isinstance(report, ProgressReport) for report in found)
    assert [(report.supervisor, report.started.id) for report in found] == [(supervisor, "one"), (supervisor, "two")]
    assert found[1].started.pid is two
    stop(supervisor)


def test_a_failing_start_is_reported_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody else would show it."""

    def fail() -> None:
        msg = "no such file"
        raise FileNotFoundError(msg)

    with pytest.raises(StartError):
        Supervisor.start([worker(start=fail)])
    (report,) = reports(caplog)
    assert report.context == "start_error"
    assert isinstance(report.reason, FileNotFoundError)
    assert any(record.exc_info for record in caplog.records)


def test_an_unexpected_message_is_logged_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """Nor does an unexpected cast or call by Pykka's means."""
    supervisor = start(worker())
    send(supervisor, "hello")
    Worker.cast(supervisor, "hello again")
    assert Supervisor.count_children(supervisor).active == 1
    texts = [record.getMessage() for record in caplog.records]
    assert sum("unexpected message: 'hello" in text for text in texts) == 2
    stop(supervisor)


def test_errors_have_the_terms_of_otp() -> None:
    """Also in their text, and what is not valid is a ValueError as well."""
    assert str(SupervisorError("not_found")) == "not_found"
    assert issubclass(SpecError, ValueError)
    assert isinstance(Worker, StartLink)


def test_flags_can_be_seen_and_replaced() -> None:
    """By sys, all but the kind of children."""
    supervisor = start(worker(), intensity=0)
    assert sys.get_state(supervisor) == SupervisorFlags(intensity=0, period=3600)
    sys.replace_state(supervisor, lambda _flags: SupervisorFlags(intensity=5, period=3600))
    end(pid_of(supervisor))
    assert pid_of(supervisor).is_alive()
    with pytest.raises(Exception, match="invalid_strategy"):
        sys.replace_state(supervisor, lambda _flags: SupervisorFlags(strategy="simple_one_for_one"))
    assert sys.get_state(supervisor).intensity == 5
    stop(supervisor)


@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
def test_with_back_off_a_restart_waits_and_the_supervisor_does_not(strategy: str) -> None:
    """Meanwhile those who would be restarted with it are stopped."""
    supervisor = start(worker("one"), worker("two"), strategy=strategy, backoff=Backoff(initial=3600))
    two = pid_of(supervisor, "two")
    end(pid_of(supervisor, "one"))
    second, first = Supervisor.which_children(supervisor)
    assert first.restarting
    assert two.is_alive() == (strategy == "one_for_one")
    assert (second.pid is two) == (strategy == "one_for_one")
    with pytest.raises(SupervisorError, match="restarting"):
        Supervisor.restart_child(supervisor, "one")
    Supervisor.terminate_child(supervisor, "one")
    assert Supervisor.restart_child(supervisor, "one").is_alive()
    stop(supervisor)


@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "simple_one_for_one"])
def test_with_back_off_failing_restarts_are_tried_at_growing_distances(strategy: str) -> None:
    """Each attempt counts as a restart, once."""
    switch = Switch()
    flags: dict[str, Any] = {"strategy": strategy, "backoff": Backoff(initial=0.01, factor=2, jitter=0)}
    supervisor = start(worker(start=switch), intensity=5, **flags)
    if strategy == "simple_one_for_one":
        Supervisor.start_child(supervisor)
    switch.await_calls(1)
    (child,) = Supervisor.which_children(supervisor)
    assert child.pid is not None
    switch.on = False
    began = time.monotonic()
    end(child.pid)
    assert exit_of(supervisor) == "shutdown"
    assert switch.calls == 1 + 5
    assert time.monotonic() - began >= 0.01 + 0.02 + 0.04 + 0.08 + 0.16


def test_a_long_run_begins_the_back_off_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that has run for the maximum has earned the shortest delay."""
    delays: list[int] = []

    def note(_backoff: Backoff, number: int) -> float:
        delays.append(number)
        return 0.0

    monkeypatch.setattr(Backoff, "delay", note)
    switch = Switch()
    supervisor = start(worker(start=switch), intensity=9, backoff=Backoff(maximum=3600))
    for _ in range(3):
        switch.await_calls(1)
        end(pid_of_running(supervisor))
    switch.await_calls(1)
    assert delays == [0, 1, 2]
    sys.replace_state(supervisor, lambda flags: SupervisorFlags(intensity=9, backoff=Backoff(maximum=0.0)))
    end(pid_of_running(supervisor))
    switch.await_calls(1)
    assert delays == [0, 1, 2, 0]
    stop(supervisor)


def pid_of_running(supervisor: Any) -> Any:
    """Wait until the child runs, for it is restarted by a timer."""
    deadline = time.monotonic() + WAIT
    while pids(supervisor)["child"] is None:
        assert time.monotonic() < deadline
    return pid_of(supervisor)


def test_a_restart_that_is_due_is_void_when_the_child_was_terminated_meanwhile() -> None:
    """Its timer finds another life of the child, or none."""
    supervisor = start(worker(), intensity=9, backoff=Backoff(initial=0.02, jitter=0, factor=1))
    end(pid_of(supervisor))
    Supervisor.terminate_child(supervisor, "child")
    again = Supervisor.restart_child(supervisor, "child")
    link(again)
    exit_signal(again, "kill")
    assert exit_of(again) == "killed"
    third = pid_of_running(supervisor)
    stop_of_timers = time.monotonic() + 0.05
    while time.monotonic() < stop_of_timers:
        assert pids(supervisor) == {"child": third}
    stop(supervisor)


def started_many(supervisor: Any, count: int) -> float:
    """Start and terminate so many children; return the seconds of CPU time that it took."""
    began = time.process_time()
    children = [Supervisor.start_child(supervisor) for _ in range(count)]
    for child in children:
        Supervisor.terminate_child(supervisor, child)
    return time.process_time() - began


def test_simple_one_for_one_scale_many_temporary_children() -> None:
    """Ten times as many children take ten times as long to start and to terminate, not a hundred times."""
    supervisor = start(worker(restart="temporary"), strategy="simple_one_for_one")
    started_many(supervisor, 100)
    few = min(started_many(supervisor, 100) for _ in range(3))
    assert started_many(supervisor, 1000) < 50 * few
    stop(supervisor)


def test_scale_start_stop_many_children() -> None:
    """So it is with the start and the stop of a supervisor of any strategy."""
    for strategy in ("one_for_one", "one_for_all", "rest_for_one", "simple_one_for_one"):
        times = []
        for count in (50, 500):
            began = time.process_time()
            if strategy == "simple_one_for_one":
                supervisor = start(worker(), strategy=strategy)
                for _ in range(count):
                    Supervisor.start_child(supervisor)
            else:
                supervisor = start(*[worker(number) for number in range(count)], strategy=strategy)
            stop(supervisor)
            times.append(time.process_time() - began)
        assert times[1] < 50 * times[0]
