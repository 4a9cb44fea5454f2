"""Turns: one request and its reply, in order, under a lock.

The lock is taken by `with` around a lock of C, and the state of the exchange lives in C: a KeyboardInterrupt
may come anywhere in here without a lost turn, a lost byte or a lost fd.
"""

from __future__ import annotations

import errno
import math
import os
import select
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from prx_actors.driver.protocol import codec
from prx_actors.driver.reactor import reactor
from prx_actors.system.native import CData, ffi, lib
from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prx_actors.driver.channels import Channels

__all__ = ["ChannelClosedError", "Turns", "call_deadline", "no_timeout", "timeout"]


class ChannelClosedError(Exception):
    """The driver has closed its end: it has ended, or it is a program now."""


logger = SafeLogger("prx_actors")

_WAIT_FOR = {
    lib.PRX_DRAIN_INPUT: select.EPOLLIN,
    lib.PRX_DRAIN_ROOM: select.EPOLLOUT,
}


_CLOSED = frozenset({-errno.EPIPE, -errno.ECONNRESET})


ERRNOS = range(1, 4096)
"""What the kernel may answer."""

FOREVER = 1e12
"""Seconds that fit into 64 bits of microseconds: infinity does not."""


def _microseconds(deadline: float | None) -> int:
    return -1 if deadline is None else int(deadline * 1_000_000)


class _Local(threading.local):
    deadline: float | None = None


_local = _Local()


def call_deadline() -> float | None:
    """Return when the calls of this thread time out, in `time.monotonic()`."""
    return _local.deadline


@contextmanager
def timeout(seconds: float) -> Iterator[None]:
    """Bound every call in the block.

    A call that is late raises; the task goes on with it, and its reply is
    dropped when it comes. A fork that is late leaves no process behind. Blocks
    nest, the shorter time holds.

    Args:
        seconds: how long all calls of the block together may take

    Raises:
        TimeoutError: in the call that does not return by then
        ValueError: the time is not a number

    Example:
        >>> import os
        >>> from prx_actors import prx
        >>> with prx.fork() as task, prx.timeout(5):
        ...     prx.getcwd(task) == os.fsencode(os.getcwd())
        True

    """
    if math.isnan(seconds):
        msg = "timeout: not a number of seconds"
        raise ValueError(msg)
    outer = _local.deadline
    mine = min(time.monotonic() + seconds, FOREVER)
    _local.deadline = mine if outer is None else min(mine, outer)
    try:
        yield
    finally:
        _local.deadline = outer


@contextmanager
def no_timeout() -> Iterator[None]:
    """Let the calls in the block take their time: they undo what a late one has left."""
    outer = _local.deadline
    _local.deadline = None
    try:
        yield
    finally:
        _local.deadline = outer


