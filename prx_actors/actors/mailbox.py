"""The mailbox: Pykka's inbox with selective receive.

One lock a process guards closing, and arrival where somebody is to be woken. Only the
process itself searches and removes, so that neither needs it. The lock
is a C-level RLock: a signal handler may send while the same thread is sending,
and `with` of a C lock survives a KeyboardInterrupt. For the same reason each
change is ordered so that it can be cut short anywhere and done again.
"""

from __future__ import annotations

import operator
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pykka._envelope import Envelope

from prx_actors.actors.envelopes import SYSTEM_MESSAGES, AccountedEnvelope, drop, settle
from prx_actors.actors.exceptions import MailboxClosed
from prx_actors.actors.gates import Gate
from prx_actors.actors.matching import ANYTHING
from prx_actors.actors.saved import Entry, SavedMessages, head
from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.actors.matching import Pattern

__all__ = ["AccountedEnvelope", "Mailbox"]

logger = SafeLogger("prx_actors")

NOTHING: Final[deque[Envelope[Any]]] = deque()
"""Stands for the deque of a mailbox that has never had a message: one takes 700 bytes."""


_NOTHING: Final[list[Envelope[Any]]] = []
"""What is left in a mailbox that is open: one list for all of them, which stays empty."""


_K = TypeVar("_K")
_FIRST = operator.itemgetter(0)


