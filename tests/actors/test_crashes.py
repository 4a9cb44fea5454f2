from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import pytest

from prx_actors.actors import (
    CrashReport,
    Down,
    Process,
    current,
    exit,
    monitor,
    receive,
    register,
    send,
    spawn_link,
    spawn_monitor,
    trap_exit,
)
from prx_actors.actors.crashes import is_silent
from prx_actors.actors.table import process_of

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT = 10


class Fragile(Process):
    """Breaks at any message."""

    def on_receive(self, message: object) -> object:
        """Break."""
        msg = f"cannot handle {message}"
        raise ValueError(msg)


def the_record(caplog: pytest.LogCaptureFixture) -> logging.LogRecord:
    """Return the one crash report that was logged."""
    (record,) = [record for record in caplog.records if record.name == "prx_actors"]
    return record


def test_a_report_says_what_the_process_was_and_had(caplog: pytest.LogCaptureFixture) -> None:
    """As an object in the record."""
    trap_exit(True)
    pid = Fragile.start()
    process = process_of(pid)
    assert process is not None
    process._link(current())
    register("fragile", pid)
    ref = monitor(pid)
    process.actor_inbox.wake = None
    for number in range(3):
        send(pid, f"glass {number}")
    process._request_turn()
    reason = receive(Down, ref=ref, timeout=WAIT).reason
    record = the_record(caplog)
    assert record.levelname == "ERROR"
    assert record.__dict__["report"] == CrashReport(
        pid=pid,
        registered_name="fragile",
        initial_call=f"{__name__}.Fragile",
        reason=reason,
        last_message="glass 0",
        message_queue_len=2,
        links=(current(),),
        ancestors=(current(),),
        trap_exit=False,
    )
    assert (record.__dict__["pid"], record.__dict__["reason"]) == (pid, reason)
    assert record.exc_info is not None
    assert record.exc_info[1] is reason


def test_a_report_can_be_read(caplog: pytest.LogCaptureFixture) -> None:
    """A line for each thing, the traceback below."""
    me = current()
    pid = Fragile.start()
    register("fragile", pid)
    ref = monitor(pid)
    send(pid, "glass")
    receive(Down, ref=ref, timeout=WAIT)
    lines = logging.Formatter().format(the_record(caplog)).splitlines()
    assert re.fullmatch(rf"Process <Pid {pid.number} Fragile( 'fragile')? \w+> crashed", lines[0])
    assert lines[1:7] == [
        "  registered_name: 'fragile'",
        f"  initial_call: '{__name__}.Fragile'",
        "  reason: ValueError('cannot handle glass')",
        "  last_message: 'glass'",
        "  message_queue_len: 0",
        "  links: ()",
    ]
    assert lines[7].startswith(f"  ancestors: (<Pid {me.number} ")
    assert lines[8] == "  trap_exit: False"
    assert lines[9].startswith("Traceback")
    assert lines[-1] == "ValueError: cannot handle glass"


def test_what_is_long_or_has_no_repr_is_still_reported() -> None:
    """A report that fails would hide the crash."""

    class Shy:
        def __repr__(self) -> str:
            raise ValueError

    report = CrashReport(current(), None, "f", "x" * 10_000, Shy(), 0, (), (), False)
    assert "Shy" in str(report)
    assert len(str(report)) < 1000


def test_a_function_is_reported_by_its_name(caplog: pytest.LogCaptureFixture) -> None:
    """Also what is only callable."""

    class Caller:
        def __call__(self) -> None:
            raise KeyError

    def broken() -> None:
        raise KeyError

    cases: list[tuple[Callable[[], None], str]] = [(broken, "broken"), (Caller(), "Caller")]
    for function, name in cases:
        caplog.clear()
        _, ref = spawn_monitor(function)
        receive(Down, ref=ref, timeout=WAIT)
        report = the_record(caplog).__dict__["report"]
        assert report.initial_call.endswith(f".<locals>.{name}")
        assert report.last_message is None


@pytest.mark.parametrize(
    "end", [lambda: exit("normal"), lambda: exit("bored"), lambda: None], ids=["normal", "bored", "return"]
)
def test_an_exit_is_no_crash(end: Callable[[], None], caplog: pytest.LogCaptureFixture) -> None:
    """Only an exception is."""
    _, ref = spawn_monitor(end)
    receive(Down, ref=ref, timeout=WAIT)
    assert caplog.records == []


def test_who_is_taken_along_does_not_crash(caplog: pytest.LogCaptureFixture) -> None:
    """One exception, one report."""

    def parent() -> None:
        spawn_link(int, "no number")
        receive()

    _, ref = spawn_monitor(parent)
    assert isinstance(receive(Down, ref=ref, timeout=WAIT).reason, ValueError)
    assert the_record(caplog).__dict__["report"].initial_call == "builtins.int"


@pytest.mark.parametrize(
    ("reason", "silent"),
    [
        ("normal", True),
        ("shutdown", True),
        (("shutdown", "any"), True),
        ("killed", False),
        (("other", "any"), False),
        (("shutdown",), False),
        (ValueError(), False),
        (None, False),
    ],
)
def test_some_reasons_are_silent(reason: object, silent: bool, caplog: pytest.LogCaptureFixture) -> None:
    """Those with which OTP's behaviours end when all is well."""
    assert is_silent(reason) is silent
    process = process_of(Process.start())
    assert process is not None
    process._crash_report(reason)
    assert bool(caplog.records) is not silent
