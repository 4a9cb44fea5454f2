"""Supervised OS processes: a Task is a child like any other."""

from __future__ import annotations

import logging
import os
import signal
from pathlib import Path

import pytest
from support.calls import until
from support.supervised import WAIT, Worker, end, exit_of, pid_of, pids, start, stop, worker

from prx_actors import ExitStatus, Stdout, Task, TermSig, prx
from prx_actors.actors import Down, Pid, current, exit_signal, link, monitor, receive, send
from prx_actors.otp.supervisor import ChildSpec, Supervisor, SupervisorReport


def run(*argv: str) -> Task:
    """Start a program, as the start function of a child."""
    task = prx.fork()
    prx.execvp(task, list(argv))
    return task


def program(id: str, *argv: str, **fields: object) -> ChildSpec:
    """Return the specification of a program."""
    return ChildSpec(id, (run, argv), **fields)  # type: ignore[arg-type]


def task_of(supervisor: Pid, id: str = "cat") -> Task:
    """Return the task of a child that runs."""
    task = pid_of(supervisor, id)
    assert isinstance(task, Task)
    return task


def kill(task: Task) -> None:
    """Kill the OS process behind a task, and wait until its supervisor was told."""
    link(task)
    assert task.host_pid is not None
    os.kill(task.host_pid, signal.SIGKILL)
    assert exit_of(task) == "normal"


def gone(host_pid: int | None) -> bool:
    """Say whether there is no such process any more."""
    return not Path(f"/proc/{host_pid}").exists()


def test_an_os_process_that_is_killed_is_restarted() -> None:
    """As another OS process, once nothing is left of the first."""
    supervisor = start(program("cat", "cat"))
    first = task_of(supervisor)
    host_pid = first.host_pid
    kill(first)
    assert gone(host_pid)
    second = task_of(supervisor)
    assert second is not first
    assert second.host_pid not in (None, host_pid)
    stop(supervisor)
    assert gone(second.host_pid)


def test_a_restarted_program_finds_its_lock_free(tmp_path: Path) -> None:
    """The restart comes after the end of the first one, with all that it held."""
    lock, holders = tmp_path / "lock", tmp_path / "holders"
    holders.touch()
    script = f"exec 9> {lock}; flock -n 9 || exit 3; echo $$ >> {holders}; exec sleep 1000"
    supervisor = start(program("holder", "sh", "-c", script), intensity=3)
    for count in range(1, 4):
        task = task_of(supervisor, "holder")
        # They say so: a look whether the lock is taken would take it, and keep a holder from it.
        until(lambda: len(holders.read_text().splitlines()) == count, f"{count} have taken the lock")  # noqa: B023
        kill(task)
    assert task_of(supervisor, "holder").is_alive()
    stop(supervisor)


def test_the_messages_of_a_task_harm_no_supervisor(caplog: pytest.LogCaptureFixture) -> None:
    """Its output and its exit status go to its owner, who is the supervisor, and are dropped there."""
    caplog.set_level(logging.DEBUG)
    loud = program("loud", "sh", "-c", "seq 100000; seq 1000 >&2; exit 3", restart="temporary")
    supervisor = start(program("cat", "cat"))
    task = Supervisor.start_child(supervisor, loud)
    ref = monitor(task)
    assert receive(Down, ref=ref, timeout=WAIT).reason in ("normal", "noproc")
    assert task_of(supervisor).is_alive()
    stop(supervisor)
    dropped = [record for record in caplog.records if "dropped" in record.getMessage()]
    assert any("ExitStatus" in record.getMessage() for record in dropped)
    assert all(record.levelno == logging.DEBUG for record in dropped)
    assert not any("unexpected" in record.getMessage() for record in caplog.records)


def test_output_can_go_to_somebody_else() -> None:
    """A start function may name another process for it."""

    def start_echo(sink: Pid) -> Task:
        task = prx.fork(stdio=sink)
        prx.execvp(task, ["echo", "hello"])
        return task

    supervisor = start(ChildSpec("echo", (start_echo, (current(),)), restart="temporary"))
    assert receive(Stdout, timeout=WAIT).data == b"hello\n"
    assert receive(ExitStatus, timeout=WAIT).status == 0
    stop(supervisor)


