"""Calls of OpenBSD and FreeBSD: `UndefinedCall` on other systems, Linux among them.

What the driver does where a system has them is compiled there and is untested.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from prx_actors.system.constants import resolve
from prx_actors.tasks.arguments import from_wire, string
from prx_actors.tasks.calls.base import Calls

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prx_actors.system.constants import Constant
    from prx_actors.system.structures import CStruct
    from prx_actors.tasks.arguments import Argument, Path

__all__ = ["BsdCalls", "Procctl"]


class Procctl(NamedTuple):
    """What `procctl` gives."""

    memory: bytes
    """The structure itself, as the kernel left it; empty where there was none."""

    cstruct: Argument
    """The structure in the shape it had."""


def _text(value: Path | None) -> bytes | int:
    return 0 if value is None else string(value) + b"\0"


class BsdCalls(Calls):
    """pledge, unveil, capsicum, jails, procctl."""

    __slots__ = ()

    def pledge(self, promises: Path | None, execpromises: Path | None = None) -> None:
        """Restrict what the process may do: pledge(2) of OpenBSD.

        Undefined on Linux; untested where it is compiled.

        Args:
            promises: words, as `stdio proc exec`; empty for none, none to leave them
            execpromises: the same, for the program it turns into

        Raises:
            OSError: what the system's manual says
            UndefinedCall: the system has no such call
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import UndefinedCall, prx
            >>> with prx.fork() as task:
            ...     try:
            ...         prx.pledge(task, "stdio proc exec")
            ...     except UndefinedCall as error:
            ...         print(str(error).partition(" (")[0])
            pledge: the call does not exist on this system

        """
        self._call("pledge", _text(promises), _text(execpromises))

    def unveil(self, path: Path | None, permissions: Path | None) -> None:
        """Restrict what the process sees of the file system: unveil(2) of OpenBSD.

        Undefined on Linux; untested where it is compiled.

        Args:
            path: a file or folder; none to allow no more of these calls
            permissions: letters of `rwxc`; none with a path that is none

        Raises:
            OSError: what the system's manual says
            UndefinedCall: the system has no such call
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import UndefinedCall, prx
            >>> with prx.fork() as task:
            ...     try:
            ...         prx.unveil(task, "/etc", "r")
            ...     except UndefinedCall as error:
            ...         print(str(error).partition(" (")[0])
            unveil: the call does not exist on this system

        """
        self._call("unveil", _text(path), _text(permissions))

    def cap_enter(self) -> None:
        """Put the process into capability mode: cap_enter(2) of FreeBSD.

        Undefined on Linux; untested where it is compiled.

        Raises:
            OSError: what the system's manual says
            UndefinedCall: the system has no such call
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import UndefinedCall, prx
            >>> with prx.fork() as task:
            ...     try:
            ...         prx.cap_enter(task)
            ...     except UndefinedCall as error:
            ...         print(str(error).partition(" (")[0])
            cap_enter: the call does not exist on this system

        """
        self._call("cap_enter")

    def cap_getmode(self) -> int:
        """Tell whether the process is in capability mode: cap_getmode(2) of FreeBSD.

        Undefined on Linux; untested where it is compiled.

        Returns:
            1 when it is, 0 when not

        Raises:
            OSError: what the system's manual says
            UndefinedCall: the system has no such call
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import UndefinedCall, prx
            >>> with prx.fork() as task:
            ...     try:
            ...         prx.cap_getmode(task)
            ...     except UndefinedCall as error:
            ...         print(str(error).partition(" (")[0])
            cap_getmode: the call does not exist on this system

        """
        return int(self._call("cap_getmode"))

    def cap_rights_limit(self, fd: int, rights: Iterable[int | str]) -> None:
        """Limit what may be done with an fd: cap_rights_limit(2) of FreeBSD.

        Undefined on Linux; untested where it is compiled.

        Args:
            fd: an fd of the process
            rights: numbers or names, as `cap_read`: all that stay

        Raises:
            OSError: what the system's manual says
            UndefinedCall: the system has no such call
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import UndefinedCall, prx
            >>> with prx.fork() as task:
            ...     try:
            ...         prx.cap_rights_limit(task, 0, [])
            ...     except UndefinedCall as error:
            ...         print(str(error).partition(" (")[0])
            cap_rights_limit: the call does not exist on this system

        """
        self._call("cap_rights_limit", fd, [resolve("cap", right) for right in rights])

    def cap_fcntls_get(self, fd: int) -> int:
        """Return the fcntl commands that an fd allows: cap_fcntls_get(2) of FreeBSD.

        Undefined on Linux; untested where it is compiled.

        Args:
            fd: an fd of the process

        Returns:
            the bits

        Raises:
            OSError: what the system's manual says
            UndefinedCall: the system has no such call
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import UndefinedCall, prx
            >>> with prx.fork() as task:
            ...     try:
            ...         prx.cap_fcntls_get(task, 0)
            ...     except UndefinedCall as error:
            ...         print(str(error).partition(" (")[0])
            cap_fcntls_get: the call does not exist on this system

        """
        return int(self._call("cap_fcntls_get", fd))

    def cap_fcntls_limit(self, fd: int, rights: Constant) -> None:
        """Limit the fcntl commands of an fd: cap_fcntls_limit(2) of FreeBSD.

        Undefined on Linux; untested where it is compiled.

        Args:
            fd: an fd of the process
            rights: numbers or names, as `cap_fcntl_setfl`: all that stay

        Raises:
            OSError: what the system's manual says
            UndefinedCall: the system has no such call
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import UndefinedCall, prx
            >>> with prx.fork() as task:
            ...     try:
            ...         prx.cap_fcntls_limit(task, 0, 0)
            ...     except UndefinedCall as error:
            ...         print(str(error).partition(" (")[0])
            cap_fcntls_limit: the call does not exist on this system

        """
        self._call("cap_fcntls_limit", fd, resolve("cap", rights))

    def cap_ioctls_limit(self, fd: int, requests: Iterable[int | str]) -> None:
        """Limit the ioctl requests of an fd: cap_ioctls_limit(2) of FreeBSD.

        Undefined on Linux; untested where it is compiled.

        Args:
            fd: an fd of the process
            requests: numbers or names, as `tiocgwinsz`: all that stay

        Raises:
            OSError: what the system's manual says
            UndefinedCall: the system has no such call
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import UndefinedCall, prx
            >>> with prx.fork() as task:
            ...     try:
            ...         prx.cap_ioctls_limit(task, 0, ["tiocgwinsz"])
            ...     except UndefinedCall as error:
            ...         print(str(error).partition(" (")[0])
            cap_ioctls_limit: the call does not exist on this system

        """
        self._call("cap_ioctls_limit", fd, [resolve("ioctl", one) for one in requests])

    def jail(self, jail: CStruct | Mapping[str, Any]) -> int:
        """Put the process into a new jail: jail(2) of FreeBSD.

        Undefined on Linux; untested where it is compiled.

        Args:
            jail: what `prx_actors.system.jail.jail_structure` takes, by name:
                `path`, `hostname`, `jailname`, `ip4`, `ip6`; or a `struct jail`

        Returns:
            the jail's number

        Raises:
            TypeError: a name that `jail_structure` does not know, or a wrong type
            ValueError: an address is none, or a name has a null character
            OSError: what the system's manual says
            UndefinedCall: the system has no such call
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import UndefinedCall, prx
            >>> with prx.fork() as task:
            ...     try:
            ...         prx.jail(task, {"path": "/jail", "hostname": "test"})
            ...     except UndefinedCall as error:
            ...         print(str(error).partition(" (")[0])
            jail: the call does not exist on this system

        """
        from prx_actors.system.jail import jail_structure

        structure = jail_structure(**jail) if isinstance(jail, Mapping) else jail
        return int(self._call("jail", structure))

    def jail_attach(self, jid: int) -> None:
        """Put the process into a jail: jail_attach(2) of FreeBSD.

        Undefined on Linux; untested where it is compiled.

        Args:
            jid: the jail's number

        Raises:
            OSError: what the system's manual says
            UndefinedCall: the system has no such call
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import UndefinedCall, prx
            >>> with prx.fork() as task:
            ...     try:
            ...         prx.jail_attach(task, 1)
            ...     except UndefinedCall as error:
            ...         print(str(error).partition(" (")[0])
            jail_attach: the call does not exist on this system

        """
        self._call("jail_attach", jid)

    def jail_remove(self, jid: int) -> None:
        """End a jail and all in it: jail_remove(2) of FreeBSD.

        Undefined on Linux; untested where it is compiled.

        Args:
            jid: the jail's number

        Raises:
            OSError: what the system's manual says
            UndefinedCall: the system has no such call
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import UndefinedCall, prx
            >>> with prx.fork() as task:
            ...     try:
            ...         prx.jail_remove(task, 1)
            ...     except UndefinedCall as error:
            ...         print(str(error).partition(" (")[0])
            jail_remove: the call does not exist on this system

        """
        self._call("jail_remove", jid)

    def procctl(self, idtype: int, id: int, cmd: Constant, arg: Argument = ()) -> Procctl:
        """Control processes: procctl(2) of FreeBSD.

        Undefined on Linux; untested where it is compiled.

        Args:
            idtype: `P_PID` or `P_PGID`, as a number
            id: the process or group
            cmd: a number, or a name as `proc_reap_status`
            arg: a C structure; an empty one for NULL

        Returns:
            the memory, and the structure as the kernel left it

        Raises:
            OSError: what the system's manual says
            UndefinedCall: the system has no such call
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import UndefinedCall, prx
            >>> with prx.fork() as task:
            ...     try:
            ...         prx.procctl(task, 0, 0, 2)
            ...     except UndefinedCall as error:
            ...         print(str(error).partition(" (")[0])
            procctl: the call does not exist on this system

        """
        result: Any = self._call("procctl", idtype, id, resolve("procctl", cmd), arg)
        return Procctl(result[0], from_wire(result[1]))
