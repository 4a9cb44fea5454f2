"""The time-outs of a server: their times, and what system messages do to them."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from support.servers import WAIT, nothing_waits

from prx_actors.actors import Down, Pid, current, receive, send
from prx_actors.otp import From, GenServer, Reply, Timeout, gen_server, sys


class Waiting(GenServer):
    """Waits as long as it is told to, and tells of all that comes then."""

    def init(self, starter: Pid) -> None:
        """Begin."""
        self.starter = starter
        self.go = threading.Event()

    def handle_call(self, request: Any, sender: From) -> Any:
        """Return what it is told to."""
        return request

    def handle_cast(self, request: Any) -> Any:
        """Return it, but not at once."""
        send(self.starter, self.go)
        self.go.wait(WAIT)
        return request

    def handle_info(self, message: Any) -> None:
        """Tell."""
        send(self.starter, message)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Have no time-out end; return the times of those that have begun."""
    times: list[float] = []
    monkeypatch.setattr(gen_server, "send_after", lambda seconds, _pid, _message: times.append(seconds))
    return times


@pytest.fixture
def suspended(monkeypatch: pytest.MonkeyPatch) -> Pid:
    """Return a server that was suspended when its time-out had just passed."""
    monkeypatch.setattr(gen_server, "send_after", lambda _seconds, pid, message: send(pid, message))
    pid = Waiting.start(current())
    GenServer.cast(pid, Timeout(60))
    go = receive(threading.Event, timeout=WAIT)
    with pytest.raises(TimeoutError):
        sys.suspend(pid, timeout=0)  # the request waits in the mailbox
    go.set()
    assert sys.get_status(pid).state == "suspended"
    return pid


def test_a_timeout_begins_anew_after_a_system_message(started: list[float]) -> None:
    """As OTP's does; no other message has that effect, and without a time-out nothing begins."""
    pid = Waiting.start(current())
    sys.get_state(pid)
    GenServer.call(pid, Reply("ok", Timeout(60)))
    # A time-out begins after the reply: what comes next has waited for that, and begins one, too.
    for count in (1, 2, 3):
        sys.get_state(pid)
        assert len(started) >= count
    GenServer.call(pid, "cancels it")
    before = [60] * 4
    assert started == before
    sys.get_state(pid)
    sys.get_state(pid)
    assert started == before


def test_a_timeout_does_not_pass_while_a_server_is_suspended(suspended: Pid) -> None:
    """What has come meanwhile cancels it."""
    send(suspended, "hello")
    sys.resume(suspended)
    assert receive(timeout=WAIT) == "hello"
    assert GenServer.call(suspended, "alive", timeout=WAIT) == "alive"
    assert nothing_waits()


def test_a_timeout_begins_anew_when_a_server_is_resumed(suspended: Pid) -> None:
    """It comes when nothing else does."""
    assert nothing_waits()
    sys.resume(suspended)
    assert receive(timeout=WAIT) == Timeout(60)


def test_no_time_is_no_timeout(started: list[float]) -> None:
    """It is OTP's infinity."""
    pid = Waiting.start(current())
    assert GenServer.call(pid, Reply("ok", Timeout(None))) == "ok"
    assert GenServer.call(pid, "alive") == "alive"
    assert started == []


@pytest.mark.parametrize("seconds", [-1, "1", float("nan")])
def test_a_time_that_is_none_ends_the_server(seconds: Any) -> None:
    """It is a bad return."""
    pid, ref = Waiting.start_monitor(current())
    wrong = Timeout(seconds)
    GenServer.call(pid, Reply("ok", wrong))
    reason = receive(Down, ref=ref, timeout=WAIT).reason
    assert reason[0] == "bad_return_value"
    assert reason[1] is wrong
