"""waitpid, and who reaps children: the task by itself, or its owner."""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from support.calls import fails, outcome, until
from support.waiting import later, state, taken, waits

from prx_actors import Down, ExitStatus, Signal, Stdout, Task, TermSig, current, monitor, prx, receive, send

if TYPE_CHECKING:
    from pathlib import Path

WAIT = 20


def test_waitpid_returns_the_status_and_what_it_says() -> None:
    """And the child's own end is told as any."""
    with taken() as task:
        child = prx.fork(task)
        ref = monitor(child)
        pid = prx.getpid(child)
        prx.exit(child, 2)
        found = prx.waitpid(task, pid)
        assert tuple(found) == (pid, 0x200, [("exit_status", 2)])
        assert (found.pid, found.status) == (pid, 0x200)
        assert receive(ExitStatus, task=child, timeout=WAIT).status == 2
        assert receive(Down, ref=ref, timeout=WAIT).reason == "shutdown"
        assert prx.cpid(task) == []


def test_waitpid_tells_by_which_signal(tmp_path: Path) -> None:
    """And whether there is a core."""
    with taken() as task:
        prx.chdir(task, tmp_path)
        for name in ("sigkill", "sigrtmin", "sigsegv"):
            child = prx.fork(task)
            pid = prx.getpid(child)
            prx.execvp(child, ["sh", "-c", "ulimit -c unlimited; exec cat"])
            prx.stdin(child, "up")
            receive(Stdout, task=child, timeout=WAIT)
            prx.kill(task, pid, name)
            found = prx.waitpid(task, pid)
            number = found.status & 0x7F
            core: list[str] = ["coredump"] if found.status & 0x80 else []
            assert found.decoded == [("termsig", number), *core]
            assert receive(TermSig, task=child, timeout=WAIT).signal == number


def test_waitpid_tells_stops_and_continues_where_asked_to() -> None:
    """Neither is the end of the child."""
    with taken() as task:
        child = prx.fork(task)
        pid = prx.getpid(child)
        prx.execvp(child, ["cat"])
        prx.kill(task, pid, "sigstop")
        assert prx.waitpid(task, pid, "wuntraced").decoded == [("stopsig", signal.SIGSTOP)]
        assert prx.waitpid(task, pid, ["wnohang", "wcontinued"]) == (0, 0, [])
        prx.kill(task, pid, "sigcont")
        assert prx.waitpid(task, pid, ["wcontinued", "__wall"]) == (pid, 0xFFFF, ["continued"])
        prx.eof(child)
        assert prx.waitpid(task, -1, os.WUNTRACED).decoded == [("exit_status", 0)]


def test_a_child_stays_a_zombie_until_it_is_waited_for() -> None:
    """SIGCHLD says when; neither its end nor its status is told before."""
    with taken() as task:
        child = prx.fork(task)
        pid, host_pid = prx.getpid(child), child.host_pid
        ref = monitor(child)
        prx.exit(child, 1)
        message = receive(timeout=WAIT)
        assert isinstance(message, Signal)
        assert message.signal is signal.SIGCHLD
        assert state(host_pid) == "Z"
        assert prx.waitpid(task, -1, "wnohang").pid == pid
        assert state(host_pid) == ""
        assert receive(timeout=WAIT) == ExitStatus(child, 1)
        assert receive(timeout=WAIT) == Down(ref, child, "shutdown")


def test_a_function_of_sigchld_can_reap() -> None:
    """As a shell would."""
    me = current()

    def reap(task: Task, _signal: int, _info: bytes) -> None:
        while (found := prx.waitpid(task, -1, "wnohang")).pid:
            send(me, found.decoded)

    with prx.fork() as task:
        prx.sigaction(task, "sigchld", reap)
        keep = prx.fork(task)  # without a child there would be no news but an error
        child = prx.fork(task)
        prx.exit(child, 5)
        assert receive(list, timeout=WAIT) == [("exit_status", 5)]
        assert receive(ExitStatus, task=child, timeout=WAIT).status == 5
        assert keep.is_alive()


def test_what_is_stopped_is_gone_though_nobody_waits_for_it() -> None:
    """A driver and a program, below a task that has inherited it from its parent too."""
    with taken() as task:
        for parent in (task, prx.fork(task)):
            for argv in ([], ["cat"], ["sh", "-c", "trap '' TERM; echo; exec sleep 1000"]):
                child = prx.fork(parent, killdelay=0.1)
                if argv:
                    prx.execvp(child, argv)
                if len(argv) > 1:
                    receive(Stdout, task=child, timeout=WAIT)
                host_pid = child.host_pid
                child.stop()
                assert state(host_pid) == ""


