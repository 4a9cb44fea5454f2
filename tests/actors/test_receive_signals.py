"""Signals that come just before a receive blocks."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from prx_actors.actors import ProcessExit, current, exit_signal, receive, send
from prx_actors.actors.gates import Gate

if TYPE_CHECKING:
    from types import FrameType


class SignallingGate(Gate):
    """Has a signal come while a wait is begun, and fails when it goes on for all that."""

    def prepare(self) -> None:
        """Begin, and let the handler run in here."""
        super().prepare()
        if signal.getsignal(signal.SIGUSR1) != signal.SIG_IGN:
            signal.raise_signal(signal.SIGUSR1)

    def pause(self, timeout: float = -1) -> None:
        """Refuse to wait for what has happened."""
        pytest.fail(f"waits for {timeout} s")


@pytest.mark.parametrize("what", ["sends", "ends"])
def test_a_signal_just_before_a_receive_blocks_is_not_slept_through(what: str) -> None:
    """Its handler runs within the lock of the mailbox, on the same thread, and nobody is to be woken yet."""
    outcomes: list[object] = []

    def handler(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        if what == "sends":
            send(current(), "it")
        else:
            exit_signal(current(), "kill")

    current().actor_inbox._gate = SignallingGate()
    old = signal.signal(signal.SIGUSR1, handler)
    try:
        outcomes.append(receive(str))
    except ProcessExit as end:
        outcomes.append(end.reason)
    finally:
        signal.signal(signal.SIGUSR1, old)
        if what == "sends":
            current().actor_inbox._gate = None
    assert outcomes == [{"sends": "it", "ends": "killed"}[what]]
