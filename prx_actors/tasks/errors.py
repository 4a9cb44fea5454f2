"""What is raised for wrong use of a task."""

from __future__ import annotations

__all__ = [
    "NotInCallState",
    "NotInExecState",
    "NotOwner",
    "UndefinedCall",
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
