"""SupervisorFlags: what holds for all children of a supervisor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from prx_actors.otp.restarts import Backoff
from prx_actors.otp.supervisor_errors import SpecError

if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["SupervisorFlags", "check_flags"]

STRATEGIES: Final = ("one_for_one", "one_for_all", "rest_for_one", "simple_one_for_one")
AUTO_SHUTDOWNS: Final = ("never", "any_significant", "all_significant")


@dataclass(frozen=True, slots=True)
class SupervisorFlags:
    """What holds for all children of a supervisor.

    Example:
        >>> from prx_actors.otp.supervisor import SupervisorFlags
        >>> SupervisorFlags()
        SupervisorFlags(strategy='one_for_one', intensity=1, period=5, auto_shutdown='never', backoff=None)

    """

    strategy: str = "one_for_one"
    """Who is restarted with a child; nobody (`"one_for_one"`), everybody
    (`"one_for_all"`), those that were started after it (`"rest_for_one"`);
    `"simple_one_for_one"` has children of one kind, added by `start_child`."""

    intensity: int = 1
    """How many restarts there may be in `period` seconds; one more ends the supervisor."""

    period: int = 5
    """The seconds in which restarts are counted."""

    auto_shutdown: str = "never"
    """Whether the supervisor ends with the first (`"any_significant"`) or the last
    (`"all_significant"`) of its significant children."""

    backoff: Backoff | None = None
    """How long to wait before restarts; None, as OTP, not at all."""


def check_flags(flags: object) -> SupervisorFlags:
    """Check the flags of a supervisor.

    Returns:
        the same

    Raises:
        SpecError: when they are not valid

    """
    if not isinstance(flags, SupervisorFlags):
        _refuse("invalid_type", flags)
    if flags.strategy not in STRATEGIES:
        _refuse("invalid_strategy", flags.strategy)
    if not _is_count(flags.intensity, 0):
        _refuse("invalid_intensity", flags.intensity)
    if not _is_count(flags.period, 1):
        _refuse("invalid_period", flags.period)
    if flags.auto_shutdown not in AUTO_SHUTDOWNS:
        _refuse("invalid_auto_shutdown", flags.auto_shutdown)
    if not isinstance(flags.backoff, Backoff | None):
        _refuse("invalid_backoff", flags.backoff)
    return flags


def _is_count(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _refuse(error: str, value: object) -> NoReturn:
    raise SpecError((error, value))
