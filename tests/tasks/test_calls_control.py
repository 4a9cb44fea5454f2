"""prctl and seccomp: attributes of a process, as /proc shows them, and what cannot be undone by them."""

from __future__ import annotations

import errno
import os
import signal
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import fails, outcome, program, unprivileged, until
from support.ends import WAIT, OsProcesses

from prx_actors import Down, ExitStatus, Ptr, Signal, Stdout, monitor, prx, receive
from prx_actors.system.constants import table

if TYPE_CHECKING:
    from prx_actors import Task
    from prx_actors.system.structures import CStruct

ALLOW = 0x7FFF0000
ERRNO = 0x00050000
KILL = 0x80000000
SHOW_SUBREAPER = (
    "import ctypes; n = ctypes.c_int(-1); ctypes.CDLL(None).prctl(37, ctypes.byref(n), 0, 0, 0); print(n.value)"
)


def status(task: Task, field: str) -> str:
    """Return a field of /proc/PID/status."""
    for line in Path(f"/proc/{task.host_pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return value.strip()
    raise KeyError(field)


def instruction(code: int, k: int, jt: int = 0, jf: int = 0) -> bytes:
    """Return an instruction of classic BPF."""
    return struct.pack("HBBI", code, jt, jf, k)


def sock_fprog(*instructions: bytes) -> CStruct:
    """Return a `struct sock_fprog`."""
    return [struct.pack("H6x", len(instructions)), Ptr(b"".join(instructions))]


def deny(names: list[str], action: int) -> CStruct:
    """Return a filter that does something else with a few system calls than to allow them."""
    checks = b"".join(instruction(0x15, table()["syscall"][name], 0, 1) + instruction(0x06, action) for name in names)
    return sock_fprog(
        instruction(0x20, 0), *(checks[i : i + 8] for i in range(0, len(checks), 8)), instruction(0x06, ALLOW)
    )


def test_a_name_is_set_and_read() -> None:
    """Cut at 15 bytes by the kernel, which says what comes back; a short buffer harms nobody."""
    with prx.fork() as task:
        assert prx.prctl(task, "pr_set_name", b"worker\0") == (0, b"worker\0", 0, 0, 0)
        assert status(task, "Name") == "worker"
        assert prx.prctl(task, "PR_GET_NAME", bytes(17)).a2 == b"worker".ljust(17, b"\0")
        assert prx.prctl(task, "pr_get_name", bytes(3)).a2 == b"wor"
        assert prx.prctl(task, "pr_get_name", [bytes(2), bytes(2)]).a2 == [b"wo", b"rk"]
        prx.prctl(task, "pr_set_name", b"x" * 30)
        assert status(task, "Name") == "x" * 15


def test_attributes_are_those_that_proc_shows() -> None:
    """no_new_privs, dumpable, keepcaps, timer slack."""
    with prx.fork() as task:
        assert status(task, "NoNewPrivs") == "0"
        assert prx.prctl(task, "pr_set_no_new_privs", 1).value == 0
        assert status(task, "NoNewPrivs") == "1"
        assert prx.prctl(task, "pr_get_no_new_privs").value == 1
        for option, value in (("dumpable", 0), ("dumpable", 1), ("keepcaps", 1), ("keepcaps", 0)):
            prx.prctl(task, f"pr_set_{option}", value)
            assert prx.prctl(task, f"pr_get_{option}").value == value
        prx.prctl(task, "pr_set_timerslack", 123_456)
        assert prx.prctl(task, "pr_get_timerslack").value == 123_456


def test_an_undumpable_task_ends_as_any_other() -> None:
    """Its files in /proc are root's; its processes are gone all the same."""
    with unprivileged() as task:
        prx.prctl(task, "pr_set_dumpable", 0)
        child = prx.fork(task)
        prx.execvp(child, ["sleep", "1000"])
        with OsProcesses.below(task) as processes:
            task.stop()
            assert processes.wait_gone(5) == []


@pytest.mark.root
def test_a_capability_is_dropped_from_the_bounding_set() -> None:
    """By the name of its family, or its number."""
    net_raw = table()["capability"]["CAP_NET_RAW"]
    with prx.fork() as task:
        before = int(status(task, "CapBnd"), 16)
        assert prx.prctl(task, "pr_capbset_read", net_raw) == (1, net_raw, 0, 0, 0)
        prx.prctl(task, "pr_capbset_drop", net_raw)
        assert prx.prctl(task, "pr_capbset_read", net_raw).value == 0
        assert int(status(task, "CapBnd"), 16) == before & ~(1 << net_raw)


@pytest.mark.parametrize(
    ("option", "args", "number"),
    [
        (0x7FFFFFFF, (), errno.EINVAL),
        (1 << 40, (), errno.EINVAL),
        ("pr_set_dumpable", (5,), errno.EINVAL),
        ("pr_set_no_new_privs", (0,), errno.EINVAL),
        ("pr_set_pdeathsig", (65,), errno.EINVAL),
        ("pr_set_pdeathsig", (-1,), errno.EINVAL),
        ("pr_set_pdeathsig", (b"x",), errno.EINVAL),
        ("pr_get_pdeathsig", (), errno.EFAULT),
        ("pr_get_child_subreaper", (), errno.EFAULT),
        ("pr_get_name", (4096,), errno.EFAULT),
        ("pr_get_name", (0x555555554000,), errno.EFAULT),
        ("pr_set_seccomp", ("seccomp_mode_filter", 0), errno.EFAULT),
        ("pr_set_name", ([Ptr(1 << 40)],), errno.E2BIG),
    ],
)
def test_prctl_fails_with_an_errno(option: int | str, args: tuple[int, ...], number: int) -> None:
    """Of the kernel's, or for what could be an address of the driver's."""
    with prx.fork() as task, fails(number):
        prx.prctl(task, option, *args)


def test_capbset_drop_needs_privilege() -> None:
    """`EPERM` without it."""
    with unprivileged() as task, fails(errno.EPERM):
        prx.prctl(task, "pr_capbset_drop", 0)


def test_the_death_signal_is_remembered_and_not_the_driver_s() -> None:
    """It is read back; a parent's death still ends the task in order, and a fork starts without."""
    with prx.fork() as task:
        parent = prx.fork(task)
        child = prx.fork(parent)
        assert prx.prctl(child, "pr_get_pdeathsig", bytes(4)).a2 == bytes(4)
        assert prx.prctl(child, "pr_set_pdeathsig", signal.SIGSTOP) == (0, signal.SIGSTOP, 0, 0, 0)
        assert prx.prctl(child, "pr_get_pdeathsig", bytes(4)).a2 == struct.pack("i", signal.SIGSTOP)
        below = prx.fork(child)
        assert prx.prctl(below, "pr_get_pdeathsig", bytes(4)).a2 == bytes(4)
        prx.execvp(below, ["sleep", "1000"])
        ref = monitor(below)
        with OsProcesses.below(parent) as processes:
            assert parent.host_pid
            os.kill(parent.host_pid, signal.SIGKILL)
            assert isinstance(receive(Down, ref=ref, timeout=WAIT), Down)
            assert processes.wait_gone(3) == []


@pytest.mark.parametrize("setting", [0, 1])
def test_the_subreaper_bit_of_the_user_is_the_program_s(setting: int) -> None:
    """The driver stays one: an orphan below it is ended with it."""
    with prx.fork(drain=30.0) as task:
        child = prx.fork(task)
        assert prx.prctl(child, "pr_get_child_subreaper", bytes(4)).a2 == bytes(4)
        prx.prctl(child, "pr_set_child_subreaper", setting)
        assert prx.prctl(child, "pr_get_child_subreaper", bytes(4)).a2 == struct.pack("i", setting)
        below = prx.fork(child)
        assert prx.prctl(below, "pr_get_child_subreaper", bytes(4)).a2 == bytes(4)
        assert program(below, ["python3", "-c", SHOW_SUBREAPER]) == b"0\n"
        orphaned = prx.fork(child)
        prx.execvp(orphaned, ["sh", "-c", "setsid sleep 1000 & echo $!"])
        orphan = int(receive(Stdout, task=orphaned, timeout=WAIT).data)
        assert receive(ExitStatus, task=orphaned, timeout=WAIT).status == 0
        assert f"PPid:\t{child.host_pid}\n" in Path(f"/proc/{orphan}/status").read_text()
        with OsProcesses([orphan]) as processes:
            child.stop()
            assert processes.left() == []


@pytest.mark.parametrize("setting", [0, 1])
def test_a_program_gets_the_subreaper_bit_that_was_set(setting: int) -> None:
    """0 unless the user has said so; after an exec that failed the driver is one again."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.prctl(child, "pr_set_child_subreaper", setting)
        with fails(errno.ENOENT, filename=b"/nosuch"):
            prx.execvp(child, ["/nosuch"])
        assert program(child, ["python3", "-c", SHOW_SUBREAPER]) == b"%d\n" % setting


@pytest.mark.static
def test_what_the_user_has_set_outlasts_a_reexec() -> None:
    """And no fork has it."""
    with prx.fork() as task:
        prx.prctl(task, "pr_set_child_subreaper", 1)
        prx.prctl(task, "pr_set_pdeathsig", signal.SIGUSR1)
        prx.reexec(task)
        assert prx.prctl(task, "pr_get_child_subreaper", bytes(4)).a2 == struct.pack("i", 1)
        assert prx.prctl(task, "pr_get_pdeathsig", bytes(4)).a2 == struct.pack("i", signal.SIGUSR1)
        child = prx.fork(task)
        for option in ("pr_get_child_subreaper", "pr_get_pdeathsig"):
            assert prx.prctl(child, option, bytes(4)).a2 == bytes(4)


@pytest.mark.parametrize("by", ["prctl", "seccomp"])
def test_a_filter_is_loaded_and_passed_on(by: str) -> None:
    """A denied system call fails as the filter says, in the driver, its forks and its programs."""
    prog = deny(["SYS_mkdir", "SYS_mkdirat", "SYS_chdir"], ERRNO | errno.ENOTNAM)
    with unprivileged() as task:
        prx.chdir(task, "/")
        prx.prctl(task, "pr_set_no_new_privs", 1)
        if by == "prctl":
            assert prx.prctl(task, "pr_set_seccomp", "seccomp_mode_filter", prog) == (0, 2, list(prog), 0, 0)
        else:
            prx.seccomp(task, "seccomp_set_mode_filter", 0, prog)
        assert status(task, "Seccomp") == "2"
        child = prx.fork(task)
        for one in (task, child):
            with fails(errno.ENOTNAM, filename="/"):
                prx.chdir(one, "/")
        prx.execvp(child, ["python3", "-c", "import os\ntry: os.chdir('/')\nexcept OSError as e: print(e.errno)"])
        assert outcome(child).stdout == b"%d\n" % errno.ENOTNAM


@pytest.mark.parametrize(
    ("operation", "flags", "prog", "number"),
    [
        (1 << 20, 0, 0, errno.EINVAL),
        (-1, 0, 0, errno.EINVAL),
        ("seccomp_set_mode_filter", 1 << 30, 0, errno.EINVAL),
        ("seccomp_set_mode_filter", 0, 0, errno.EFAULT),
        ("seccomp_set_mode_filter", 0, 1 << 40, errno.EFAULT),
        ("seccomp_set_mode_filter", 0, sock_fprog(), errno.EINVAL),
        ("seccomp_set_mode_filter", 0, sock_fprog(instruction(0x20, 0)), errno.EINVAL),
        ("seccomp_set_mode_strict", 1, 0, errno.EINVAL),
    ],
)
def test_seccomp_fails_with_an_errno(operation: int | str, flags: int, prog: CStruct | int, number: int) -> None:
    """Those of the man page; the driver goes on."""
    with prx.fork() as task:
        prx.prctl(task, "pr_set_no_new_privs", 1)
        with fails(number):
            prx.seccomp(task, operation, flags, prog)
        assert status(task, "Seccomp") == "0"


def test_seccomp_needs_no_new_privs_or_privilege() -> None:
    """`EACCES` with neither."""
    with unprivileged() as task, fails(errno.EACCES):
        prx.seccomp(task, "seccomp_set_mode_filter", 0, deny(["SYS_mkdir"], KILL))


def test_a_listener_is_an_fd_of_the_process() -> None:
    """The one thing that seccomp gives."""
    with prx.fork() as task:
        prx.prctl(task, "pr_set_no_new_privs", 1)
        fd = prx.seccomp(
            task, "seccomp_set_mode_filter", "seccomp_filter_flag_new_listener", deny(["SYS_mkdir"], ERRNO)
        )
        assert "seccomp" in os.readlink(f"/proc/{task.host_pid}/fd/{fd}")  # noqa: PTH115 -- no path
        assert prx.seccomp(task, "seccomp_get_action_avail", 0, struct.pack("I", KILL)) is None


FORBIDDEN = {
    "to answer is an error": (["SYS_sendmsg"], ERRNO | errno.EPERM),
    "to answer kills": (["SYS_sendmsg"], KILL),
    "to hear is an error": (["SYS_recvmsg"], ERRNO | errno.EPERM),
    "to wait is an error": (["SYS_epoll_pwait"], ERRNO | errno.EPERM),
    "to exit is an error": (["SYS_exit_group", "SYS_sendmsg"], ERRNO | errno.EPERM),
    "to reap and to kill is an error": (["SYS_wait4", "SYS_waitid", "SYS_kill", "SYS_sendmsg"], ERRNO | errno.EPERM),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_driver_under_a_filter_that_it_cannot_live_with_ends_with_all_below(what: str) -> None:
    """And with the tasks below, and what their programs have started."""
    names, action = FORBIDDEN[what]
    with prx.fork(killdelay=0.5) as root:
        task = prx.fork(root)
        child = prx.fork(task)
        prx.execvp(child, ["sh", "-c", "setsid sleep 1000 & echo $$; sleep 1000"])
        receive(Stdout, task=child, timeout=WAIT)
        prx.prctl(task, "pr_set_no_new_privs", 1)
        ref = monitor(task)
        with OsProcesses.below(task) as processes:
            assert len(processes) >= 3
            with pytest.raises((OSError, TimeoutError)), prx.timeout(WAIT):  # noqa: PT012 -- by either
                prx.seccomp(task, "seccomp_set_mode_filter", 0, deny(names, action))
                prx.getpid(task)
                raise TimeoutError
            task.stop(block=False)
            assert isinstance(receive(Down, ref=ref, timeout=WAIT), Down)
            assert processes.left() == []
            assert prx.getpid(root) == root.pidof()


def test_strict_mode_ends_the_driver() -> None:
    """It allows read, write, exit and nothing that the driver lives by."""
    with prx.fork() as task, OsProcesses.below(task) as processes:
        with pytest.raises(OSError):  # noqa: PT011 -- by the kill, or by the reply that is missing
            prx.prctl(task, "pr_set_seccomp", "seccomp_mode_strict")
        until(lambda: not processes.left(), "its process is gone")


def test_a_signal_of_a_filter_tells_the_system_call() -> None:
    """SIGSYS is a fault: it ends the driver as a signal does."""
    with prx.fork() as root:
        task = prx.fork(root)
        prx.prctl(task, "pr_set_no_new_privs", 1)
        prx.seccomp(task, "seccomp_set_mode_filter", 0, deny(["SYS_chdir"], 0x00030000))
        ref = monitor(task)
        with pytest.raises(OSError):  # noqa: PT011 -- NoProcess or the channel's end
            prx.chdir(task, "/")
        assert receive(Down, ref=ref, timeout=WAIT).reason == ("termsig", signal.SIGSYS)
        prx.kill(root, prx.getpid(root), "sigusr1")
        assert receive(Signal, task=root, timeout=WAIT).signal == signal.SIGUSR1
