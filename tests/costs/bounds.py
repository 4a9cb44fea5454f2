"""How a cost is compared with what is allowed, so that a failure names both."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping

__all__ = ["allow", "least"]


def allow(spent: Counter[str], each: Mapping[str, float], times: int) -> None:
    """Fail where something was done more often than it may be, or is not to be done at all.

    Args:
        spent: how often each thing was done
        each: how often it may be done each time
        times: how often the whole was done
    """
    over = [
        f"{name}: {count / times:g} each time, {each.get(name, 0):g} allowed"
        for name, count in spent.items()
        if count > each.get(name, 0) * times
    ]
    assert not over, "\n".join([*over, f"in all: {dict(spent)} in {times} times, {dict(each)} allowed each time"])


def least(measure: Callable[[], Counter[str]], trials: int = 3) -> Counter[str]:
    """Measure several times and take the least of each: what happens now and then, such as a collection, is no cost.

    Args:
        measure: counts what is done
        trials: how often it is asked

    Returns:
        how often each thing was done, at the least
    """
    spent = measure()
    for _ in range(trials - 1):
        spent &= measure()
    return spent
