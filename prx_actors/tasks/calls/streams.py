"""The standard streams of a program."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from prx_actors.tasks.arguments import to_bytes
from prx_actors.tasks.calls.base import Calls
from prx_actors.tasks.children import child_pid

if TYPE_CHECKING:
    from prx_actors.driver.listener import Stream
    from prx_actors.tasks.arguments import Bytes
    from prx_actors.tasks.children import Child
    from prx_actors.tasks.task import Task

__all__ = ["StreamCalls"]


class StreamCalls(Calls):
    """stdin and eof."""

    __slots__ = ()

    def stdin(self, data: Bytes) -> None:
        """Write to the program's stdin, without waiting.

        What the pipe does not take is queued and written later, in order; the
        owner is sent `StdinBlocked`.

        Args:
            data: bytes, or `str`, which is written as UTF-8

        Raises:
            BufferError: more than `stdin_limit` bytes would wait; nothing of the
                data was taken
            OSError: `EBADF` after `eof`; `EPIPE` when the program has closed it
            NotInExecState: the task has not called exec
            NotOwner: the caller does not own the task
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import Stdout, prx, receive
            >>> with prx.fork() as task:
            ...     prx.execvp(task, ["cat"])
            ...     prx.stdin(task, "hello")
            ...     receive(Stdout, task=task, timeout=5).data
            b'hello'

        """
        self._process.write_stdin(to_bytes(data))

    def eof(
        self,
        child_or_stream: Task | Child | int | Stream | None = None,
        stream: Stream = "stdin",
    ) -> None:
        """Close a standard stream of the program, stdin after what is queued.

        Args:
            child_or_stream: the stream, of the task itself; or a child of the task:
                a task, its pid as `pidof` returns it, or what `cpid` returns
            stream: the child's stream

        Raises:
            OSError: `EBADF`, it is closed already; `ESRCH`, no such child
            ValueError: there is no such stream
            NotOwner: the caller does not own the task
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import ExitStatus, prx, receive
            >>> task = prx.fork()
            >>> prx.execvp(task, ["cat"])
            >>> prx.eof(task)
            >>> receive(ExitStatus, task=task, timeout=5).status
            0

        """
        if isinstance(child_or_stream, str):
            stream, child_or_stream = child_or_stream, None
        if stream not in {"stdin", "stdout", "stderr"}:
            msg = f"no stream {stream!r}; there are stdin, stdout and stderr"
            raise ValueError(msg)
        process = self._process
        process.check_owner("eof")
        if child_or_stream is None:
            process.close_stream(stream)
            return
        child = process.child(child_pid(child_or_stream, process))
        if child is None:
            raise OSError(errno.ESRCH, os.strerror(errno.ESRCH), child_or_stream)
        child.close_stream(stream)
