"""The prx surface: one function a call, with the names and the order of Erlang prx.

Each function that takes a task first is a method of `Task`, too: `prx.getpid(task)` is `task.getpid()`.
"""

from __future__ import annotations

import functools
import inspect
import os
import shlex
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from prx_actors.driver.keeper import driver_path
from prx_actors.driver.turn import timeout
from prx_actors.tasks.arguments import string
from prx_actors.tasks.birth import Birth, fork_root
from prx_actors.tasks.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from prx_actors.actors import Pid

__all__ = [
    "alloc",
    "atexit",
    "call",
    "cap_constant",
    "cap_enter",
    "cap_fcntls_get",
    "cap_fcntls_limit",
    "cap_getmode",
    "cap_ioctls_limit",
    "cap_rights_limit",
    "chdir",
    "chmod",
    "chown",
    "chroot",
    "clearenv",
    "clone",
    "clone_constant",
    "close",
    "cmd",
    "connect",
    "controlling_process",
    "cpid",
    "drv",
    "environ",
    "eof",
    "errno_id",
    "execed",
    "execve",
    "execvp",
    "exit",
    "fcntl",
    "fcntl_constant",
    "fexecve",
    "file_constant",
    "filter",
    "fork",
    "getcpid",
    "getcwd",
    "getenv",
    "getgid",
    "getgroups",
    "gethostname",
    "getopt",
    "getpgrp",
    "getpid",
    "getpriority",
    "getresgid",
    "getresuid",
    "getrlimit",
    "getsid",
    "getuid",
    "ioctl",
    "ioctl_constant",
    "iolist_to_bin",
    "jail",
    "jail_attach",
    "jail_remove",
    "kill",
    "link",
    "lseek",
    "mkdir",
    "mkfifo",
    "mount",
    "mount_constant",
    "open",
    "parent",
    "pidof",
    "pipeline",
    "pivot_root",
    "pledge",
    "prctl",
    "prctl_constant",
    "procctl",
    "ptrace",
    "ptrace_constant",
    "read",
    "readdir",
    "reexec",
    "replace_process_image",
    "rlimit_constant",
    "rmdir",
    "seccomp",
    "seccomp_constant",
    "select",
    "setcpid",
    "setenv",
    "setgid",
    "setgroups",
    "sethostname",
    "setns",
    "setopt",
    "setpgid",
    "setpriority",
    "setproctitle",
    "setresgid",
    "setresuid",
    "setrlimit",
    "setsid",
    "setuid",
    "sh",
    "sigaction",
    "signal_constant",
    "socket",
    "socket_constant",
    "stdin",
    "stdio",
    "stop",
    "sudo",
    "symlink",
    "syscall_constant",
    "task",
    "timeout",
    "umask",
    "umount",
    "umount2",
    "unlink",
    "unsetenv",
    "unshare",
    "unveil",
    "version",
    "waitpid",
    "with_ops",
    "write",
]

P = ParamSpec("P")
R = TypeVar("R")

_launcher: tuple[str, ...] = ()


def sudo(command: str | bytes | Iterable[str] = "sudo -n") -> None:
    """Start later roots through a launcher. It serves all of them with one keeper.

    The launcher runs the driver with fds 0, 1 and 2; it needs a rule for the
    driver's path only.

    Args:
        command: the launcher, as a shell would split it, or its argv; `""` for
            none

    Raises:
        TypeError: it is neither a string nor several of them
        ValueError: it has a quote without an end, or a null character

    Example:
        >>> from prx_actors import prx
        >>> prx.sudo("")

    """
    global _launcher  # noqa: PLW0603 -- a setting of the program, as in prx
    _launcher = _split(command)


def _split(command: str | bytes | Iterable[str]) -> tuple[str, ...]:
    if isinstance(command, bytes):
        command = os.fsdecode(command)
    words = shlex.split(command) if isinstance(command, str) else command
    return tuple(os.fsdecode(string(word)) for word in words)


