"""SIGPIPE, whatever a Python program does with it: nobody dies of a pipe that nobody reads, but who is to."""

from __future__ import annotations

import signal
import threading

import pytest
from support.ends import WAIT, run_program
from support.scarce import run_scarce

from prx_actors import ExitStatus, Stdout, TermSig, prx, receive

DISPOSITIONS = {
    "ignored": "signal.SIG_IGN",
    "default": "signal.SIG_DFL",
    "a function": "lambda *_: caught.append(1)",
}
BEGIN = """
import signal
caught = []
signal.signal(signal.SIGPIPE, {})
"""
END = """
assert not caught
assert signal.SIGPIPE not in signal.sigpending()
echo()
"""
PIPE = {signal.SIGPIPE}


@pytest.mark.parametrize("disposition", DISPOSITIONS)
def test_a_stdin_that_nobody_reads_is_an_error_and_no_signal(disposition: str) -> None:
    """Neither for who writes nor for the reactor, which writes what is queued."""
    begin = BEGIN.format(DISPOSITIONS[disposition])
    run_scarce(f"""{begin}
def broken(task):
    try:
        prx.stdin(task, b"x")
    except BrokenPipeError:
        return True
    return False

with prx.fork() as root:
    closed, stopped = prx.fork(root), prx.fork(root)
    prx.execvp(closed, ["sh", "-c", "exec <&-; echo closed; exec sleep 1000"])
    assert receive(Stdout, task=closed, timeout=PATIENCE).data == b"closed\\n"
    assert broken(closed) and broken(closed)
    prx.execvp(stopped, ["sh", "-c", "echo ready; kill -STOP $$; exec <&-; exec sleep 1000"])
    assert receive(Stdout, task=stopped, timeout=PATIENCE).data == b"ready\\n"
    prx.stdin(stopped, bytes(1_000_000))
    wait_for(lambda: ") T " in open(f"/proc/{{stopped.host_pid}}/stat").read(), lambda: "it has stopped")
    os.kill(stopped.host_pid, signal.SIGCONT)
    wait_for(lambda: broken(stopped), lambda: "the reactor has written")
    assert prx.getpid(root) > 0
{END}
""")


@pytest.mark.parametrize("disposition", DISPOSITIONS)
def test_a_call_of_a_driver_that_is_gone_is_an_error_and_no_signal(disposition: str) -> None:
    """At once, or in the midst of a large request."""
    begin = BEGIN.format(DISPOSITIONS[disposition])
    run_scarce(f"""{begin}
from prx_actors import NoProcess
with prx.fork() as root:
    for size in (1, 10_000_000):
        task = prx.fork(root)
        os.kill(task.host_pid, signal.SIGKILL)
        try:
            prx.write(task, 2, bytes(size))
        except NoProcess:
            pass
        else:
            raise AssertionError(size)
{END}
""")


@pytest.mark.parametrize("disposition", DISPOSITIONS)
def test_a_launcher_that_reads_nothing_is_an_error_and_no_signal(disposition: str) -> None:
    """It has ended before it is greeted."""
    begin = BEGIN.format(DISPOSITIONS[disposition])
    run_scarce(f"""{begin}
from contextlib import suppress

open_now = os.pidfd_open

def open_late(pid):
    with suppress(ChildProcessError):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    return open_now(pid)

os.pidfd_open = open_late
try:
    prx.fork(exec=["false"])
except OSError as error:
    assert error.errno == errno.ENOEXEC, error
else:
    raise AssertionError
os.pidfd_open = open_now
{END}
""")


@pytest.mark.parametrize("disposition", DISPOSITIONS)
def test_an_order_to_a_driver_that_is_gone_is_no_signal(disposition: str) -> None:
    """The reactor has not been told of its end yet."""
    begin = BEGIN.format(DISPOSITIONS[disposition])
    run_scarce(f"""{begin}
import threading
from prx_actors.driver.protocol import frame
from prx_actors.driver.reactor import reactor
from prx_actors.system.native import lib

with prx.fork() as root:
    task = prx.fork(root)
    holds, go_on = threading.Event(), threading.Event()
    reactor.call_soon(lambda: (holds.set(), go_on.wait(PATIENCE)))
    assert holds.wait(PATIENCE)
    os.kill(task.host_pid, signal.SIGKILL)
    wait_for(lambda: task.host_pid not in below(os.getpid()), lambda: "it is reaped")
    task._process.driver.order(frame(lib.PRX_ORDER_END, 1, 0, 0))
    go_on.set()
{END}
""")


@pytest.mark.parametrize("disposition", DISPOSITIONS)
def test_a_program_has_the_default_whatever_the_runtime_has(disposition: str) -> None:
    """At any depth: who writes to nobody ends."""
    begin = BEGIN.format(DISPOSITIONS[disposition])
    run_scarce(f"""{begin}
from prx_actors import TermSig
with prx.fork() as root:
    for parent in (None, root, prx.fork(root)):
        task = prx.fork(parent)
        prx.execvp(task, ["yes"])
        receive(Stdout, task=task, timeout=PATIENCE)
        prx.eof(task, "stdout")
        assert receive(TermSig, task=task, timeout=PATIENCE).signal == signal.SIGPIPE
{END}
""")


def test_a_program_ignores_it_where_the_task_did() -> None:
    """It is told by an error then."""
    with prx.fork() as root:
        task = prx.fork(root)
        prx.sigaction(task, "sigpipe", "sig_ign")
        prx.execvp(task, ["yes"])
        receive(Stdout, task=task, timeout=WAIT)
        prx.eof(task, "stdout")
        assert receive(ExitStatus, TermSig, task=task, timeout=WAIT) == ExitStatus(task, 1)


def test_one_that_waits_already_stays() -> None:
    """A program that blocks the signal finds those that others have sent it, and no more."""
    with prx.fork() as root:
        task = run_program(root, "sh", "-c", "exec <&-; echo closed; exec sleep 1000")
        assert receive(Stdout, task=task, timeout=WAIT).data == b"closed\n"
        before = signal.pthread_sigmask(signal.SIG_BLOCK, PIPE)
        try:
            for sent in (False, True):
                if sent:
                    signal.pthread_kill(threading.get_ident(), signal.SIGPIPE)
                with pytest.raises(BrokenPipeError):
                    prx.stdin(task, b"x")
                assert (signal.SIGPIPE in signal.sigpending()) is sent
            assert signal.sigtimedwait(PIPE, 0) is not None
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
