"""The driver itself and its options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prx_actors.tasks.calls.base import Calls
from prx_actors.tasks.options import from_driver, to_driver

if TYPE_CHECKING:
    from prx_actors.tasks.arguments import Iodata

__all__ = ["OptionCalls"]


class OptionCalls(Calls):
    """setopt, getopt and version."""

    __slots__ = ()

    def setopt(self, name: str, value: float) -> None:
        """Set an option of the task. Its later forks inherit it.

        Args:
            name: `maxchild` (64), `maxforkdepth` (16): how many children it may
                have and how deep its tree may be; `exit_status` (1), `termsig`
                (1): whether its owner is told of its end; `flowcontrol` (-1):
                messages of output it may send after exec; `signaloneof` (15):
                the signal that asks a program to end; `killdelay` (4.0):
                seconds until SIGKILL; `drain` (1.0): seconds for output that
                others write after its end; `high_water` (16 MiB): unread output
                that pauses reading; `stdin_limit` (16 MiB): input that may
                wait; `pipe_size` (0, the system's): bytes of the pipes of its
                forks
            value: an int; seconds for `killdelay` and `drain`

        Raises:
            ValueError: there is no such option
            OSError: `EINVAL`, the value is out of range
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
