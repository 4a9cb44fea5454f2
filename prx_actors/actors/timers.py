"""Timers: messages that are sent later, by one thread for all of them."""

from __future__ import annotations

import heapq
import threading
import time
from dataclasses import dataclass
from functools import partial
from itertools import count
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

import pykka

from prx_actors.actors.pid import Pid, tell_foreign
from prx_actors.actors.registry import whereis, wrong_address
from prx_actors.actors.scheduler import new_thread, start_thread
from prx_actors.actors.table import process_of
from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Timeout", "Timer", "cancel_timer", "send_after", "start_timer", "timers"]

logger = SafeLogger("prx_actors")

_numbers = count(1)

FEW: Final = 100
"""Up to as many cancelled timers stay in the heap, whatever else is there."""


class Timer:
    """Stands for one message to come; equal only to itself.

    Example:
        >>> from prx_actors.actors import Timer, cancel_timer, current, send_after
        >>> timer = send_after(60, current(), "wake up")
        >>> isinstance(timer, Timer)
        True
        >>> 59 < cancel_timer(timer) <= 60
        True

    """

    __slots__ = ("deadline", "message", "number", "receiver")

    def __init__(self, deadline: float, receiver: pykka.ActorRef[Any] | str) -> None:
        self.number = next(_numbers)
        self.deadline = deadline
        self.receiver = receiver
        self.message: object = None

    def __repr__(self) -> str:
        return f"<Timer {self.number}>"


@dataclass(frozen=True, slots=True)
class Timeout:
    """What `start_timer` has sent.

    Example:
        >>> from prx_actors.actors import Timeout, current, receive, start_timer
        >>> timer = start_timer(0.01, current(), "wake up")
        >>> receive(Timeout, timer=timer, timeout=5).message
        'wake up'

    """

    timer: Timer
    """The timer that has run out."""

    message: object
    """What was given to `start_timer`."""


class Timers:
    """The timers that run, the next one first, and the thread that waits for it.

    The heap keeps what is cancelled until it comes up or there is too much of
    it. The lock is a C-level one: see the mailbox about interrupts.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew without timers, as in the child of a fork."""
        self._lock = threading.RLock()
        self._heap: list[tuple[float, int, Timer]] = []
        self._running: dict[Timer, None] = {}
        self._earlier: SimpleQueue[None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self, timer: Timer) -> None:
        """Let a timer run; it ends with the process that it is for."""
        pid = timer.receiver
        if isinstance(pid, Pid):
            process = process_of(pid)
            if process is None or not process._when_dead(timer, partial(self.cancel, timer)):
                return
        entry = (timer.deadline, timer.number, timer)
        try:
            with self._lock:
                self._provide_thread()
                self._running[timer] = None
                heapq.heappush(self._heap, entry)
        finally:
            # Also after an interrupt: what is in the heap must come in time.
            if self._heap and self._heap[0] is entry:
                self._earlier.put(None)
        if isinstance(pid, Pid) and not pid.is_alive():
            self.cancel(timer)  # its process may have died before it ran

    def _provide_thread(self) -> None:
        if self._thread is None:
            thread = new_thread(self._run, "prx-timers")
            self._thread = thread
            try:
                start_thread(thread)
            except BaseException:
                self._thread = None
                raise

    def cancel(self, timer: Timer) -> bool:
        """Stop a timer; say whether it was running, and so will send nothing."""
        with self._lock:
            if timer not in self._running:
                return False
            self._end(timer)
            if len(self._heap) > 2 * len(self._running) + FEW:
                self._forget_cancelled()
            return True

    def _forget_cancelled(self) -> None:
        self._heap = [entry for entry in self._heap if entry[2] in self._running]
        heapq.heapify(self._heap)

    def _end(self, timer: Timer) -> None:
        del self._running[timer]
        process = process_of(timer.receiver) if isinstance(timer.receiver, Pid) else None
        if process is not None:
            process._forget_when_dead(timer)

    def _run(self) -> None:
        earlier = self._earlier
        while earlier is self._earlier:  # until a fork
            try:
                earlier.get(timeout=self._send_due())
            except Empty:
                continue

    def _send_due(self) -> float | None:
        """Send what is due; return the seconds until the next one, if any."""
        while True:
            # Let go of the lock after each one: others start and cancel meanwhile.
            with self._lock:
                if not self._heap:
                    return None
                deadline, _, timer = self._heap[0]
                remaining = deadline - time.monotonic()
                if remaining > 0:
                    return min(remaining, threading.TIMEOUT_MAX)
                heapq.heappop(self._heap)
                # Sent under the lock: it has arrived when `cancel` says so.
                if timer in self._running:
                    self._end(timer)
                    _deliver(timer)


