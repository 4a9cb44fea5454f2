"""What format_status lets be seen, of a crash and by `sys.get_status`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from support.servers import WAIT

from prx_actors.actors import Down, Process, monitor, receive, send
from prx_actors.otp import CallError, From, GenServer, sys

if TYPE_CHECKING:
    from prx_actors.actors import Pid


class Keeper(GenServer):
    """Keeps a secret, and crashes with one."""

    def init(self) -> None:
        """Begin."""
        self.password = "hunter1"  # noqa: S105

    def handle_call(self, request: Any, sender: From) -> Any:
        """Crash, or not."""
        if request == "hunter2":
            msg = "not hunter3"
            raise ValueError(msg)
        return request


class Discreet(Keeper):
    """Shows nothing."""

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        """Replace all that there is."""
        return dict.fromkeys(status, "***")


class Partial(Keeper):
    """Shows what it has made of some of it."""

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        """Leave out the rest."""
        return {"state": "a state", "more": "added"} if "message" in status else {"state": "a state"}


class Broken(Keeper):
    """Would show everything if it were not watched."""

    def format_status(self, status: dict[str, Any]) -> NoReturn:
        """Fail with all that was to be hidden."""
        raise KeyError(*status.values())


def crash(pid: Pid) -> object:
    """Have a server crash and return why it did."""
    sys.log(pid, 5)
    with pytest.raises(CallError) as caught:
        GenServer.call(pid, "hunter2", timeout=WAIT)
    return caught.value.reason


def everything(records: list[logging.LogRecord]) -> str:
    """Return all that is in a log: texts, tracebacks and what is only attached."""
    return "".join(f"{logging.Formatter().format(record)} {record.__dict__}" for record in records)


def test_what_there_is_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    """When nobody says otherwise: message, state, reason and log; the log only when there is one."""
    assert isinstance(crash(Keeper.start()), ValueError)
    report = caplog.records[0].getMessage()
    for line in (
        "last message: Call(request='hunter2'",
        "state: {'password': 'hunter1'}",
        "reason: ValueError",
        "log: [",
    ):
        assert f"\n  {line}" in report
    with pytest.raises(CallError):
        GenServer.call(Keeper.start(), "hunter2")
    assert "log:" not in caplog.records[2].getMessage()


@pytest.mark.parametrize("server", [Discreet, Broken])
def test_nothing_is_in_a_report_that_format_status_has_not_let_through(
    server: type[Keeper], caplog: pytest.LogCaptureFixture
) -> None:
    """Not in that of the process, nor in a traceback, nor when it fails; the reason itself is as it was."""
    reason = crash(server.start())
    assert isinstance(reason, ValueError)
    assert len(caplog.records) == 2
    assert "hunter" not in everything(caplog.records)


def test_what_format_status_leaves_out_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    """And what it adds is."""
    crash(Partial.start())
    of_server, of_process = caplog.records
    assert of_server.getMessage().splitlines()[1:] == [
        "  last message: 'not shown'",
        "  state: 'a state'",
        "  reason: 'not shown'",
        "  log: 'not shown'",
        "  more: 'added'",
    ]
    report = of_process.__dict__["report"]
    assert (report.reason, report.last_message) == ("not shown", "not shown")


def test_a_format_status_that_fails_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """With what kind of error it was, and no more."""
    crash(Broken.start())
    assert "state: 'format_status failed: KeyError'" in caplog.records[0].getMessage()


def test_format_status_has_a_say_in_the_reports_of_other_actors(caplog: pytest.LogCaptureFixture) -> None:
    """They show no state, but a message and a reason."""

    class Plain(Process):
        def on_receive(self, message: object) -> NoReturn:
            raise ValueError(message)

        def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
            return status | {"message": "hidden", "reason": "a reason"}

    pid = Plain.start()
    ref = monitor(pid)
    send(pid, "hunter4")
    assert isinstance(receive(Down, ref=ref, timeout=WAIT).reason, ValueError)
    assert "last_message: 'hidden'" in caplog.text
    assert "hunter" not in everything(caplog.records)


def test_the_log_of_a_status_goes_through_format_status() -> None:
    """As all of it does."""
    pid = Discreet.start()
    sys.log(pid, 5)
    GenServer.call(pid, "hunter5")
    status = sys.get_status(pid)
    assert (status.log, status.data) == ("***", {"state": "***"})


def test_a_format_status_that_returns_nothing_is_who_asked_s() -> None:
    """The server goes on."""

    class Forgetful(Keeper):
        def format_status(self, status: dict[str, Any]) -> Any:
            status["state"] = "***"

    pid = Forgetful.start()
    with pytest.raises(sys.CallbackError, match="NoneType"):
        sys.get_status(pid)
    assert GenServer.call(pid, "alive") == "alive"
