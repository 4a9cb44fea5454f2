from __future__ import annotations

import _thread
import abc
import gc
import signal
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import pytest

from prx_actors.actors import Down, ProcessExit, current, exit_signal, monitor, receive, send, spawn, spawn_monitor
from prx_actors.actors.mailbox import AccountedEnvelope, Mailbox
from prx_actors.actors.threads import current_process

if TYPE_CHECKING:
    from types import FrameType

WAIT = 10


@dataclass(frozen=True, slots=True)
class Note:
    task: object
    text: str


@dataclass(frozen=True, slots=True)
class LoudNote(Note):
    pass


def give(*messages: object) -> None:
    """Put messages into the own mailbox."""
    for message in messages:
        send(current(), message)


def rest() -> list[object]:
    """Take all messages that wait."""
    messages = []
    while True:
        try:
            messages.append(receive(timeout=0))
        except TimeoutError:
            return messages


def test_messages_come_in_their_order() -> None:
    """Also those that a receive has passed over."""
    give(1, "two", 3.0, 4)
    assert receive(float) == 3.0
    give(5)
    assert rest() == [1, "two", 4, 5]


def test_the_first_match_of_several_types_is_taken() -> None:
    """Mailbox order decides, not the order of the types."""
    give([], 1, "two", 3)
    assert receive(str, int) == 1
    assert receive(str, int) == "two"
    assert rest() == [[], 3]


def test_an_instance_of_a_subclass_matches() -> None:
    """Also one of a class first seen later, and an abstract one."""
    give(Note(1, "a"), "x")
    assert receive(str) == "x"
    give(LoudNote(1, "b"), "y")
    assert receive(str) == "y"
    assert receive(LoudNote).text == "b"
    give(True, "z")
    assert receive(str) == "z"
    assert receive(int) is True

    class Base(abc.ABC):  # noqa: B024 -- that is the point
        pass

    Base.register(Note)
    of_base: Any = receive(Base)
    assert of_base.text == "a"


def test_a_protocol_looks_at_the_message() -> None:
    """It is as a predicate."""

    @runtime_checkable
    class HasText(Protocol):
        text: str

    give(1, Note(1, "a"))
    assert receive(HasText).text == "a"
    assert rest() == [1]


@pytest.mark.parametrize("passed_over", [True, False])
def test_fields_select(passed_over: bool) -> None:
    """Indexed or not, with and without a type, alone and together."""
    first, second = object(), [1]
    give(Note(first, "a"), LoudNote(first, "b"), Note(second, "c"), Note(first, "d"), "end")
    if passed_over:
        assert receive(str) == "end"
    assert receive(task=first, text="d").text == "d"
    assert receive(Note, task=second).text == "c"
    assert receive(LoudNote, task=first).text == "b"
    assert receive(text="a").task is first
    with pytest.raises(TimeoutError):
        receive(Note, task=first, timeout=0)


def test_a_predicate_may_stand_among_types() -> None:
    """Either of them will do, and fields hold for both."""
    give(1, Note(7, "a"), 10, "b")
    assert receive(lambda m: m == 10, str) == 10
    assert receive(lambda m: m == 10, str) == "b"
    assert receive(lambda m: True, task=7).text == "a"
    assert rest() == [1]


def test_only_types_and_callables_can_be_asked_for() -> None:
    """The mistake is named."""
    with pytest.raises(TypeError, match="neither a type nor a predicate"):
        receive("Stdout")


def test_a_message_whose_attributes_raise_harms_nobody() -> None:
    """It is only not found by a field that it cannot tell."""

    class Odd:
        @property
        def pid(self) -> object:
            raise ZeroDivisionError

    odd = Odd()
    give(odd, "x")
    assert receive(str) == "x"
    assert receive(Odd) is odd


def test_zero_polls_and_a_timeout_ends_the_wait() -> None:
    """TimeoutError in both cases."""
    before = time.monotonic()
    with pytest.raises(TimeoutError):
        receive(timeout=0)
    with pytest.raises(TimeoutError):
        receive(str, timeout=0.05)
    assert 0.05 <= time.monotonic() - before < 5


def test_a_blocked_receive_is_woken() -> None:
    """By each of many messages from another thread, none is lost."""
    me, count = current(), 5000
    pid = spawn(lambda: [send(me, n) for n in range(count)])  # type: ignore[func-returns-value]
    assert [receive(int, timeout=WAIT) for _ in range(count)] == list(range(count))
    monitor(pid)


def test_a_receive_of_the_dead_raises_its_reason() -> None:
    """A blocked one too."""
    seen: list[object] = []
    done = threading.Event()

    def process() -> None:
        try:
            receive()
        except ProcessExit as exit_:
            seen.append(exit_.reason)
        try:
            current()
        except ProcessExit as exit_:
            seen.append(exit_.reason)
        done.set()

    pid = spawn(process)
    blocked = threading.Event()
    pid.actor_inbox.when_blocked(blocked.set)
    assert blocked.wait(WAIT)
    exit_signal(pid, "enough")
    assert done.wait(WAIT)
    assert seen == ["enough", "enough"]


