from __future__ import annotations

import gc
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from prx_actors.actors import Down, Pid, Process, current, exit_signal, monitor, receive, send, spawn
from prx_actors.actors import scheduler as scheduler_module
from prx_actors.actors.scheduler import EAGER_THREADS, KEPT_THREADS, Scheduler, scheduler
from prx_actors.actors.turns import TURN_MESSAGES

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT = 10


class Caller(Process):
    """Calls what it is told to call."""

    def on_receive(self, message: Callable[[], Any]) -> Any:
        """Call it."""
        return message()


def test_idle_actors_hold_no_thread() -> None:
    """A thousand of them run on a handful."""
    pids = [Caller.start() for _ in range(1000)]
    assert [pid.ask(lambda: 1, timeout=WAIT) for pid in pids] == [1] * 1000
    assert threading.active_count() < 100


def test_an_idle_actor_is_not_collected() -> None:
    """The process table owns it, until it ends."""
    pid = Caller.start()
    weak = pid._actor_weakref
    gc.collect()
    assert weak() is not None
    assert pid.ask(lambda: "alive", timeout=WAIT) == "alive"
    ref = monitor(pid)
    pid.stop(timeout=WAIT)
    receive(Down, ref=ref, timeout=WAIT)
    gone = threading.Event()
    process = weak()
    if process is not None:
        weakref.finalize(process, gone.set)
        del process
        while not gone.is_set():
            Caller.start().stop(timeout=WAIT)
            gc.collect()
    assert weak() is None


def test_actors_that_all_wait_for_one_another_do_not_deadlock() -> None:
    """The pool grows with a chain of calls, however long."""
    length = 200
    pids = [Caller.start() for _ in range(length)]

    def call(index: int) -> int:
        if index == length:
            return threading.active_count()
        return int(pids[index].ask(lambda: call(index + 1), timeout=60))

    assert call(0) > length > EAGER_THREADS


def test_a_blocked_crowd_does_not_hold_up_others() -> None:
    """Each of many blocked handlers gets its thread, and one more is served."""
    gate = threading.Event()
    blocked = [Caller.start() for _ in range(3 * EAGER_THREADS)]
    answers = [pid.ask(lambda: gate.wait(WAIT), block=False) for pid in blocked]
    assert Caller.start().ask(lambda: "served", timeout=WAIT) == "served"
    gate.set()
    assert all(a.get(timeout=WAIT) for a in answers)


def test_a_flooded_actor_does_not_starve_others() -> None:
    """A turn is bounded: it goes to the end of the queue."""
    stop = threading.Event()

    def flood(pid: Pid) -> None:
        if not stop.is_set():
            send(pid, lambda: flood(pid))

    flooded = [Caller.start() for _ in range(2 * EAGER_THREADS)]
    for pid in flooded:
        send(pid, lambda p=pid: flood(p))
    assert Caller.start().ask(lambda: "served", timeout=WAIT) == "served"
    stop.set()


def test_a_flooded_actor_goes_on_though_the_next_in_the_queue_blocks() -> None:
    """The thread that ends its turn takes the blocking one, and another thread takes what is left."""
    release, handled = threading.Event(), threading.Semaphore(0)
    flooded, crowd = Caller.start(), [Caller.start() for _ in range(2 * EAGER_THREADS)]
    for _ in range(5 * TURN_MESSAGES):
        send(flooded, handled.release)
    for pid in crowd:
        send(pid, lambda: release.wait(WAIT))
    try:
        assert all(handled.acquire(timeout=WAIT) for _ in range(5 * TURN_MESSAGES))
    finally:
        release.set()


def test_a_turn_that_goes_on_wakes_nobody() -> None:
    """One actor keeps one thread busy, not the pool."""
    own, done = Scheduler(), threading.Event()
    own._watching = True  # on a machine under load a watcher could take this thread for a blocked one
    turns = iter(range(1000))

    def turn() -> None:
        if next(turns, None) is None:
            done.set()
        else:
            own.submit_next(turn)

    own.submit(turn)
    assert done.wait(WAIT)
    assert own.thread_count() == 1


def test_one_actor_runs_on_one_thread_at_a_time() -> None:
    """However many send to it."""
    pid, count = Caller.start(), 500
    inside, seen = threading.Lock(), []

    def step() -> None:
        assert inside.acquire(blocking=False)
        seen.append(1)
        inside.release()

    senders = [spawn(lambda: [send(pid, step) for _ in range(count)]) for _ in range(4)]  # type: ignore[func-returns-value]
    for sender in senders:
        receive(Down, ref=monitor(sender), timeout=WAIT)
    pid.ask(lambda: None, timeout=WAIT)
    assert len(seen) == 4 * count


def test_no_wake_up_is_lost() -> None:
    """A ping-pong of two actors goes on whatever the interleaving."""
    me, count = current(), 3000
    pids = [Caller.start(), Caller.start()]

    def bounce(left: int) -> None:
        if left:
            send(pids[left % 2], lambda: bounce(left - 1))
        else:
            me._send("done")

    bounce(count)
    assert receive(str, timeout=30) == "done"


def test_idle_threads_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """Down to a few."""
    monkeypatch.setattr(scheduler_module, "IDLE_SECONDS", 0.05)
    own = Scheduler()
    gate, entered = threading.Event(), threading.Semaphore(0)

    def block() -> None:
        entered.release()
        gate.wait(WAIT)

    crowd = 2 * EAGER_THREADS
    for _ in range(crowd):
        own.submit(block)
    for _ in range(crowd):
        assert entered.acquire(timeout=WAIT)
    threads = list(own._threads)
    assert len(threads) >= crowd
    gate.set()
    for thread in sorted(threads, key=lambda t: t in own._threads)[: -KEPT_THREADS or None]:
        if own.thread_count() > KEPT_THREADS:
            thread.join(0.5)
    left = threading.Event()
    while own.thread_count() > KEPT_THREADS:
        left.wait(0.01)
    assert own.thread_count() <= KEPT_THREADS
    done = threading.Event()
    own.submit(done.set)
    assert done.wait(WAIT)


def test_a_system_without_threads_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """For spawn, which leaves nothing behind."""

    def refuse(self: threading.Thread) -> None:
        msg = "can't start new thread"
        raise RuntimeError(msg)

    before = current().actor_inbox.closed
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match=r"can't start new thread: \d+ threads run"):
        spawn(receive)
    assert before is False


def test_killing_and_sending_at_once_is_settled_one_way_or_the_other() -> None:
    """Each ask is answered, by the actor or on its behalf."""
    for _ in range(200):
        pid = Caller.start()
        ready = threading.Barrier(2)
        killer = spawn(lambda p=pid, r=ready: (r.wait(WAIT), exit_signal(p, "kill")))  # type: ignore[func-returns-value]
        ready.wait(WAIT)
        future = pid.ask(lambda: "answer", block=False)
        try:
            assert future.get(timeout=WAIT) == "answer"
        except Exception as error:  # noqa: BLE001
            assert type(error).__name__ == "ActorDeadError"  # noqa: PT017
        receive(Down, ref=monitor(killer), timeout=WAIT)


def test_a_child_of_a_fork_starts_anew() -> None:
    """Its table is empty, it can start processes, and the parent's pids are dead."""
    pid = Caller.start()
    me = current()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            assert not pid.is_alive()
            assert current() is not me
            assert scheduler.thread_count() == 0
            assert Caller.start().ask(lambda: 5, timeout=WAIT) == 5
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert pid.is_alive()
