"""Hostile programs and tasks below a driver: what they can do to it, and what they cannot.

The same user may do to a driver what kill(2), ptrace(2) and /proc allow it for any process; that is the kernel's rule.
"""

from __future__ import annotations

import errno
import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import calls
from support.calls import OWN_FDS, program
from support.ends import WAIT, OsProcesses, down_of

from prx_actors import Signal, Stdout, UndefinedCall, monitor, prx, receive
from prx_actors.driver.protocol import CALLS

if TYPE_CHECKING:
    from support.unprivileged import Unprivileged

    from prx_actors import Task

FOLDER = "/proc/self/fd/"
OPENABLE = {53, 54, 55, 56, 60, 61}
"""/dev/null in the place of a state, the sealed binary, the pages shared with children and parent, and the pidfds of
itself and its parent, which anyone may have by a pid."""

ATTACK = """
import ctypes, json, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
victims, found = json.loads(sys.argv[1]), {}

def attempt(name, act):
    try:
        result = act()
    except OSError as error:
        result = error.errno
    found.setdefault(name, []).append(result)

def attach(pid):
    PTRACE_SEIZE = 0x4206
    if libc.ptrace(PTRACE_SEIZE, pid, None, None) < 0:
        raise OSError(ctypes.get_errno(), "ptrace")

def limit(pid):
    import resource
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (5, 5))

for pid in victims:
    attempt("trace", lambda: attach(pid))
    attempt("list its files", lambda: len(os.listdir(f"/proc/{pid}/fd")))
    attempt("take a file", lambda: os.close(os.open(f"/proc/{pid}/fd/55", os.O_RDWR)))
    attempt("read its memory", lambda: os.close(os.open(f"/proc/{pid}/mem", os.O_RDWR)))
    attempt("limit it", lambda: limit(pid))
    attempt("signal it", lambda: os.kill(pid, 0))
print(json.dumps(found))
"""


def attack(python: str, task: Task, *victims: Task) -> dict[str, list[object]]:
    """Have a task turn into a program that tries what it can on drivers; return what came of it, for each."""
    pids = json.dumps([victim.host_pid for victim in victims])
    result: dict[str, list[object]] = json.loads(program(task, [python, "-S", "-c", ATTACK, pids]))
    return result


@pytest.mark.root
def test_a_program_that_has_dropped_root_reaches_no_driver_of_root(unprivileged: Unprivileged) -> None:
    """Neither traced nor signalled nor read: the drivers above it are another user's."""
    with prx.fork() as root:
        task = prx.fork(root)
        prx.setresgid(task, 65534, 65534, 65534)
        prx.setgroups(task, [])
        prx.setresuid(task, 65534, 65534, 65534)
        found = attack(unprivileged.python, task, root)
        assert found == {
            "trace": [errno.EPERM],
            "list its files": [errno.EACCES],
            "take a file": [errno.EACCES],
            "read its memory": [errno.EACCES],
            "limit it": [errno.EPERM],
            "signal it": [errno.EPERM],
        }
        assert prx.getpid(root) > 0


@pytest.mark.root
def test_a_program_can_signal_a_driver_that_has_dropped_root_and_nothing_else(unprivileged: Unprivileged) -> None:
    """Such a driver is not dumpable, of which the kernel takes care: it is neither traced nor looked into."""
    with prx.fork() as root:
        dropped = prx.fork(root)
        prx.setgroups(dropped, [])
        prx.setresgid(dropped, 65534, 65534, 65534)
        prx.setresuid(dropped, 65534, 65534, 65534)
        found = attack(unprivileged.python, prx.fork(dropped), dropped)
        assert found.pop("signal it") == [None]
        # Limits go by the user alone, so that this one would be changed.
        assert found.pop("limit it") in ([None], [errno.EPERM])
        assert found == {
            "trace": [errno.EPERM],
            "list its files": [errno.EACCES],
            "take a file": [errno.EACCES],
            "read its memory": [errno.EACCES],
        }


# A SIGTSTP that comes right after it takes a SIGCONT away: signal(7).
NOT_TOLD = {"SIGKILL", "SIGSTOP", "SIGCHLD", "SIGCONT", "SIGRTMIN", "SIGRTMAX"} | {
    f"SIG{name}" for name in ("SEGV", "BUS", "FPE", "ILL", "ABRT", "SYS", "TRAP")
}