class Turns:
    """The call socket of one driver."""

    __slots__ = ("_codec", "_exchange", "_holder", "_lock", "_on_late_reply", "calls")

    def __init__(self, channels: Channels, on_late_reply: Callable[[bool], None]) -> None:
        self._on_late_reply = on_late_reply
        self._codec = codec()
        self._lock = threading.Lock()
        self._holder = 0
        """The thread whose turn it is."""
        self.calls = 0
        """Requests so far; the next one has that number."""
        exchange = ffi.new("struct prx_exchange *")
        lib.prx_exchange_init(exchange)
        # The finaliser is in place before the socket is ours: an interrupt does not lose it.
        self._exchange: CData = ffi.gc(exchange, lib.prx_exchange_free)
        lib.prx_exchange_take_socket(self._exchange, channels.c)

    @property
    def busy(self) -> bool:
        """Whether a reply is outstanding."""
        return bool(self._exchange.busy)

    def is_exec(self) -> bool:
        """Say whether the channel of an unanswered request was closed by an exec, and not by the driver's end."""
        return bool(lib.prx_exchange_is_exec(self._exchange))

    def shut(self) -> None:
        """Close the socket for both sides: the order to end.

        A copy of the fd in a forked worker cannot keep it open.
        """
        lib.prx_exchange_shut(self._exchange)

    def close(self) -> None:
        """Shut the socket and close it as soon as no turn uses it."""
        fd = self._exchange.fd
        if fd >= 0:
            reactor.unregister(fd)
        lib.prx_exchange_close(self._exchange)

    def leave(self) -> None:
        """Close our copy of the socket and nothing else: it is the parent's, after a fork."""
        lib.prx_exchange_free(self._exchange)

    def call(
        self,
        number: int,
        args: tuple[object, ...] = (),
        child: Channels | None = None,
        check: Callable[[], None] | None = None,
    ) -> Any:
        """Send a request and wait for its reply.

        Args:
            number: the call's place in the table
            args: its arguments, of the types in the table
            child: the channels of the child that a fork makes
            check: called when the turn has come; what it raises ends the turn

        Returns:
            the value

        Raises:
            OSError: what the call says; `EDEADLK` in a signal handler that
                has interrupted a call of the same task
            ChannelClosedError: the driver is gone, or has turned into a program
            TimeoutError: the time of `timeout` is over

        """
        deadline = _local.deadline
        self.check_holder()
        if deadline is not None:
            self._wait_free(deadline)
        with self._lock:
            try:
                self._holder = threading.get_ident()
                if check is not None:
                    check()
                return self._turn(number, args, child, deadline)
            finally:
                self._holder = 0

    def check_holder(self) -> None:
        """Refuse a call from a signal handler that has interrupted one of the same task.

        Raises:
            OSError: `EDEADLK`

        """
        # The call under way goes on when the handler returns: to wait for it here would be for ever.
        if self._holder == threading.get_ident() and self._lock.locked():
            raise OSError(
                errno.EDEADLK, "the task is in the midst of the call that this signal handler has interrupted"
            )

    def _wait_free(self, deadline: float) -> None:
        # A turn held by somebody else's long call; to wait in acquire(timeout=)
        # would lose the lock to an interrupt between its return and our next line.
        while self._lock.locked():
            if time.monotonic() >= deadline:
                raise TimeoutError(errno.ETIMEDOUT, "the task is busy with a call")
            time.sleep(0.001)

    def _turn(
        self,
        number: int,
        args: tuple[object, ...],
        child: Channels | None,
        deadline: float | None,
    ) -> Any:
        request, payload = self._request(number, args)
        into = ffi.NULL if child is None else child.c
        late = _microseconds(deadline)
        try:
            result = lib.prx_exchange_call(self._exchange, payload, len(payload), into, late)
            if result:
                self._go_on(result, (payload, into, late))
        except ChannelClosedError:
            raise
        except BaseException:
            self.abandon()
            raise
        return self._reply(request, child)

    def _request(self, number: int, args: tuple[object, ...]) -> tuple[int, bytes]:
        request = self.calls & 0xFFFFFFFF
        self.calls += 1
        return request, self._codec.encode((request, number, *args))

    def post(self, number: int, args: tuple[object, ...]) -> None:
        """Send a request to a driver that is yet to be born: nobody else has a turn before `take`.

        Raises:
            OSError: `EMSGSIZE`, `ENOMEM`

        """
        _, payload = self._request(number, args)
        result = lib.prx_exchange_post(self._exchange, payload, len(payload))
        if result < 0:
            raise OSError(-result, os.strerror(-result))

    def take(self) -> Any:
        """Wait for the reply to what `post` has sent; raises as `call` does."""
        late = _microseconds(_local.deadline)
        with self._lock:
            try:
                self._holder = threading.get_ident()
                self._finish(lib.prx_exchange_run(self._exchange, late), late)
                return self._reply(self.calls - 1 & 0xFFFFFFFF, None)
            except ChannelClosedError:
                raise
            except BaseException:
                self.abandon()
                raise
            finally:
                self._holder = 0

    def _reply(self, request: int, child: Channels | None) -> Any:
        try:
            return self._value(request, child)
        except BaseException:
            if child is not None:
                lib.prx_exchange_abandon(self._exchange)  # it closes the fd that came for nobody
            raise

    def _go_on(self, result: int, call: tuple[bytes, CData, int]) -> None:
        """Do what an exchange needs that did not go through at once."""
        payload, into, late = call
        if result == -errno.EBUSY:
            # An abandoned reply comes first; it is dropped.
            self._finish(lib.prx_exchange_run(self._exchange, late), late)
            self._on_late_reply(False)
            result = lib.prx_exchange_call(self._exchange, payload, len(payload), into, late)
        self._finish(result, late)

    def _finish(self, result: int, late: int) -> None:
        while result == -errno.EINTR:
            # Between these two lines Python runs the handlers of signals.
            result = lib.prx_exchange_run(self._exchange, late)
        if result == -errno.ETIMEDOUT:
            raise TimeoutError(errno.ETIMEDOUT, "the call takes longer than allowed")
        if result == -errno.EPROTO:
            what = "a reply beyond the limit of a frame"
            raise self._broken(what)
        if result in _CLOSED:
            raise ChannelClosedError(os.strerror(-result))
        if result < 0:
            raise OSError(-result, os.strerror(-result))

    def _value(self, request: int, child: Channels | None) -> Any:
        exchange = self._exchange
        try:
            answered, error, value = self._codec.decode(ffi.buffer(exchange.reply + 4, exchange.reply_have - 4))
        except (ValueError, RecursionError) as broken:
            raise self._broken(str(broken)) from None
        if answered != request:
            what = f"reply {answered!r} to request {request}"
            raise self._broken(what)
        if error:
            if error not in ERRNOS:
                what = f"{error!r} for an errno"
                raise self._broken(what)
            raise OSError(error, os.strerror(error))
        if child is not None:
            if exchange.truncated:
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            if type(value) is not int or lib.prx_exchange_take_pidfd(exchange, child.c) < 0:
                what = "a child without a pid or a pidfd"
                raise self._broken(what)
        return value

    def _broken(self, what: str) -> ChannelClosedError:
        """End a driver that does not keep to the protocol."""
        logger.error("A driver has broken the protocol: %s", what)
        self.shut()
        return ChannelClosedError(what)

    def abandon(self) -> None:
        """Leave the reply that will come to the reactor."""
        lib.prx_exchange_abandon(self._exchange)
        reactor.call_soon(self._drain)

    def _drain(self) -> None:
        fd = self._exchange.fd
        if fd < 0:
            return
        reactor.unregister(fd)
        found = lib.prx_exchange_drain(self._exchange)
        if found in _WAIT_FOR:
            reactor.register(fd, _WAIT_FOR[found], lambda _events: self._drain())
        elif found == lib.PRX_DRAIN_DONE:
            self._on_late_reply(False)
        elif found == lib.PRX_DRAIN_CLOSED:
            self._on_late_reply(True)
