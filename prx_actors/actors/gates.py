"""Where one thread waits for another one, for a moment without going to sleep.

To wake a thread that sleeps on an idle processor takes tens of microseconds, many
times what the message costs that it is woken for. So a thread whose waits have been
short looks out for its call for a moment, without the interpreter's lock and yielding
the processor, before it sleeps. At rest nothing spins: a wait that was long is
followed by sleeps, until one of them is short again.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Any, Final

from prx_actors.actors.context import context
from prx_actors.system.native import ffi, lib

__all__ = ["Gate", "new_gate", "used_gate"]

SPIN: Final = 50
"""Microseconds to look out for."""

SHORT: Final = 150e-6
"""Seconds: after a sleep shorter than this the next wait begins with a look-out."""


class Gate:
    """The place of one waiting thread.

    A wait is a loop: `prepare`, look whether what one waits for has happened,
    `pause`. A pause may end early. Whoever makes it happen calls `call`
    afterwards; both run Python under the interpreter's lock, so that either the
    waiter sees it or the caller sees the waiter.
    """

    __slots__ = ("_cell", "_lock", "_pays", "_spinning")

    def __init__(self) -> None:
        self._cell: Any = ffi.new("uint32_t *")
        self._lock = threading.Lock()
        self._lock.acquire()
        self._pays = False
        self._spinning = False

    def prepare(self) -> None:
        """Begin a round of waiting: a call from here on ends its pause."""
        self._cell[0] = 0
        self._lock.acquire(False)  # an old call is void
        self._spinning = self._pays

    def call(self) -> None:
        """End a pause that is under way, or about to be."""
        if self._spinning:
            # It need not be told now: it looks again by itself after its moment. It is told
            # when this thread waits next, and has left the interpreter's lock to it.
            context.calls = self
        else:
            with suppress(RuntimeError):  # it was called already
                self._lock.release()

    def call_sleeper(self) -> None:
        """End a pause that a signal handler has interrupted, and prepared another one within."""
        self._spinning = False
        self.call()

    def pause(self, timeout: float = -1) -> None:
        """Wait for a call, for a moment, or for so many seconds."""
        if (called := context.calls) is not None:
            context.calls = None
        if self._spinning:
            cell = ffi.NULL if called is None else called._cell
            self._pays = bool(lib.prx_spin(cell, self._cell, SPIN))
            self._spinning = False
            return
        if called is not None:
            called._cell[0] = 1
        start = time.monotonic()
        self._lock.acquire(timeout=timeout)
        self._pays = time.monotonic() - start < SHORT


def new_gate() -> Gate:
    """Take a gate for a wait of the calling thread, which may be one within another."""
    gates = context.gates
    return gates.pop() if gates else Gate()


def used_gate(gate: Gate) -> None:
    """Give back a gate that nobody will call any more, or whose calls do no harm."""
    if context.gates is None:
        context.gates = []
    context.gates.append(gate)
