"""Children for the tests of supervisors, and what those ask again and again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from prx_actors.actors import Exit, Pid, current, exit_signal, link, receive, send, trap_exit
from prx_actors.otp import GenServer, StartError, Stop
from prx_actors.otp.supervisor import ChildSpec, Supervisor, SupervisorError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = [
    "WAIT",
    "Switch",
    "Worker",
    "counts",
    "end",
    "exit_of",
    "failing_restart",
    "pid_of",
    "pids",
    "refusal",
    "start",
    "stop",
    "with_extra",
    "worker",
]

WAIT = 10


class Worker(GenServer):
    """Traps exits and ends as it is told."""

    def init(self, *_args: Any) -> None:
        """Trap exits, as the children of OTP's own tests do."""
        trap_exit(True)

    def handle_info(self, message: Any) -> Stop | None:
        """End, or stop listening."""
        match message:
            case "stop":
                return Stop("normal")
            case ("die", reason):
                return Stop(reason)
            case threading.Event():
                message.wait(WAIT)
        return None


class Switch:
    """A start function that fails while it is off."""

    def __init__(self, start: Callable[..., Any] = Worker.start_link) -> None:
        self.on = True
        self.start = start
        self.calls = 0
        self.called = threading.Semaphore(0)

    def __call__(self, *args: Any) -> Any:
        """Start a child, or fail."""
        self.calls += 1
        self.called.release()
        if not self.on:
            reason = "switched_off"
            raise StartError(reason)
        return self.start(*args)

    def await_calls(self, count: int) -> None:
        """Wait for so many calls, besides those that were waited for."""
        for _ in range(count):
            assert self.called.acquire(timeout=WAIT)


def failing_restart() -> Callable[..., Any]:
    """Return a start function that works once."""
    started: list[Pid] = []

    def start_once(*args: Any) -> Pid:
        if started:
            reason = "start_error"
            raise StartError(reason)
        started.append(Worker.start_link(*args))
        return started[0]

    return start_once


def with_extra(*args: Any) -> tuple[Pid, str]:
    """Start a worker and return more than its pid."""
    return Worker.start_link(*args), "extra"


def worker(id: Hashable = "child", start: Any = Worker, **fields: Any) -> ChildSpec:
    """Return the specification of a worker."""
    return ChildSpec(id, start, **{"shutdown": WAIT, **fields})


def start(*specs: ChildSpec, intensity: int = 2, period: int = 3600, **flags: Any) -> Pid:
    """Start a supervisor that is linked to the test, which traps exits."""
    trap_exit(True)
    return Supervisor.start_link(list(specs), intensity=intensity, period=period, **flags)


def stop(supervisor: Pid) -> None:
    """Have its parent, the test, stop a supervisor."""
    exit_signal(supervisor, "shutdown")
    assert exit_of(supervisor) == "shutdown"


def exit_of(pid: Pid) -> object:
    """Return the reason of the exit of a process that is linked to the test."""
    return receive(Exit, pid=pid, timeout=WAIT).reason


def end(pid: Pid, reason: object = "died") -> None:
    """Have a child end, and wait until its supervisor was told.

    Links are told in the order in which they were made, and ours is the last.
    """
    trap_exit(True)
    link(pid)
    if reason == "normal":
        send(pid, "stop")
    elif reason == "kill":
        exit_signal(pid, "kill")
    else:
        send(pid, ("die", reason))
    assert exit_of(pid) == ("killed" if reason == "kill" else reason)


def pids(supervisor: Pid) -> dict[Hashable, Pid | None]:
    """Return the children by id."""
    return {child.id: child.pid for child in Supervisor.which_children(supervisor)}


def pid_of(supervisor: Pid, id: Hashable = "child") -> Pid:
    """Return the pid of a child that runs."""
    pid = pids(supervisor)[id]
    assert pid is not None
    assert pid.is_alive()
    assert pid is not current()
    return pid


def refusal(call: Callable[..., object], *args: Any) -> object:
    """Return the reason for which a supervisor refuses a call."""
    with pytest.raises(SupervisorError) as raised:
        call(*args)
    return raised.value.reason


def counts(supervisor: Pid) -> tuple[int, int, int, int]:
    """Return what `count_children` tells."""
    found = Supervisor.count_children(supervisor)
    return found.specs, found.active, found.supervisors, found.workers
