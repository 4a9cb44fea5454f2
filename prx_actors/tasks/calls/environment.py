"""The environment, which programs inherit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prx_actors.tasks.calls.base import Calls

if TYPE_CHECKING:
    from prx_actors.tasks.arguments import Path

__all__ = ["EnvironmentCalls"]


class EnvironmentCalls(Calls):
    """environ(7), getenv(3) and setenv(3)."""

    __slots__ = ()

    def environ(self) -> list[bytes]:
        """Return the environment: environ(7).

        Returns:
            the variables, each as `b"NAME=value"`

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.setenv(task, "GREETING", "hello", True)
            ...     b"GREETING=hello" in prx.environ(task)
            True

        """
        return list(self._call("environ"))

    def setenv(self, name: Path, value: Path, overwrite: bool) -> None:
        """Set a variable of the environment: setenv(3).

        Args:
            name: the variable
            value: its value
            overwrite: whether to change a variable that is set already

        Raises:
            OSError: `EINVAL`, the name is empty or has a `=` inside; `ENOMEM`
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.setenv(task, "GREETING", "hello", True)
            ...     prx.setenv(task, "GREETING", "goodbye", False)
            ...     b"GREETING=hello" in prx.environ(task)
            True

        """
        self._call("setenv", name, value, overwrite)

    def getenv(self, name: Path) -> bytes | None:
        """Return a variable of the environment: getenv(3).

        Args:
            name: the variable

        Returns:
            its value, none when it is not set

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.setenv(task, "GREETING", "hello", True)
            ...     prx.getenv(task, "GREETING")
            b'hello'

        """
        value: bytes | None = self._call("getenv", name)
        return value

    def unsetenv(self, name: Path) -> None:
        """Remove a variable from the environment, if it is there: unsetenv(3).

        Args:
            name: the variable

        Raises:
            OSError: `EINVAL`, the name is empty or has a `=` inside
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.setenv(task, "GREETING", "hello", True)
            ...     prx.unsetenv(task, "GREETING")
            ...     prx.getenv(task, "GREETING") is None
            True

        """
        self._call("unsetenv", name)

    def clearenv(self) -> None:
        """Remove all variables from the environment: clearenv(3).

        Raises:
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import prx
            >>> with prx.fork() as task:
            ...     prx.clearenv(task)
            ...     prx.environ(task)
            []

        """
        self._call("clearenv")
