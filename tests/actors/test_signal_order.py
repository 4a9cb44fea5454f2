from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from support.calls import until

from prx_actors.actors import (
    Down,
    Exit,
    Pid,
    Process,
    current,
    exit,
    exit_signal,
    link,
    monitor,
    process_info,
    receive,
    send,
    signals,
    spawn,
    spawn_link,
    spawn_monitor,
    trap_exit,
    unlink,
)
from prx_actors.actors.ending import run_steps
from prx_actors.actors.mailbox import Mailbox
from prx_actors.actors.table import process_of, process_table
from prx_actors.otp import GenServer

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


SENDS: dict[str, Callable[[Pid, object], object]] = {
    "send": send,
    "tell": lambda pid, message: pid.tell(message),
    "ask": lambda pid, message: pid.ask(message, block=False),
}


@pytest.mark.parametrize("how", SENDS)
def test_a_message_under_way_arrives_before_the_down_of_its_sender(how: str) -> None:
    """A process that is killed in the midst of a send is announced after it."""
    watcher = process_of(Watcher.start())
    assert isinstance(watcher, Watcher)
    mailbox = watcher.actor_inbox
    assert isinstance(mailbox, Held)
    gate = threading.Event()
    pid = spawn(lambda: (gate.wait(WAIT), SENDS[how](watcher.actor_ref, "under way")))
    ref = watcher._monitor(pid)
    victim = process_of(pid)
    assert victim is not None
    mailbox.killer = lambda: victim._exit_signal(None, "kill", linked=False)
    gate.set()
    assert mailbox.down_came.wait(WAIT)
    assert mailbox.order == ["under way", Down(ref, pid, "killed")]
    watcher._terminate("normal")


class Slow(Process):
    """Kills the sender of a signal that is under way."""

    def _exit_signal(self, sender: Pid | None, reason: object, *, linked: bool, sent: bool = False) -> None:
        if sender is not None and sent:
            victim = process_of(sender)
            assert victim is not None
            victim._exit_signal(None, "kill", linked=False)
        super()._exit_signal(sender, reason, linked=linked, sent=sent)

    def on_receive(self, message: bool) -> None:
        """Trap exits, or not."""
        trap_exit(message)


@pytest.mark.parametrize("reason", ["kill", "shutdown"])
@pytest.mark.parametrize("trap", [True, False])
def test_no_signal_comes_after_the_down_of_its_killed_sender(trap: bool, reason: str) -> None:
    """Neither as a message nor as an end."""
    receiver = Slow.start()
    receiver.ask(trap, timeout=WAIT)
    _, ref = spawn_monitor(exit_signal, receiver, reason)
    assert receive(Down, ref=ref, timeout=WAIT).reason == "killed"
    assert receiver.ask(trap, timeout=WAIT) is None
    receiver.stop()


def test_no_exit_comes_after_the_down_of_a_killed_process_that_goes_on_signalling() -> None:
    """Whatever the moment."""
    before = trap_exit(True)

    def bother(me: Pid, silent: threading.Event) -> None:
        try:
            while True:
                exit_signal(me, "hey")
        finally:
            silent.set()

    for _ in range(50):
        silent = threading.Event()
        pid, ref = spawn_monitor(bother, current(), silent)
        receive(Exit, pid=pid, timeout=WAIT)
        exit_signal(pid, "kill")
        while not isinstance(last := receive(timeout=WAIT), Down):
            assert last == Exit(pid, "hey")
        assert last == Down(ref, pid, "killed")
        assert silent.wait(WAIT)
        assert process_info(current(), "message_queue_len") == 0
    trap_exit(before)


class Dying(Process):
    """Ends with the message that it gets for a reason."""

    def on_receive(self, message: object) -> None:
        """Do so."""
        exit(message)


def announced(before: Callable[[], None], after: Callable[[], None]) -> Pid:
    """Start one that has something done when it has exited, and its links are about to be told or have been."""
    pid = Dying.start()
    pid.proxy().actor_urn.get(timeout=WAIT)  # what it has set until it runs is looked at
    process = process_of(pid)
    assert process is not None
    announce = process._announce

    def announce_between(reason: object) -> None:
        before()
        announce(reason)
        run_steps(after)

    process._announce = announce_between  # type: ignore[method-assign]
    return process.actor_ref


def test_a_second_link_to_a_process_that_exits_loses_no_reason() -> None:
    """The first one is in force: its signal is on the way, and there is one Exit."""
    trap_exit(True)
    me = process_of(current())
    assert me is not None
    pid: Pid = announced(lambda: me._link(pid), lambda: None)
    link(pid)
    send(pid, "died")
    assert receive(Exit, timeout=WAIT) == Exit(pid, "died")
    with pytest.raises(TimeoutError):
        receive(Exit, timeout=0)
    assert pid not in me._prx_links


