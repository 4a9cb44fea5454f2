"""A signal handler that receives in the midst of a `receive`, and messages that change while they wait."""

from __future__ import annotations

import gc
import signal
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from prx_actors.actors import Down, MonitorRef, current, receive, send, spawn
from prx_actors.actors.gates import Gate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAIT = 10
EVERY = 0.0005
"""Seconds between two signals."""


class Numbered:
    """A message."""

    def __init__(self, number: int, ref: object = None) -> None:
        self.number = number
        self.ref = ref


class Never:
    """What nobody sends."""


def give(*messages: object) -> None:
    """Send to oneself."""
    for message in messages:
        send(current(), message)


def pass_over_all() -> None:
    """Look for what is not there."""
    with suppress(TimeoutError):
        receive(Never, timeout=0)


def numbers_left() -> list[int]:
    """Receive all that is there."""
    got: list[int] = []
    with suppress(TimeoutError):
        while True:
            # One statement: what a receive returns is kept whatever the handler does.
            got += (receive(Numbered, timeout=0).number,)
    return got


@contextmanager
def handler(of_signal: Callable[[], object], number: signal.Signals) -> Iterator[None]:
    """Have a signal handled meanwhile."""
    old = signal.signal(number, lambda *_: of_signal())
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(number, old)


@pytest.fixture
def got() -> list[int]:
    """What the handler has received."""
    return []


@pytest.fixture
def take(got: list[int]) -> Callable[[], None]:
    """Take one message, if there is one."""

    def take_one() -> None:
        with suppress(TimeoutError):
            got.append(receive(Numbered, timeout=0).number)

    return take_one


def test_a_handler_and_the_code_it_interrupts_share_what_was_passed_over(
    got: list[int], take: Callable[[], None]
) -> None:
    """Each message is received once, by one of them, and none stays."""
    count = 20_000
    give(*map(Numbered, range(count)))
    pass_over_all()
    with handler(take, signal.SIGALRM):
        signal.setitimer(signal.ITIMER_REAL, EVERY, EVERY)
        mine = numbers_left()
    assert got
    assert sorted(mine + got) == list(range(count))
    assert len(current().actor_inbox) == 0
    assert mine == sorted(mine)


def test_a_handler_and_the_code_it_interrupts_share_what_has_just_come(
    got: list[int], take: Callable[[], None]
) -> None:
    """While the code passes messages over, the handler takes some, or passes over all."""
    count = 0
    mine: list[int] = []
    with handler(take, signal.SIGALRM):
        for _ in range(200):
            give(*map(Numbered, range(count, count + 300)))
            count += 300
            signal.setitimer(signal.ITIMER_REAL, EVERY, EVERY)
            pass_over_all()
            signal.setitimer(signal.ITIMER_REAL, 0)
            mine += numbers_left()
    assert got
    assert sorted(mine + got) == list(range(count))
    assert mine == sorted(mine)


def test_a_handler_that_passes_over_what_is_waited_for_does_not_hide_it(got: list[int]) -> None:
    """It has come and was saved in the moment before the code would sleep for it."""
    due: list[int] = []

    def send_and_take() -> None:
        if due:
            give("waited for", Numbered(due.pop()))
            got.append(receive(Numbered, timeout=0).number)

    with handler(send_and_take, signal.SIGALRM):
        for number in range(600):
            due.append(number)
            # Again and again: CPython does not see a signal that comes just before a wait until that is over.
            signal.setitimer(signal.ITIMER_REAL, 20e-6 + number % 50 * 1e-6, 0.02)
            assert receive(str, timeout=WAIT) == "waited for"
    assert got == list(range(600))


class SignallingGate(Gate):
    """Has a signal come when a wait is prepared."""

    def prepare(self) -> None:
        """Begin, and let the handler run in here."""
        super().prepare()
        if self._signals:
            self._signals -= 1
            signal.raise_signal(signal.SIGUSR1)

    _signals = 1


def test_a_receive_within_a_wait_leaves_the_sleeper_to_be_called(got: list[int]) -> None:
    """Also when the inner one would have looked out, and has found its message instead."""
    me = current()
    gate = me.actor_inbox._gate = SignallingGate()

    def inner() -> None:
        gate._pays = True
        threading.Timer(0.2, send, (me, "outer")).start()
        spawn(lambda: send(me, Numbered(0)))
        got.append(receive(Numbered, timeout=WAIT).number)
        gate._pays = False

    with handler(inner, signal.SIGUSR1):
        begun = time.monotonic()
        assert receive(str, timeout=WAIT) == "outer"
    me.actor_inbox._gate = None
    assert got == [0]
    assert time.monotonic() - begun < WAIT / 2


class Signalling:
    """A field that has a signal come when it is filed."""

    armed = False

    def __hash__(self) -> int:
        if Signalling.armed:
            Signalling.armed = False
            signal.raise_signal(signal.SIGUSR1)
        return 7

    def __eq__(self, other: object) -> bool:
        return self is other


def test_a_message_that_the_handler_takes_while_it_is_filed_is_not_filed(
    got: list[int], take: Callable[[], None]
) -> None:
    """Nor is the next one lost in its place."""
    give(*(Numbered(number, Signalling()) for number in range(3)))
    Signalling.armed = True
    with handler(take, signal.SIGUSR1):
        pass_over_all()
    assert got == [0]
    assert numbers_left() == [1, 2]


def test_a_message_that_changes_while_it_waits_harms_nobody() -> None:
    """It is found as it was filed, if it still is what was asked for, and leaves nothing behind."""
    changed, fresh = Numbered(1, "old"), Numbered(2, "old")
    give(changed)
    pass_over_all()
    changed.ref = "new"
    give(fresh)
    assert receive(Numbered, ref="old", timeout=0) is fresh
    assert receive(Numbered, timeout=0) is changed
    for ref in ("old", "new"):
        with pytest.raises(TimeoutError):
            receive(Numbered, ref=ref, timeout=0)


def test_what_was_received_is_not_kept() -> None:
    """Not even until the next receive."""

    class Large:
        alive = 0

        def __init__(self) -> None:
            Large.alive += 1

        def __del__(self) -> None:
            Large.alive -= 1

    give(Large())
    pass_over_all()
    receive(Large, timeout=0)
    gc.collect()
    assert Large.alive == 0


def cost_of_what_comes_and_goes(size: int) -> float:
    """Return the time of receives by two types, neither of which waits otherwise, among so many with a field each."""
    return _typical(size, lambda: (give(Numbered(1), Never()), receive(Never, timeout=0), receive(Numbered, timeout=0)))  # type: ignore[func-returns-value]


def cost_of_two_fields(size: int) -> float:
    """Return the time of a receive by two fields, one of which so many have."""
    ref = MonitorRef()
    return _typical(size, lambda: (give(Down(ref, current(), "x")), receive(Down, pid=current(), ref=ref, timeout=0)))  # type: ignore[func-returns-value]


def _typical(size: int, act: Callable[[], Any]) -> float:
    give(*(Down(MonitorRef(), current(), "x") for _ in range(size)))
    with suppress(TimeoutError):
        receive(int, timeout=0)
    times = []
    for _ in range(100):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    with suppress(TimeoutError):
        while True:
            receive(timeout=0)
    return sorted(times)[len(times) // 2]


@pytest.mark.parametrize("cost", [cost_of_what_comes_and_goes, cost_of_two_fields])
def test_the_cost_stays_flat_whatever_is_asked_for(cost: Callable[[int], float]) -> None:
    """Within a factor that a linear search would exceed a hundred times."""
    gc.collect()
    small = cost(100)
    assert cost(50_000) < 10 * small
