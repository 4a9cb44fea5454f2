"""What supervisors do where two of their rules meet."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from support.supervised import Worker, end, exit_of, pid_of, start, stop, worker

from prx_actors.actors import Down, Exit, exit, exit_signal, monitor, receive, send, spawn_link, trap_exit
from prx_actors.otp.supervisor import Backoff, ChildSpec, Supervisor, SupervisorReport

WAIT = 10


@pytest.mark.parametrize("backoff", [None, Backoff(initial=3600)])
def test_a_significant_child_that_waits_to_come_back_with_a_sibling_is_not_over(backoff: Backoff | None) -> None:
    """It has not ended by itself: the supervisor goes on, with back-off as without."""
    significant: dict[str, Any] = {"restart": "transient", "significant": True}
    specs = [worker("first", **significant), worker("middle"), worker("last", **significant)]
    supervisor = start(*specs, strategy="rest_for_one", auto_shutdown="all_significant", backoff=backoff)
    first, last = pid_of(supervisor, "first"), pid_of(supervisor, "last")
    ref = monitor(last)
    end(pid_of(supervisor, "middle"))
    assert receive(Down, ref=ref, timeout=WAIT).reason == "shutdown"
    end(first, "normal")
    assert Supervisor.count_children(supervisor).specs == 3
    stop(supervisor)


def test_all_significant_ends_with_the_last_one_whoever_waits_to_come_back() -> None:
    """One that is not significant keeps nobody."""
    specs = [worker("first", restart="transient", significant=True), worker("other")]
    supervisor = start(*specs, auto_shutdown="all_significant", backoff=Backoff(initial=3600))
    end(pid_of(supervisor, "other"))
    end(pid_of(supervisor, "first"), "normal")
    assert exit_of(supervisor) == "shutdown"


class Nameless(Exception):  # noqa: N818 -- a reason
    """A reason that cannot be shown."""

    def __repr__(self) -> str:
        raise ZeroDivisionError

    __str__ = __repr__


def leave(reason: object, order: list[str]) -> None:
    """Wait for the end and exit for a reason of one's own."""
    trap_exit(True)
    receive(Exit)
    order.append("left")
    exit(reason)


@pytest.mark.parametrize("strategy", ["one_for_one", "simple_one_for_one"])
def test_a_stop_goes_on_when_a_reason_cannot_be_shown(strategy: str) -> None:
    """All children are stopped, and the supervisor ends as it was told to."""
    order: list[str] = []
    reasons = (Nameless(), "told", Nameless())
    if strategy == "one_for_one":
        supervisor = start(*[ChildSpec(n, (spawn_link, (leave, reason, order))) for n, reason in enumerate(reasons)])
        children = [pid_of(supervisor, n) for n in range(3)]
    else:
        supervisor = start(ChildSpec("any", (spawn_link, (leave,))), strategy=strategy)
        children = [Supervisor.start_child(supervisor, reason, order) for reason in reasons]
    stop(supervisor)
    assert order == ["left"] * 3
    assert not any(child.is_alive() for child in children)


def test_of_many_children_progress_is_not_reported(caplog: pytest.LogCaptureFixture) -> None:
    """As in OTP: under simple_one_for_one neither starts nor restarts are."""
    caplog.set_level(logging.INFO, logger="prx_actors")
    supervisor = start(worker(), strategy="simple_one_for_one")
    end(Supervisor.start_child(supervisor))
    stop(supervisor)
    reports = [record.__dict__["report"] for record in caplog.records if "report" in record.__dict__]
    contexts = [report.context for report in reports if isinstance(report, SupervisorReport)]
    assert contexts == ["child_terminated"]
    assert not any(type(report).__name__ == "ProgressReport" for report in reports)


def test_the_specification_of_dead_children_is_that_of_all() -> None:
    """As in OTP: a stranger that lives has none, and nobody knows whose child a dead one was."""
    supervisor = start(worker(restart="temporary"), strategy="simple_one_for_one")
    child = Supervisor.start_child(supervisor)
    spec = Supervisor.get_childspec(supervisor, child)
    end(child)
    assert Supervisor.get_childspec(supervisor, child) == spec
    stranger = Worker.start()
    with pytest.raises(Exception, match="not_found"):
        Supervisor.get_childspec(supervisor, stranger)
    send(stranger, "stop")
    exit_signal(stranger, "kill")
    stop(supervisor)