def _deliver(timer: Timer) -> None:
    receiver = timer.receiver
    ref = whereis(receiver) if isinstance(receiver, str) else receiver
    if ref is not None:
        try:
            ref._send(timer.message) if isinstance(ref, Pid) else tell_foreign(ref, timer.message)
        except RuntimeError:  # no thread for its turn
            logger.exception("%r could not be delivered", timer)


timers: Final = Timers()


def send_after(seconds: float, pid_or_name: pykka.ActorRef[Any] | str, message: object) -> Timer:
    """Send a message later, unless the timer is cancelled or its receiver ends.

    A name is looked up when the time has come; there, a name that no process
    has is no error.

    Args:
        seconds: when, from now on
        pid_or_name: the receiver, which may be an actor of Pykka's own
        message: anything

    Returns:
        the timer, for `cancel_timer`

    Raises:
        ValueError: when the time is negative or not a number
        TypeError: when the receiver is neither a pid nor a name

    Example:
        >>> from prx_actors.actors import current, receive, send_after
        >>> timer = send_after(0.01, current(), "wake up")
        >>> receive(str, timeout=5)
        'wake up'

    """
    return _start(seconds, pid_or_name, lambda _timer: message)


def start_timer(seconds: float, pid_or_name: pykka.ActorRef[Any] | str, message: object) -> Timer:
    """Send `Timeout(timer, message)` later; otherwise as `send_after`.

    Args:
        seconds: when, from now on
        pid_or_name: the receiver, which may be an actor of Pykka's own
        message: anything

    Returns:
        the timer, for `cancel_timer`, which the message carries too

    Raises:
        ValueError: when the time is negative or not a number
        TypeError: when the receiver is neither a pid nor a name

    Example:
        >>> from prx_actors.actors import Timeout, current, receive, start_timer
        >>> timer = start_timer(0.01, current(), "wake up")
        >>> receive(timeout=5) == Timeout(timer, "wake up")
        True

    """
    return _start(seconds, pid_or_name, lambda timer: Timeout(timer, message))


def _start(seconds: float, receiver: pykka.ActorRef[Any] | str, message_of: Callable[[Timer], object]) -> Timer:
    _check_receiver(receiver)
    if not seconds >= 0:
        msg = f"{seconds!r} is not a time to wait"
        raise ValueError(msg)
    timer = Timer(time.monotonic() + seconds, receiver)
    timer.message = message_of(timer)
    timers.start(timer)
    return timer


def _check_receiver(receiver: object) -> None:
    if not isinstance(receiver, str | pykka.ActorRef):
        raise wrong_address(receiver)


def cancel_timer(timer: Timer) -> float | None:
    """Stop a timer.

    Args:
        timer: what `send_after` or `start_timer` returned

    Returns:
        the seconds that were left, and then the message never comes; None when
        it has been sent, when the timer was cancelled or when its receiver ended

    Example:
        >>> from prx_actors.actors import cancel_timer, current, send_after
        >>> timer = send_after(60, current(), "never")
        >>> round(cancel_timer(timer)), cancel_timer(timer)
        (60, None)

    """
    if not timers.cancel(timer):
        return None
    return max(0.0, timer.deadline - time.monotonic())