def test_the_end_of_a_task_takes_its_zombies_with_it() -> None:
    """Nobody has waited for them."""
    task = taken()
    pids = []
    for _ in range(5):
        child = prx.fork(task)
        pids.append(child.host_pid)
        prx.exit(child, 0)
    for pid in pids:
        until(lambda pid=pid: state(pid) == "Z", "a zombie")  # type: ignore[misc]
    task.stop()
    assert [state(pid) for pid in pids] == [""] * 5


def test_zombies_are_reaped_when_the_task_takes_children_back() -> None:
    """Their ends are told then."""
    for disposition in ("sig_dfl", "sig_ign"):
        with taken() as task:
            child = prx.fork(task)
            prx.exit(child, 6)
            receive(Signal, task=task, timeout=WAIT)
            assert prx.sigaction(task, "sigchld", disposition) == "sig_info"
            assert receive(ExitStatus, task=child, timeout=WAIT).status == 6


def test_a_task_that_reaps_by_itself_leaves_nothing_to_wait_for() -> None:
    """`ECHILD`, once the end is told; the status is not lost when children are ignored."""
    for disposition in ("sig_dfl", "sig_ign"):
        with prx.fork() as task:
            prx.sigaction(task, "sigchld", disposition)
            child = prx.fork(task)
            pid = prx.getpid(child)
            prx.exit(child, 3)
            assert receive(ExitStatus, task=child, timeout=WAIT).status == 3
            with fails(errno.ECHILD, note=f"waitpid({pid}, 0) of {task}"):
                prx.waitpid(task, pid)


@pytest.mark.parametrize("which", ["pid", "any", "group"])
def test_a_wait_under_way_gets_the_status_and_the_task_goes_on_reaping_others(which: str, tmp_path: Path) -> None:
    """By default, too: what is waited for is not reaped under the call's hands."""
    os.mkfifo(tmp_path / "fifo")
    with prx.fork() as task:
        waited = prx.fork(task)
        pid = prx.getpid(waited)
        command = ["setsid", "sh", "-c", f"echo up; read line < {tmp_path}/fifo; exit 7"]
        prx.execvp(waited, command)
        receive(Stdout, task=waited, timeout=WAIT)
        other = prx.fork(task)
        prx.execvp(other, ["cat"])
        host_pid = other.host_pid

        def act() -> None:
            if which != "any":
                other.stop()
                assert state(host_pid) == ""
            (tmp_path / "fifo").write_bytes(b"\n")

        thread = later(lambda: waits(task), act)
        found = prx.waitpid(task, {"pid": pid, "any": -1, "group": -pid}[which])
        thread.join()
        assert found == (pid, 0x700, [("exit_status", 7)])
        assert receive(ExitStatus, task=waited, timeout=WAIT).status == 7


def test_a_wait_for_children_that_are_ignored_ends_when_none_is_left(tmp_path: Path) -> None:
    """With `ECHILD`, as POSIX has it; the runtime knows the status all the same."""
    os.mkfifo(tmp_path / "fifo")
    with prx.fork() as task:
        prx.sigaction(task, "sigchld", "sig_ign")
        child = prx.fork(task)
        prx.sigaction(child, "sigchld", "sig_dfl")
        prx.execvp(child, ["sh", "-c", f"read line < {tmp_path}/fifo; exit 7"])
        thread = later(lambda: waits(task), lambda: (tmp_path / "fifo").write_bytes(b"\n"))
        with fails(errno.ECHILD):
            prx.waitpid(task, -1)
        thread.join()
        assert receive(ExitStatus, task=child, timeout=WAIT).status == 7


def test_the_end_of_a_task_ends_its_wait_at_once() -> None:
    """By `stop` and by the death of its parent: the deadline is far."""
    for how in ("stop", "kill"):
        with prx.fork(killdelay=3600) as root:
            task = prx.fork(prx.fork(root))
            ref = monitor(task)
            prx.execvp(prx.fork(task), ["cat"])
            with pytest.raises(TimeoutError), prx.timeout(0.05):
                prx.waitpid(task, -1)
            until(lambda task=task: waits(task), "the wait")  # type: ignore[misc]
            parent = prx.parent(task)
            assert parent is not None
            if how == "stop":
                task.stop()
            else:
                os.kill(parent.host_pid or 0, signal.SIGKILL)
            receive(Down, ref=ref, timeout=WAIT)


