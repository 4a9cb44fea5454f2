"""The exceptions of processes."""

from __future__ import annotations

__all__ = ["MailboxClosed", "NoProcess", "ProcessExit"]


class MailboxClosed(Exception):  # noqa: N818 -- an event, not an error
    """The process of a mailbox has ended."""


class ProcessExit(BaseException):
    """The calling process ends, or has been ended by a signal.

    It is a BaseException, so that `except Exception` does not swallow the end
    of a process.

    Args:
        reason: why the process ends

    Example:
        >>> from prx_actors.actors import ProcessExit
        >>> try:
        ...     raise ProcessExit("shutdown")
        ... except ProcessExit as exit_:
        ...     exit_.reason
        'shutdown'

    """

    def __init__(self, reason: object) -> None:
        super().__init__(reason)
        self.reason = reason


class NoProcess(ProcessLookupError):  # noqa: N818 -- the name OTP gives it
    """There is no such process.

    Example:
        >>> from prx_actors.actors import NoProcess
        >>> issubclass(NoProcess, ProcessLookupError)
        True

    """
