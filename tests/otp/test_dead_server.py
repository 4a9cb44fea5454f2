"""A server that has been killed does nothing more: no callback, no reply."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from support.servers import WAIT

from prx_actors.actors import Down, Pid, ProcessExit, current, exit_signal, monitor, receive, send, spawn
from prx_actors.otp import Continue, From, GenServer, NoReply, StartError, Stop, calls, reply, starting, sys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prx_actors import MonitorRef, Process


class Held(GenServer):
    """Is held where it is told to, as by code that never looks whether its process lives, and notes what it does."""

    def __init__(self, at: str, *args: Any) -> None:
        super().__init__(*args)
        self.at = at
        self.called: list[str] = []
        self.is_there, self.go, self.gone = threading.Event(), threading.Event(), threading.Event()

    def _note(self, callback: str) -> None:
        self.called.append(callback)
        if callback == self.at:
            self.is_there.set()
            self.go.wait(WAIT)

    def on_start(self) -> None:
        """Note it."""
        self._note("on_start")

    def init(self) -> Continue:
        """Note it."""
        self._note("init")
        return Continue("again")

    def handle_continue(self, argument: object) -> Continue | None:
        """Note it, and go on so for ever when it is held here."""
        self._note("handle_continue")
        return Continue("again") if self.at == "handle_continue" else None

    def handle_cast(self, request: object) -> Continue:
        """Note it."""
        self._note("handle_cast")
        return Continue("more")

    def on_stop(self) -> None:
        """Say that nothing comes any more."""
        self.gone.set()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Held]]:
    """Keep the servers that are made, and let all of them go at the end."""
    servers: list[Held] = []
    real = Held.__init__

    def init(self: Held, *args: Any) -> None:
        real(self, *args)
        servers.append(self)

    monkeypatch.setattr(Held, "__init__", init)
    yield servers
    for server in servers:
        server.go.set()


def goes_on_with(server: Held) -> list[str]:
    """Let a dead server go; return what it was called for afterwards."""
    before = len(server.called)
    server.go.set()
    assert server.gone.wait(WAIT)
    return server.called[before:]


@pytest.mark.parametrize("callback", ["on_start", "init"])
def test_a_start_that_was_too_late_goes_no_further(
    callback: str, made: list[Held], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither to init nor to handle_continue."""
    # It is late as soon as it is there: a time that passes before might kill it sooner.
    await_answer = calls.await_answer

    def once_it_is_there(starter: Process, ref: MonitorRef, timeout: float | None) -> object:
        assert made[0].is_there.wait(WAIT)
        return await_answer(starter, ref, timeout)

    monkeypatch.setattr(starting, "await_answer", once_it_is_there)
    with pytest.raises(StartError) as caught:
        Held.start(callback, timeout=0)
    assert caught.value.reason == "timeout"
    assert goes_on_with(made[0]) == []


@pytest.mark.parametrize("callback", ["handle_continue", "handle_cast"])
def test_a_killed_server_does_not_continue(callback: str, made: list[Held]) -> None:
    """After any callback; one that continued for ever would not end."""
    pid, ref = Held.start_monitor(callback)
    GenServer.cast(pid, "x")
    assert made[0].is_there.wait(WAIT)
    exit_signal(pid, "kill")
    assert receive(Down, ref=ref, timeout=WAIT).reason == "killed"
    assert goes_on_with(made[0]) == []


def test_a_server_that_is_killed_while_a_message_is_recorded_does_not_handle_it(made: list[Held]) -> None:
    """The debug function is the last thing that it calls."""
    pid, ref = Held.start_monitor("nowhere")
    sys.install(pid, "key", lambda pid, _event: exit_signal(pid, "kill"))
    GenServer.cast(pid, "x")
    assert receive(Down, ref=ref, timeout=WAIT).reason == "killed"
    assert made[0].gone.wait(WAIT)
    assert "handle_cast" not in made[0].called


class Asked(GenServer):
    """Lets others reply."""

    def init(self, boss: Pid) -> None:
        """Begin."""
        self.boss = boss

    def handle_call(self, request: object, sender: From) -> NoReply:
        """Tell who is to reply."""
        send(self.boss, sender)
        return NoReply()


@pytest.mark.parametrize("way", ["call", "ask"])
def test_a_killed_process_cannot_reply(way: str) -> None:
    """As it cannot send; another one still can."""
    killed = threading.Event()
    tried = threading.Event()
    raised: list[object] = []

    def work(sender: From) -> None:
        killed.wait(WAIT)
        try:
            reply(sender, "from the dead")
        except ProcessExit as exit_:
            raised.append(exit_.reason)
        tried.set()

    me = current()
    pid = Asked.start(me)
    spawn(lambda: send(me, GenServer.call(pid, "x", timeout=WAIT) if way == "call" else pid.ask("x", timeout=WAIT)))
    sender = receive(From, timeout=WAIT)
    worker = spawn(work, sender)
    ref = monitor(worker)
    exit_signal(worker, "kill")
    receive(Down, ref=ref, timeout=WAIT)
    killed.set()
    assert tried.wait(WAIT)
    reply(sender, "from the living")
    assert receive(str, timeout=WAIT) == "from the living"
    assert raised == ["killed"]


def test_a_server_that_is_killed_in_terminate_does_not_reply() -> None:
    """Its caller is told of its end."""
    held, gone = threading.Event(), threading.Event()
    me = current()

    class Dying(GenServer):
        def handle_call(self, request: object, sender: From) -> Stop:
            return Stop("normal", reply="late")

        def terminate(self, reason: object) -> None:
            send(me, "in terminate")
            held.wait(WAIT)

        def on_stop(self) -> None:
            gone.set()

    def caller() -> NoReturn:
        GenServer.call(pid, "x", timeout=WAIT)
        raise AssertionError

    pid, ref = Dying.start_monitor()
    called = monitor(spawn(caller))
    receive(str, timeout=WAIT)
    exit_signal(pid, "kill")
    assert receive(Down, ref=ref, timeout=WAIT).reason == "killed"
    held.set()
    assert gone.wait(WAIT)
    assert receive(Down, ref=called, timeout=WAIT).reason.reason == "killed"
