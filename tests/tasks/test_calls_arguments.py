"""What calls take: unknown constants and wrong types, which are refused before anything is sent."""

from __future__ import annotations

import errno
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
from support.calls import fails

from prx_actors import Ptr, UndefinedCall, prx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prx_actors import Task


@pytest.fixture
def stopped() -> Iterator[Task]:
    """A task whose driver reads nothing: what is sent to it is not answered in time."""
    with prx.fork() as task:
        pid = task.host_pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            with prx.timeout(5):
                yield task
        finally:
            os.kill(pid, signal.SIGCONT)


UNKNOWN: dict[str, tuple[Any, ...]] = {
    "open": ("/nosuch", ["o_rdonly", "o_bogus"]),
    "kill": (1, "o_bogus"),
    "setpriority": ("o_bogus", 0, 0),
    "clone": (["clone_newns", "o_bogus"],),
    "lseek": (0, 0, "o_bogus"),
    "fcntl": (0, "f_getfd", "o_bogus"),
    "socket": ("af_unix", ["sock_stream", "o_bogus"], 0),
    "getrlimit": ("o_bogus",),
    "setrlimit": ("o_bogus", (0, 0)),
    "getpriority": ("o_bogus", 0),
    "unshare": (["clone_newuts", "o_bogus"],),
    "setns": (0, "o_bogus"),
    "mount": ("", "/nosuch", "", ["ms_bind", "o_bogus"], ""),
    "umount2": ("/nosuch", "o_bogus"),
    "ioctl": (0, "o_bogus"),
    "prctl": ("pr_set_seccomp", "o_bogus"),
    "ptrace": ("o_bogus", 1),
    "seccomp": ("seccomp_set_mode_filter", "o_bogus"),
    "sigaction": ("o_bogus", None),
    "waitpid": (-1, "o_bogus"),
}


@pytest.mark.parametrize("call", UNKNOWN)
def test_an_unknown_constant_is_not_supported(call: str, stopped: Task) -> None:
    """`ENOTSUP` with its name, before anything is sent."""
    with fails(errno.ENOTSUP, filename="o_bogus"):
        getattr(stopped, call)(*UNKNOWN[call])


def test_a_constant_of_another_family_is_unknown(stopped: Task) -> None:
    """A signal is no flag of open."""
    with fails(errno.ENOTSUP, filename="sigterm"):
        prx.open(stopped, "/dev/null", "sigterm")


