"""Commands as children of supervisors."""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from support.ends import WAIT, OsProcesses
from support.leaks import descendants
from support.orphans import orphaned
from support.supervised import exit_of, pid_of, start, stop

from prx_actors import (
    ChildSpec,
    Command,
    ExitStatus,
    NoProcess,
    StartError,
    Supervisor,
    TermSig,
    link,
    monitor,
    receive,
    trap_exit,
)
from prx_actors.actors import Down
from prx_actors.actors.table import process_of
from prx_actors.programs.readiness import Line

if TYPE_CHECKING:
    from pathlib import Path

    from prx_actors import Pid

IDLE = ("sh", "-c", "echo up; exec sleep 1000")


def child(*argv: str, **fields: Any) -> ChildSpec:
    """Return the specification of a command, with fields of both."""
    spec = {name: fields.pop(name) for name in ("restart", "shutdown") if name in fields}
    return ChildSpec("program", Command(argv or IDLE, **fields), **spec)


def host_pid(supervisor: Pid) -> int:
    """Return the pid of the program that runs."""
    service: Any = process_of(pid_of(supervisor, "program"))
    pid: int = service.task.host_pid
    return pid


def wait_for(path: Path) -> None:
    """Wait until a program has made a file."""
    deadline = time.monotonic() + WAIT
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def linked(command: Command) -> Pid:
    """Start a command as a supervisor does, in the test's place."""
    trap_exit(True)
    return command.start_link()


@pytest.mark.parametrize("script", ["exit 0", "exit 7"])
def test_an_allowed_exit_code_is_a_normal_end(script: str) -> None:
    """The reason says that all is well."""
    assert exit_of(linked(Command(("sh", "-c", script), exit_codes=(0, 7)))) == "normal"


def test_any_other_end_is_the_reason_itself() -> None:
    """With the task whose end it was."""
    reason = exit_of(linked(Command(("sh", "-c", "exit 3"))))
    assert isinstance(reason, ExitStatus)
    assert reason.status == 3
    reason = exit_of(linked(Command(("sh", "-c", "kill -KILL $$"))))
    assert isinstance(reason, TermSig)
    assert reason.signal == 9


def test_a_transient_child_is_restarted_when_it_fails_and_not_when_it_does_not(tmp_path: Path) -> None:
    """Twice it fails, the third time it does not."""
    script = f"echo >> {tmp_path}/starts; [ $(wc -l < {tmp_path}/starts) = 3 ]"
    supervisor = start(child("sh", "-c", script, restart="transient"), intensity=5)
    deadline = time.monotonic() + WAIT
    while (info := Supervisor.which_children(supervisor)[0]).pid or info.restarting:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert (tmp_path / "starts").read_text() == "\n" * 3
    stop(supervisor)


def test_a_killed_program_is_restarted() -> None:
    """And all that it had started is gone before that."""
    script = "setsid sleep 1000 & echo up; wait"
    supervisor = start(child("sh", "-c", script, grace=0.5))
    first, pid = pid_of(supervisor, "program"), host_pid(supervisor)
    deadline = time.monotonic() + WAIT
    while len(descendants(pid)) < 1:
        assert time.monotonic() < deadline
    ref = monitor(first)
    with OsProcesses([pid, *(one.pid for one in descendants(pid))]) as processes:
        os.kill(pid, 9)
        assert isinstance(receive(Down, ref=ref, timeout=WAIT).reason, TermSig)
        assert processes.left() == []
    while not Supervisor.count_children(supervisor).active:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert host_pid(supervisor) != pid
    stop(supervisor)


def test_a_supervisor_leaves_it_the_time_that_it_bounds_itself(tmp_path: Path) -> None:
    """More than the 5 seconds of other workers."""
    action = f"trap 'sleep 6; echo done > {tmp_path}/end; exit' TERM; touch {tmp_path}/up"
    supervisor = start(child("sh", "-c", f"{action}; while :; do sleep 0.05; done", grace=WAIT))
    wait_for(tmp_path / "up")
    stop(supervisor)
    assert (tmp_path / "end").read_text() == "done\n"


@pytest.mark.parametrize("restart", ["permanent", "transient"])
def test_one_whose_keeper_is_killed_is_restarted(restart: str) -> None:
    """Nobody can tell its status then: that is no normal end."""
    supervisor = start(child(restart=restart))
    first = pid_of(supervisor, "program")
    ref = monitor(first)
    pid = host_pid(supervisor)
    with orphaned(pid):
        assert isinstance(receive(Down, ref=ref, timeout=WAIT).reason, NoProcess)
    deadline = time.monotonic() + WAIT
    while not Supervisor.count_children(supervisor).active:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert host_pid(supervisor) != pid
    stop(supervisor)


