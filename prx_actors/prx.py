"""The prx surface: one function a call, with the names and the order of Erlang prx.

Each function that takes a task first is a method of `Task`, too: `prx.getpid(task)` is `task.getpid()`.
"""

from __future__ import annotations

import functools
import inspect
import shlex
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from prx_actors.driver.keeper import driver_path, keeper_for
from prx_actors.driver.turn import timeout
from prx_actors.tasks.birth import Birth, KeeperEndedError, fork_root
from prx_actors.tasks.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prx_actors.actors import Pid

__all__ = [
    "call",
    "cap_constant",
    "chdir",
    "chmod",
    "chown",
    "chroot",
    "clearenv",
    "clone",
    "clone_constant",
    "close",
    "connect",
    "cpid",
    "environ",
    "eof",
    "errno_id",
    "execed",
    "execve",
    "execvp",
    "exit",
    "fcntl",
    "fcntl_constant",
    "file_constant",
    "fork",
    "getcwd",
    "getenv",
    "getgid",
    "getopt",
    "getpid",
    "getuid",
    "ioctl_constant",
    "iolist_to_bin",
    "kill",
    "link",
    "lseek",
    "mkdir",
    "mkfifo",
    "mount_constant",
    "open",
    "parent",
    "pidof",
    "pipeline",
    "prctl_constant",
    "ptrace_constant",
    "read",
    "readdir",
    "rlimit_constant",
    "rmdir",
    "seccomp_constant",
    "select",
    "setenv",
    "setopt",
    "setpriority",
    "signal_constant",
    "socket",
    "socket_constant",
    "stdin",
    "stop",
    "sudo",
    "symlink",
    "syscall_constant",
    "timeout",
    "unlink",
    "unsetenv",
    "version",
    "write",
]

P = ParamSpec("P")
R = TypeVar("R")

_launcher: tuple[str, ...] = ()


def sudo(command: str | Iterable[str] = "sudo -n") -> None:
    """Start later roots through a launcher. It serves all of them with one keeper.

    The launcher runs the driver with fds 0, 1 and 2; it needs a rule for the
    driver's path only.

    Args:
        command: the launcher, as a shell would split it, or its argv; `""` for
            none

    Example:
        >>> from prx_actors import prx
        >>> prx.sudo("")

    """
    global _launcher  # noqa: PLW0603 -- a setting of the program, as in prx
    _launcher = _split(command)


def _split(command: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(shlex.split(command) if isinstance(command, str) else command)


def fork(
    task: Task | None = None,
    *,
    exec: str | Iterable[str] | None = None,
    progname: str | None = None,
    link: bool = False,
    stdio: Pid | None = None,
    **options: float,
) -> Task:
    """Fork a task: a root of its own, or a child of another task.

    The caller owns the new task, which ends with it. A child ends with its
    parent, too.

    Args:
        task: who forks; none makes a root
        exec: a root's launcher, instead of the one that `sudo` has set
        progname: the path of a root's driver, instead of the package's
        link: whether to link the new task to the caller
        stdio: who gets its output, instead of the caller
        options: those of `setopt`, for the new task and its own forks

    Returns:
        the new task

    Raises:
        OSError: `EAGAIN` at `maxchild` or `maxforkdepth`, `EMFILE`, `ENOMEM`;
            `ENOEXEC`, `ENOENT`: the launcher or the driver does not start
        ValueError: there is no such option; `exec` or `progname` for a child
        NotInCallState: the task has called exec
        NoProcess: the task has ended
        TimeoutError: in `timeout`; nothing is left behind

    Example:
        >>> from prx_actors import prx
        >>> with prx.fork() as task:
        ...     child = prx.fork(task)
        ...     prx.parent(child) is task
        True

    """
    if task is not None:
        if exec is not None or progname is not None:
            msg = "exec and progname are for roots: a child is a fork of its parent"
            raise ValueError(msg)
        return Task.fork(_task(task), link=link, stdio=stdio, **options)
    launcher = _launcher if exec is None else _split(exec)
    path = progname or driver_path()
    birth = Birth(link=link, stdio=stdio, options=options)
    keeper = keeper_for(launcher, path)
    try:
        return fork_root(keeper.driver, birth)
    except KeeperEndedError:
        # Killed, and the news of it is still on its way.
        keeper.end()
        return fork_root(keeper_for(launcher, path).driver, birth)


def _task(task: object) -> Task:
    if not isinstance(task, Task):
        msg = f"expected a task, as prx.fork() returns it, not {task!r}"
        raise TypeError(msg)
    return task


def _function(
    method: Callable[Concatenate[Task, P], R],
) -> Callable[Concatenate[Task, P], R]:
    """Make a function of a task's method, which says so when it is given no task."""

    @functools.wraps(method)
    def function(task: Task, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if not isinstance(task, Task):
            _task(task)
        return method(task, *args, **kwargs)

    signature = inspect.signature(method)
    first, *others = signature.parameters.values()
    task = first.replace(name="task", kind=first.POSITIONAL_ONLY)
    vars(function)["__signature__"] = signature.replace(parameters=[task, *others])
    function.__module__ = __name__
    function.__qualname__ = method.__name__
    return function


call = _function(Task.call)
cap_constant = _function(Task.cap_constant)
chdir = _function(Task.chdir)
chmod = _function(Task.chmod)
chown = _function(Task.chown)
chroot = _function(Task.chroot)
clearenv = _function(Task.clearenv)
clone = _function(Task.clone)
clone_constant = _function(Task.clone_constant)
close = _function(Task.close)
connect = _function(Task.connect)
cpid = _function(Task.cpid)
environ = _function(Task.environ)
eof = _function(Task.eof)
errno_id = _function(Task.errno_id)
execed = _function(Task.execed)
execve = _function(Task.execve)
execvp = _function(Task.execvp)
exit = _function(Task.exit)
fcntl = _function(Task.fcntl)
fcntl_constant = _function(Task.fcntl_constant)
file_constant = _function(Task.file_constant)
getcwd = _function(Task.getcwd)
getenv = _function(Task.getenv)
getgid = _function(Task.getgid)
getopt = _function(Task.getopt)
getpid = _function(Task.getpid)
getuid = _function(Task.getuid)
ioctl_constant = _function(Task.ioctl_constant)
iolist_to_bin = _function(Task.iolist_to_bin)
kill = _function(Task.kill)
link = _function(Task.link)
lseek = _function(Task.lseek)
mkdir = _function(Task.mkdir)
mkfifo = _function(Task.mkfifo)
mount_constant = _function(Task.mount_constant)
open = _function(Task.open)
parent = _function(Task.parent)
pidof = _function(Task.pidof)
pipeline = _function(Task.pipeline)
prctl_constant = _function(Task.prctl_constant)
ptrace_constant = _function(Task.ptrace_constant)
read = _function(Task.read)
readdir = _function(Task.readdir)
rlimit_constant = _function(Task.rlimit_constant)
rmdir = _function(Task.rmdir)
seccomp_constant = _function(Task.seccomp_constant)
select = _function(Task.select)
setenv = _function(Task.setenv)
setopt = _function(Task.setopt)
setpriority = _function(Task.setpriority)
signal_constant = _function(Task.signal_constant)
socket = _function(Task.socket)
socket_constant = _function(Task.socket_constant)
stdin = _function(Task.stdin)
stop = _function(Task.stop)
symlink = _function(Task.symlink)
syscall_constant = _function(Task.syscall_constant)
unlink = _function(Task.unlink)
unsetenv = _function(Task.unsetenv)
version = _function(Task.version)
write = _function(Task.write)
