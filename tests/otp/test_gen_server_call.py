"""The calls of OTP's gen_server_SUITE."""

from __future__ import annotations

import time
from typing import Any

import pytest
from support.servers import WAIT, Server, Telling, nothing_waits

from prx_actors.actors import (
    Down,
    Exit,
    Pid,
    current,
    exit_signal,
    receive,
    send,
    spawn,
    spawn_monitor,
    trap_exit,
)
from prx_actors.otp import (
    CallError,
    Continue,
    From,
    GenServer,
    Ignore,
    NoReply,
    Reply,
    Stop,
    Timeout,
)
from prx_actors.otp.state_machine import Reply as MachineReply


def test_the_reply_is_what_handle_call_returns() -> None:
    """None too, and what Reply wraps."""
    pid = Server.start()
    for reply in (42, None, False, ["x"]):
        assert GenServer.call(pid, ("return", reply)) == reply
    assert GenServer.call(pid, ("return", Reply(Stop("not meant")))) == Stop("not meant")


def test_a_reply_may_be_delayed() -> None:
    """Until a timeout, here."""
    pid = Server.start()
    assert GenServer.call(pid, ("delayed_answer", 0.001)) == "delayed"


def test_a_call_that_is_not_answered_in_time_raises() -> None:
    """The server goes on."""
    pid = Server.start()
    with pytest.raises(TimeoutError, match="did not reply within"):
        GenServer.call(pid, "keep", timeout=0.01)
    assert GenServer.call(pid, ("return", 1)) == 1
    assert nothing_waits()


def test_a_late_reply_is_dropped() -> None:
    """It never lands in the mailbox."""
    replied: list[Any] = []

    class Late(GenServer):
        def handle_call(self, request: Any, sender: From) -> Any:
            if request == "late":
                self.sender = sender
                return NoReply()
            self.reply(self.sender, "late")
            replied.append(request)
            return "now"

    pid = Late.start()
    with pytest.raises(TimeoutError):
        GenServer.call(pid, "late", timeout=0.01)
    assert GenServer.call(pid, "now") == "now"
    assert replied == ["now"]
    assert nothing_waits()


def test_only_the_first_reply_counts() -> None:
    """The second one is dropped."""

    class Twice(GenServer):
        def handle_call(self, request: Any, sender: From) -> str:
            self.reply(sender, "first")
            return "second"

    pid = Twice.start()
    assert [GenServer.call(pid, None), GenServer.call(pid, None)] == ["first", "first"]
    assert nothing_waits()


def test_a_reply_may_come_from_another_process() -> None:
    """It needs the sender alone."""

    class Delegating(GenServer):
        def handle_call(self, request: Any, sender: From) -> NoReply:
            spawn(lambda: GenServer.reply(sender, "by another"))
            return NoReply()

    assert GenServer.call(Delegating.start(), "x") == "by another"


def test_a_call_to_oneself_raises() -> None:
    """It would wait for itself."""

    class Selfish(GenServer):
        def handle_call(self, request: Any, sender: From) -> object:
            try:
                return self.call(self.actor_ref, "x")
            except CallError as error:
                return error.reason

    assert GenServer.call(Selfish.start(), "x") == "calling_self"


def test_a_call_to_nobody_raises() -> None:
    """By name or by pid."""
    pid = Server.start()
    GenServer.stop(pid)
    for target in (pid, "nobody"):
        with pytest.raises(CallError) as caught:
            GenServer.call(target, "started")
        assert caught.value.reason == "noproc"


def test_the_end_of_the_server_fails_the_call() -> None:
    """Also when it had promised a reply."""

    class Silent(GenServer):
        def handle_call(self, request: Any, sender: From) -> NoReply:
            spawn(lambda: exit_signal(pid, "boom"))
            return NoReply()

    pid = Silent.start()
    with pytest.raises(CallError) as caught:
        GenServer.call(pid, "x", timeout=WAIT)
    assert caught.value.reason == "boom"
    assert nothing_waits()


def test_the_end_of_the_caller_ends_its_wait() -> None:
    """A call without a time-out, too."""
    me = current()

    class Silent(GenServer):
        def handle_call(self, request: Any, sender: From) -> NoReply:
            send(me, sender.pid)
            return NoReply()

    pid = Silent.start()
    waiting, ref = spawn_monitor(GenServer.call, pid, "x", None)
    assert receive(Pid, timeout=WAIT) is waiting
    exit_signal(waiting, "kill")
    assert receive(Down, ref=ref, timeout=WAIT).reason == "killed"


def test_a_bad_return_of_handle_call_ends_the_server() -> None:
    """A time-out or a continuation is no reply, nor is that of a state machine."""
    for wrong in (Timeout(1), Continue(1), Ignore(), NoReply(Reply(1)), MachineReply(None, 1)):  # type: ignore[arg-type]
        pid = Server.start()
        with pytest.raises(CallError) as caught:
            GenServer.call(pid, ("return", wrong))
        assert isinstance(caught.value.reason, tuple)
        assert caught.value.reason[0] == "bad_return_value"


def test_a_stop_without_a_reply_fails_the_call() -> None:
    """The caller gets the reason."""
    with pytest.raises(CallError) as caught:
        GenServer.call(Server.start(), ("return", Stop("shutdown")))
    assert caught.value.reason == "shutdown"


def test_the_reply_of_a_stop_comes_after_terminate() -> None:
    """And before the end."""
    trap_exit(True)
    pid = Telling.start_link(current(), trapping=True)
    assert GenServer.call(pid, ("return", Stop("stopped", reply="bye"))) == "bye"
    assert receive(timeout=WAIT) == ("terminate", "stopped")
    assert receive(timeout=WAIT) == Exit(pid, "stopped")


def test_an_exception_in_a_call_ends_server_and_call() -> None:
    """It is the reason, and the cause of what the caller gets."""
    pid, ref = Server.start_monitor()
    error = ValueError("crashed")
    with pytest.raises(CallError, match="crashed") as caught:
        GenServer.call(pid, ("raise", error))
    assert caught.value.__cause__ is error
    assert receive(Down, ref=ref, timeout=WAIT).reason is error


def test_an_uncaught_call_error_ends_the_caller() -> None:
    """As the exit of OTP's call does."""

    def caller() -> None:
        GenServer.call("nobody", "x")

    _, ref = spawn_monitor(caller)
    assert isinstance(receive(Down, ref=ref, timeout=WAIT).reason, CallError)


def test_servers_may_call_each_other_in_a_long_chain() -> None:
    """Each of them waits in its handler; the pool of threads grows."""

    class Link(GenServer):
        def init(self, following: Pid | None) -> None:
            self.following = following

        def handle_call(self, request: int, sender: From) -> int:
            return request if self.following is None else GenServer.call(self.following, request + 1, timeout=WAIT)

    pid: Pid | None = None
    for _ in range(30):
        pid = Link.start(pid)
    assert pid is not None
    assert GenServer.call(pid, 0, timeout=WAIT) == 29


def test_a_full_mailbox_does_not_slow_calls_down() -> None:
    """What waits is not searched again for each reply."""
    pid = Server.start()

    def calls() -> float:
        began = time.perf_counter()
        for _ in range(200):
            GenServer.call(pid, "started")
        return time.perf_counter() - began

    calls()
    empty = calls()
    for number in range(20_000):
        send(current(), number)
    calls()
    assert calls() < 10 * empty + 0.1
