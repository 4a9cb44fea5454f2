"""Batch: calls that a task is given with its birth, in one request, the last of which makes it a program."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from prx_actors.driver.protocol import CALLS, codec
from prx_actors.driver.turn import ERRNOS
from prx_actors.tasks.arguments import convert

if TYPE_CHECKING:
    from prx_actors.tasks.checks import CheckedProcess

__all__ = ["Batch", "Operation"]

Operation = tuple[str, tuple[Any, ...]]
"""A call by the name that the driver knows, and its arguments."""


class Batch(NamedTuple):
    """Calls that are performed until one fails.

    Args:
        calls: what to do, an exec at last

    """

    calls: tuple[Operation, ...]

    def encode(self) -> tuple[bytes, ...]:
        """Return the requests.

        Raises:
            TypeError: an argument of a wrong type
            ValueError: a null byte in a string

        """
        encode = codec().encode
        return tuple(encode((CALLS[name].number, *convert(CALLS[name], args))) for name, args in self.calls)

    def failure(self, process: CheckedProcess, reply: object) -> Exception:
        """Return why the exec at its end has failed.

        Raises:
            OSError: what a call before that says; `EPROTO`, the reply is none

        """
        match reply:
            case [int(done), int(error)] if 0 <= done < len(self.calls) and error in ERRNOS:
                name, args = self.calls[done]
                failure = process.explain(CALLS[name], args, OSError(error, os.strerror(error)))
                if done + 1 < len(self.calls):
                    raise failure
                return failure
        raise OSError(errno.EPROTO, f"{process.task} has answered {reply!r} to {len(self.calls)} calls")
