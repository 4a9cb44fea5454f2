"""The reactor goes on, whatever its handlers do."""

from __future__ import annotations

import logging
import os
import random
import select
import threading
import time
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from support.stress import WAIT, in_threads, shorter

from prx_actors import Down, monitor, prx, receive
from prx_actors.driver.driver import CHILD_PATIENCE
from prx_actors.driver.keeper import driver_path, keeper_for
from prx_actors.driver.reactor import Reactor, reactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prx_actors import Task


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Make a pipe."""
    read_end, write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    yield read_end, write_end
    done = threading.Event()
    reactor.call_soon(partial(reactor.unregister, read_end))
    reactor.call_soon(done.set)
    assert done.wait(WAIT)
    os.close(read_end)
    os.close(write_end)


@pytest.fixture(autouse=True)
def task() -> Iterator[Task]:
    """Fork a root, which needs the reactor before and after."""
    with prx.fork() as root:
        yield root
        with prx.fork(root) as child:
            assert child.getpid() == child.host_pid


def fail_with(error: BaseException) -> Callable[[], None]:
    """Return a function that raises."""

    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize("error", [ZeroDivisionError("x"), OSError(5, "x"), SystemExit(1), GeneratorExit()])
def test_an_exception_of_a_function_does_not_stop_the_reactor(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and the next function is called."""
    done = threading.Event()
    with caplog.at_level(logging.CRITICAL + 1, logger="prx_actors"):
        reactor.call_soon(fail_with(error))
        reactor.call_soon(done.set)
        assert done.wait(WAIT)


