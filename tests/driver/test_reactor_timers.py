"""Timers of the reactor: set from any thread, often without waking it, and never forgotten."""

from __future__ import annotations

import random
import threading
import weakref

from prx_actors.driver.reactor import MANY, reactor

WAIT = 30.0
THREADS = 4
TIMES = 500


class Owner:
    """Something that a timer's function holds."""

    def late(self) -> None:
        """Be called."""


def test_timers_of_many_threads_are_all_called() -> None:
    """Whether they come before or after the one that the reactor waits for, and while it computes that."""
    reactor.start()
    called = threading.Semaphore(0)

    def set_timers(seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - of a test
        for _ in range(TIMES):
            reactor.call_later(chance.choice([0.0, 0.0001, 0.001, 0.01, 0.05]), called.release)

    threads = [threading.Thread(target=set_timers, args=(seed,)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(THREADS * TIMES):
        assert called.acquire(timeout=WAIT)


def test_an_earlier_timer_is_not_held_up_by_a_later_one() -> None:
    """The reactor is woken for it."""
    reactor.start()
    late = reactor.call_later(1000, Owner().late)
    for _ in range(200):
        done = threading.Event()
        reactor.call_later(0.001, done.set)
        assert done.wait(WAIT)
    late.cancel()


def test_a_cancelled_timer_holds_nothing() -> None:
    """What its function held is free at once, and many of them do not pile up until their time comes."""
    reactor.start()
    owner = Owner()
    gone = weakref.ref(owner)
    reactor.call_later(1000, owner.late).cancel()
    del owner
    assert gone() is None
    for _ in range(20 * MANY):
        reactor.call_later(1000, Owner().late).cancel()
    done = threading.Event()
    reactor.call_later(0, done.set)
    assert done.wait(WAIT)
    assert len(reactor._timers) <= 5 * MANY
