"""Waiting for another thread: nothing is lost, nothing spins at rest."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from prx_actors.actors import current, receive, send, spawn
from prx_actors.actors.gates import SPIN, Gate
from prx_actors.actors.latches import Latch

if TYPE_CHECKING:
    from types import FrameType

WAIT = 30.0
EXCHANGES = 20_000


def test_no_call_is_lost_between_two_threads() -> None:
    """Each exchange is a wait on either side, asleep or on the look-out; a lost one would end in a time-out."""
    latches = [(Latch(), Latch()) for _ in range(EXCHANGES)]
    lost: list[int] = []

    def answer() -> None:
        for number, (asked, answered) in enumerate(latches):
            if not asked.wait(WAIT):
                lost.append(number)
            answered.set()

    thread = threading.Thread(target=answer)
    thread.start()
    for number, (asked, answered) in enumerate(latches):
        asked.set()
        if not answered.wait(WAIT):
            lost.append(number)
        if number % 1000 == 0:
            time.sleep(2 * SPIN / 1e6)  # long enough for the other side to go to sleep
    thread.join()
    assert not lost


def test_a_call_that_comes_before_the_pause_ends_it() -> None:
    """The pause returns at once, not after its time."""
    gate = Gate()
    gate.prepare()
    gate.call()
    gate.call()
    start = time.monotonic()
    gate.pause(WAIT)
    assert time.monotonic() - start < WAIT / 2


def test_an_old_call_does_not_end_a_later_pause() -> None:
    """Each round begins anew."""
    gate = Gate()
    gate.prepare()
    gate.call()
    gate.prepare()
    start = time.monotonic()
    gate.pause(0.05)
    assert time.monotonic() - start >= 0.05


def test_a_long_wait_costs_no_processor_time() -> None:
    """After short waits have made it spin, it looks out once and then sleeps."""
    me = current()
    echo = spawn(_echo)
    for _ in range(200):
        send(echo, me)
        receive(str, timeout=WAIT)
    before = time.thread_time()
    with pytest.raises(TimeoutError):
        receive(bytes, timeout=1.0)
    assert time.thread_time() - before < 0.2
    send(echo, None)


def _echo() -> None:
    while (asker := receive(timeout=WAIT)) is not None:
        send(asker, "x")


def test_a_wait_in_a_signal_handler_does_not_take_the_call_of_the_wait_below() -> None:
    """Both end when what they wait for has happened."""
    outer, inner = Latch(), Latch()

    def handle(_signal: int, _frame: FrameType | None) -> None:
        outer.set()
        threading.Thread(target=inner.set).start()
        assert inner.wait(WAIT)

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        threading.Timer(0.05, signal.pthread_kill, (threading.get_ident(), signal.SIGUSR1)).start()
        assert outer.wait(WAIT)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert inner.is_set()
