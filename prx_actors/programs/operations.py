"""A command as operations on a task, which are done before it turns into the program."""

from __future__ import annotations

import errno
import grp
import os
import pwd
from typing import TYPE_CHECKING

from prx_actors import prx
from prx_actors.programs.mistakes import resource
from prx_actors.programs.terminal import terminal_fd
from prx_actors.system.constants import resolve
from prx_actors.tasks.rlimit import to_driver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prx_actors.programs.command import Command
    from prx_actors.tasks.batch import Operation

__all__ = ["executions", "ids", "operations"]


def operations(command: Command) -> Iterator[Operation]:
    """Yield what makes a task what the command asks for, but for exec.

    What takes privileges comes before they are given up.

    Example:
        >>> from prx_actors import Command
        >>> from prx_actors.programs.operations import operations
        >>> list(operations(Command(["true"], umask=0o22, cwd="/", no_new_privs=False)))
        [('chdir', ('/',)), ('umask', (18,))]

    """
    if command.pty is not False:
        yield "ioctl", (terminal_fd(command), resolve("ioctl", "tiocsctty"), 0)
    if command.nice is not None:
        yield "setpriority", (resolve("priority", "prio_process"), 0, command.nice)
    for name, limit in command.rlimits.items():
        pair = (limit, limit) if isinstance(limit, int) else limit
        yield "setrlimit", (resolve("rlimit", resource(name)), *to_driver(pair))
    # Its parent is a process of another time, which may have been elsewhere.
    yield "chdir", (os.getcwdb() if command.cwd is None else command.cwd,)  # noqa: PTH109 -- as it goes over
    if command.umask is not None:
        yield "umask", (command.umask,)
    yield from _identity(command)
    if command.no_new_privs:
        yield "prctl", (resolve("prctl", "pr_set_no_new_privs"), 1, 0, 0, 0)


def _identity(command: Command) -> Iterator[Operation]:
    user, group, groups = ids(command)
    if groups is not None:
        yield "setgroups", (groups,)
    if group is not None:
        yield "setresgid", (group, group, group)
    if user is not None:
        yield "setresuid", (user, user, user)


def ids(command: Command) -> tuple[int | None, int | None, list[int] | None]:
    """Return user, group and supplementary groups as numbers, none for what stays."""
    user = None if command.user is None else _user(command.user)
    group = None if command.group is None else _group(command.group)
    groups = None if command.groups is None else [_group(one) for one in command.groups]
    entry = None if user is None else _entry(user)
    if entry is not None:
        group = entry.pw_gid if group is None else group
        groups = os.getgrouplist(entry.pw_name, group) if groups is None else groups
    elif user is not None:
        # Nobody knows it: it gets no groups of ours.
        groups = [] if groups is None else groups
    return user, group, groups


def _user(user: str | int) -> int:
    return user if isinstance(user, int) else pwd.getpwnam(user).pw_uid


def _group(group: str | int) -> int:
    return group if isinstance(group, int) else grp.getgrnam(group).gr_gid


def _entry(user: int) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(user)
    except KeyError:
        return None


def executions(command: Command) -> list[Operation]:
    """Return the execs to try, one after the other, of what `PATH` of the command's environment leads to.

    Raises:
        FileNotFoundError: to nothing

    """
    env = command.environment()
    variables = [name + b"=" + value for name, value in env.items()]
    arguments = [command.argv[0] if command.arg0 is None else command.arg0, *command.argv[1:]]
    found = [("execve", (path, arguments, variables)) for path in _candidates(command.argv[0], env)]
    if not found:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), command.argv[0])
    return found


def _candidates(program: str | bytes | os.PathLike[str], env: dict[bytes, bytes]) -> list[bytes]:
    name = os.fsencode(program)
    if b"/" in name:
        return [name]
    paths = [os.path.join(os.fsencode(folder), name) for folder in os.get_exec_path(env)]  # type: ignore[arg-type] # noqa: PTH118 -- bytes
    # Below a launcher there may be other files than here.
    return paths if prx._launcher else [path for path in paths if _may_be_there(path)]


def _may_be_there(path: bytes) -> bool:
    """Say whether a path is worth a try, which costs a turn of the driver's."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return not path.startswith(b"/")  # from where the program starts, it may be
    except OSError:
        pass
    return True