def test_one_that_ignores_its_stop_signal_is_killed_after_its_grace(tmp_path: Path) -> None:
    """And the supervisor waits for that."""
    script = f"trap '' TERM; touch {tmp_path}/up; while :; do sleep 1; done"
    supervisor = start(child("sh", "-c", script, grace=0.3))
    wait_for(tmp_path / "up")
    with OsProcesses([host_pid(supervisor)]) as processes:
        stop(supervisor)
        assert processes.left() == []


def test_what_does_not_start_fails_the_start() -> None:
    """With the error, and nothing is left."""
    with pytest.raises(StartError) as caught:
        linked(Command(("/no/such/program",)))
    assert isinstance(caught.value.reason, FileNotFoundError)


def test_output_is_logged_under_the_name_of_the_child(caplog: pytest.LogCaptureFixture) -> None:
    """Lines, stdout as information and stderr as warnings; the last may have no end."""
    with caplog.at_level(logging.INFO, "prx_actors.programs.webserver"):
        command = Command(("sh", "-c", "echo one; echo two >&2; printf three"), name="webserver")
        assert exit_of(linked(command)) == "normal"
    records = [one for one in caplog.records if one.name == "prx_actors.programs.webserver"]
    assert {(record.levelname, record.getMessage()) for record in records} == {
        ("INFO", "one"),
        ("WARNING", "two"),
        ("INFO", "three"),
    }


def test_a_timeout_ends_it_as_its_stop_signal_does() -> None:
    """The reason tells how."""
    reason = exit_of(linked(Command(IDLE, timeout=0.2)))
    assert isinstance(reason, TermSig)
    assert reason.signal == 15


def test_the_start_waits_until_the_program_is_ready(caplog: pytest.LogCaptureFixture) -> None:
    """What it says until then is logged all the same."""
    with caplog.at_level(logging.INFO):
        script = "echo wait; sleep 0.1; echo ready; exec sleep 1000"
        supervisor = start(child("sh", "-c", script, readiness=Line("ready"), name="slow"))
    messages = [one.getMessage() for one in caplog.records if one.name == "prx_actors.programs.slow"]
    assert messages == ["wait", "ready"]
    stop(supervisor)


def test_one_that_is_not_ready_in_time_has_not_started() -> None:
    """It is gone when the start fails."""
    with pytest.raises(StartError) as caught:
        linked(Command(IDLE, readiness=Line("ready", timeout=0.2)))
    assert isinstance(caught.value.reason, TimeoutError)
    assert [one for one in descendants(os.getpid()) if one.name == "sleep"] == []


def test_one_that_ends_before_it_is_ready_has_not_started(caplog: pytest.LogCaptureFixture) -> None:
    """The reason is its end, and what it has said is logged."""
    with caplog.at_level(logging.INFO), pytest.raises(StartError) as caught:
        linked(Command(("sh", "-c", "echo no; exit 3"), readiness=Line("ready"), name="brief"))
    assert isinstance(caught.value.reason, ExitStatus)
    assert "no" in [one.getMessage() for one in caplog.records if one.name == "prx_actors.programs.brief"]


def test_programs_stop_in_reverse_order(tmp_path: Path) -> None:
    """Each is gone before the one that was started before it is asked."""
    ends, ready = tmp_path / "ends", tmp_path / "ready"
    ready.touch()
    script = f"trap 'echo $0 >> {ends}; exit' TERM; echo $0 >> {ready}; while :; do sleep 0.02; done"
    supervisor = start(*(ChildSpec(name, Command(("sh", "-c", script, name))) for name in ("one", "two", "three")))
    deadline = time.monotonic() + WAIT
    while len(ready.read_text().split()) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    stop(supervisor)
    assert (tmp_path / "ends").read_text().split() == ["three", "two", "one"]


def test_an_end_that_is_linked_to_is_told_when_nothing_is_left() -> None:
    """The link of any process, not of the supervisor alone."""
    pid = linked(Command(("sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & exit 1")))
    link(pid)
    assert isinstance(exit_of(pid), ExitStatus)
    assert [one for one in descendants(os.getpid()) if one.name == "sleep"] == []