class Mailbox:
    """The messages of one process, in the order of their arrival."""

    __slots__ = (
        "__weakref__",
        "_callbacks",
        "_gate",
        "_incoming",
        "_left",
        "_receives",
        "_saved",
        "blocked",
        "closed",
        "lock",
        "scheduled",
        "system",
        "wake",
    )

    def __init__(self) -> None:
        self.lock = threading.RLock()
        """The one lock of the process; nothing is called under it but `wake`. An `offer` may do without."""
        self.closed = False
        """Whether the process has ended."""
        self.blocked = False
        """Whether the process sits in a `receive` that no message has satisfied."""
        self.scheduled = False
        """Whether a turn is under way or bound to come."""
        self.wake: Callable[[], None] | None = None
        """Asks the scheduler for a turn; none when the process has a thread."""
        self.system: Callable[[Envelope[Any]], None] | None = None
        """Handles Pykka's messages met by a `receive`; none leaves them to a turn."""
        self._incoming = NOTHING
        self._saved = SavedMessages()
        self._left: list[Envelope[Any]] = _NOTHING
        self._receives = 0
        self._callbacks: list[Callable[[], None]] | None = None
        self._gate: Gate | None = None

    def __len__(self) -> int:
        return len(self._incoming) + len(self._saved.entries)

    # Arrival.

    def put(self, envelope: Envelope[Any]) -> None:
        """Deliver an envelope; dropped when the mailbox is closed."""
        if not self._offer_locked(envelope):
            drop(envelope)

    def offer(self, envelope: Envelope[Any]) -> bool:
        """Deliver an envelope, unless the mailbox is closed.

        Args:
            envelope: the message, which nobody accounts for

        Returns:
            whether it was delivered; if not, it may have been dropped when the mailbox closed, or is still to be

        """
        incoming = self._incoming
        if not self.scheduled or self.blocked or incoming is NOTHING:
            return self._offer_locked(envelope)
        # The receiver is awake, so there is nobody to wake and no lock to take, unless it stops in this very moment.
        # Whoever stops says so before its last look, as we look after the append: one of the two sees the other.
        try:
            incoming.append(envelope)
            if self.scheduled and not (self.blocked or self.closed):  # type: ignore[redundant-expr] # to others they change
                return True
            return self._wake_receiver()
        except BaseException:
            self._wake_receiver()
            raise

    def _wake_receiver(self) -> bool:
        with self.lock:
            if not self.closed:
                self._prepare()
            return not self.closed

    def _offer_locked(self, envelope: Envelope[Any]) -> bool:
        with self.lock:
            if self.closed:
                return False
            if not self.scheduled or self.blocked or self._incoming is NOTHING:
                self._prepare()
            self._incoming.append(envelope)
        return True

    def offer_for(self, envelope: Envelope[Any], table: dict[_K, Any], key: _K) -> None:
        """Deliver an envelope in the place of an entry, which goes; once, if this is called again.

        Args:
            envelope: the message
            table: guarded by the lock of this mailbox, too
            key: the entry; without it nothing is delivered

        """
        with self.lock:
            if self.closed or key not in table:
                return
            self._prepare()
            # All of this is one call of C: no interrupt can part the two.
            self._incoming.extend(map(_FIRST, zip((envelope,), map(table.pop, (key,)), strict=False)))

    def _prepare(self) -> None:
        # The receiver is roused first: it cannot look before we leave the
        # lock, and an interrupt between the two costs it one idle look.
        if self.blocked:
            self._rouse()
        elif not self.scheduled and self.wake is not None:
            self.wake()
            self.scheduled = True
        if self._incoming is NOTHING:
            self._incoming = deque()

    def _rouse(self) -> None:
        if self._gate is not None:
            self._gate.call()

    # Removal.

    def receive(self, pattern: Pattern = ANYTHING, timeout: float | None = None) -> Any:
        """Remove and return the first message that matches; the others stay.

        Args:
            pattern: what to look for
            timeout: seconds to wait; 0 only looks

        Raises:
            TimeoutError: when none came in time
            MailboxClosed: when the process has ended

        """
        deadline = None if timeout is None else time.monotonic() + timeout
        self._receives += 1
        searched = 0
        while not self.closed:
            # The saved ones are searched once; again only when a signal handler
            # on this thread has received too, and so saved some more.
            if searched != self._receives:
                latest = self._receives
                found = self._saved.find(pattern)
                if found is not None:
                    # No `*found`: Python lets an interrupt in behind such a call, when the message is out already.
                    if self._remove(found[0], found[1]):
                        return found[1].message
                    continue
                searched = latest
            envelope = self._search_incoming(pattern)
            if envelope is not None:
                return envelope.message
            if not self._incoming and searched == self._receives:
                self._block(deadline, searched)
        raise MailboxClosed

    def _search_incoming(self, pattern: Pattern) -> Envelope[Any] | None:
        """Remove and return the first match, filing what stands before it."""
        while True:  # the jump back of `while incoming` would let a signal handler in behind the look
            incoming = self._incoming
            if not incoming:
                return None
            envelope = incoming[0]
            message = envelope.message
            if type(message) in SYSTEM_MESSAGES:
                self._meet_system(envelope)
            elif not pattern.matches(message):
                self._file(envelope, hidden=False)
            elif self._remove(None, envelope):
                return envelope

    def _meet_system(self, envelope: Envelope[Any]) -> None:
        system = self.system  # it goes with the process, which another thread may end
        if system is None:
            self._file(envelope, hidden=True)
        elif self._remove(None, envelope, answer=False):
            system(envelope)

    def _file(self, envelope: Envelope[Any], *, hidden: bool) -> None:
        entry = Entry(envelope, hidden=hidden)
        with self.lock:
            incoming, saved = self._incoming, self._saved
            # No call from here on: a signal handler on this very thread, which may receive too, comes before all of it
            # or after, and so does an interrupt.
            if not self.closed and incoming and incoming[0] is envelope:
                del incoming[0]
                entry.number = saved.added
                saved.entries[entry.number] = entry
                saved.added = entry.number + 1
        saved.follow()

    def _remove(self, number: int | None, envelope: Envelope[Any], *, answer: bool = True) -> bool:
        """Take one envelope out, from the saved ones when it has a number; false when it is not there any more."""
        # First: an interrupt in there leaves the message where it is.
        settle(envelope, answer=answer)
        if number is not None:
            return self._saved.take(number) is not None
        incoming = self._incoming
        # No call, and no lock, whose end is one: see `_file`. What a closing mailbox collects at the same time is
        # dropped, too, which does no harm.
        if incoming and incoming[0] is envelope:
            del incoming[0]
            return True
        return False

    def take(self) -> Envelope[Any] | None:
        """Remove and return the first envelope, Pykka's own too, for a turn."""
        if self._saved.entries:
            envelope = self._take_saved()
        elif not self._incoming:
            return None
        else:
            try:
                # Without the lock, for which senders would have to wait: one call of C. What a closing mailbox
                # has collected at the same time is dropped twice, which does no harm, and not handled.
                envelope = self._incoming.popleft()
            except IndexError:
                return None
        if envelope is not None and type(envelope) is not Envelope:
            settle(envelope, answer=False)
        return envelope

    def _take_saved(self) -> Envelope[Any] | None:
        with self.lock:
            saved = self._saved
            number = head(saved.entries)
            envelope = None if number is None else saved.take(number)
            saved.follow()
            return envelope

    def get(self) -> Envelope[Any]:
        """Wait for the first envelope and remove it, as Pykka's own loop does.

        Raises:
            MailboxClosed: when the process has ended

        """
        while (envelope := self.take()) is None:
            self._block(None, self._receives)
        return envelope

    def empty(self) -> bool:
        """Say whether no envelope waits."""
        return not (self._incoming or self._saved.entries)

    def end_turn(self, *, again: bool = False) -> bool:
        """Say that a turn is over; `wake` is called for the next arrival, unless another turn is bound to come.

        Args:
            again: whether there is one, whatever waits here

        Returns:
            whether there is one

        """
        with self.lock:
            self.scheduled = False  # before the look: see `offer`
            self.scheduled = again or not self.empty()
            return self.scheduled

    # Waiting.

    def _block(self, deadline: float | None, searched: int) -> None:
        """Wait for the next arrival, unless a signal handler has received since the last search: it has saved some.

        Raises:
            TimeoutError: when the deadline has passed
            MailboxClosed: when the process has ended

        """
        remaining = -1.0
        if deadline is not None:
            remaining = min(deadline - time.monotonic(), threading.TIMEOUT_MAX)
            if remaining <= 0:
                raise TimeoutError
        if self._gate is None:
            self._gate = Gate()
        self._gate.prepare()
        with self.lock:  # and no call: a signal handler that receives in here would keep all senders out
            if self.closed:
                raise MailboxClosed
            outer, self.blocked = self.blocked, True
        try:
            # Not before: a signal handler on this thread, which the lock lets in, rouses nobody until then.
            if not (self._incoming or self.closed) and searched == self._receives:
                self._run_callbacks()
                self._gate.pause(remaining)
        finally:
            self.blocked = outer
            if outer and self._gate is not None:  # a receive in a signal handler, within another one
                self._gate.call_sleeper()

    def when_blocked(self, callback: Callable[[], None]) -> None:
        """Call back, once, when the process has nothing to do but wait.

        That is at once when it sits blocked in a `receive` or has ended, else
        when a `receive` is about to block or when the mailbox closes. It is
        called outside the lock, by whichever thread finds it so.

        Args:
            callback: must not block

        """
        with self.lock:
            if not (self.blocked or self.closed):
                if self._callbacks is None:
                    self._callbacks = []
                self._callbacks.append(callback)
                return
        callback()

    def _run_callbacks(self) -> None:
        # Each one leaves the list after its call: an interrupted one comes again.
        while self._callbacks:
            callback = self._callbacks[0]
            try:
                callback()
            except Exception:
                logger.exception("A when_blocked callback failed")
            with self.lock:
                if self._callbacks and self._callbacks[0] is callback:
                    del self._callbacks[0]

    # The end.

    def close(self) -> None:
        """Take no more messages and wake the receiver; `finish_closing` follows, unlocked."""
        with self.lock:
            self.closed = True
            self._rouse()
            # An interrupted close has collected some already.
            left = list(dict.fromkeys([*self._left, *self._saved.envelopes(), *self._incoming]))
            saved = SavedMessages()
            # No call from here on, so that no interrupt can part these.
            self._left = left
            self._saved = saved
            self._incoming = NOTHING

    def abandon(self) -> None:
        """Close without a word to anyone, in the child of a fork."""
        self.closed = True
        self.wake = self.system = None
        self._incoming = NOTHING
        self._saved = SavedMessages()
        self._callbacks = None

    def finish_closing(self) -> None:
        """Settle what was left and run the callbacks."""
        while left := self._left:
            drop(left[-1])
            del left[-1]
        self._run_callbacks()
