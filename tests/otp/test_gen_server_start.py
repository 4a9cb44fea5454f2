"""The starts and stops of OTP's gen_server_SUITE."""

from __future__ import annotations

from typing import Any

import pytest
from support.servers import WAIT, Server, Telling, ended, nothing_waits

from prx_actors.actors import (
    Down,
    Exit,
    Pid,
    current,
    exit,
    exit_signal,
    receive,
    send,
    spawn_monitor,
    trap_exit,
    whereis,
)
from prx_actors.otp import (
    CallError,
    Continue,
    From,
    GenServer,
    Ignore,
    StartError,
    Stop,
)


def test_a_server_that_has_started_answers() -> None:
    """And its end leaves nobody to call."""
    pid = Server.start()
    assert GenServer.call(pid, "started") == "ok"
    assert GenServer.call(pid, ("return", Stop("stopped", reply="ok"))) == "ok"
    ended(pid)
    with pytest.raises(CallError) as caught:
        GenServer.call(pid, "started", timeout=1)
    assert caught.value.reason == "noproc"


def test_a_start_in_time_is_no_different() -> None:
    """The time-out bounds init alone."""
    assert GenServer.call(Server.start(timeout=WAIT), "started") == "ok"


def test_a_start_that_takes_too_long_is_killed() -> None:
    """And leaves no name, no link and no message behind."""
    trap_exit(True)
    begun: list[Pid] = []

    class Sleeper(GenServer):
        def init(self) -> None:
            begun.append(current())
            receive(timeout=WAIT)

    with pytest.raises(StartError) as caught:
        Sleeper.start_link(name="late", timeout=0.05)
    assert caught.value.reason == "timeout"
    assert whereis("late") is None
    assert not any(pid.is_alive() for pid in begun)
    assert nothing_waits()


@pytest.mark.parametrize("start", [Server.start, Server.start_link])
def test_init_may_ignore_the_start(start: Any) -> None:
    """Nobody is started, and the name is free when start returns."""
    trap_exit(True)
    for _ in range(20):
        assert start(Ignore(), name="unwanted") is None
        assert whereis("unwanted") is None
    assert nothing_waits()


def test_an_ignored_start_has_no_monitor() -> None:
    """And no Down arrives."""
    started: tuple[object, object] = Server.start_monitor(Ignore())
    assert started == (None, None)
    assert nothing_waits()


@pytest.mark.parametrize("start", [Server.start, Server.start_link, Server.start_monitor])
def test_init_may_stop_the_start(start: Any) -> None:
    """The starter gets the reason, and nothing else."""
    trap_exit(True)
    with pytest.raises(StartError) as caught:
        start(Stop("stopped"), name="stopped")
    assert caught.value.reason == "stopped"
    assert whereis("stopped") is None
    assert nothing_waits()


def test_a_linked_start_that_fails_does_not_end_the_starter() -> None:
    """It gets the exception, and may go on."""

    def starter() -> None:
        with pytest.raises(StartError):
            Server.start_link(Stop("stopped"))

    _, ref = spawn_monitor(starter)
    assert receive(Down, ref=ref, timeout=WAIT).reason == "normal"


def test_a_failing_init_is_the_cause_of_the_start_error() -> None:
    """With its traceback."""

    class Failing(GenServer):
        def init(self) -> None:
            msg = "no"
            raise ValueError(msg)

    with pytest.raises(StartError) as caught:
        Failing.start()
    assert isinstance(caught.value.__cause__, ValueError)
    assert caught.value.reason is caught.value.__cause__
    assert caught.value.__cause__.__traceback__ is not None


def test_a_bad_return_of_init_fails_the_start() -> None:
    """As bad_return_value."""
    with pytest.raises(StartError) as caught:
        Server.start("what is this")
    assert caught.value.reason == ("bad_return_value", "what is this")


def test_the_end_of_a_linked_server_reaches_the_starter() -> None:
    """With the server's reason."""
    trap_exit(True)
    pid = Server.start_link()
    assert GenServer.call(pid, ("return", Stop("stopped", reply="ok"))) == "ok"
    assert receive(Exit, pid=pid, timeout=WAIT).reason == "stopped"


