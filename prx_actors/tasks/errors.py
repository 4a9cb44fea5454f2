"""What is raised for wrong use of a task."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "NotInCallState",
    "NotInExecState",
    "NotOwner",
    "UndefinedCall",
    "names_both",
]


class NotOwner(PermissionError):  # noqa: N818 -- the names are fixed
    """The caller is not the process that owns the task.

    The process that forked a task owns it, and it alone may call it. Another
    thread is another process. Anyone may fork from it.
    """


class NotInCallState(PermissionError):  # noqa: N818
    """The task has called exec: it is a program and obeys no calls."""


class NotInExecState(PermissionError):  # noqa: N818
    """The task has not called exec: it has no program to talk to."""


class UndefinedCall(NotImplementedError):  # noqa: N818
    """The call is filtered, or does not exist on this system."""


@contextmanager
def names_both(first: object, second: object) -> Iterator[None]:
    """Let an error of a call on two paths name both, as `os.rename` does."""
    try:
        yield
    except OSError as error:
        # What has no errno is no error of the kernel's.
        if error.errno is not None:
            error.filename, error.filename2 = first, second
        raise
