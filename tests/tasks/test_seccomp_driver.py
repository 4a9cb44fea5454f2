"""The driver under exactly the system calls that it says it needs, and programs under filters."""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import children, fails, outcome, unprivileged
from support.ends import WAIT, OsProcesses, down_of, run_program, run_stubborn
from support.features import require
from support.seccomp import launcher

from prx_actors import Down, ExitStatus, Signal, Stderr, Stdout, Task, TermSig, monitor, prx, receive, shutdown
from prx_actors.driver.keeper import driver_path
from prx_actors.driver.reactor import reactor
from prx_actors.system.machine import SYSCALLS
from prx_actors.system.native import lib
from prx_actors.system.seccomp import DRIVER_CALLS, allow, deny, fail, filter_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prx_actors.system.bpf import Program

pytestmark = pytest.mark.static

EXACTLY = launcher(allow(DRIVER_CALLS))

PROGRAM_CALLS = [
    *("access", "alarm", "clock_nanosleep", "dup", "exit", "faccessat", "faccessat2", "fadvise64", "fork", "fstat"),
    *("futex", "getcwd", "getegid", "geteuid", "getgid", "getpgrp", "getppid", "getresgid", "getresuid", "getuid"),
    *("ioctl", "lseek", "madvise", "nanosleep", "newfstatat", "open", "pipe", "pipe2", "pread64", "rt_sigsuspend"),
    *("setpgid", "sigaltstack", "stat", "statfs", "statx", "sysinfo", "tgkill", "uname", "vfork"),
]
"""What a shell needs and a driver does not."""


@pytest.fixture(autouse=True)
def own_keeper() -> Iterator[None]:
    """End the keepers of a test's launchers."""
    require(os.uname().machine in {"x86_64", "aarch64"}, "an architecture with filters")
    yield
    shutdown()


def listed(*names: str) -> list[str]:
    """Return a launcher that allows what the driver needs, what a shell needs, and these."""
    return launcher(allow([*DRIVER_CALLS, *(name for name in PROGRAM_CALLS if name in SYSCALLS), *names]))


def filters(task: Task) -> str:
    """Return what the kernel says of a task's filters."""
    lines = Path(f"/proc/{task.host_pid}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("Seccomp:"))


def driver_as_program(task: Task) -> None:
    """Turn a task into a program that needs nothing more than a driver, since it is one without a socket."""
    prx.execvp(task, [driver_path()])
    ended = outcome(task)
    assert ended.stderr.startswith(b"prx-driver: fd 0 is not the socket")
    assert ended.end == ExitStatus(task, lib.PRX_EXIT_STARTUP)


def test_the_driver_works_under_exactly_the_calls_that_it_needs() -> None:
    """It starts, forks, becomes a program and tells what that writes and how it ends, at any depth."""
    with prx.fork(exec=EXACTLY) as root:
        deeper = prx.fork(prx.fork(root))
        for task in (root, deeper):
            assert filters(task) == "2"
            assert prx.getpid(task) == task.host_pid
            driver_as_program(prx.fork(task))
        assert len(children(root)) == 1
        again = prx.fork(deeper)
        prx.exit(again, 7)
        assert receive(ExitStatus, task=again, timeout=WAIT).status == 7


def test_exec_that_fails_is_undone_under_them() -> None:
    """The task stays in call state."""
    with prx.fork(exec=EXACTLY) as root:
        with pytest.raises(FileNotFoundError):
            prx.execvp(root, ["/nosuch"])
        driver_as_program(prx.fork(root))


def test_large_messages_pass_under_them() -> None:
    """Buffers that grow and shrink."""
    with prx.fork(exec=EXACTLY) as root:
        data = bytes(8 << 20)
        for _ in range(2):
            with pytest.raises(OSError, match="Bad file descriptor"):
                prx.write(root, 99, data)
        with pytest.raises(OSError, match="Argument list too long"):
            prx.execve(root, [driver_path()], ["x" * 4000] * 5000)


def test_signals_pass_under_them() -> None:
    """To a driver, which reports them, and to one that they kill."""
    with prx.fork(exec=EXACTLY) as root:
        child = prx.fork(root)
        for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGCONT):
            prx.kill(root, prx.getpid(child), number)
            assert receive(Signal, task=child, timeout=WAIT).signal == number
        prx.kill(root, prx.getpid(child), "sigkill")
        assert receive(TermSig, task=child, timeout=WAIT).signal == signal.SIGKILL


def test_a_tree_ends_under_them_whoever_ends_it() -> None:
    """By `stop`, by the death of a driver between, and a stopped driver at the deadline."""
    with prx.fork(exec=EXACTLY, killdelay=0.5) as root:
        for how in ("stop", "kill", "stopped"):
            top = prx.fork(root)
            middle = prx.fork(top)
            low = prx.fork(prx.fork(middle))
            with OsProcesses.below(top) as processes:
                assert len(processes) == 4
                ref = monitor(low)
                _end(how, top, middle, low)
                assert receive(Down, ref=ref, timeout=WAIT).pid is low
                prx.stop(top)
                assert processes.left() == []
        assert prx.getpid(root)


