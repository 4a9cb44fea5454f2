from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from prx_actors.actors import Down, Process, send, spawn
from prx_actors.actors.mailbox import Mailbox
from prx_actors.actors.table import process_of, process_table

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT = 10


class Held(Mailbox):
    """A mailbox that keeps the sender of one message inside, until a Down came or would have."""

    __slots__ = ("down_came", "killer", "order")

    def __init__(self) -> None:
        super().__init__()
        self.down_came = threading.Event()
        self.killer: Callable[[], None] = lambda: None
        self.order: list[object] = []

    def offer(self, envelope: Any) -> bool:
        """Have the sender killed while it sends."""
        if envelope.message == "under way":
            threading.Thread(target=self.killer).start()
            self.down_came.wait(0.5)
        self.order.append(envelope.message)
        return super().offer(envelope)

    def offer_for(self, envelope: Any, table: dict[Any, Any], key: object) -> None:
        """Notice the Down."""
        self.order.append(envelope.message)
        self.down_came.set()
        super().offer_for(envelope, table, key)


class Watcher(Process):
    """Has such a mailbox and is not interested in it."""

    _create_actor_inbox = staticmethod(Held)

    def _start_actor_loop(self) -> None:
        process_table.add(self)


def test_a_message_under_way_arrives_before_the_down_of_its_sender() -> None:
    """A process that is killed in the midst of a send is announced after it."""
    watcher = process_of(Watcher.start())
    assert isinstance(watcher, Watcher)
    mailbox = watcher.actor_inbox
    assert isinstance(mailbox, Held)
    gate = threading.Event()
    pid = spawn(lambda: (gate.wait(WAIT), send(watcher.actor_ref, "under way")))  # type: ignore[func-returns-value]
    ref = watcher._monitor(pid)
    victim = process_of(pid)
    assert victim is not None
    mailbox.killer = lambda: victim._exit_signal(None, "kill", linked=False)
    gate.set()
    assert mailbox.down_came.wait(WAIT)
    assert mailbox.order == ["under way", Down(ref, pid, "killed")]
    watcher._terminate("normal")
