"""What a supervisor decides, as tables; nothing here runs a process."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prx_actors.otp.restarts import Backoff, RestartWindow, expected, must_report, must_restart


class Odd:
    """Equal to everything, as an exit reason may be."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return True


NORMAL, SHUTDOWN, SHUTDOWN_WITH = "normal", "shutdown", ("shutdown", "x")
KILLED, ABNORMAL, ERROR, ODD = "killed", ("normal",), ValueError("no"), Odd()
REASONS = (NORMAL, SHUTDOWN, SHUTDOWN_WITH, KILLED, ABNORMAL, ERROR, ODD)

# A line for each kind of child, a column for each reason: what happens when it ends by itself.
ENDS = {
    "permanent": ("report restart", "report restart", "report restart", *["report restart"] * 4),
    "transient": ("remove", "remove", "remove", *["report restart"] * 4),
    "temporary": ("remove", "remove", "remove", *["report remove"] * 4),
}


@pytest.mark.parametrize("restart", ENDS)
def test_what_the_end_of_a_child_leads_to(restart: str) -> None:
    """As the table says."""
    for reason, decision in zip(REASONS, ENDS[restart], strict=True):
        assert must_restart(restart, reason) == ("restart" in decision), reason
        assert must_report(restart, reason) == ("report" in decision), reason


# When a child that its supervisor has stopped ended as it should: told to shut down, or killed at once.
STOPS = {
    ("permanent", False): (SHUTDOWN,),
    ("permanent", True): (KILLED,),
    ("transient", False): (NORMAL, SHUTDOWN, SHUTDOWN_WITH),
    ("transient", True): (NORMAL, SHUTDOWN, SHUTDOWN_WITH, KILLED),
    ("temporary", False): (NORMAL, SHUTDOWN, SHUTDOWN_WITH),
    ("temporary", True): (NORMAL, SHUTDOWN, SHUTDOWN_WITH, KILLED),
}


@pytest.mark.parametrize(("restart", "brutally"), STOPS)
def test_which_end_of_a_stopped_child_is_reported(restart: str, brutally: bool) -> None:
    """All but those in the table."""
    for reason in REASONS:
        found = expected(restart, brutally=brutally, reason=reason)
        assert found == any(reason is right for right in STOPS[restart, brutally]), reason


@pytest.mark.parametrize(
    ("intensity", "period", "times", "last"),
    [
        (0, 5, [1.0], False),
        (1, 5, [1.0], True),
        (1, 5, [1.0, 6.9], False),  # OTP counts in whole seconds: 1 and 6
        (1, 5, [1.9, 7.0], True),
        (2, 1, [1.0, 1.1, 1.2], False),
        (2, 1, [1.0, 1.1, 3.0, 3.1, 5.0], True),
    ],
)
def test_so_many_restarts_in_a_period_and_no_more(intensity: int, period: int, times: list[float], last: bool) -> None:
    """The last of these restarts may be, or is one too many."""
    window = RestartWindow()
    assert [window.add(now, intensity, period) for now in times] == [True] * (len(times) - 1) + [last]


@given(st.lists(st.integers(0, 9), max_size=50), st.integers(0, 5), st.integers(1, 9))
def test_the_window_agrees_with_counting(steps: list[int], intensity: int, period: int) -> None:
    """As many restarts as lie in the period are counted, at any time."""
    window, now, times = RestartWindow(), 0, list[int]()
    for step in steps:
        now += step
        times.append(now)
        inside = [one for one in times if one >= now - period]
        assert window.add(now, intensity, period) == (len(inside) <= intensity)


def test_delays_grow_up_to_the_maximum_and_jitter_spreads_them() -> None:
    """Without limit on the number of restarts."""
    steady = Backoff(initial=1, maximum=10, factor=3, jitter=0)
    assert [steady.delay(number) for number in (0, 1, 2, 3, 10**6)] == [1, 3, 9, 10, 10]
    random.seed(1)
    delays = [Backoff(initial=1, jitter=0.5).delay(0) for _ in range(1000)]
    assert 0.5 <= min(delays) < 0.6
    assert 1.4 < max(delays) <= 1.5