def fork(  # noqa: PLR0913 -- keywords, some of them for roots alone
    task: Task | None = None,
    *,
    exec: str | bytes | Iterable[str] | None = None,
    progname: str | None = None,
    depth: int | None = None,
    link: bool = False,
    stdio: Pid | None = None,
    fds: Mapping[str, int | tuple[int, int]] | None = None,
    **options: float,
) -> Task:
    """Fork a task: a root of its own, or a child of another task.

    The caller owns the new task, which ends with it. A child ends with its
    parent, too.

    Args:
        task: who forks; none makes a root
        exec: a root's launcher, instead of the one that `sudo` has set
        progname: the path of a root's driver, instead of the package's
        depth: how deep a root takes itself to be, which `maxforkdepth` counts
            from: 0 when not given
        link: whether to link the new task to the caller
        stdio: who gets its output, instead of the caller
        fds: what the task gets in the place of a pipe, by stream: an fd of this
            program; or two, of which the first is read or written by the
            runtime, as of a terminal. Copies are taken
        options: those of `setopt`, for the new task and its own forks

    Returns:
        the new task

    Raises:
        OSError: `EAGAIN` at `maxchild` or `maxforkdepth`, `EMFILE`, `ENOMEM`;
            `ENOEXEC`, `ENOENT`: the launcher or the driver does not start;
            `EBADF`: one of `fds` is not open
        ValueError: there is no such option or stream; `exec`, `progname` or `depth` for a
            child
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
        if exec is not None or progname is not None or depth is not None:
            msg = "exec, progname and depth are for roots: a child is a fork of its parent"
            raise ValueError(msg)
        return Task.fork(_task(task), link=link, stdio=stdio, fds=fds, **options)
    launcher = _launcher if exec is None else _split(exec)
    birth = Birth(link=link, stdio=stdio, options=options, fds=fds or {}, depth=depth)
    return fork_root(launcher, progname or driver_path(), birth)


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


alloc = _function(Task.alloc)
atexit = _function(Task.atexit)
call = _function(Task.call)
cap_constant = _function(Task.cap_constant)
cap_enter = _function(Task.cap_enter)
cap_fcntls_get = _function(Task.cap_fcntls_get)
cap_fcntls_limit = _function(Task.cap_fcntls_limit)
cap_getmode = _function(Task.cap_getmode)
cap_ioctls_limit = _function(Task.cap_ioctls_limit)
cap_rights_limit = _function(Task.cap_rights_limit)
chdir = _function(Task.chdir)
chmod = _function(Task.chmod)
chown = _function(Task.chown)
chroot = _function(Task.chroot)
clearenv = _function(Task.clearenv)
clone = _function(Task.clone)
clone_constant = _function(Task.clone_constant)
close = _function(Task.close)
cmd = _function(Task.cmd)
connect = _function(Task.connect)
controlling_process = _function(Task.controlling_process)
cpid = _function(Task.cpid)
drv = _function(Task.drv)
environ = _function(Task.environ)
eof = _function(Task.eof)
errno_id = _function(Task.errno_id)
execed = _function(Task.execed)
execve = _function(Task.execve)
execvp = _function(Task.execvp)
exit = _function(Task.exit)
fcntl = _function(Task.fcntl)
fcntl_constant = _function(Task.fcntl_constant)
fexecve = _function(Task.fexecve)
file_constant = _function(Task.file_constant)
filter = _function(Task.filter)
getcpid = _function(Task.getcpid)
getcwd = _function(Task.getcwd)
getenv = _function(Task.getenv)
getgid = _function(Task.getgid)
getgroups = _function(Task.getgroups)
gethostname = _function(Task.gethostname)
getopt = _function(Task.getopt)
getpgrp = _function(Task.getpgrp)
getpid = _function(Task.getpid)
getpriority = _function(Task.getpriority)
getresgid = _function(Task.getresgid)
getresuid = _function(Task.getresuid)
getrlimit = _function(Task.getrlimit)
getsid = _function(Task.getsid)
getuid = _function(Task.getuid)
ioctl = _function(Task.ioctl)
ioctl_constant = _function(Task.ioctl_constant)
iolist_to_bin = _function(Task.iolist_to_bin)
jail = _function(Task.jail)
jail_attach = _function(Task.jail_attach)
jail_remove = _function(Task.jail_remove)
kill = _function(Task.kill)
link = _function(Task.link)
lseek = _function(Task.lseek)
mkdir = _function(Task.mkdir)
mkfifo = _function(Task.mkfifo)
mount = _function(Task.mount)
mount_constant = _function(Task.mount_constant)
open = _function(Task.open)
parent = _function(Task.parent)
pidof = _function(Task.pidof)
pipeline = _function(Task.pipeline)
pivot_root = _function(Task.pivot_root)
pledge = _function(Task.pledge)
prctl = _function(Task.prctl)
prctl_constant = _function(Task.prctl_constant)
procctl = _function(Task.procctl)
ptrace = _function(Task.ptrace)
ptrace_constant = _function(Task.ptrace_constant)
read = _function(Task.read)
readdir = _function(Task.readdir)
reexec = _function(Task.reexec)
replace_process_image = _function(Task.replace_process_image)
rlimit_constant = _function(Task.rlimit_constant)
rmdir = _function(Task.rmdir)
seccomp = _function(Task.seccomp)
seccomp_constant = _function(Task.seccomp_constant)
select = _function(Task.select)
setcpid = _function(Task.setcpid)
setenv = _function(Task.setenv)
setgid = _function(Task.setgid)
setgroups = _function(Task.setgroups)
sethostname = _function(Task.sethostname)
setns = _function(Task.setns)
setopt = _function(Task.setopt)
setpgid = _function(Task.setpgid)
setpriority = _function(Task.setpriority)
setproctitle = _function(Task.setproctitle)
setresgid = _function(Task.setresgid)
setresuid = _function(Task.setresuid)
setrlimit = _function(Task.setrlimit)
setsid = _function(Task.setsid)
setuid = _function(Task.setuid)
sh = _function(Task.sh)
sigaction = _function(Task.sigaction)
signal_constant = _function(Task.signal_constant)
socket = _function(Task.socket)
socket_constant = _function(Task.socket_constant)
stdin = _function(Task.stdin)
stdio = _function(Task.stdio)
stop = _function(Task.stop)
symlink = _function(Task.symlink)
syscall_constant = _function(Task.syscall_constant)
task = _function(Task.task)
umask = _function(Task.umask)
umount = _function(Task.umount)
umount2 = _function(Task.umount2)
unlink = _function(Task.unlink)
unsetenv = _function(Task.unsetenv)
unshare = _function(Task.unshare)
unveil = _function(Task.unveil)
version = _function(Task.version)
waitpid = _function(Task.waitpid)
with_ops = _function(Task.with_ops)
write = _function(Task.write)