def test_a_wait_that_is_late_goes_on_and_its_answer_is_dropped() -> None:
    """The next call comes after it."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.execvp(child, ["cat"])
        with pytest.raises(TimeoutError), prx.timeout(0.05):
            prx.waitpid(task, -1)
        with pytest.raises(TimeoutError), prx.timeout(0.05):
            prx.getpid(task)
        prx.eof(child)
        assert prx.getpid(task) == task.host_pid
        assert outcome(child).end == ExitStatus(child, 0)


def test_orders_are_obeyed_during_a_wait() -> None:
    """A child that nobody will wait for is stopped while its parent waits for another one."""
    with taken() as task:
        other = prx.fork(task)
        child = prx.fork(task)
        with pytest.raises(TimeoutError), prx.timeout(0.05):
            prx.waitpid(task, prx.getpid(other))
        host_pid = child.host_pid
        child.stop()
        assert state(host_pid) == ""
        other.stop()
        assert prx.getpid(task) == task.host_pid


TRACED = "import ctypes, os, signal; ctypes.CDLL(None).ptrace(0, 0, 0, 0); os.kill(os.getpid(), signal.SIGUSR1)"


def traced(task: Task) -> Task:
    """Fork a program that has its parent trace it, and stops on a signal."""
    child = prx.fork(task)
    prx.execvp(child, [sys.executable, "-S", "-E", "-c", TRACED])
    until(lambda: state(child.host_pid) == "t", "a traced stop")
    return child


def test_the_stop_of_a_traced_child_is_not_its_end() -> None:
    """Its siblings are reaped meanwhile, and so is it when it is killed."""
    with prx.fork() as task:
        before = prx.fork(task)
        child = traced(task)
        after = prx.fork(task)
        for status, one in enumerate((before, after)):
            prx.exit(one, status)
            assert receive(ExitStatus, task=one, timeout=WAIT).status == status
        assert child.is_alive()
        assert prx.pidof(child) == child.host_pid
        os.kill(child.host_pid or 0, signal.SIGKILL)
        assert receive(TermSig, task=child, timeout=WAIT).signal is signal.SIGKILL


def test_waitpid_gets_the_stop_of_a_traced_child() -> None:
    """Without being asked for stops; also when the task reaps by itself."""
    for disposition in ("sig_dfl", "sig_info"):
        with prx.fork() as task:
            prx.sigaction(task, "sigchld", disposition)
            child = traced(task)
            pid = prx.pidof(child) or 0
            assert prx.waitpid(task, pid, "wnohang") == (pid, signal.SIGUSR1 << 8 | 0x7F, [("stopsig", signal.SIGUSR1)])
            assert prx.waitpid(task, pid, "wnohang").pid == 0
            assert child.is_alive()
            host_pid = child.host_pid
            prx.kill(task, pid, "sigkill")
            until(lambda: state(host_pid) in {"Z", ""}, "its death")  # noqa: B023
            if disposition == "sig_info":
                assert prx.waitpid(task, pid).decoded == [("termsig", signal.SIGKILL)]
            assert receive(TermSig, task=child, timeout=WAIT).signal is signal.SIGKILL


def test_a_traced_child_that_is_stopped_does_not_outlive_its_task() -> None:
    """The deadline holds for it."""
    task = prx.fork(killdelay=0.2)
    child = traced(task)
    host_pid = child.host_pid
    task.stop()
    assert state(host_pid) == ""


def test_waitpid_fails_with_the_errno_of_its_man_page() -> None:
    """`ECHILD`, `EINVAL`, and numbers that fit no int."""
    with prx.fork() as task:
        for pid in (-1, 0, prx.getpid(task), -prx.getpid(task)):
            with fails(errno.ECHILD, note=f"waitpid({pid}, 1) of {task}"):
                prx.waitpid(task, pid, "wnohang")
        prx.fork(task)
        for options in (0x10000, "wexited", 1 << 32, -(1 << 40)):
            with fails(errno.EINVAL):
                prx.waitpid(task, -1, options)
        for pid in (1 << 31, -(1 << 31) - 1):
            with fails(errno.EINVAL):
                prx.waitpid(task, pid, "wnohang")


def test_waitpid_refuses_wrong_types_and_unknown_names() -> None:
    """Before anything is sent."""
    with prx.fork() as task:
        with pytest.raises(TypeError):
            prx.waitpid(task, "1")  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            prx.waitpid(task, -1, None)  # type: ignore[arg-type]
        with fails(errno.ENOTSUP, filename="wnone"):
            prx.waitpid(task, -1, ["wnohang", "wnone"])


def test_wclone_waits_for_clones_only() -> None:
    """It is a bit beyond an int, and a fork is no clone in this sense."""
    with prx.fork() as task:
        prx.fork(task)
        with fails(errno.ECHILD):
            prx.waitpid(task, -1, ["__wclone", "wnohang"])
