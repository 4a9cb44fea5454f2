"""The casts, infos, time-outs and continuations of OTP's gen_server_SUITE."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from support.servers import WAIT, Server, Telling, nothing_waits

from prx_actors.actors import (
    Down,
    current,
    exit,
    receive,
    register,
    send,
    spawn,
)
from prx_actors.actors.table import process_of
from prx_actors.otp import (
    CallError,
    Continue,
    From,
    GenServer,
    NoReply,
    Reply,
    Stop,
    Timeout,
    sys,
)


def test_a_cast_is_handled() -> None:
    """And returns at once."""
    pid = Server.start()
    GenServer.cast(pid, (current(), "cast"))
    assert receive(timeout=WAIT) == "handled_cast"


def test_a_cast_to_nobody_is_silent() -> None:
    """By pid or name."""
    pid = Server.start()
    GenServer.stop(pid)
    GenServer.cast(pid, "x")
    GenServer.cast("nobody", "x")
    assert nothing_waits()


def test_handle_cast_may_ask_for_a_timeout() -> None:
    """Which arrives as an info."""
    GenServer.cast(Server.start(), (current(), "delayed", 0.001))
    assert receive(timeout=WAIT) == "delayed"


@pytest.mark.parametrize("kind", ["cast", "info"])
def test_a_stop_ends_the_server_through_terminate(kind: str) -> None:
    """From a cast and from an info."""
    pid, ref = Telling.start_monitor(current(), trapping=True)
    message = ("return", Stop("stopped"))
    if kind == "cast":
        GenServer.cast(pid, message)
    else:
        send(pid, message)
    assert receive(timeout=WAIT) == ("terminate", "stopped")
    assert receive(timeout=WAIT) == Down(ref, pid, "stopped")


@pytest.mark.parametrize("wrong", ["x", 0, NoReply(), Reply(1), Stop("x", reply=1)])
def test_a_bad_return_of_a_cast_ends_the_server(wrong: object) -> None:
    """There is nobody to reply to."""
    pid, ref = Server.start_monitor()
    GenServer.cast(pid, ("return", wrong))
    assert receive(Down, ref=ref, timeout=WAIT).reason == ("bad_return_value", wrong)


def test_an_info_is_any_other_message() -> None:
    """Also one that looks like a request."""
    pid = Server.start()
    send(pid, (current(), "info"))
    assert receive(timeout=WAIT) == "handled_info"
    send(pid, (current(), "delayed", 0.001))
    assert receive(timeout=WAIT) == "delayed"


def test_pykkas_tell_is_an_info_and_ask_a_call() -> None:
    """So both ways lead to the same callbacks."""
    pid = Server.start()
    pid.tell((current(), "info"))
    assert receive(timeout=WAIT) == "handled_info"
    assert pid.ask("started") == "ok"
    assert pid.ask(("delayed_answer", 0.001), timeout=WAIT) == "delayed"


def test_a_server_without_handle_info_logs_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    """As OTP's default does."""

    class Plain(GenServer):
        def handle_call(self, request: Any, sender: From) -> str:
            return "alive"

    pid = Plain.start()
    send(pid, "surprise")
    assert GenServer.call(pid, "x") == "alive"
    assert "surprise" in caplog.text


@pytest.mark.parametrize("request_", [GenServer.call, GenServer.cast])
def test_a_server_without_the_callback_crashes(request_: Any) -> None:
    """A request that nobody foresaw is an error."""
    pid, ref = GenServer.start_monitor()
    with suppress(CallError):
        request_(pid, "x")
    assert isinstance(receive(Down, ref=ref, timeout=WAIT).reason, NotImplementedError)


def test_a_message_in_time_cancels_the_timeout() -> None:
    """The next call within the time finds the state, a later one does not."""
    pid = Server.start()
    assert GenServer.call(pid, ("call_within", 60)) == "ok"
    assert GenServer.call(pid, "next_call") is True
    GenServer.cast(pid, (current(), "delayed", 0))
    assert receive(timeout=WAIT) == "delayed"
    assert nothing_waits()


