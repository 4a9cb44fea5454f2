"""What goes on under the tightest filter: output, input, signals, reaping and the end."""

from __future__ import annotations

import os
import signal

import pytest
from support.calls import outcome, until

from prx_actors import ExitStatus, Signal, StdinBlocked, Stdout, TermSig, prx, receive

WAIT = 30.0
NOTHING: dict[str, list[str]] = {"allow": []}


def test_programs_run_below_the_tightest_filter() -> None:
    """Output, stdin, exit status and signal are told; what ends is reaped."""
    with prx.fork() as task:
        reader, failing, killed = (prx.fork(task) for _ in range(3))
        prx.filter(task, NOTHING)
        prx.execvp(reader, ["sh", "-c", "cat; echo err >&2"])
        prx.execvp(failing, ["sh", "-c", "exit 3"])
        prx.execvp(killed, ["sh", "-c", "kill -9 $$"])
        prx.stdin(reader, "hello")
        prx.eof(reader)
        ended = outcome(reader)
        assert (ended.stdout, ended.stderr, ended.end) == (b"hello", b"err\n", ExitStatus(reader, 0))
        assert receive(ExitStatus, task=failing, timeout=WAIT).status == 3
        assert receive(TermSig, task=killed, timeout=WAIT).signal == signal.SIGKILL
        # No zombie: the parent has reaped all three.
        until(lambda: all(prx.pidof(one) is None for one in (reader, failing, killed)), "they are reaped")


def test_back_pressure_of_stdin_is_told_below_a_filter() -> None:
    """The channels are the runtime's."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.filter(task, NOTHING)
        prx.execvp(child, ["sleep", "1000"])
        prx.stdin(child, b"x" * (1 << 20))
        assert receive(StdinBlocked, task=child, timeout=WAIT).queued > 0


def test_signals_are_told_under_the_tightest_filter() -> None:
    """A signal is no call."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.filter(child, NOTHING)
        prx.kill(task, prx.pidof(child) or 0, signal.SIGUSR1)
        assert receive(Signal, task=child, timeout=WAIT).signal == signal.SIGUSR1


def test_stop_ends_daemons_below_the_tightest_filter() -> None:
    """Those that have left their session and their parent are gone when `stop` returns."""
    with prx.fork(killdelay=0.3) as task:
        child = prx.fork(task)
        prx.filter(task, NOTHING)
        script = "trap '' TERM; (setsid sh -c 'trap \"\" TERM; echo $$; sleep 1000 & wait' &) ; sleep 1000"
        prx.execvp(child, ["sh", "-c", script])
        daemon = int(receive(Stdout, task=child, timeout=WAIT).data)
        assert prx.stop(task)
        with pytest.raises(ProcessLookupError):
            os.kill(daemon, 0)


def test_a_program_of_a_filtered_task_ends_with_the_task() -> None:
    """The order to end is no call either."""
    with prx.fork(signaloneof=signal.SIGUSR1) as task:
        child = prx.fork(task)
        prx.filter(task, {"allow": ["exit"]})
        prx.execvp(child, ["sh", "-c", "trap 'exit 9' USR1; echo up; while :; do sleep 0.01; done"])
        assert receive(Stdout, task=child, timeout=WAIT).data == b"up\n"
        prx.exit(task, 0)
        assert receive(ExitStatus, task=child, timeout=WAIT).status == 9