WRONG: list[tuple[str, tuple[Any, ...], type[Exception]]] = [
    ("open", (5, 0), TypeError),
    ("open", (None, 0), TypeError),
    ("open", ("/dev/null", None), TypeError),
    ("open", ("/dev/null", 1.5), TypeError),
    ("open", ("/dev/null", b"o_rdonly"), TypeError),
    ("open", ("/dev/null", True), TypeError),
    ("open", ("/dev/null", [None]), TypeError),
    ("open", ("/dev/null", 0, "0644"), TypeError),
    ("open", ("/dev/nu\0ll", 0), ValueError),
    ("open", ("/dev/null",), TypeError),
    ("open", ("/dev/null", 0, 0, 0), TypeError),
    ("close", ("1",), TypeError),
    ("close", (1.0,), TypeError),
    ("close", (None,), TypeError),
    ("read", (0, "4"), TypeError),
    ("read", (0, 1 << 64), OverflowError),
    ("read", (-1 << 64, 1), OverflowError),
    ("write", (1, 5), TypeError),
    ("write", (1, None), TypeError),
    ("write", (1, ["a"]), TypeError),
    ("readdir", (0,), TypeError),
    ("chdir", (b"/\0",), ValueError),
    ("chdir", ([],), TypeError),
    ("getcwd", (1,), TypeError),
    ("environ", (1,), TypeError),
    ("getpid", (1,), TypeError),
    ("getuid", (1,), TypeError),
    ("getgid", (1,), TypeError),
    ("version", (1,), TypeError),
    ("setenv", (1, "value", True), TypeError),
    ("setenv", ("NAME", 1, True), TypeError),
    ("setenv", ("NAME", "val\0ue", True), ValueError),
    ("setenv", ("NAME", "value", "yes"), TypeError),
    ("kill", ("1", 0), TypeError),
    ("kill", (1, None), TypeError),
    ("kill", (1, 1.0), TypeError),
    ("kill", (1,), TypeError),
    ("setpriority", (None, 0, 0), TypeError),
    ("setpriority", ("prio_process", None, 0), TypeError),
    ("setpriority", ("prio_process", 0, "19"), TypeError),
    ("execvp", ("true",), TypeError),
    ("execvp", (b"true",), TypeError),
    ("execvp", (None,), TypeError),
    ("execvp", ([1],), TypeError),
    ("execvp", ([],), ValueError),
    ("execvp", (["tr\0ue"],), ValueError),
    ("execvp", (["true"], 5), TypeError),
    ("execve", (["/bin/true"],), TypeError),
    ("execve", (["/bin/true"], None), TypeError),
    ("execve", (["/bin/true"], "A=b"), TypeError),
    ("execve", (["/bin/true"], {"A": "b"}), TypeError),
    ("execve", (["/bin/true"], [5]), TypeError),
    ("execve", (["/bin/true"], ["A=\0"]), ValueError),
    ("execve", ([], []), ValueError),
    ("fexecve", (3, ["true"]), TypeError),
    ("fexecve", (3, ["true"], None), TypeError),
    ("fexecve", (3, "true", []), TypeError),
    ("fexecve", ("3", ["true"], []), TypeError),
    ("fexecve", (3, [], []), ValueError),
    ("fexecve", (3, ["tr\0ue"], []), ValueError),
    ("fexecve", (1 << 63, ["true"], []), OverflowError),
    ("reexec", ("title",), TypeError),
    ("reexec", ([],), ValueError),
    ("reexec", ([5],), TypeError),
    ("reexec", (["t\0"],), ValueError),
    ("reexec", (None, "A=b"), TypeError),
    ("reexec", (None, {"A": "b"}), TypeError),
    ("reexec", (None, ["A=\0"]), ValueError),
    ("replace_process_image", ([],), ValueError),
    ("replace_process_image", (None, 5), TypeError),
    ("exit", ("0",), TypeError),
    ("exit", (None,), TypeError),
    ("clone", (None,), TypeError),
    ("clone", (1.5,), TypeError),
    ("fork", (5,), TypeError),
    ("setopt", ("nosuch", 1), ValueError),
    ("setopt", ("maxchild", "1"), TypeError),
    ("setopt", ("maxchild", 1.5), TypeError),
    ("setopt", ("maxchild", None), TypeError),
    ("setopt", ("killdelay", "1"), TypeError),
    ("setopt", ("killdelay", float("nan")), ValueError),
    ("setopt", ("killdelay", float("inf")), OverflowError),
    ("setopt", ("maxchild", 1 << 63), OverflowError),
    ("getopt", ("nosuch",), ValueError),
    ("lseek", ("0", 0, 0), TypeError),
    ("lseek", (0, 1 << 63, 0), OverflowError),
    ("fcntl", (None, 1), TypeError),
    ("fcntl", (0, 1.5), TypeError),
    ("select", (5, [], []), TypeError),
    ("select", (["0"], [], []), TypeError),
    ("select", ([], [], [1 << 63]), OverflowError),
    ("select", ([], [], [], "1"), TypeError),
    ("select", ([], [], [], 1e300), OverflowError),
    ("mkdir", ("/new",), TypeError),
    ("mkdir", (5, 0), TypeError),
    ("rmdir", ("a\0",), ValueError),
    ("unlink", (None,), TypeError),
    ("link", ("/", 5), TypeError),
    ("symlink", (5, "/"), TypeError),
    ("mkfifo", ("/", "0600"), TypeError),
    ("chmod", ("/", None), TypeError),
    ("chown", ("/", None, None), TypeError),
    ("chroot", (["/"],), TypeError),
    ("socket", (None, 1, 0), TypeError),
    ("connect", (0, 5), TypeError),
    ("getenv", (5,), TypeError),
    ("unsetenv", ("A\0",), ValueError),
    ("clearenv", (1,), TypeError),
    ("iolist_to_bin", (5,), TypeError),
    ("iolist_to_bin", ([None],), TypeError),
    ("iolist_to_bin", ([1.5],), TypeError),
    ("iolist_to_bin", ([[256]],), ValueError),
    ("iolist_to_bin", ([-1],), ValueError),
    ("setuid", ("0",), TypeError),
    ("setgid", (None,), TypeError),
    ("setresuid", (0, 0), TypeError),
    ("setresgid", (0, 0, 1.0), TypeError),
    ("setgroups", (5,), TypeError),
    ("setgroups", (["0"],), TypeError),
    ("setpgid", ("0", 0), TypeError),
    ("getsid", (), TypeError),
    ("setsid", (0,), TypeError),
    ("sethostname", (5,), TypeError),
    ("setproctitle", (None,), TypeError),
    ("umask", (None,), TypeError),
    ("getrlimit", (None,), TypeError),
    ("setrlimit", ("rlimit_core", 5), TypeError),
    ("setrlimit", ("rlimit_core", (1, 2, 3)), TypeError),
    ("setrlimit", ("rlimit_core", (1, 1 << 64)), OverflowError),
    ("getpriority", ("prio_process", "0"), TypeError),
    ("unshare", (None,), TypeError),
    ("setns", ("0",), TypeError),
    ("pivot_root", (".", None), TypeError),
    ("pivot_root", ("a\0b", "."), ValueError),
    ("mount", ("", None, "", 0, ""), TypeError),
    ("mount", ("", "/", "", None, ""), TypeError),
    ("mount", ("", "/", "", 0, 5), TypeError),
    ("mount", ("a\0b", "/", "", 0, ""), ValueError),
    ("umount", (5,), TypeError),
    ("umount2", ("/",), TypeError),
    ("alloc", (None,), TypeError),
    ("alloc", ("text",), TypeError),
    ("alloc", (["text"],), TypeError),
    ("alloc", ([1],), TypeError),
    ("alloc", ([Ptr(-1)],), ValueError),
    ("alloc", ([Ptr(1 << 63)],), OverflowError),
    ("alloc", ([Ptr("text")],), TypeError),  # type: ignore[arg-type]
    ("ioctl", (0, None), TypeError),
    ("ioctl", (0, "fionread", None), TypeError),
    ("ioctl", (0, "fionread", 1.5), TypeError),
    ("prctl", ("pr_set_name", {"a": 1}), TypeError),
    ("prctl", ("pr_set_name", 1 << 63), OverflowError),
    ("prctl", (), TypeError),
    ("ptrace", ("ptrace_cont", "1"), TypeError),
    ("ptrace", ("ptrace_cont", 1, None), TypeError),
    ("seccomp", (0, 0, "text"), TypeError),
    ("pledge", ("std\0io",), ValueError),
    ("pledge", (5,), TypeError),
    ("jail", (None,), TypeError),
    ("jail", ({"nosuch": "x"},), TypeError),
    ("jail", ({"path": 5},), TypeError),
    ("jail", ({"path": "a\0b"},), ValueError),
    ("jail", ({"ip4": ["fe80::1"]},), ValueError),
    ("jail_attach", ("1",), TypeError),
    ("jail_remove", (None,), TypeError),
    ("procctl", ("0", 0, 0), TypeError),
    ("unveil", (5, "r"), TypeError),
    ("unveil", ("/\0", "r"), ValueError),
    ("cap_enter", (1,), TypeError),
    ("cap_getmode", (1,), TypeError),
    ("cap_fcntls_get", ("0",), TypeError),
    ("cap_fcntls_limit", (0, None), TypeError),
    ("cap_ioctls_limit", (0, 5), TypeError),
    ("cap_rights_limit", (0, 5), TypeError),
    ("sigaction", (None, None), TypeError),
    ("sigaction", ("sigterm", 5), TypeError),
    ("waitpid", ("1",), TypeError),
    ("waitpid", (1 << 63,), OverflowError),
    ("getgroups", (1,), TypeError),
    ("gethostname", (1,), TypeError),
    ("getpgrp", (1,), TypeError),
    ("getresgid", (1,), TypeError),
    ("getresuid", (1,), TypeError),
    ("cmd", ("true",), TypeError),
    ("cmd", ([5],), TypeError),
    ("cmd", ([],), ValueError),
    ("cmd", (["tr\0ue"],), ValueError),
    ("sh", (None,), TypeError),
    ("sh", ("tr\0ue",), ValueError),
    ("stdin", (5,), TypeError),
    ("atexit", (5,), TypeError),
    ("controlling_process", (None,), TypeError),
    ("stdio", (5,), TypeError),
    ("cpid", ("1",), TypeError),
    ("eof", (1.5,), TypeError),
    ("eof", ("stdinn",), ValueError),
    ("eof", (1, "stdinn"), ValueError),
    ("filter", (None,), TypeError),
    ("filter", ([5],), TypeError),
    ("getcpid", (None, "flowcontrol"), TypeError),
    ("getcpid", ("nosuch",), ValueError),
    ("setcpid", (1, "nosuch", 1), ValueError),
    ("setcpid", (1, "flowcontrol", "1"), TypeError),
    ("setcpid", (1, "flowcontrol", 1 << 63), OverflowError),
    ("errno_id", ("1",), TypeError),
    ("stop", (1,), TypeError),
    ("drv", (1,), TypeError),
    ("execed", (1,), TypeError),
    ("parent", (1,), TypeError),
    ("pidof", (1,), TypeError),
    ("pipeline", (1,), TypeError),
    ("task", (5,), ValueError),
    ("with_ops", (5,), ValueError),
    ("call", ("nosuch",), UndefinedCall),
    ("call", ("stop",), UndefinedCall),
    ("call", ("getpid", 1), TypeError),
    ("call", ("close", "1"), TypeError),
]


