"""Notifications as sd_notify(3) sends them, and the watchdog."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from support.ends import WAIT, run_program
from support.features import require
from support.supervised import pid_of, start, stop

from prx_actors import ChildSpec, Command, Stdout, TermSig, link, prx, receive
from prx_actors.actors import Exit
from prx_actors.programs.readiness import Notify, NotReady, Status

if TYPE_CHECKING:
    from prx_actors import Task
    from prx_actors.programs.readiness import Waiting

PRELUDE = """
import array, os, socket, sys, time
address = os.environ["NOTIFY_SOCKET"].replace("@", chr(0))
def notify(text, *fds):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        sock.sendmsg([text.encode()], control, 0, address)
"""
SLEEP = "\ntime.sleep(1000)"


def started(notify: Notify, script: str, **options: Any) -> tuple[Waiting, Task]:
    """Start a script that notifies."""
    waiting = notify.begin()
    task = prx.fork(**options)
    for name, value in waiting.environment.items():
        task.setenv(name, value, True)
    prx.execvp(task, [sys.executable, "-c", PRELUDE + script])
    return waiting, task


def test_a_program_says_that_it_is_ready() -> None:
    """In one datagram with other things, which are told too."""
    waiting, task = started(Notify(WAIT), "notify('X=1\\nREADY=1\\nSTATUS=at work')" + SLEEP)
    with task:
        waiting.wait_ready(task)
        assert receive(Status, task=task, timeout=WAIT).text == "at work"


def test_one_that_does_not_say_so_is_not_ready() -> None:
    """Whatever else it says."""
    waiting, task = started(Notify(0.5), "notify('READY=0\\nREADY\\nready=1')" + SLEEP)
    with task, pytest.raises(TimeoutError, match=r"not ready in 0\.5 s"):
        waiting.wait_ready(task)


def test_one_that_ends_is_not_waited_for() -> None:
    """Its end is told."""
    waiting, task = started(Notify(WAIT), "sys.exit(4)")
    with pytest.raises(NotReady, match="exit status 4"):
        waiting.wait_ready(task)


def test_a_child_of_the_program_may_say_so() -> None:
    """It is of the program's subtree."""
    waiting, task = started(Notify(WAIT), "os.fork() or notify('READY=1')" + SLEEP)
    with task:
        waiting.wait_ready(task)


def test_a_stranger_may_not(caplog: pytest.LogCaptureFixture) -> None:
    """Who is not of the program's subtree is refused, by its credentials: this program, here."""
    waiting, task = started(Notify(0.5), SLEEP)
    with task, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"READY=1", waiting.environment["NOTIFY_SOCKET"].replace("@", "\0"))
        with pytest.raises(TimeoutError):
            waiting.wait_ready(task)
    assert f"a notification of process {os.getpid()} is refused" in caplog.text


def test_a_main_pid_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    """We know it."""
    waiting, task = started(Notify(WAIT), "notify('MAINPID=1\\nREADY=1')" + SLEEP)
    with task:
        waiting.wait_ready(task)
        assert task.is_alive()
    assert "MAINPID is refused" in caplog.text


def test_fds_that_come_along_are_closed() -> None:
    """A sender that waits for that sees it: BARRIER=1."""
    script = """
read, write = os.pipe()
notify("BARRIER=1", write)
os.close(write)
os.read(read, 1)  # ends when nobody has the other end any more
notify("READY=1")
"""
    waiting, task = started(Notify(WAIT), script + SLEEP)
    with task:
        waiting.wait_ready(task)


def test_systemds_own_command_works() -> None:
    """From a shell script, whose child it is."""
    require(shutil.which("systemd-notify"), "systemd-notify")
    waiting = Notify(WAIT).begin()
    environment = [f"{name}={value}" for name, value in waiting.environment.items()]
    argv = ["env", *environment, "sh", "-c", "systemd-notify --ready --status='by shell'; exec sleep 1000"]
    with run_program(None, *argv) as task:
        waiting.wait_ready(task)
        assert receive(Status, task=task, timeout=WAIT).text == "by shell"


def test_a_flood_of_states_does_not_fill_the_mailbox() -> None:
    """One waits; the last one comes after it."""
    script = "notify('READY=1')\nfor n in range(5000): notify(f'STATUS={n}')\nos.write(1, b'done')" + SLEEP
    waiting, task = started(Notify(WAIT), script)
    with task:
        waiting.wait_ready(task)
        receive(Stdout, task=task, timeout=WAIT)
        texts = []
        while "4999" not in texts:
            texts.append(receive(Status, task=task, timeout=WAIT).text)
        assert len(texts) <= 3
        assert texts == sorted(texts, key=int)


def test_a_watchdog_lets_a_program_live_that_shows_life() -> None:
    """For longer than it may be silent."""
    script = "notify('READY=1')\nfor _ in range(15): time.sleep(0.2); notify('WATCHDOG=1')\nos.write(1, b'well')"
    waiting, task = started(Notify(WAIT, watchdog=2.5), script + SLEEP)
    with task:
        waiting.wait_ready(task)
        assert receive(Stdout, TermSig, task=task, timeout=WAIT) == Stdout(task, b"well")


def test_a_watchdog_ends_a_program_that_is_silent(caplog: pytest.LogCaptureFixture) -> None:
    """By SIGABRT; the program knows how long it may be so."""
    script = "notify('READY=1')\nos.write(1, os.environ['WATCHDOG_USEC'].encode())" + SLEEP
    waiting, task = started(Notify(WAIT, watchdog=0.3), script)
    waiting.wait_ready(task)
    assert receive(Stdout, task=task, timeout=WAIT).data == b"300000"
    assert receive(TermSig, task=task, timeout=WAIT).signal == 6
    assert "the watchdog ends it" in caplog.text


def test_a_watchdog_kills_a_program_that_ignores_its_signal() -> None:
    """After its killdelay."""
    script = "import signal; signal.signal(15, signal.SIG_IGN); notify('READY=1')" + SLEEP
    waiting, task = started(Notify(WAIT, watchdog=0.2, watchdog_signal=15), script, killdelay=0.2)
    waiting.wait_ready(task)
    assert receive(TermSig, task=task, timeout=WAIT).signal == 9


def test_a_program_may_call_for_its_watchdog() -> None:
    """Before its time."""
    waiting, task = started(Notify(WAIT, watchdog=1000), "notify('READY=1')\nnotify('WATCHDOG=trigger')" + SLEEP)
    waiting.wait_ready(task)
    assert receive(TermSig, task=task, timeout=WAIT).signal == 6


def test_the_wait_can_be_given_up() -> None:
    """Before a program was started: nothing is left of it."""
    waiting = Notify().begin()
    waiting.close()
    waiting.close()


def test_a_supervisor_restarts_a_program_that_its_watchdog_has_ended(caplog: pytest.LogCaptureFixture) -> None:
    """And each start has a socket of its own; what it says of itself is logged."""
    script = PRELUDE + "notify('READY=1\\nSTATUS=ill')" + SLEEP
    caplog.set_level(logging.INFO)
    command = Command((sys.executable, "-c", script), readiness=Notify(WAIT, watchdog=0.5), name="ill")
    supervisor = start(ChildSpec("ill", command), intensity=100)
    first = pid_of(supervisor, "ill")
    link(first)
    reason = receive(Exit, pid=first, timeout=WAIT).reason
    assert isinstance(reason, TermSig)
    assert reason.signal == 6
    deadline = time.monotonic() + WAIT
    while caplog.text.count("status: ill") < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    stop(supervisor)
