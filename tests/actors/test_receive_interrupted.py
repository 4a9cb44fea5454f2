"""What a receive takes out of the mailbox is returned, or it is not taken, whenever an interrupt strikes."""

from __future__ import annotations

import _thread
import gc
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from prx_actors.actors import current, receive, send, spawn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

WAIT = 10


class InterruptError(Exception):
    """Comes as KeyboardInterrupt does."""


@contextmanager
def interrupts(seconds: float) -> Iterator[list[bool]]:
    """Have interrupts come, each as long after the one before.

    Yields:
        whether they are armed; one that strikes disarms them
    """
    stop = threading.Event()
    armed = [False]  # not an Event: its lock is not for signal handlers

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        if armed[0]:
            armed[0] = False
            raise InterruptError

    def interrupter() -> None:
        while not stop.is_set():
            _thread.interrupt_main(signal.SIGUSR1)
            time.sleep(seconds)

    old = signal.signal(signal.SIGUSR1, interrupt)
    switching = sys.getswitchinterval()
    thread = threading.Thread(target=interrupter)
    gc.disable()  # callbacks of the collector, such as Hypothesis's, swallow interrupts
    try:
        thread.start()
        yield armed
    finally:
        armed[0] = False
        sys.setswitchinterval(switching)
        stop.set()
        thread.join()
        signal.signal(signal.SIGUSR1, old)
        gc.enable()


def test_an_interrupt_loses_no_message() -> None:
    """However often it strikes a receive that is busy or blocked."""
    me, count = current(), 3000
    got: list[int] = []
    until = time.monotonic() + 3 * WAIT
    with interrupts(0.0003) as armed:
        spawn(lambda: [send(me, n if n % 2 else float(n)) for n in range(count)])  # type: ignore[func-returns-value]
        while len(got) < count and time.monotonic() < until:
            try:
                armed[0] = True  # so that it strikes nothing but this block
                # One statement and no call around it: what receive returns is kept.
                kind: Any = float if len(got) < count // 2 else int
                got += (receive(kind, timeout=WAIT),)
                armed[0] = False
            except InterruptError:
                continue
    assert sorted(got) == list(range(count))


@pytest.mark.parametrize("passed_over", [True, False])
def test_an_interrupt_loses_no_message_that_waits(passed_over: bool) -> None:
    """Be it one that earlier receives have passed over, or not: its way out of the mailbox lets no interrupt in."""
    me, count = current(), 50_000
    for n in range(count):
        send(me, n)
    if passed_over:
        with pytest.raises(TimeoutError):
            receive(str, timeout=0)
    got: list[int] = []
    with interrupts(0) as armed:
        sys.setswitchinterval(1e-5)
        while len(got) < count:
            try:
                armed[0] = True
                got += (receive(int, timeout=0),)  # a lost one is a TimeoutError at the end
                armed[0] = False
            except InterruptError:
                continue
    assert got == list(range(count))
