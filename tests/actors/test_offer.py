"""A message that is sent without a lock: what else happens in that very moment loses it for nobody."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import pykka
import pytest
from pykka._envelope import Envelope

from prx_actors import Process
from prx_actors.actors.mailbox import Mailbox
from prx_actors.actors.table import process_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAIT = 30.0
SENDERS, MESSAGES = 4, 3000
MESSAGE: Envelope[Any] = Envelope("x")


class Incoming(deque[Any]):
    """Where a sender is held up, before its message is there or after that."""

    def __init__(self, before: Callable[[], object], after: Callable[[], object]) -> None:
        super().__init__()
        self.before, self.after = before, after

    def append(self, item: Any, /) -> None:
        """Be held up on both sides."""
        self.before()
        super().append(item)
        self.after()


def nothing() -> None:
    """Hold nobody up."""


class Held(Mailbox):
    """The mailbox of a process that has its turn; counts how often one is asked for."""

    __slots__ = ("wakes",)

    def __init__(self) -> None:
        super().__init__()
        self.wakes = 0
        self.wake = self.count
        self.scheduled = True

    def count(self) -> None:
        """Count a wake."""
        self.wakes += 1

    def send(self, *, before: Callable[[], object] = nothing, after: Callable[[], object] = nothing) -> bool:
        """Send a message, and have something happen in the midst of it."""
        self._incoming = Incoming(before, after)
        return self.offer(MESSAGE)


def test_a_turn_that_goes_on_is_not_asked_for() -> None:
    """It looks again before it ends."""
    mailbox = Held()
    assert mailbox.send()
    assert (mailbox.wakes, len(mailbox)) == (0, 1)


def test_a_turn_that_ends_before_the_message_is_there_is_asked_for_again() -> None:
    """It has seen nothing."""
    mailbox = Held()
    ended: list[bool] = []
    assert mailbox.send(before=lambda: ended.append(mailbox.end_turn()))
    assert (ended, mailbox.wakes, mailbox.scheduled) == ([False], 1, True)


def test_a_turn_that_ends_when_the_message_is_there_has_seen_it() -> None:
    """It is followed by another one, which the sender need not ask for."""
    mailbox = Held()
    ended: list[bool] = []
    assert mailbox.send(after=lambda: ended.append(mailbox.end_turn()))
    assert (ended, mailbox.wakes, mailbox.scheduled) == ([True], 0, True)


class Looked(deque[Any]):
    """Where a sender comes just after the look whether there is anything."""

    sender: threading.Thread

    def __bool__(self) -> bool:
        found = len(self) > 0
        if self.sender.ident is None:
            self.sender.start()
            self.sender.join(0.2)  # it sends now or, if it waits for a lock, later
        return found


def test_a_turn_says_that_it_ends_before_it_looks_for_the_last_time() -> None:
    """Otherwise a sender that comes after the look would rely on it."""
    mailbox = Held()
    looked = Looked()
    looked.sender = threading.Thread(target=mailbox.offer, args=(MESSAGE,))
    mailbox._incoming = looked
    again = mailbox.end_turn()
    looked.sender.join(WAIT)
    assert (len(mailbox), mailbox.scheduled, again or mailbox.wakes == 1) == (1, True, True)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_mailbox_that_closes_meanwhile_refuses(when: str) -> None:
    """Its sender is told that the process is dead, whether the message has been collected or not."""
    mailbox = Held()
    assert not mailbox.send(**{when: mailbox.close})
    mailbox.finish_closing()
    assert not mailbox.offer(MESSAGE)


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_ask_of_a_mailbox_that_closes_meanwhile_is_answered_once(when: str) -> None:
    """By the sender or by whoever closes it, as one of the dead."""
    pid = Process.start()
    process = process_of(pid)
    assert process is not None
    mailbox = pid.actor_inbox
    with mailbox.lock:
        mailbox.scheduled = True

        def close() -> None:
            mailbox.close()
            mailbox.finish_closing()

        hooks: dict[str, Callable[[], object]] = {"before": nothing, "after": nothing, when: close}
        mailbox._incoming = Incoming(**hooks)
        future = pid.ask("x", block=False)
    with pytest.raises(pykka.ActorDeadError):
        future.get(timeout=WAIT)
    process._terminate("normal")


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_interrupted_sender_has_the_message_handled(when: str) -> None:
    """A turn that has ended is asked for although the sender comes to no second look."""
    mailbox = Held()

    def interrupt() -> None:
        mailbox.scheduled = False
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mailbox.send(**{when: interrupt})
    assert (mailbox.wakes, mailbox.scheduled, len(mailbox)) == (1, True, int(when == "after"))


@pytest.fixture
def hasty() -> Iterator[None]:
    """Let threads change places all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class Counter(Process):
    """Counts what it gets from each sender, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.next = [0] * SENDERS
        self.done = threading.Event()

    def on_receive(self, message: tuple[int, int]) -> None:
        """Look whether it is the next one."""
        sender, number = message
        assert self.next[sender] == number
        self.next[sender] += 1
        if self.next == [MESSAGES] * SENDERS:
            self.done.set()


@pytest.mark.usefixtures("hasty")
def test_senders_that_pause_lose_nothing() -> None:
    """Turns end and begin all the time; each message is handled once, in order, and the last one is, too."""
    counter = Counter.start()
    done = counter.proxy().done.get()

    def send(sender: int) -> None:
        for number in range(MESSAGES):
            counter.tell((sender, number))
            if number % 7 == sender:
                time.sleep(0)  # so that the turn may end

    threads = [threading.Thread(target=send, args=(sender,)) for sender in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert done.wait(WAIT), counter.proxy().next.get()
    counter.stop()