@pytest.mark.parametrize(
    ("call", "args", "error"), WRONG, ids=[f"{number} {call}" for number, (call, _, _) in enumerate(WRONG)]
)
def test_a_wrong_argument_is_refused_before_anything_is_sent(
    call: str, args: tuple[Any, ...], error: type[Exception], stopped: Task
) -> None:
    """The driver stands still: a request would time out."""
    with pytest.raises(error):
        getattr(stopped, call)(*args)
    assert stopped.is_alive()
    assert not prx.execed(stopped)


def test_every_function_is_given_something_wrong() -> None:
    """The list above leaves none out; the constants have a test of their own, and so have those that take no task."""
    others = {"sudo", "timeout"} | {name for name in prx.__all__ if name.endswith("_constant")}
    assert set(prx.__all__) - others - {call for call, _, _ in WRONG} == set()


def test_a_launcher_is_made_of_strings() -> None:
    """What is set for later is checked at once, and what was set stays."""
    wrong: dict[type[Exception], list[Any]] = {TypeError: [None, 5, ["sudo", 5]], ValueError: ['sudo "', ["su\0do"]]}
    for error, commands in wrong.items():
        for command in commands:
            with pytest.raises(error):
                prx.sudo(command)
    with prx.fork() as task:
        assert prx.getpid(task) == task.host_pid


