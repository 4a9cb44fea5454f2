"""What the management calls of a supervisor raise; each has the term that OTP would return."""

from __future__ import annotations

__all__ = ["SpecError", "SupervisorError"]


class SupervisorError(Exception):
    """A supervisor does not do what it was asked for.

    Args:
        reason: OTP's term: `"not_found"`, `"running"`, `"restarting"`,
            `"already_present"`, `("already_started", pid)` or `"simple_one_for_one"`

    Example:
        >>> from prx_actors.otp.supervisor import Supervisor, SupervisorError
        >>> supervisor = Supervisor.start([])
        >>> try:
        ...     Supervisor.terminate_child(supervisor, "nobody")
        ... except SupervisorError as error:
        ...     error.reason
        'not_found'
        >>> supervisor.stop()
        True

    """

    def __init__(self, reason: object) -> None:
        super().__init__(reason)
        self.reason = reason


class SpecError(SupervisorError, ValueError):
    """A child specification or the flags of a supervisor are not valid.

    Args:
        reason: OTP's term, such as `("invalid_restart_type", "always")`

    Example:
        >>> from prx_actors.otp.child_spec import ChildSpec
        >>> from prx_actors.otp.supervisor import SpecError, Supervisor
        >>> try:
        ...     Supervisor.check_childspecs([ChildSpec("worker", int, restart="always")])
        ... except SpecError as error:
        ...     error.reason
        ('invalid_restart_type', 'always')

    """
