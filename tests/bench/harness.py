"""What the benchmarks share: sides that take turns, what the rounds say, the table and its JSON, the processors."""

from __future__ import annotations

import os
import statistics
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["Comparison", "Spread", "compare", "machine", "median_time", "on_processors", "placements"]


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some values, and their quartiles."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Sum up two values or more."""
        return cls(*statistics.quantiles(values, n=4, method="inclusive"))

    def __str__(self) -> str:
        return f"{self.median:9.2f}  {self.low:8.2f} -{self.high:8.2f}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What each side measured in each round. The first side is the measure of the others."""

    title: str
    unit: str
    sides: Mapping[str, Sequence[float]]

    def ratios(self, side: str) -> Spread:
        """Return a side's values over the first one's, each of the same round."""
        first = next(iter(self.sides.values()))
        return Spread.of([value / base for value, base in zip(self.sides[side], first, strict=True)])

    def table(self) -> str:
        """Return a line a side: median and quartiles of the values and of the ratios."""
        head = f"{self.unit:20} {'median':>9}  {'quartiles':>18} {'ratio':>10}  {'quartiles':>18}"
        rows = [f"{name:20} {Spread.of(values)} {self.ratios(name)!s:>31}" for name, values in self.sides.items()]
        return "\n".join([self.title, head, *rows])

    def as_json(self) -> dict[str, Any]:
        """Return the medians and the ratios, and every round's value."""
        sides = [
            {
                "side": name,
                "median": Spread.of(values).median,
                "ratio": self.ratios(name).median,
                "rounds": list(values),
            }
            for name, values in self.sides.items()
        ]
        return {"title": self.title, "unit": self.unit, "sides": sides}


def compare(title: str, unit: str, sides: Mapping[str, Callable[[], float]], rounds: int) -> Comparison:
    """Measure all sides in every round, each round in the opposite order of the one before.

    Args:
        title: what is compared, and how
        unit: of what the sides return
        sides: what measures each; the first one is what the others are compared with
        rounds: how often; one round more comes first and does not count

    """
    measured: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides)
    for _ in range(rounds + 1):
        for name in order:
            measured[name].append(sides[name]())
        order.reverse()
    return Comparison(title, unit, {name: values[1:] for name, values in measured.items()})


def median_time(function: Callable[[], object], times: int) -> float:
    """Return the median duration of a call of the function, in microseconds."""
    clock = time.perf_counter_ns
    durations = []
    for _ in range(times):
        start = clock()
        function()
        durations.append(clock() - start)
    return statistics.median(durations) / 1000


def placements() -> dict[str, set[int]]:
    """Return the processors to measure on: a single one, and all that we may have."""
    allowed = os.sched_getaffinity(0)
    return {"one processor": {max(allowed)}, f"free on {len(allowed)} processors": allowed}


@contextmanager
def on_processors(processors: set[int]) -> Iterator[None]:
    """Keep every thread of this program, and the processes that it starts meanwhile, on these processors."""
    before = os.sched_getaffinity(0)
    _place(processors)
    try:
        yield
    finally:
        _place(before)


def _place(processors: set[int]) -> None:
    for thread in Path("/proc/self/task").iterdir():
        with suppress(ProcessLookupError):  # it may end just now
            os.sched_setaffinity(int(thread.name), processors)


def machine() -> dict[str, Any]:
    """Return what the numbers depend on."""
    kernel = os.uname()
    return {
        "kernel": f"{kernel.sysname} {kernel.release} {kernel.machine}",
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
    }
