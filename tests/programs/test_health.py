"""Health checks of supervised programs, and their reload."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from support.ends import WAIT
from support.supervised import exit_of, pid_of, start, stop

from prx_actors import CallError, ChildSpec, Command, Task, link, trap_exit
from prx_actors.programs import BadCommand, Health, Unhealthy, reload
from prx_actors.programs.readiness import Function, Line

if TYPE_CHECKING:
    from pathlib import Path

IDLE = ("sh", "-c", "trap 'echo again >> $0; echo reloaded' HUP; echo up; while :; do sleep 0.05; done")


class Patient:
    """A check that goes as it is told, and says how often it was made."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.made = threading.Semaphore(0)

    def __call__(self, _task: Task) -> object:
        """Answer."""
        self.made.release()
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, threading.Event):
            answer.wait(WAIT)
        return answer

    def await_made(self, count: int) -> None:
        """Wait until it was made so often."""
        for _ in range(count):
            assert self.made.acquire(timeout=WAIT)


def command(patient: Patient, **fields: Any) -> Command:
    """Return one that is checked often."""
    return Command(IDLE, health=Health(Function(patient), interval=0.05, **fields))


@pytest.mark.parametrize("failure", [False, ValueError("ill")], ids=["no", "raises"])
def test_a_program_that_is_not_well_is_restarted(failure: object) -> None:
    """After so many failures in turn, and then it is well again."""
    patient = Patient(True, failure, failure)
    supervisor = start(ChildSpec("program", command(patient, failures=2)))
    first = pid_of(supervisor, "program")
    link(first)
    reason = exit_of(first)
    assert isinstance(reason, Unhealthy)
    assert reason.failures == 2
    patient.await_made(5)
    assert pid_of(supervisor, "program") is not first
    stop(supervisor)


def test_a_failure_between_good_answers_is_forgiven() -> None:
    """They are counted in turn."""
    patient = Patient(False, True, False, True, False, True)
    supervisor = start(ChildSpec("program", command(patient, failures=2)))
    first = pid_of(supervisor, "program")
    patient.await_made(8)
    assert pid_of(supervisor, "program") is first
    stop(supervisor)


def test_a_check_that_does_not_return_is_a_failure() -> None:
    """The program is ended meanwhile."""
    trap_exit(True)
    never = threading.Event()
    child = command(Patient(never), failures=2).start_link()
    try:
        assert isinstance(exit_of(child), Unhealthy)
    finally:
        never.set()


def test_a_normal_end_ends_the_checks() -> None:
    """No thread of theirs is left, which the root conftest.py looks at."""
    trap_exit(True)
    health = Health(Function(lambda _task: True), interval=0.01)
    child = Command(("sh", "-c", "sleep 0.2"), health=health).start_link()
    assert exit_of(child) == "normal"


def test_a_program_is_told_to_reload(tmp_path: Path) -> None:
    """By its reload_signal, and goes on."""
    output: list[bytes] = []
    again = threading.Event()

    def take(data: bytes) -> None:
        output.append(data)
        if b"reloaded" in data:
            again.set()

    child = Command((*IDLE, str(tmp_path / "file")), stdout=take, readiness=Line("up", timeout=WAIT))
    supervisor = start(ChildSpec("program", child))
    first = pid_of(supervisor, "program")
    reload(first)
    assert again.wait(WAIT)
    assert (tmp_path / "file").read_text() == "again\n"
    assert pid_of(supervisor, "program") is first
    stop(supervisor)
    with pytest.raises(CallError):
        reload(first)


def test_mistakes_are_named() -> None:
    """When the command is made."""
    with pytest.raises(BadCommand, match="health: 3 is no Health"):
        Command(IDLE, health=3)  # type: ignore[arg-type]
    with pytest.raises(BadCommand, match="reload_signal: 99 is no signal"):
        Command(IDLE, reload_signal=99)