def test_a_name_is_used_in_place_of_the_pid() -> None:
    """For calls, casts and stop."""
    pid = Server.start(name="named")
    assert whereis("named") is pid
    assert GenServer.call("named", "started") == "ok"
    GenServer.cast("named", (current(), "cast"))
    assert receive(str, timeout=WAIT) == "handled_cast"
    GenServer.stop("named")
    assert whereis("named") is None


def test_a_name_that_is_taken_fails_the_start() -> None:
    """The error says who has it, and that one goes on."""
    trap_exit(True)
    pid = Server.start(name="named")
    for start in (Server.start, Server.start_link):
        with pytest.raises(StartError) as caught:
            start(name="named")
        assert caught.value.reason == ("already_started", pid)
    assert GenServer.call("named", "started") == "ok"
    assert nothing_waits()


def test_the_name_is_registered_before_init() -> None:
    """So that init can give it away."""

    class Knowing(GenServer):
        def init(self) -> None:
            self.known = whereis("knowing") is current()

        def handle_call(self, request: Any, sender: From) -> bool:
            return self.known

    Knowing.start(name="knowing")
    assert GenServer.call("knowing", "known")


def test_a_monitored_start_gives_the_down() -> None:
    """With the true reason, however soon the server ends."""

    class Brief(GenServer):
        def init(self) -> Continue:
            return Continue("end")

        def handle_continue(self, argument: Any) -> Stop:
            return Stop("brief")

    pid, ref = Brief.start_monitor()
    assert receive(Down, timeout=WAIT) == Down(ref, pid, "brief")


def test_a_server_that_is_killed_in_init_has_not_started() -> None:
    """The starter learns of it at once."""

    class Victim(GenServer):
        def init(self) -> None:
            exit_signal(current(), "kill")
            receive(timeout=WAIT)

    with pytest.raises(StartError) as caught:
        Victim.start()
    assert caught.value.reason == "killed"


def test_stop_ends_a_server_as_normal_and_waits() -> None:
    """A second stop finds nobody."""
    pid, ref = Server.start_monitor()
    GenServer.stop(pid)
    assert not pid.is_alive()
    assert receive(Down, ref=ref, timeout=0).reason == "normal"
    with pytest.raises(CallError) as caught:
        GenServer.stop(pid)
    assert caught.value.reason == "noproc"


def test_stop_gives_any_reason() -> None:
    """Which terminate sees, without trapping exits."""
    pid, ref = Telling.start_monitor(current())
    GenServer.stop(pid, "other", timeout=WAIT)
    assert receive(timeout=0) == ("terminate", "other")
    assert receive(Down, ref=ref, timeout=0).reason == "other"


def test_stop_with_an_invalid_timeout_raises() -> None:
    """And leaves no Down behind."""
    pid = Server.start()
    with pytest.raises(TypeError):
        GenServer.stop(pid, "normal", "invalid")  # type: ignore[arg-type]
    ended(pid)
    assert nothing_waits()


def test_stop_of_an_unknown_name_raises() -> None:
    """As a call does."""
    with pytest.raises(CallError) as caught:
        GenServer.stop("nobody")
    assert caught.value.reason == "noproc"


def test_stop_tells_when_terminate_failed() -> None:
    """The server then ends with that, not with what was asked for."""

    class Failing(GenServer):
        def terminate(self, reason: object) -> None:
            exit("failed")

    with pytest.raises(CallError) as caught:
        GenServer.stop(Failing.start())
    assert caught.value.reason == "failed"


def test_stop_that_takes_too_long_raises() -> None:
    """The server still ends."""

    class Slow(GenServer):
        def terminate(self, reason: object) -> None:
            receive(timeout=WAIT)

    pid = Slow.start()
    with pytest.raises(TimeoutError):
        GenServer.stop(pid, timeout=0.01)
    send(pid, "go on")
    assert ended(pid) == "normal"


def test_a_server_may_stop_itself_as_pykka_does() -> None:
    """It ends after what waits."""

    class Leaving(GenServer):
        def handle_call(self, request: Any, sender: From) -> str:
            self.stop()
            return "leaving"

    pid, ref = Leaving.start_monitor()
    assert GenServer.call(pid, "leave") == "leaving"
    assert receive(Down, ref=ref, timeout=WAIT).reason == "normal"
