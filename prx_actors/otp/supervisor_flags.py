"""SupervisorFlags: what holds for all children of a supervisor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from prx_actors.otp.child_spec import AUTO_SHUTDOWNS, is_one_of
from prx_actors.otp.restarts import Backoff
from prx_actors.otp.supervisor_errors import SpecError

if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["SupervisorFlags", "check_flags"]

STRATEGIES: Final = ("one_for_one", "one_for_all", "rest_for_one", "simple_one_for_one")


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
    if not is_one_of(flags.strategy, STRATEGIES):
        _refuse("invalid_strategy", flags.strategy)
    if not _is_count(flags.intensity, 0):
        _refuse("invalid_intensity", flags.intensity)
    if not _is_count(flags.period, 1):
        _refuse("invalid_period", flags.period)
    if not is_one_of(flags.auto_shutdown, AUTO_SHUTDOWNS):
        _refuse("invalid_auto_shutdown", flags.auto_shutdown)
    if not (flags.backoff is None or _is_sound(flags.backoff)):
        _refuse("invalid_backoff", flags.backoff)
    return flags


def _is_count(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_sound(backoff: object) -> bool:
    if not isinstance(backoff, Backoff):
        return False
    if not all(map(_is_finite, (backoff.initial, backoff.maximum, backoff.factor, backoff.jitter))):
        return False
    return min(backoff.initial, backoff.maximum) >= 0 and backoff.factor > 0 and 0 <= backoff.jitter <= 1


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _refuse(error: str, value: object) -> NoReturn:
    raise SpecError((error, value))