@pytest.mark.parametrize(("restart", "comes_back"), [("permanent", True), ("transient", False)])
def test_a_program_that_ends_is_restarted_only_when_it_is_permanent(restart: str, comes_back: bool) -> None:
    """A task ends as normal, whatever its exit status is."""
    supervisor = start(program("cat", "cat", restart=restart))
    task = task_of(supervisor)
    kill(task)
    assert (pids(supervisor)["cat"] is not None) == comes_back
    stop(supervisor)


def test_a_driver_that_dies_in_call_state_is_restarted_when_it_is_transient() -> None:
    """It ends with termsig, which is not in order."""
    supervisor = start(ChildSpec("driver", prx.fork, restart="transient"))
    task = task_of(supervisor, "driver")
    link(task)
    assert task.host_pid is not None
    os.kill(task.host_pid, signal.SIGKILL)
    assert exit_of(task) == ("termsig", signal.SIGKILL)
    assert task_of(supervisor, "driver") is not task
    stop(supervisor)


def test_a_program_that_ignores_sigterm_is_killed_by_its_own_killdelay(caplog: pytest.LogCaptureFixture) -> None:
    """Its supervisor waits for that however long, and finds that it ended as it should."""

    def stubborn() -> Task:
        task = prx.fork(killdelay=0.2)
        prx.execvp(task, ["sh", "-c", "trap '' TERM; exec sleep 1000"])
        return task

    supervisor = start(ChildSpec("stubborn", stubborn))
    task = task_of(supervisor, "stubborn")
    Supervisor.terminate_child(supervisor, "stubborn")
    assert not task.is_alive()
    assert gone(task.host_pid)
    stop(supervisor)
    assert not any(isinstance(getattr(record, "report", None), SupervisorReport) for record in caplog.records)


def test_brutal_kill_ends_a_program_at_once() -> None:
    """With SIGKILL, without its killdelay."""
    supervisor = start(program("sh", "sh", "-c", "trap '' TERM; exec sleep 1000", shutdown="brutal_kill"))
    task = task_of(supervisor, "sh")
    Supervisor.terminate_child(supervisor, "sh")
    assert gone(task.host_pid)
    stop(supervisor)


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
def test_servers_and_programs_restart_each_other(strategy: str) -> None:
    """In either order, for both are processes."""
    supervisor = start(worker("server"), program("cat", "cat"), strategy=strategy, intensity=9)
    server, cat = pid_of(supervisor, "server"), task_of(supervisor)
    end(server)
    assert pid_of(supervisor, "server") is not server
    assert task_of(supervisor) is not cat
    assert gone(cat.host_pid)
    second = pid_of(supervisor, "server")
    kill(task_of(supervisor))
    assert (pid_of(supervisor, "server") is second) == (strategy == "rest_for_one")
    stop(supervisor)


def test_a_server_with_a_task_of_its_own_ends_with_it_and_comes_back_under_its_name() -> None:
    """A server linked to its program: a kill of the program restarts the pair."""

    class Owner(Worker):
        def init(self) -> None:
            self.task = prx.fork(link=True)
            prx.execvp(self.task, ["cat"])

        def handle_call(self, _request: object, _sender: object) -> Task:
            return self.task

        def handle_info(self, message: object) -> None:
            if isinstance(message, TermSig):
                raise LookupError(message)  # noqa: TRY004 -- any error will do

    supervisor = start(worker("owner", lambda: Owner.start_link(name="owner")))
    first = pid_of(supervisor, "owner")
    task = Worker.call("owner", "task")
    link(first)
    os.kill(task.host_pid, signal.SIGKILL)
    assert isinstance(exit_of(first), LookupError)
    assert pid_of(supervisor, "owner") is not first
    assert Worker.call("owner", "task") is not task
    stop(supervisor)


def test_many_programs_under_simple_one_for_one_stop_together() -> None:
    """Each is asked at the same time."""
    supervisor = start(program("cat", "cat", restart="temporary"), strategy="simple_one_for_one")
    tasks = [Supervisor.start_child(supervisor) for _ in range(5)]
    kill(tasks[0])
    assert Supervisor.count_children(supervisor).active == 4
    stop(supervisor)
    assert all(gone(task.host_pid) for task in tasks)


def test_a_supervisor_that_is_killed_takes_its_programs_along() -> None:
    """They are its own: it owns them and they are linked to it."""
    supervisor = start(program("cat", "cat"))
    task = task_of(supervisor)
    host_pid = task.host_pid
    send(supervisor, "a message that nobody expects")
    exit_signal(supervisor, "kill")
    assert exit_of(supervisor) == "killed"
    assert gone(host_pid)