def test_a_link_to_a_process_that_has_told_its_links_is_a_new_one() -> None:
    """It is answered as by the dead, after the reason that came by the first."""
    trap_exit(True)
    me = process_of(current())
    assert me is not None
    told = threading.Event()

    def link_again() -> None:
        me._link(pid)
        told.set()

    pid: Pid = announced(lambda: None, link_again)
    link(pid)
    send(pid, "died")
    assert told.wait(WAIT)
    assert [receive(Exit, timeout=WAIT) for _ in "12"] == [Exit(pid, "died"), Exit(pid, "noproc")]


def test_a_link_that_an_interrupt_has_left_half_made_can_be_made_again() -> None:
    """Only one side has it; whether the other one runs or exits, it is not taken for a link in force."""
    trap_exit(True)
    me = process_of(current())
    assert me is not None
    pid: Pid = announced(lambda: me._link(pid), lambda: None)
    me._prx_links[pid] = None
    send(pid, "died")
    assert receive(Exit, timeout=WAIT) == Exit(pid, "noproc")
    running: Pid = announced(lambda: None, lambda: None)
    me._prx_links[running] = None
    link(running)
    send(running, "died")
    assert receive(Exit, timeout=WAIT) == Exit(running, "died")


class Holding(str):
    """A reason that has something happen while a signal looks at it."""

    __slots__ = ("during",)

    during: Callable[[], object]

    def __eq__(self, other: object) -> bool:
        self.during()
        return str.__eq__(self, other)

    __hash__ = str.__hash__


STARTS: dict[str, Callable[[], Pid]] = {
    "spawn_link": lambda: spawn_link(receive),
    "Process.start_link": Dying.start_link,
    "GenServer.start_link": GenServer.start_link,
}


@pytest.mark.parametrize("meanwhile", ["unlink", "trap_exit"])
def test_a_signal_that_is_late_for_unlink_or_trap_exit_ends_nobody(meanwhile: str) -> None:
    """When they have returned, the one is not linked any more, and the other gets a message."""
    ready, go_on = threading.Event(), threading.Event()
    ends: list[object] = []

    def life() -> None:
        link(peer)
        ready.set()
        assert go_on.wait(WAIT)
        if meanwhile == "unlink":
            unlink(peer)
        else:
            trap_exit(True)
        done.set()
        ends.append(receive(timeout=WAIT))

    done = threading.Event()
    peer = announced(lambda: None, lambda: None)
    pid = spawn(life)
    ref = monitor(pid)
    assert ready.wait(WAIT)
    reason = Holding("died")
    reason.during = lambda: (go_on.set(), done.wait(WAIT))  # type: ignore[func-returns-value]
    send(peer, reason)
    if meanwhile == "unlink":
        assert done.wait(WAIT)
        send(pid, "alive")
    assert receive(Down, ref=ref, timeout=WAIT).reason == "normal"
    assert ends in (["alive"], [Exit(peer, reason)])


@pytest.mark.parametrize("how", STARTS)
def test_who_is_killed_in_the_midst_of_a_linked_start_takes_the_child_along(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no link that could tell it."""
    children: list[Pid] = []

    def killed_before(starter: Process, other: Pid) -> None:
        children.append(other)
        starter._exit_signal(None, "kill", linked=False)
        add_link(starter, other)

    add_link = signals.add_link
    monkeypatch.setattr(signals, "add_link", killed_before)
    _, ref = spawn_monitor(STARTS[how])
    assert receive(Down, ref=ref, timeout=WAIT).reason == "killed"
    until(lambda: bool(children), "it has started one")
    ref = monitor(children[0])
    assert receive(Down, ref=ref, timeout=WAIT).reason in ("killed", "noproc")
    until(lambda: process_of(children[0]) is None, "nothing is left of it")


def test_who_has_exited_watches_nobody() -> None:
    """A monitor that it was about to make leaves nothing at the one that lives."""
    pid, ref = spawn_monitor(receive)
    dead = process_of(pid)
    assert dead is not None
    exit_signal(pid, "kill")
    receive(Down, ref=ref, timeout=WAIT)
    target = spawn(receive)
    living = process_of(target)
    assert living is not None
    dead._monitor(target)
    assert not living._prx_watchers
    assert not dead._prx_monitors
    exit_signal(target, "kill")
