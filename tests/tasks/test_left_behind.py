"""What a program leaves in the background ends with it, while its parent and siblings live; `Down` comes after that."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest
from support.ends import LAG, WAIT, OsProcesses, down_of, rounds
from support.features import require

from prx_actors import ExitStatus, Stdout, exit_signal, monitor, prx, receive

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors import Task

KILLDELAY = 0.5
BOUND = KILLDELAY + 1.0 + LAG
GRACE = 3.0
"""Seconds, so many that a busy machine does not matter beside them."""

DAEMON = "setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' &"
STUBBORN = "setsid sh -c 'trap \"\" TERM; echo $$; exec >/dev/null 2>&1; while :; do sleep 1000; done' &"
STOPPED = "setsid sh -c 'echo $$; kill -STOP $$' >&3 3>&- &"
TWICE = "(setsid sh -c 'setsid sh -c \"echo \\$\\$; exec sleep 1000 >/dev/null 2>&1\" & exit' &);"
BARE = "env -i PATH=$PATH setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' <&- &"
CROWD = "for i in 1 2 3 4 5 6 7 8; do setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' & done;"

DEAF = "setsid sh -c 'trap \"\" TERM; echo $$; exec sleep 1000 >/dev/null 2>&1' &"

STARTS = {
    "daemon": DAEMON,
    "stubborn": STUBBORN,
    "stopped": STOPPED,
    "twice": TWICE,
    "bare": BARE,
    "crowd": CROWD,
    "deaf": DEAF,
}
"""Shell commands that put processes into the background, which write their pids to stdout."""


def run(task: Task, start: str, then: str) -> OsProcesses:
    """Turn a task into a program that starts something in the background; return what that is."""
    count = 8 if start == "crowd" else 1
    prx.execvp(task, ["sh", "-c", f"exec 3>&1; {STARTS[start]} sleep 0; {then}"])
    text = b""
    while len(pids := re.findall(rb"(\d+)\n", text)) < count:
        text += receive(Stdout, task=task, timeout=WAIT).data
    return OsProcesses(map(int, pids))


def exits(task: Task) -> None:
    """Let the program end by itself."""
    prx.stdin(task, "\n")
    assert receive(ExitStatus, task=task, timeout=WAIT).status == 3


def is_killed(task: Task) -> None:
    """Kill the program from outside."""
    assert task.host_pid
    os.kill(task.host_pid, signal.SIGKILL)


ENDS: dict[str, Callable[[Task], object]] = {
    "exits": exits,
    "is killed": is_killed,
    "is stopped": prx.stop,
    "gets an exit signal": lambda task: exit_signal(task, "died"),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("start", STARTS)
def test_nothing_is_left_when_down_comes(start: str, end: str) -> None:
    """However the program ends, whatever it has started, in time, and its sibling goes on with its own."""
    with prx.fork(killdelay=KILLDELAY, drain=0.1) as root:
        sibling = prx.fork(root)
        with run(sibling, "daemon", "exec sleep 1000") as others:
            task = prx.fork(root)
            with run(task, start, "read line; exit 3") as left:
                ref = monitor(task)
                begun = time.monotonic()
                ENDS[end](task)
                down_of(ref)
                assert left.left() == []
                assert time.monotonic() - begun < BOUND + 2  # the machine may be busy
            assert len(others.left()) == 1
            assert sibling.is_alive()
        assert prx.getpid(root)


@pytest.mark.parametrize("start", ["stubborn", "deaf"])
def test_a_program_and_what_it_has_started_have_one_deadline(start: str) -> None:
    """Both ignore SIGTERM: the grace of the one is not followed by that of the other."""
    with prx.fork(killdelay=GRACE, drain=0.1) as root:
        task = prx.fork(root)
        with run(task, start, "trap '' TERM; read line; echo deaf >&3; while :; do read line; done") as left:
            prx.stdin(task, "\n")
            text = b""
            while b"deaf" not in text:
                text += receive(Stdout, task=task, timeout=WAIT).data
            ref = monitor(task)
            begun = time.monotonic()
            prx.stop(task)
            down_of(ref)
            assert left.left() == []
            assert time.monotonic() - begun < 2 * GRACE


def test_a_root_s_program_leaves_nothing_under_a_keeper_that_lives_on() -> None:
    """The keeper sweeps for its roots."""
    with prx.fork():
        task = prx.fork(killdelay=KILLDELAY, drain=0.1)
        with run(task, "stubborn", "read line; exit 3") as left:
            ref = monitor(task)
            exits(task)
            down_of(ref)
            assert left.left() == []


@pytest.mark.parametrize("start", STARTS)
def test_what_is_below_a_killed_driver_is_gone_when_its_tasks_are_down(start: str) -> None:
    """SIGKILL for a driver between: its parent sweeps what was left by tasks that it never knew."""
    with prx.fork(killdelay=KILLDELAY, drain=0.1) as root:
        middle = prx.fork(root)
        task = prx.fork(middle)
        with run(task, start, "exec sleep 1000") as left:
            refs = [monitor(one) for one in (middle, task)]
            is_killed(middle)
            for ref in refs:
                down_of(ref)
            assert left.left() == []
        assert prx.getpid(root)


def test_kill_ends_at_once_what_was_left_too() -> None:
    """No grace for those either."""
    with prx.fork(killdelay=WAIT) as root:
        task = prx.fork(root)
        with run(task, "stubborn", "exec sleep 1000") as left:
            ref = monitor(task)
            begun = time.monotonic()
            exit_signal(task, "kill")
            down_of(ref)
            assert left.left() == []
            assert time.monotonic() - begun < WAIT / 2


def test_what_was_left_is_asked_by_the_signal_of_its_task() -> None:
    """Deaf to SIGTERM, and long before SIGKILL."""
    with prx.fork(killdelay=WAIT, drain=0.1) as root:
        task = prx.fork(root, signaloneof=signal.SIGUSR1)
        with run(task, "deaf", "exec sleep 1000") as left:
            ref = monitor(task)
            begun = time.monotonic()
            prx.stop(task)
            down_of(ref)
            assert left.left() == []
            assert time.monotonic() - begun < WAIT / 2


@pytest.mark.root
def test_a_login_session_is_swept_though_it_has_no_mark() -> None:
    """runuser(1) resets the limit that marks; what comes back to the parent is somebody's below it all the same."""
    require(shutil.which("runuser"), "runuser")
    with prx.fork(killdelay=KILLDELAY, drain=0.1) as root:
        task = prx.fork(root)
        session = "runuser -u nobody -- setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' & read line; exit 3"
        prx.execvp(task, ["sh", "-c", session])
        pid = int(receive(Stdout, task=task, timeout=WAIT).data)
        with OsProcesses([pid]) as left:
            ref = monitor(task)
            is_killed(task)
            down_of(ref)
            assert left.left() == []


def test_many_that_end_together_are_swept_together() -> None:
    """Each leaves a daemon."""
    with prx.fork(killdelay=KILLDELAY, drain=0.1, maxchild=1000) as root:
        tasks = [prx.fork(root) for _ in range(rounds(200))]
        left = [run(task, "daemon", "read line; exit 3") for task in tasks]
        refs = [monitor(task) for task in tasks]
        for task in tasks:
            prx.stdin(task, "\n")
        for ref, one in zip(refs, left, strict=True):
            down_of(ref)
            with one:
                assert one.left() == []
