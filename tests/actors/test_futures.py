"""The future of an `ask`: one value, for whoever waits, whatever interrupts them."""

from __future__ import annotations

import queue
import signal
import threading
from typing import TYPE_CHECKING

import pykka
import pytest

from prx_actors.actors.latches import Future

if TYPE_CHECKING:
    from types import FrameType

WAIT = 30.0


def test_all_who_wait_get_the_value() -> None:
    """Also those who come later."""
    future, values = Future(), queue.SimpleQueue[object]()
    threads = [threading.Thread(target=lambda: values.put(future.get(timeout=WAIT))) for _ in range(8)]
    for thread in threads:
        thread.start()
    future.set("value")
    for thread in threads:
        thread.join()
    assert [values.get(timeout=WAIT) for _ in threads] == ["value"] * 8
    assert future.get(timeout=0) == "value"


def test_the_first_of_many_who_set_it_wins() -> None:
    """Each other one is told."""
    future, refused, start = Future(), queue.SimpleQueue[int](), threading.Barrier(8)

    def set_it(number: int) -> None:
        start.wait(WAIT)
        try:
            future.set(number)
        except queue.Full:
            refused.put(number)

    threads = [threading.Thread(target=set_it, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {future.get(timeout=0), *(refused.get(timeout=WAIT) for _ in range(7))} == set(range(8))


def test_none_is_a_value() -> None:
    """It ends a wait as any other."""
    future = Future()
    future.set()
    assert future.get(timeout=0) is None


def test_an_exception_has_the_traceback_that_it_was_set_with() -> None:
    """Each time it is raised."""
    future = Future()
    try:
        raise LookupError("here")  # noqa: TRY301, EM101 -- the traceback is what is looked at
    except LookupError:
        future.set_exception()
    for _ in range(2):
        with pytest.raises(LookupError, match="here") as caught:
            future.get(timeout=WAIT)
        assert caught.traceback[-1].name == "test_an_exception_has_the_traceback_that_it_was_set_with"


def test_a_hook_stands_for_a_value() -> None:
    """It is called once, and no value can be set any more; Pykka's `map` and `filter` are made of such."""
    future, times = Future(), queue.SimpleQueue[float | None]()

    def hook(timeout: float | None) -> str:
        times.put(timeout)
        return "value"

    future.set_get_hook(hook)
    assert [future.get(timeout=3), future.get(timeout=4)] == ["value"] * 2
    assert (times.get(timeout=WAIT), times.empty()) == (3, True)
    with pytest.raises(queue.Full):
        future.set("another")
    with pytest.raises(queue.Full):
        future.set_exception()


def test_hooks_of_one_future_are_not_those_of_another_one() -> None:
    """What Pykka's constructor would set is each one's own."""
    with_hook, plain = Future(), Future()
    with_hook.set_get_hook(lambda _timeout: "hook")
    assert with_hook.get(timeout=WAIT) == "hook"
    plain.set("plain")
    assert plain.get(timeout=WAIT) == "plain"
    assert plain.map(str.upper).get(timeout=WAIT) == "PLAIN"
    assert plain.join(with_hook).get(timeout=WAIT) == ["plain", "hook"]


def test_a_late_value_is_there_after_the_time_out() -> None:
    """A wait that has failed can be begun anew."""
    future = Future()
    for timeout in (0, 0.01):
        with pytest.raises(pykka.Timeout, match=str(timeout)):
            future.get(timeout=timeout)
    future.set("late")
    assert future.get(timeout=0) == "late"


def test_an_interrupted_wait_can_be_begun_again() -> None:
    """An interrupt takes neither the value nor the place of those who wait next."""
    future = Future()

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    def wait() -> None:
        threading.Timer(0.005, signal.pthread_kill, (threading.get_ident(), signal.SIGUSR1)).start()
        future.get(timeout=WAIT)

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        for _ in range(20):
            with pytest.raises(KeyboardInterrupt):
                wait()
    finally:
        signal.signal(signal.SIGUSR1, before)
    threading.Thread(target=future.set, args=("value",)).start()
    assert future.get(timeout=WAIT) == "value"