@pytest.mark.parametrize(("seconds", "error"), [(None, TypeError), ("5", TypeError), (float("nan"), ValueError)])
def test_a_time_is_a_number(seconds: Any, error: type[Exception]) -> None:
    """Not a number is none: it would not end."""
    with pytest.raises(error), prx.timeout(seconds):
        pass


def test_a_request_to_a_stopped_driver_times_out() -> None:
    """Without this, the tests above could not fail."""
    with prx.fork() as task:
        pid = task.host_pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(TimeoutError), prx.timeout(0.05):
            prx.getpid(task)
        os.kill(pid, signal.SIGCONT)
        assert prx.getpid(task) == pid


FORK: dict[str, tuple[dict[str, Any], type[Exception]]] = {
    "an unknown option": ({"nosuch": 1}, ValueError),
    "an option of a wrong type": ({"maxchild": "1"}, TypeError),
    "an output for nobody": ({"stdio": 5}, TypeError),
}


@pytest.mark.parametrize("wrong", FORK)
def test_a_fork_with_wrong_options_makes_no_process(wrong: str, stopped: Task) -> None:
    """Of a root and of a child alike."""
    options, error = FORK[wrong]
    for parent in (None, stopped):
        with pytest.raises(error):
            prx.fork(parent, **options)
    assert prx.cpid(stopped) == []


def test_a_launcher_is_for_roots(stopped: Task) -> None:
    """A child is a fork of its parent: neither `exec` nor `progname` make sense."""
    for options in ({"exec": "sudo -n"}, {"progname": "/bin/true"}):
        with pytest.raises(ValueError, match="roots"):
            prx.fork(stopped, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [name for name in prx.__all__ if name not in {"fork", "sudo", "timeout"}])
def test_a_function_given_no_task_says_so(name: str) -> None:
    """Whatever else it is given."""
    for wrong in (None, 5, "task", prx):
        with pytest.raises(TypeError, match="expected a task"):
            getattr(prx, name)(wrong)


def test_fork_of_no_task_says_so() -> None:
    """Only `None`, which is the default, makes a root."""
    for wrong in (5, "task", prx):
        with pytest.raises(TypeError, match="expected a task"):
            prx.fork(wrong)  # type: ignore[arg-type]