def test_a_timeout_of_zero_comes_after_what_waits() -> None:
    """And does not come when something waits."""
    seen: list[object] = []
    me = current()

    class Busy(GenServer):
        def handle_call(self, request: Any, sender: From) -> Any:
            send(me, "in the call")
            receive(lambda message: message == "go", timeout=WAIT)
            return Reply("ok", Timeout(0))

        def handle_info(self, message: Any) -> Any:
            seen.append(message)
            if isinstance(message, Timeout):
                send(me, "timeout")
                return None
            return Timeout(0)

    pid = Busy.start()
    spawn(lambda: GenServer.call(pid, "x"))
    receive(str, timeout=WAIT)
    send(pid, "first")
    send(pid, "second")
    send(pid, "go")
    assert receive(timeout=WAIT) == "timeout"
    assert seen == ["first", "second", Timeout(0)]


def test_init_may_ask_for_a_timeout() -> None:
    """It arrives when no message comes first."""
    me = current()

    class Waiting(GenServer):
        def init(self) -> Timeout:
            return Timeout(0.001)

        def handle_info(self, message: Any) -> None:
            send(me, message)

    Waiting.start()
    assert receive(timeout=WAIT) == Timeout(0.001)


def test_a_continuation_comes_before_any_message() -> None:
    """From init, also before a call by the starter; one may follow another."""
    order: list[object] = []

    class Steps(GenServer):
        def init(self) -> Continue:
            GenServer.cast(current(), "a message")
            return Continue(2)

        def handle_continue(self, argument: Any) -> Continue | None:
            order.append(argument)
            return Continue(argument - 1) if argument else None

        def handle_cast(self, request: Any) -> None:
            order.append(request)

        def handle_call(self, request: Any, sender: From) -> Reply:
            return Reply(list(order), Continue(0))

    pid = Steps.start()
    assert GenServer.call(pid, "x") == [2, 1, 0, "a message"]
    assert GenServer.call(pid, "x") == [2, 1, 0, "a message", 0]


def test_the_reply_comes_before_the_continuation() -> None:
    """The caller need not wait for it."""
    me = current()

    class Later(GenServer):
        def handle_call(self, request: Any, sender: From) -> Reply:
            return Reply("reply", Continue(None))

        def handle_continue(self, argument: Any) -> None:
            send(me, receive(timeout=WAIT))

    pid = Later.start()
    assert GenServer.call(pid, "x", timeout=WAIT) == "reply"
    send(pid, "continued")
    assert receive(str, timeout=WAIT) == "continued"


def test_start_returns_before_the_continuation_of_init() -> None:
    """That is what it is for."""

    class Heavy(GenServer):
        def init(self) -> Continue:
            return Continue(None)

        def handle_continue(self, argument: Any) -> Stop:
            receive(lambda message: message == "go", timeout=WAIT)
            return Stop("shutdown")

    pid, ref = Heavy.start_monitor(timeout=WAIT)
    send(pid, "go")
    assert receive(Down, ref=ref, timeout=WAIT).reason == "shutdown"


def test_a_registered_parent_is_a_parent_too() -> None:
    """Its end is not taken for a message; OTP-4820."""
    me = current()

    def parent() -> None:
        register("parent", current())
        Telling.start_link(me, trapping=True)
        exit("gone")

    spawn(parent)
    assert receive(tuple, timeout=WAIT) == ("terminate", "gone")


def test_a_timeout_that_has_passed_counts_for_nothing_after_another_message() -> None:
    """Though it waits in the mailbox already: the message before it has cancelled it."""
    pid = Server.start()
    process = process_of(pid)
    assert isinstance(process, Server)
    GenServer.cast(pid, (current(), "delayed", 60))
    assert sys.get_state(pid)["waiting"] is current()
    passed = process._prx_expected
    send(pid, ("return", None))
    send(pid, passed)
    assert GenServer.call(pid, "started") == "ok"
    assert nothing_waits()


def test_a_continuation_that_nobody_foresaw_is_a_crash() -> None:
    """As OTP's undefined callback is."""
    pid, ref = Server.start_monitor(Continue("x"))
    assert isinstance(receive(Down, ref=ref, timeout=WAIT).reason, NotImplementedError)
    assert not pid.is_alive()
