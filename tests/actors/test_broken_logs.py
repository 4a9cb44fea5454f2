"""A log that fails, as on a full disk, harms no thread of the runtime."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from support.broken_logs import broken_log

from prx_actors.actors import ProcessExit
from prx_actors.actors.ending import run_steps
from prx_actors.actors.scheduler import EAGER_THREADS, Scheduler

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT = 10


@pytest.fixture(params=[OSError("disk full"), ProcessExit("of the logger"), SystemExit(1)], ids=repr, autouse=True)
def records(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was to be logged."""
    with broken_log(monkeypatch, request.param) as found:
        yield found


def fail() -> None:
    """Fail as code of the runtime should not."""
    raise LookupError


def test_a_thread_of_the_pool_survives_a_turn_that_fails(records: list[str]) -> None:
    """It runs the next one."""
    own, done = Scheduler(), threading.Event()
    own._watching = True  # under load a watcher could start more
    for _ in range(2 * EAGER_THREADS):
        own.submit(fail)
    own.submit(done.set)
    assert done.wait(WAIT)
    assert own.thread_count() > 0
    assert all(thread.is_alive() for thread in own._threads)
    assert records == ["A turn failed"] * 2 * EAGER_THREADS


def test_a_step_that_fails_is_not_run_again(records: list[str]) -> None:
    """The one behind it is run."""
    ran: list[str] = []

    def step() -> None:
        ran.append("fails")
        fail()

    run_steps(step, lambda: ran.append("next"))
    assert ran == ["fails", "next"]
    assert records == ["A step of the end of a process failed"]


def test_a_pool_that_got_no_thread_goes_on_when_it_gets_one(
    monkeypatch: pytest.MonkeyPatch, records: list[str]
) -> None:
    """What watches it still looks."""
    own, refused, release, done = Scheduler(), threading.Event(), threading.Event(), threading.Event()

    def block() -> None:
        release.wait(WAIT)

    own.submit(block)
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if "Actors wait for a thread" in records:
            refused.set()
        if thread.name != "prx-scheduler-watch":
            msg = "can't start new thread"
            raise RuntimeError(msg)
        start(thread)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        own.submit(done.set)
        assert refused.wait(WAIT)
    assert done.wait(WAIT)
    release.set()