def typical_cost(size: int) -> float:
    """Return the time of a selective receive with that many others waiting."""
    tasks = [object() for _ in range(10)]
    give(*(Note(tasks[n % 10], "") for n in range(size)))
    wanted = object()
    give(LoudNote(wanted, ""), "file them all")
    receive(str)
    receive(task=wanted)
    times = []
    for _ in range(200):
        give(LoudNote(wanted, ""), 1.0)
        start = time.perf_counter()
        receive(float)
        receive(LoudNote)
        times.append(time.perf_counter() - start)
        give(LoudNote(tasks[0], ""), Note(tasks[0], ""))
        start = time.perf_counter()
        receive(LoudNote, task=tasks[0])
        receive(Note, task=tasks[0])
        times[-1] += time.perf_counter() - start
    rest()
    return sorted(times)[len(times) // 2]


def test_the_cost_stays_flat_with_many_unmatched_messages() -> None:
    """Within a factor that a linear search would exceed a hundred times."""
    gc.collect()
    small = typical_cost(100)
    assert typical_cost(50_000) < 10 * small


def test_a_signal_handler_may_send_and_receive() -> None:
    """Also while the thread that it interrupts is blocked in a receive."""
    me = current()

    def handler(_number: int, _frame: FrameType | None) -> None:
        send(me, "one")
        send(me, 2)
        assert receive(int) == 2

    old = signal.signal(signal.SIGUSR1, handler)
    try:
        me.actor_inbox.when_blocked(lambda: _thread.interrupt_main(signal.SIGUSR1))
        assert receive(str, timeout=WAIT) == "one"
    finally:
        signal.signal(signal.SIGUSR1, old)


def test_taken_is_called_once_when_a_message_is_received() -> None:
    """Not when it is passed over."""
    taken: list[str] = []
    inbox = current().actor_inbox
    inbox.put(AccountedEnvelope("a", lambda: taken.append("a")))
    inbox.put(AccountedEnvelope(1, lambda: taken.append("1")))
    assert receive(int) == 1
    assert taken == ["1"]
    assert receive(str) == "a"
    assert taken == ["1", "a"]


def test_taken_is_called_for_what_a_closed_mailbox_drops() -> None:
    """For saved, waiting and late messages alike, outside the lock."""
    taken: list[str] = []
    pid = spawn(lambda: receive(float))
    inbox = pid.actor_inbox

    def count() -> None:
        free = threading.Event()
        threading.Thread(target=lambda: (inbox.lock.acquire(), inbox.lock.release(), free.set())).start()  # type: ignore[func-returns-value]
        assert free.wait(WAIT)
        taken.append("")

    blocked = threading.Event()
    inbox.put(AccountedEnvelope(1, count))
    inbox.when_blocked(blocked.set)
    assert blocked.wait(WAIT)
    inbox.put(AccountedEnvelope(2, count))
    exit_signal(pid, "kill")
    assert len(taken) == 2
    inbox.put(AccountedEnvelope(3, count))
    assert len(taken) == 3


def test_when_blocked_calls_at_once_when_the_process_waits() -> None:
    """And else when it is about to wait, once."""
    calls: list[int] = []
    inbox = current().actor_inbox
    inbox.when_blocked(lambda: calls.append(1))
    give("x")
    receive(str)
    assert calls == []
    for _ in range(2):
        with pytest.raises(TimeoutError):
            receive(int, timeout=0.01)
    assert calls == [1]
    pid = spawn(receive)
    blocked = threading.Event()
    pid.actor_inbox.when_blocked(blocked.set)
    assert blocked.wait(WAIT)
    again = threading.Event()
    pid.actor_inbox.when_blocked(again.set)
    assert again.is_set()
    assert pid.actor_inbox.blocked
    send(pid, "end")


def test_when_blocked_loses_no_wake_up() -> None:
    """A producer that sends its next message only then is never stuck."""
    me, count = current(), 2000

    def produce() -> None:
        inbox = me.actor_inbox
        for number in range(count):
            called = threading.Event()
            inbox.when_blocked(called.set)
            assert called.wait(WAIT)
            send(me, number)

    pid = spawn(produce)
    assert [receive(int, timeout=WAIT) for _ in range(count)] == list(range(count))
    monitor(pid)


def test_when_blocked_is_called_when_the_mailbox_closes() -> None:
    """So that nobody waits for the dead."""
    pid, ref = spawn_monitor(receive)
    gate = threading.Event()
    process = spawn(gate.wait, WAIT)
    called = threading.Event()
    process.actor_inbox.when_blocked(called.set)
    assert not called.is_set()
    exit_signal(process, "kill")
    assert called.is_set()
    late = threading.Event()
    process.actor_inbox.when_blocked(late.set)
    assert late.is_set()
    gate.set()
    send(pid, "end")
    receive(Down, ref=ref, timeout=WAIT)


def test_a_mailbox_is_a_pykka_inbox() -> None:
    """With put, get and empty."""
    inbox = Mailbox()
    assert inbox.empty()
    inbox.put(AccountedEnvelope("x", lambda: None))
    assert not inbox.empty()
    assert len(inbox) == 1
    assert inbox.get().message == "x"


def test_an_ask_whose_message_is_received_is_answered() -> None:
    """With None, since nobody computes an answer."""
    pid = spawn(receive)
    assert pid.ask("x", timeout=WAIT) is None


def test_current_process_is_quick() -> None:
    """It stands in the way of each call of a task."""
    current_process()
    start = time.perf_counter()
    for _ in range(10_000):
        current_process()
    assert time.perf_counter() - start < 0.05