def test_signals_of_a_program_do_not_end_its_driver() -> None:
    """They are told to its owner; those that stand for a fault, SIGSTOP and SIGKILL act as on any process."""
    with calls.unprivileged() as root:
        numbers = [number for number in signal.Signals if number.name not in NOT_TOLD]
        child = prx.fork(root)
        prx.execvp(child, ["sh", "-c", f"for s in {' '.join(str(int(n)) for n in numbers)}; do kill -$s $PPID; done"])
        came = {receive(Signal, task=root, timeout=WAIT).signal for _ in numbers}
        assert came == set(numbers)
        assert prx.getpid(root) > 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_program_that_kills_its_driver_dies_with_it(number: signal.Signals) -> None:
    """The task is down with the signal, and everything below it is gone; its parent goes on."""
    with calls.unprivileged() as root:
        driver = prx.fork(root)
        sibling = prx.fork(driver)
        killer = prx.fork(driver)
        prx.execvp(sibling, ["sleep", "1000"])
        with OsProcesses.below(driver) as processes:
            ref = monitor(driver)
            prx.execvp(killer, ["sh", "-c", f"setsid sleep 1000 & kill -{int(number)} $PPID; sleep 1000"])
            assert down_of(ref) == ("termsig", number)
            assert processes.wait_gone(WAIT) == []
        assert prx.getpid(root) > 0


def test_a_task_holds_none_of_its_parents_channels() -> None:
    """Of sockets it has its own two only, and the files that are common are the page and the pidfds."""
    with prx.fork() as parent:
        child = prx.fork(parent)
        assert prx.getpid(child) > 0  # it has closed what it was born with
        theirs, ours = sockets(parent), sockets(child)
        assert (len(theirs), len(ours)) == (2, 2)
        assert not theirs & ours


def sockets(task: Task) -> set[str]:
    """List the sockets of a driver by their inodes."""
    links = [os.readlink(path) for path in Path(f"/proc/{task.host_pid}/fd").iterdir()]  # noqa: PTH115
    return {link for link in links if link.startswith("socket:")}


def test_an_unfiltered_child_gets_nothing_of_a_filtered_parent_by_its_own_files() -> None:
    """Channels and what tells it to end cannot be opened by their names in /proc either; the filter is as it was."""
    with prx.fork() as parent:
        prx.filter(parent, list(CALLS.keys() - {"getpid", "fork", "exit"}), subprocess_calls=[])
        child = prx.fork(parent)
        for fd in OWN_FDS:
            if fd not in OPENABLE:
                with pytest.raises(OSError, match=r"No such device|Operation not|Permission denied"):
                    prx.open(child, f"{FOLDER}{fd}", ["o_rdwr"])
        with pytest.raises(UndefinedCall):
            prx.getuid(parent)


@pytest.mark.parametrize("byte", [b"\0", b"\1", b"\xff"], ids=["zeroes", "ones", "all bits"])
def test_whatever_stands_in_a_family_s_page_all_of_it_ends_in_time(byte: bytes) -> None:
    """A child that overwrites what it shares with its parent gains nothing by it and delays nobody's end."""
    with prx.fork(killdelay=1.0) as root:
        parent = prx.fork(root)
        prx.filter(parent, ["getuid"], subprocess_calls=[])
        child, sibling, running = prx.fork(parent), prx.fork(parent), prx.fork(parent)
        prx.execvp(running, ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 1000; done"])
        assert receive(Stdout, task=running, timeout=WAIT).data == b"up\n"
        fd = prx.open(child, f"{FOLDER}56", ["o_rdwr"])
        prx.write(child, fd, byte * 4096)
        with pytest.raises(UndefinedCall):
            prx.getuid(parent)
        assert prx.getuid(sibling) == os.geteuid()
        with OsProcesses.below(parent) as processes:
            prx.stop(parent)
            assert processes.left() == []
        assert prx.getpid(root) > 0


def test_a_program_gets_none_of_the_files_of_its_driver() -> None:
    """Nor any other task's: 0, 1 and 2, and what the user has opened for it."""
    with prx.fork() as task:
        listed = program(prx.fork(task), ["sh", "-c", "ls /proc/$$/fd"])
        assert listed == b"0\n1\n2\n"