def _end(how: str, top: Task, middle: Task, low: Task) -> None:
    assert middle.host_pid
    assert low.host_pid
    match how:
        case "stop":
            prx.stop(top)
        case "kill":
            os.kill(middle.host_pid, signal.SIGKILL)
        case "stopped":
            os.kill(low.host_pid, signal.SIGSTOP)
            prx.stop(middle)


def test_the_keeper_itself_ends_under_them() -> None:
    """`shutdown` takes it and its roots away."""
    task = prx.fork(exec=EXACTLY)
    ref = monitor(task)
    with OsProcesses.below(task, prx.fork(task)) as processes:
        shutdown()
        assert receive(Down, ref=ref, timeout=WAIT).pid is task
        assert processes.wait_gone(WAIT) == []


def test_programs_stream_stop_and_miss_their_deadline_under_a_list() -> None:
    """With what a shell needs besides: output, an end by SIGTERM and one by SIGKILL."""
    with prx.fork(exec=listed(), killdelay=0.5) as root:
        child = prx.fork(root)
        prx.execvp(child, ["cat"])
        assert filters(child) == "2"
        prx.stdin(child, "hello")
        assert receive(Stdout, task=child, timeout=WAIT).data == b"hello"
        prx.stop(child)
        stubborn = run_stubborn(root)
        ref = monitor(stubborn)
        with OsProcesses.below(stubborn) as processes:
            prx.stop(stubborn)
            assert receive(Down, ref=ref, timeout=WAIT).pid is stubborn
            assert processes.left() == []


def test_what_daemonises_is_contained_under_a_list() -> None:
    """What a program leaves behind in a session of its own goes with the driver above it."""
    with prx.fork(exec=listed()) as root:
        middle = prx.fork(root)
        child = run_program(middle, "sh", "-c", "(setsid sleep 1000 >&- 2>&- &) ; echo $$; exec sleep 1000")
        receive(Stdout, task=child, timeout=WAIT)
        with OsProcesses.below(middle) as processes:
            assert len(processes) == 3
            prx.stop(middle)
            assert processes.left() == []


def test_orders_are_taken_under_a_list() -> None:
    """Whoever stops a program that has ended and left something behind has its parent end that at once."""
    with prx.fork(exec=listed(), drain=WAIT) as root:
        child = run_program(root, "sh", "-c", "setsid sleep 1000 >&- 2>&- & exit 3")
        ref = monitor(child)
        assert receive(ExitStatus, task=child, timeout=WAIT).status == 3
        prx.stop(child)
        # Natural, unless it was stopped while somebody still held its pipes.
        assert down_of(ref) in {"shutdown", "normal"}
        assert prx.getpid(root) == root.pidof()


def test_a_call_that_is_not_listed_kills_the_driver() -> None:
    """`chdir` is none that it needs for itself; its children and siblings go on."""
    with prx.fork(exec=EXACTLY) as root:
        child = prx.fork(root)
        ref = monitor(child)
        with pytest.raises(ProcessLookupError):
            prx.chdir(child, "/")
        assert down_of(ref) == ("termsig", signal.SIGSYS)
        driver_as_program(prx.fork(root))


def test_a_call_that_is_not_listed_fails_with_the_errno_that_was_chosen() -> None:
    """The task raises it as any other."""
    with prx.fork(exec=launcher(allow(DRIVER_CALLS, fail(errno.ENOTNAM)))) as root:
        with pytest.raises(OSError, match="XENIX") as caught:
            prx.chdir(root, "/")
        assert caught.value.errno == errno.ENOTNAM
        driver_as_program(prx.fork(root))


ALTERNATIVES = {
    *("clock_gettime", "clone", "fstat", "newfstatat", "ppoll", "readlinkat", "restart_syscall"),
    *("sched_getaffinity", "sched_yield"),
}
"""What other kernels, machines and C libraries need, and calls that come back to back or do not."""

NAMES = [name for name in DRIVER_CALLS if isinstance(name, str) and name not in ALTERNATIVES]


def all_of_it(launched: list[str], limit: float) -> None:
    """Have a driver do something of everything that it does by itself."""
    with prx.timeout(2.5 * limit), prx.fork(exec=launched, killdelay=0.5) as root:
        child = prx.fork(root)
        with contextlib.suppress(FileNotFoundError):
            prx.execvp(child, ["/nosuch"])
        driver_as_program(child)
        middle = prx.fork(root)
        low = prx.fork(middle)
        with contextlib.suppress(OSError):
            prx.write(low, 99, bytes(8 << 20))
        assert prx.getpid(low)
        prx.kill(root, prx.getpid(middle), "sigusr1")
        receive(Signal, task=middle, timeout=limit)
        prx.stop(middle)
        other = prx.fork(root)
        prx.exit(other, 3)
        assert receive(ExitStatus, TermSig, task=other, timeout=limit) == ExitStatus(other, 3)
        search_of_the_keeper(root, limit)


