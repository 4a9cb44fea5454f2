"""What fails while an end is reported keeps no process alive, and nobody waiting."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from support.servers import WAIT

from prx_actors.actors import Down, Pid, Process, ProcessExit, exit, monitor, receive, send, spawn_monitor
from prx_actors.otp import CallError, From, GenServer, StartError, sys
from prx_actors.otp.debug import Debug
from prx_actors.otp.state_machine import NextState, StateMachine

if TYPE_CHECKING:
    from collections.abc import Iterator


class Fragile(GenServer):
    """Crashes at any call but an "echo"."""

    def handle_call(self, request: Any, sender: From) -> Any:
        """Crash, or not."""
        if request != "echo":
            raise ValueError(request)
        return request


class Shy:
    """Has no representation."""

    def __repr__(self) -> NoReturn:
        raise AttributeError


class WithShyState(Fragile):
    """As the class says."""

    def init(self) -> None:
        """Begin."""
        self.shy = Shy()


class Forgetful(Fragile):
    """Returns no status."""

    def format_status(self, status: dict[str, Any]) -> Any:
        """Forget to return it."""
        status["state"] = "***"


class Unformatted(Fragile):
    """Fails to make a status."""

    def format_status(self, status: dict[str, Any]) -> NoReturn:
        """Fail."""
        exit("format_status")


class Stateless(Fragile):
    """Has no state to show."""

    def system_get_state(self) -> NoReturn:
        """Fail."""
        raise SystemExit


@pytest.fixture
def failing_handler() -> Iterator[None]:
    """Have all that the package logs fail."""

    class Failing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> NoReturn:
            msg = "no disk"
            raise OSError(msg)

    handler = Failing()
    logging.getLogger("prx_actors").addHandler(handler)
    yield
    logging.getLogger("prx_actors").removeHandler(handler)


@pytest.mark.parametrize("server", [WithShyState, Forgetful, Unformatted, Stateless])
def test_a_server_ends_whatever_becomes_of_its_report(server: type[Fragile]) -> None:
    """Who called it, and who monitors it, is told why."""
    pid, ref = server.start_monitor()
    with pytest.raises(CallError) as caught:
        GenServer.call(pid, Shy(), timeout=WAIT)
    assert isinstance(caught.value.reason, ValueError)
    assert receive(Down, ref=ref, timeout=WAIT).reason is caught.value.reason


@pytest.mark.parametrize("server", [WithShyState, Forgetful, Unformatted, Stateless])
def test_a_report_is_made_whatever_fails(server: type[Fragile], caplog: pytest.LogCaptureFixture) -> None:
    """One of the server and one of the process."""
    with pytest.raises(CallError):
        GenServer.call(server.start(), "crash", timeout=WAIT)
    of_server, of_process = [record.getMessage() for record in caplog.records]
    assert "is terminating" in of_server
    assert "crashed" in of_process
    assert "failed" in of_server


@pytest.mark.usefixtures("failing_handler")
def test_a_handler_of_the_log_that_fails_keeps_no_server_alive(capsys: pytest.CaptureFixture[str]) -> None:
    """Its failure is on stderr."""
    pid, ref = Fragile.start_monitor()
    with pytest.raises(CallError):
        GenServer.call(pid, "crash", timeout=WAIT)
    assert isinstance(receive(Down, ref=ref, timeout=WAIT).reason, ValueError)
    error = capsys.readouterr().err
    assert "OSError: no disk" in error
    assert "crash'" not in error


@pytest.mark.usefixtures("failing_handler")
def test_a_handler_of_the_log_that_fails_keeps_no_starter_waiting() -> None:
    """It is told why the start failed."""

    class Failing(GenServer):
        def init(self) -> NoReturn:
            raise KeyError

    with pytest.raises(StartError) as caught:
        Failing.start(timeout=WAIT)
    assert isinstance(caught.value.reason, KeyError)


@pytest.mark.usefixtures("failing_handler")
@pytest.mark.parametrize("hook", ["on_receive", "on_failure"])
def test_a_handler_of_the_log_that_fails_keeps_no_actor_alive(hook: str) -> None:
    """Nor when the hook of its end fails, too."""

    class Plain(Process):
        def on_receive(self, message: object) -> NoReturn:
            raise ValueError

        def on_failure(self, *_: Any) -> None:
            if hook == "on_failure":
                raise KeyError

    pid = Plain.start()
    ref = monitor(pid)
    send(pid, "x")
    assert isinstance(receive(Down, ref=ref, timeout=WAIT).reason, ValueError)


@pytest.mark.usefixtures("failing_handler")
def test_a_handler_of_the_log_that_fails_keeps_no_function_alive() -> None:
    """Its monitors are told."""
    _, ref = spawn_monitor(int, "no number")
    assert isinstance(receive(Down, ref=ref, timeout=WAIT).reason, ValueError)


@pytest.mark.usefixtures("failing_handler")
def test_an_ask_is_answered_by_its_exception_though_the_log_fails() -> None:
    """The actor goes on, as ever."""

    class Plain(Process):
        def on_receive(self, message: int) -> float:
            return 1 / message

    pid = Plain.start()
    with pytest.raises(ZeroDivisionError):
        pid.ask(0, timeout=WAIT)
    assert pid.ask(2, timeout=WAIT) == 0.5


@pytest.mark.usefixtures("failing_handler")
def test_an_unexpected_message_that_cannot_be_logged_ends_nobody() -> None:
    """A warning is no more than that."""
    pid = Fragile.start()
    send(pid, "unexpected")
    assert GenServer.call(pid, "echo", timeout=WAIT) == "echo"


def test_a_state_machine_ends_whatever_becomes_of_its_report() -> None:
    """As a server does."""

    class Machine(StateMachine):
        def init(self) -> NextState:
            return NextState("only")

        def only(self, event: object) -> NoReturn:
            raise ValueError

        def format_status(self, status: dict[str, Any]) -> Any:
            return None

    pid, ref = Machine.start_monitor()
    StateMachine.cast(pid, Shy())
    assert isinstance(receive(Down, ref=ref, timeout=WAIT).reason, ValueError)


class Undecided:
    """Cannot be compared, as an array cannot."""

    def __eq__(self, other: object) -> Any:
        return self

    def __hash__(self) -> int:
        return 0

    def __bool__(self) -> NoReturn:
        raise ValueError


def leave(_pid: Pid, _event: object) -> NoReturn:
    """Exit, as a debug function."""
    exit("debug")


def give_up(_pid: Pid, _event: object) -> NoReturn:
    """Raise, as a debug function."""
    raise SystemExit


@pytest.mark.parametrize("function", [leave, give_up, lambda _pid, _event: Undecided()])
def test_a_debug_function_cannot_end_a_server(function: Any) -> None:
    """It is removed if it fails, and what it returns is looked at with care."""
    pid, ref = Fragile.start_monitor()
    sys.install(pid, "key", function)
    assert GenServer.call(pid, "echo", timeout=WAIT) == "echo"
    GenServer.stop(pid, timeout=WAIT)
    assert receive(Down, ref=ref, timeout=WAIT).reason == "normal"


@pytest.mark.parametrize("error", [ProcessExit("debug"), SystemExit(), ValueError()])
def test_a_debug_function_that_fails_at_the_end_does_not_keep_a_server(error: BaseException) -> None:
    """It ends with the reason that it had."""

    def fail_at_the_end(_pid: Pid, event: tuple[object, ...]) -> None:
        if event[0] == "terminate":
            raise error

    pid, ref = Fragile.start_monitor()
    sys.install(pid, "key", fail_at_the_end)
    GenServer.stop(pid, "shutdown", timeout=WAIT)
    assert receive(Down, ref=ref, timeout=WAIT).reason == "shutdown"


def test_an_end_that_cannot_be_recorded_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is that fails."""

    def fail(*_: object) -> NoReturn:
        raise ValueError

    pid, ref = Fragile.start_monitor()
    sys.log(pid, 5)
    monkeypatch.setattr(Debug, "event", fail)
    GenServer.stop(pid, "shutdown", timeout=WAIT)
    assert receive(Down, ref=ref, timeout=WAIT).reason == "shutdown"


def test_what_has_no_representation_can_be_traced(caplog: pytest.LogCaptureFixture) -> None:
    """The event is seen, and the server goes on."""
    caplog.set_level(logging.INFO, "prx_actors.trace")
    pid = Fragile.start()
    sys.trace(pid, True)
    send(pid, Shy())
    assert GenServer.call(pid, "echo", timeout=WAIT) == "echo"
    assert "Shy whose repr failed" in caplog.text
