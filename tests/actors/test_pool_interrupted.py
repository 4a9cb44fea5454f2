"""A KeyboardInterrupt where the main thread starts what runs actors."""

from __future__ import annotations

import threading

import pytest

from prx_actors.actors.scheduler import EAGER_THREADS, Scheduler

WAIT = 10


def interrupted(*_: object) -> None:
    """Stand for what an interrupt cuts short."""
    raise KeyboardInterrupt


def test_a_thread_whose_start_is_cut_short_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next turn starts one, which takes the turn of both."""
    own, done = Scheduler(), threading.Semaphore(0)

    def turn() -> None:
        done.release()

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            own.submit(turn)
    assert own.thread_count() == 0
    own.submit(turn)
    assert done.acquire(timeout=WAIT)
    assert done.acquire(timeout=WAIT)
    assert own.thread_count() > 0


def test_a_thread_that_runs_counts_though_its_start_was_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt may come while its start is waited for."""
    own, ran = Scheduler(), threading.Event()
    start = threading.Thread.start

    def start_and_fail(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    def turn() -> None:
        ran.set()

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start_and_fail)
        with pytest.raises(KeyboardInterrupt):
            own.submit(turn)
    assert ran.wait(WAIT)
    assert own.thread_count() == 1


def test_a_pool_grows_though_the_call_of_its_watcher_was_cut_short() -> None:
    """The next turn calls it again."""
    own, release, done = Scheduler(), threading.Event(), threading.Event()

    class Interrupted:
        release = interrupted

    def block() -> None:
        release.wait(WAIT)

    stalled, own._stalled = own._stalled, Interrupted()  # type: ignore[assignment]
    own._watcher = threading.current_thread()
    with pytest.raises(KeyboardInterrupt):
        own.submit(block)
    own._stalled, own._watcher = stalled, None
    for _ in range(2 * EAGER_THREADS):
        own.submit(block)
    own.submit(done.set)
    assert done.wait(WAIT)
    release.set()
