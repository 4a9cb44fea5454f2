"""setopt, getopt: ranges, inheritance, and what maxchild and maxforkdepth hold back."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from support.calls import children, fails

from prx_actors import Down, ExitStatus, Stdout, TermSig, monitor, prx, receive

DEFAULTS = {
    "maxchild": 64,
    "maxforkdepth": 16,
    "exit_status": 1,
    "termsig": 1,
    "flowcontrol": -1,
    "signaloneof": 15,
    "stdin_closed": 0,
    "stdout_closed": 0,
    "stderr_closed": 0,
    "killdelay": 4.0,
    "pipe_size": 0,
    "high_water": 16 << 20,
    "stdin_limit": 16 << 20,
    "drain": 1.0,
}


def test_every_option_starts_with_its_default() -> None:
    """In a root and in a child."""
    with prx.fork() as task:
        for one in (task, prx.fork(task)):
            assert {name: prx.getopt(one, name) for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize("name", DEFAULTS)
def test_an_option_is_inherited_by_later_forks_alone(name: str) -> None:
    """Not by earlier ones, nor by the parent."""
    with prx.fork() as task:
        child = prx.fork(task)
        earlier = prx.fork(child)
        prx.setopt(child, name, 3)
        later = prx.fork(prx.fork(child))
        assert [prx.getopt(one, name) for one in (child, later)] == [3, 3]
        assert [prx.getopt(one, name) for one in (task, earlier)] == [DEFAULTS[name]] * 2


@pytest.mark.parametrize("name", DEFAULTS)
def test_an_option_may_be_given_to_fork(name: str) -> None:
    """Of a root and of a child, which gets its parent's otherwise."""
    of_root: dict[str, Any] = {name: 5}
    of_child: dict[str, Any] = {name: 6}
    with prx.fork(**of_root) as task:
        child = prx.fork(task, **of_child)
        assert [prx.getopt(one, name) for one in (task, child, prx.fork(task))] == [5, 6, 5]


@pytest.mark.parametrize("name", DEFAULTS)
def test_an_option_out_of_range_is_refused(name: str) -> None:
    """`EINVAL`, and it stays what it was."""
    wrong = {"signaloneof": (65, -1), "maxchild": (1_000_001, -1)}.get(name, (-2,))
    with prx.fork() as task:
        for value in wrong:
            with fails(errno.EINVAL, filename=name, note=f"of {task}"):
                prx.setopt(task, name, value)
        assert prx.getopt(task, name) == DEFAULTS[name]


def test_seconds_may_have_a_fraction() -> None:
    """Microseconds are kept."""
    with prx.fork(killdelay=0.25) as task:
        prx.setopt(task, "drain", 1.000001)
        assert (prx.getopt(task, "killdelay"), prx.getopt(task, "drain")) == (0.25, 1.000001)


def test_maxchild_counts_the_children_that_live() -> None:
    """`EAGAIN` beyond it, from fork and clone alike; a place is free again when a child ends."""
    with prx.fork(maxchild=2) as task:
        first, second = prx.fork(task), prx.fork(task)
        for _ in range(3):
            with fails(errno.EAGAIN, note=f"fork of {task}"):
                prx.fork(task)
        with fails(errno.EAGAIN, note=f"clone of {task}"):
            prx.clone(task, 0)
        assert len(children(task)) == 2
        prx.stop(first)
        third = prx.fork(task)
        assert [prx.getpid(one) for one in (second, third)] == [one.pid for one in children(task)]
        # It is each driver's own count.
        prx.fork(third)
        prx.setopt(task, "maxchild", 3)
        prx.fork(task)


def test_maxchild_is_64_and_not_one_more() -> None:
    """The default is enforced."""
    with prx.fork() as task:
        for _ in range(64):
            prx.fork(task)
        with fails(errno.EAGAIN):
            prx.fork(task)


def test_maxchild_zero_allows_none() -> None:
    """Not even the first."""
    with prx.fork(maxchild=0) as task, fails(errno.EAGAIN):
        prx.fork(task)


def test_maxforkdepth_is_16_below_the_root_and_not_one_more() -> None:
    """`EAGAIN` at the tip; further up there is room."""
    with prx.fork() as root:
        tip = root
        for _ in range(16):
            above, tip = tip, prx.fork(tip)
        assert len(prx.pipeline(tip)) == 16
        with fails(errno.EAGAIN, note=f"fork of {tip}"):
            prx.fork(tip)
        assert prx.getpid(tip) == tip.host_pid
        prx.fork(above)
        prx.setopt(tip, "maxforkdepth", 17)
        prx.fork(tip)


def test_exit_status_and_termsig_off_mean_silence() -> None:
    """The end itself is seen all the same."""
    for argv, option, message in (
        (["sh", "-c", "echo out; exit 3"], "exit_status", ExitStatus),
        (["sh", "-c", "echo out; kill -9 $$"], "termsig", TermSig),
    ):
        options: dict[str, Any] = {option: 0}
        with prx.fork(**options) as task:
            ref = monitor(task)
            prx.execvp(task, argv)
            assert receive(Stdout, task=task, timeout=10).data == b"out\n"
            assert receive(Down, ref=ref, timeout=10).reason == "normal"
            with pytest.raises(TimeoutError):
                receive(message, task=task, timeout=0)


def test_signaloneof_is_what_a_program_is_asked_with() -> None:
    """Here SIGUSR1, to which the program answers."""
    with prx.fork(signaloneof=10) as task:
        child = prx.fork(task)
        prx.execvp(child, ["sh", "-c", "trap 'exit 9' USR1; trap '' TERM; echo up; while :; do sleep 0.01; done"])
        assert receive(Stdout, task=child, timeout=10).data == b"up\n"
        prx.exit(task, 0)
        assert receive(ExitStatus, task=child, timeout=3).status == 9


def test_flowcontrol_counts_messages_from_exec_on() -> None:
    """One message is allowed, the next waits in the pipe; the end brings all."""
    with prx.fork(flowcontrol=1) as task:
        prx.execvp(task, ["sh", "-c", "echo one; read line; echo two; read line; echo three; read line"])
        assert receive(Stdout, task=task, timeout=10).data == b"one\n"
        prx.stdin(task, "go\n")
        with pytest.raises(TimeoutError):
            receive(Stdout, task=task, timeout=0.1)
        prx.stdin(task, "go\n")
        prx.eof(task)
        ended = [receive(Stdout, ExitStatus, task=task, timeout=10) for _ in range(2)]
        assert ended == [Stdout(task, b"two\nthree\n"), ExitStatus(task, 1)]


def test_a_time_of_a_thousand_years_is_taken() -> None:
    """No clock of the runtime or of a driver overflows: what is asked to end does, and others go on."""
    with prx.fork(killdelay=3e10) as task:
        child = prx.fork(task)
        prx.execvp(child, ["cat"])
        prx.stop(child)
        prx.execvp(prx.fork(prx.fork(task)), ["cat"])
        with prx.fork() as other:
            assert prx.getpid(other) == other.host_pid