@pytest.mark.parametrize("error", [ZeroDivisionError("x"), SystemExit(1)])
def test_an_exception_of_a_timer_does_not_stop_the_others(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """Those of the same instant too."""
    done = threading.Event()
    with caplog.at_level(logging.CRITICAL + 1, logger="prx_actors"):
        reactor.call_later(0, fail_with(error))
        reactor.call_later(0, done.set)
        assert done.wait(WAIT)


def test_an_exception_of_a_handler_does_not_stop_the_reactor(
    pipe: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    """The handler is called again while its fd is ready."""
    done = threading.Event()
    calls: list[int] = []

    def handle(events: int) -> None:
        calls.append(events)
        if len(calls) < 3:
            raise ZeroDivisionError
        os.read(pipe[0], 100)
        done.set()

    with caplog.at_level(logging.CRITICAL + 1, logger="prx_actors"):
        reactor.register(pipe[0], select.EPOLLIN, handle)
        os.write(pipe[1], b"x")
        assert done.wait(WAIT)
    assert calls == [select.EPOLLIN] * 3


def test_an_exception_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """With its traceback."""
    done = threading.Event()
    reactor.call_soon(fail_with(ZeroDivisionError("in a handler")))
    reactor.call_soon(done.set)
    assert done.wait(WAIT)
    assert "in a handler" in caplog.text


def test_timers_come_in_the_order_of_their_times() -> None:
    """In whatever order they are set."""
    came: list[tuple[float, float]] = []
    done = threading.Event()
    spans = [number * 1e-4 for number in range(shorter(1000, 500))]
    random.Random(0).shuffle(spans)  # noqa: S311 - no secret

    def set_all() -> None:
        # On the reactor's thread, so that none comes before all are set.
        for span in spans:
            earliest = time.monotonic() + span
            due: list[float] = [earliest]
            reactor.call_later(span, lambda due=due: came.append((due[0], due[1])))  # type: ignore[misc]
            due.append(time.monotonic() + span)
        reactor.call_later(0.2, done.set)

    reactor.call_soon(set_all)
    assert done.wait(WAIT)
    assert len(came) == len(spans)
    assert all(earliest <= latest for (earliest, _), (_, latest) in pairwise(came))


def test_a_timer_comes_not_before_its_time() -> None:
    """And, but for the machine's load, not much after."""
    came: list[float] = []
    done = threading.Event()
    times = [time.monotonic() + seconds for seconds in (0.1, 0.0, 0.03, 0.003)]
    for at in times:
        reactor.call_later(at - time.monotonic(), lambda at=at: came.append(time.monotonic() - at))  # type: ignore[misc]
    reactor.call_later(0.15, done.set)
    assert done.wait(WAIT)
    assert len(came) == 4
    assert min(came) > -1e-3
    assert max(came) < WAIT / 3


def test_a_cancelled_timer_does_not_come() -> None:
    """Neither one that is cancelled at once nor one that another timer cancels."""
    came: list[str] = []
    done = threading.Event()
    timer = reactor.call_later(0.02, lambda: came.append("cancelled"))
    other = reactor.call_later(0.06, lambda: came.append("cancelled by a timer"))
    reactor.call_later(0.03, other.cancel)
    timer.cancel()
    reactor.call_later(0.1, done.set)
    assert done.wait(WAIT)
    assert came == []


def test_timers_of_many_threads_all_come() -> None:
    """None is lost between the threads and the reactor."""
    came: list[int] = []
    done = threading.Event()
    each = shorter(2000, 300)

    def set_timers(number: int) -> None:
        for _ in range(each):
            reactor.call_later(number * 1e-4, lambda: came.append(number))

    in_threads([lambda number=number: set_timers(number) for number in range(8)])  # type: ignore[misc]
    reactor.call_later(0.01, done.set)
    assert done.wait(WAIT)
    assert len(came) == 8 * each


def test_functions_of_one_thread_are_called_in_order() -> None:
    """Those that functions add come after those that were there."""
    came: list[int] = []
    done = threading.Event()
    many = shorter(20_000, 5000)

    def add_one(number: int) -> None:
        came.append(number)
        if number == 0:
            reactor.call_soon(lambda: came.append(-1))

    for number in range(many):
        reactor.call_soon(lambda number=number: add_one(number))  # type: ignore[misc]
    reactor.call_soon(done.set)
    assert done.wait(WAIT)
    came.remove(-1)
    assert came == list(range(many))


def test_a_function_that_adds_itself_for_ever_does_not_stop_channels_and_timers(pipe: tuple[int, int]) -> None:
    """What functions add waits for the next round."""
    read, ticked, stop = threading.Event(), threading.Event(), threading.Event()

    def handle(_events: int) -> None:
        os.read(pipe[0], 1)
        read.set()

    def again() -> None:
        if not stop.is_set():
            reactor.call_soon(again)

    reactor.call_soon(again)
    try:
        reactor.register(pipe[0], select.EPOLLIN, handle)
        reactor.call_later(0, ticked.set)
        os.write(pipe[1], b"x")
        assert read.wait(WAIT)
        assert ticked.wait(WAIT)
    finally:
        stop.set()


def test_a_handler_may_unregister_another_that_is_ready_too() -> None:
    """The other is not called any more, and its number may be used again."""
    pipes = [os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) for _ in range(10)]
    called: list[int] = []
    done = threading.Event()

    def handle(number: int) -> None:
        called.append(number)
        for read_end, _ in pipes:
            reactor.unregister(read_end)
        done.set()

    def register() -> None:
        for number, (read_end, write_end) in enumerate(pipes):
            reactor.register(read_end, select.EPOLLIN, lambda _events, number=number: handle(number))  # type: ignore[misc]
            os.write(write_end, b"x")

    reactor.call_soon(register)
    assert done.wait(WAIT)
    settled = threading.Event()
    reactor.call_later(0.01, settled.set)
    assert settled.wait(WAIT)
    assert len(called) == 1
    for fd in [fd for both in pipes for fd in both]:
        os.close(fd)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_starting_a_reactor_from_many_threads_starts_one_thread() -> None:
    """Whoever is first."""
    mine = Reactor()
    before = threading.active_count()
    called: list[str] = []
    done = threading.Event()
    in_threads([mine.start] * 10)
    assert threading.active_count() == before + 1
    mine.call_soon(lambda: called.append(threading.current_thread().name))
    mine.call_soon(done.set)
    assert done.wait(WAIT)
    assert called == ["prx-reactor"]
    # A reactor has no end but the program's; this one dies of the loss of its epoll.
    wake, thread = mine._wake, mine._thread
    assert thread is not None
    mine.call_soon(mine._epoll.close)
    thread.join(WAIT)
    assert not thread.is_alive()
    os.close(wake)


def test_a_call_for_nothing_does_not_take_who_lives_for_ended(task: Task) -> None:
    """The number of a watched process may have been another fd's when the event came."""
    done = threading.Event()
    keeper, driver = keeper_for((), driver_path()), task._process.driver
    for call in (partial(keeper._on_launcher_ended, 0), partial(driver._on_pidfd, 0), done.set):
        reactor.call_soon(call)
    assert done.wait(WAIT)
    with pytest.raises(TimeoutError):
        receive(Down, ref=monitor(task), timeout=CHILD_PATIENCE + 0.2)
    assert prx.getpid(task) == task.host_pid
