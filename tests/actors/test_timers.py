from __future__ import annotations

import gc
import os
import signal
import threading
import time

import pytest

from prx_actors.actors import (
    Down,
    Process,
    Timeout,
    cancel_timer,
    current,
    exit_signal,
    monitor,
    receive,
    register,
    send_after,
    spawn,
    start_timer,
    unregister,
)
from prx_actors.actors.timers import Timers, timers

WAIT = 10


def assert_nothing_waits() -> None:
    """Look into the mailbox."""
    with pytest.raises(TimeoutError):
        receive(timeout=0)


def test_a_message_comes_when_its_time_has_come() -> None:
    """Not before."""
    before = time.monotonic()
    send_after(0.02, current(), "now")
    assert receive(timeout=WAIT) == "now"
    assert time.monotonic() - before >= 0.02


def test_timers_run_out_in_the_order_of_their_times() -> None:
    """In that of their start when they are for the same instant; zero is at once."""
    me = current()
    with timers._lock:  # none is sent before all are started, however long that takes
        started = [send_after(seconds, me, seconds) for seconds in (0.03, 0.02, 0)]
    started.sort(key=lambda timer: timer.deadline)
    assert [receive(timeout=WAIT) for _ in range(3)] == [timer.message for timer in started]
    for number in range(100):
        send_after(0, me, number)
    assert [receive(timeout=WAIT) for _ in range(100)] == list(range(100))


def test_start_timer_wraps_its_message() -> None:
    """So that a timer that is late can be told from a newer one."""
    old = start_timer(0, current(), "tick")
    new = start_timer(0, current(), "tick")
    assert receive(Timeout, timer=new, timeout=WAIT) == Timeout(new, "tick")
    assert receive(Timeout, timer=old, timeout=0) == Timeout(old, "tick")


def test_a_cancelled_timer_sends_nothing() -> None:
    """And tells the time that was left, once."""
    timer = send_after(30, current(), "never")
    left = cancel_timer(timer)
    assert left is not None
    assert 29 < left <= 30
    assert cancel_timer(timer) is None
    assert_nothing_waits()


def test_cancelling_says_whether_the_message_is_there() -> None:
    """However close the race: none means that it has arrived."""
    for number in range(300):
        timer = send_after(number % 50 / 100_000, current(), "x")
        if cancel_timer(timer) is None:
            assert receive(timeout=0) == "x"
        assert_nothing_waits()


def test_bad_times_are_refused() -> None:
    """None of them starts a timer; a very long one is fine."""
    for seconds in (-1, float("nan")):
        with pytest.raises(ValueError, match="is not a time to wait"):
            send_after(seconds, current(), "x")
    timer = send_after(float("inf"), current(), "x")
    send_after(0, current(), "y")
    assert receive(timeout=WAIT) == "y"
    assert cancel_timer(timer) == float("inf")


def test_a_timer_ends_with_its_receiver() -> None:
    """Nothing is kept for the dead, and none is started for them."""
    pid = spawn(receive)
    ref = monitor(pid)
    timer = send_after(60, pid, "x")
    assert timer in timers._running
    exit_signal(pid, "kill")
    receive(Down, ref=ref, timeout=WAIT)
    assert cancel_timer(timer) is None
    assert cancel_timer(send_after(60, pid, "x")) is None
    assert timers._running == {}


def test_a_name_is_looked_up_when_the_time_has_come() -> None:
    """Nobody need have it before, and nobody need have it then."""
    send_after(0, "nobody", "lost")
    timer = send_after(0.01, "later", "x")
    register("later", current())
    assert receive(timeout=WAIT) == "x"
    unregister("later")
    assert cancel_timer(timer) is None


def test_ten_thousand_timers_are_precise() -> None:
    """The median is on time whatever the machine does otherwise, and none is early."""
    late: list[float] = []
    done = threading.Event()

    class Sink(Process):
        def on_receive(self, due: float) -> None:
            late.append(time.monotonic() - due)
            if len(late) == 10_000:
                done.set()

    pid, now = Sink.start(), time.monotonic()
    for number in range(10_000):
        due = now + 2 + number / 10_000
        send_after(due - time.monotonic(), pid, due)
    assert done.wait(WAIT)
    late.sort()
    assert late[0] > -0.0001
    assert late[5000] < 0.005


def test_cancelled_timers_do_not_pile_up() -> None:
    """The heap is cleared of them."""
    for _ in range(10_000):
        cancel_timer(send_after(3600, current(), "x"))
    assert len(timers._heap) < 200


def test_one_thread_serves_all_timers() -> None:
    """It is a daemon and starts with the first one."""
    service = Timers()
    assert service._thread is None
    send_after(0, current(), "x")
    receive(timeout=WAIT)
    mine = [thread for thread in threading.enumerate() if thread.name == "prx-timers"]
    assert mine == [timers._thread]
    assert mine[0].daemon


def test_an_actor_gets_its_timers_as_any_message() -> None:
    """In a turn."""
    done = threading.Event()

    class Ticker(Process):
        left = 3

        def on_start(self) -> None:
            start_timer(0.001, self.actor_ref, "tick")

        def on_receive(self, message: Timeout) -> None:
            self.left -= 1
            if self.left:
                start_timer(0.001, self.actor_ref, "tick")
            else:
                done.set()

    Ticker.start()
    assert done.wait(WAIT)


def test_timers_work_in_the_child_of_a_fork() -> None:
    """Those of the parent do not run there."""
    timer = send_after(60, current(), "parent's")
    child = os.fork()
    if not child:
        code = 1
        try:
            inherited = cancel_timer(timer)
            send_after(0, current(), "child's")
            code = 0 if inherited is None and receive(timeout=WAIT) == "child's" else 2
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert cancel_timer(timer) is not None


def test_an_interrupt_loses_no_timer() -> None:
    """A timer that was started comes in time, wherever the interrupt struck."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGALRM, interrupt)
    gc.disable()  # callbacks of the collector, such as Hypothesis's, swallow interrupts
    started = 0
    try:
        for number in range(300):
            try:
                signal.setitimer(signal.ITIMER_REAL, (1 + number % 50) / 200_000)
                # Bounded: so do finalisers.
                for _ in range(1000):
                    send_after(0, current(), "x")
                    started += 1
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
        gc.enable()
    for _ in range(started):
        receive(str, timeout=WAIT)
    send_after(0, current(), 1)
    assert receive(int, timeout=WAIT) == 1