def search_of_the_keeper(root: Task, limit: float) -> None:
    """Have the keeper kill a process by its mark, as it does with what the drivers above it cannot reach."""
    task = prx.fork(root)
    assert prx.getpid(task)  # an answer of its own: it has its mark
    ref = monitor(task)
    found: queue.SimpleQueue[list[int]] = queue.SimpleQueue()
    driver = task._process.driver
    reactor.call_soon(lambda: driver.searches.begin(driver.id, 0, 0.0, found.put))
    assert down_of(ref, limit) == ("termsig", signal.SIGKILL)
    assert found.get(timeout=limit) == []


def test_a_driver_does_all_of_it_under_the_list() -> None:
    """What the next test takes calls from."""
    all_of_it(EXACTLY, WAIT)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_no_call_is_on_the_list_without_need(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the driver does not come up, or does not do all of its work."""
    monkeypatch.setattr("support.calls.WAIT", 2.0)
    with pytest.raises((OSError, AssertionError, TimeoutError)):
        all_of_it(launcher(allow([one for one in DRIVER_CALLS if one != name])), 2.0)


def test_programs_under_a_deny_list_get_its_errno(tmp_path: Path) -> None:
    """And so does what they start."""
    with prx.fork(exec=launcher(deny(mkdir_calls()))) as root:
        script = f"mkdir {tmp_path}/a; sh -c 'mkdir {tmp_path}/b'; touch {tmp_path}/c; exit 3"
        child = run_program(root, "sh", "-c", script)
        ended = outcome(child)
        assert ended.stderr.count(b"Operation not permitted") == 2
        assert ended.end == ExitStatus(child, 3)
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_programs_outside_an_allow_list_die_of_sigsys(tmp_path: Path) -> None:
    """The task is told as of any other signal."""
    with prx.fork(exec=listed()) as root:
        child = prx.fork(root)
        prx.execvp(child, ["mkdir", str(tmp_path / "a")])
        assert receive(TermSig, ExitStatus, Stderr, task=child, timeout=WAIT) == TermSig(child, signal.SIGSYS)
    assert list(tmp_path.iterdir()) == []


# A filter that a task is given by a call.


def restrict(task: Task, program: Program) -> None:
    """Put a task under a filter."""
    prx.prctl(task, "pr_set_no_new_privs", 1)
    prx.seccomp(task, "seccomp_set_mode_filter", 0, filter_program(program))


def mkdir_calls() -> list[str]:
    """Return the calls that make a directory."""
    return [name for name in ("mkdir", "mkdirat") if name in SYSCALLS]


def test_a_task_that_is_given_a_deny_list_gets_its_errno(tmp_path: Path) -> None:
    """And so do its forks and its programs from then on; nobody else does."""
    with prx.fork() as root:
        task = prx.fork(root)
        restrict(task, deny(mkdir_calls(), errno.EROFS))
        child = prx.fork(task)
        for one in (task, child):
            assert filters(one) == "2"
            with fails(errno.EROFS, filename=tmp_path / "a"):
                prx.mkdir(one, tmp_path / "a", 0o755)
        prx.execvp(child, ["mkdir", str(tmp_path / "b")])
        ended = outcome(child)
        assert b"Read-only file system" in ended.stderr
        prx.mkdir(root, tmp_path / "c", 0o755)
        assert filters(root) == "0"
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_a_task_that_is_given_an_allow_list_works_and_dies_outside_it() -> None:
    """With prctl(2) as with seccomp(2); its parent goes on."""
    with prx.fork() as root:
        task = prx.fork(root)
        prx.prctl(task, "pr_set_no_new_privs", 1)
        prx.prctl(task, "pr_set_seccomp", "seccomp_mode_filter", filter_program(allow(DRIVER_CALLS)))
        driver_as_program(prx.fork(task))
        ref = monitor(task)
        with pytest.raises(ProcessLookupError):
            prx.chdir(task, "/")
        assert down_of(ref) == ("termsig", signal.SIGSYS)
        assert prx.getpid(root)


def test_the_kernel_refuses_a_filter_without_no_new_privs() -> None:
    """`EACCES`, but to who is privileged."""
    with unprivileged() as task:
        with fails(errno.EACCES):
            prx.seccomp(task, "seccomp_set_mode_filter", 0, filter_program(deny([])))
        assert filters(task) == "0"
