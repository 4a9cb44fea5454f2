"""The driver itself and its options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prx_actors.tasks.calls.base import Calls
from prx_actors.tasks.children import Child, child_pid
from prx_actors.tasks.cpid import get_cpid, set_cpid
from prx_actors.tasks.options import from_driver, to_driver

if TYPE_CHECKING:
    from prx_actors.tasks.arguments import Iodata
    from prx_actors.tasks.process import TaskProcess
    from prx_actors.tasks.task import Task

__all__ = ["OptionCalls"]


class OptionCalls(Calls):
    """setopt, getopt, setcpid, getcpid and version."""

    __slots__ = ()

    def setopt(self, name: str, value: float) -> None:
        """Set an option of the task. Its later forks inherit it.

        Args:
            name: `maxchild` (64), `maxforkdepth` (16): how many children it may
                have and how deep its tree may be; `exit_status` (1), `termsig`
                (1): whether the owner of a child is told of its end;
                `stdin_closed`, `stdout_closed`, `stderr_closed` (0): whether it
                is told of the end of a stream; `flowcontrol` (-1), `signaloneof`
                (15): what `setcpid` sets, for later forks (and for a root itself,
                which has no parent to set it); `killdelay` (4.0):
                seconds until SIGKILL; `drain` (1.0): seconds for output that
                others write after its end; `high_water` (16 MiB): unread output
                that pauses reading; `stdin_limit` (16 MiB): input that may
                wait; `pipe_size` (0, the system's): bytes of the pipes of its
                forks
            value: an int; seconds for `killdelay` and `drain`

        Raises:
            ValueError: there is no such option
            OSError: `EINVAL`, the value is out of range; `maxchild` is below the
                number of children there are, or above what `RLIMIT_NOFILE` has
                been lowered to
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.setopt(task, "maxchild", 1000)
            ...     prx.getopt(task, "maxchild")
            1000

        """
        number: Any = to_driver(name, value)
        self._call("setopt", name, number)
        self._process.set_option(name, number)

    def getopt(self, name: str) -> int | float:
        """Return an option of the task.

        Args:
            name: as for `setopt`

        Returns:
            its value; seconds for `killdelay` and `drain`

        Raises:
            ValueError: there is no such option
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork(killdelay=2.5) as task:
            ...     prx.getopt(task, "killdelay")
            2.5

        """
        to_driver(name, 0)
        return from_driver(name, self._call("getopt", name))

    def setcpid(
        self,
        child_or_option: Task | Child | int | str,
        option_or_value: str | int,
        value: int | None = None,
    ) -> bool:
        r"""Set what a parent keeps for a child: of the task itself, or of a child of it.

        `flowcontrol` is how many messages of output are read from now on, -1 for
        any number, 0 for none; they count once the child is a program. What is
        not read waits in the pipe. `signaloneof` is the signal that asks it to
        end, once it is a program.

        Args:
            child_or_option: the option, of the task itself, which is called
                through its parent and may be a program; or a child of the task:
                a task, its pid as `pidof` returns it, or what `cpid` returns
            option_or_value: the value; or the child's option, `flowcontrol` or
                `signaloneof`
            value: of the child's option: messages; a signal's number, 0 for none

        Returns:
            whether it is set; false for a root, for a child that is gone, and
            for what is no child of the task

        Raises:
            ValueError: there is no such option
            OSError: `EINVAL`, the value is out of range
            UndefinedCall: the call is filtered in the parent
            NotOwner: the caller does not own the task
            NotInCallState: a child is given, and the task has called exec

        Example:
            >>> from prx_actors import Stdout, prx, receive
            >>> with prx.fork(flowcontrol=0) as task:
            ...     child = prx.fork(task)
            ...     prx.execvp(child, ["sh", "-c", "echo hello; read _"])
            ...     prx.setcpid(child, "flowcontrol", 1)
            ...     receive(Stdout, task=child, timeout=5).data
            True
            b'hello\n'

        """
        if value is None:
            return set_cpid(self._own("setcpid"), child_or_option, option_or_value)
        return set_cpid(self._child("setcpid", child_or_option), option_or_value, value)

    def getcpid(self, child_or_option: Task | Child | int | str, option: str | None = None) -> int | None:
        """Return what a parent keeps for a child: of the task itself, or of a child of it.

        Args:
            child_or_option: the option, of the task itself; or a child, as for
                `setcpid`
            option: the child's: `flowcontrol`, the messages that are left, or
                `signaloneof`

        Returns:
            the value; none for a root, for a child that is gone, and for what is
            no child of the task

        Raises:
            ValueError: there is no such option
            UndefinedCall: `cpid` is filtered in the parent
            NotOwner: the caller does not own the task
            NotInCallState: a child is given, and the task has called exec

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     child = prx.fork(task)
            ...     prx.getcpid(child, "signaloneof"), prx.getcpid(task, "signaloneof")
            (15, None)

        """
        if option is None:
            return get_cpid(self._own("getcpid"), child_or_option)
        return get_cpid(self._child("getcpid", child_or_option), option)

    def _own(self, name: str) -> TaskProcess | None:
        """Return the task, none when it is gone."""
        self._process.check_forked(name)
        if self._process.pid() is None:
            return None
        self._process.check_owner(name)
        return self._process

    def _child(self, name: str, child: Any) -> TaskProcess | None:
        """Return a child of the task, none when it is gone or none of it."""
        self._process.check_owner(name)
        self._process.check_call_state(name)
        return self._process.child(child_pid(child, self._process))

    def version(self) -> str:
        """Return the version of the driver.

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from importlib.metadata import version
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.version(task) == version("prx-actors")
            True

        """
        return str(self._call("version").decode())

    def iolist_to_bin(self, iodata: Iodata) -> bytes:
        """Flatten nested data in the driver, which shows that it decodes what it is sent.

        Args:
            iodata: bytes or `str`, or a list of those, of numbers of a byte and of
                such lists

        Returns:
            the bytes, one after the other

        Raises:
            TypeError: something else is inside
            ValueError: a number is none of a byte
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.iolist_to_bin(task, ["foo", [b"1", [50], [["3"]]], b"bar"])
            b'foo123bar'

        """
        return bytes(self._call("iolist_to_bin", iodata))
