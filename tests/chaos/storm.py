"""The chaos: many runtimes side by side, blow after blow to each, and after each a look at what should be gone."""

from __future__ import annotations

import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from .processes import end, now, process
from .subject import Seen, SilentError, Subject
from .victims import ENDS_OF_THE_RUNTIME, Blow, choose

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ALLOWANCE", "Report", "Violation", "storm"]

ALLOWANCE = 5.0
"""Seconds more than the promised `killdelay` and a second, for a machine on which many runtimes and whatever else
compete for two cores: each Python may wait for a core as long as that. It hides no fault that lasts: what escapes
sleeps for a thousand seconds, and graces that add up with depth take longer than that. Where whole suites share the
machine it may be more, if there is a run alone with this one, too."""
LONGEST = 2.0
"""Seconds: no `killdelay` is more."""
LIVES = ("fails", "dies", "leaves", "is a comet alone")
"""How the names of programs begin that end by themselves."""
FATES = 3.0
"""Seconds for the ends that belong to one that should not have been."""
TREES = 3
"""In one runtime, at the most."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken."""

    seed: str
    blow: str
    what: str

    def __str__(self) -> str:
        """A line of the report."""
        return f"{self.seed}: after {self.blow}: {self.what}"


@dataclass(slots=True)
class Report:
    """What has been done, and what has come of it."""

    blows: Counter[str] = field(default_factory=Counter)
    programs: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    """Seconds after `killdelay` at which all was gone, a blow each."""

    def __str__(self) -> str:
        """Some lines."""
        late = sorted(self.late) or [0.0]
        lines = [
            f"{sum(self.blows.values())} blows: " + ", ".join(f"{n} {kind}" for kind, n in self.blows.most_common())
        ]
        lines.append(f"{sum(self.programs.values())} programs of {len(self.programs)} kinds")
        lines.append(f"gone after killdelay and {late[len(late) // 2]:.2f} s (median), {late[-1]:.2f} s (at most)")
        lines += [str(one) for one in self.violations] or ["nothing was left"]
        return "\n".join(lines)


class _Cell:
    """One runtime after the other, each until it has been ended."""

    def __init__(self, seed: str, report: Report, allowance: float) -> None:
        self._seed = seed
        self._bound = 1 + allowance
        """Seconds after `killdelay`."""
        self._random = Random(seed)  # noqa: S311 - no secret
        self._report = report
        self._subject = Subject()
        self._trees = 0
        self._known: dict[int, dict[str, Any]] = {}
        self._blow = Blow("the start")
        self._blows: deque[Blow] = deque(maxlen=4)
        """The last ones."""
        self._strays: set[int | None] = set()
        """Pids of such as were killed, though they were no task."""

    def close(self) -> None:
        """End what is left."""
        self._subject.close()

    def step(self) -> None:
        """Let trees grow, strike, look."""
        try:
            self._step()
        except (SilentError, OSError) as failed:
            self._violate(f"the runtime does not answer: {failed!r}")
            self._renew()

    def _step(self) -> None:
        growing = self._grow()
        early = growing and not self._random.randrange(4)
        if not early:
            self._grown(growing)
        leaves = self._leaves()
        if not leaves and early:
            self._grown(growing)
            return
        seen = self._subject.seen()
        blow = self._blow = choose(self._random, self._subject, leaves, seen)
        self._report.blows[blow.kind] += 1
        self._blows.append(blow)
        blow.early = bool(early)
        self._strike(blow, leaves, seen)
        if not blow.all and early:
            self._grown(growing)
        if not blow.all:
            self._look_at_siblings(blow, leaves)

    def _grow(self) -> int:
        living = len({leaf["tree"] for leaf in self._leaves()})
        growing = 0
        while living + growing < TREES and (growing == 0 or self._random.random() < 0.5):
            self._trees += 1
            growing += 1
            self._subject.tell("grow", str(self._trees), f"{self._seed}-{self._trees}")
        return growing

    def _grown(self, count: int) -> None:
        for _ in range(count):
            self._subject.answer("grown")

    def _leaves(self) -> list[dict[str, Any]]:
        """Return the living tasks. Those below a task that is down are gone by now, and about to be told of."""
        until = time.monotonic() + LONGEST + self._bound
        while orphans := _orphans(found := self._told()):
            there = [leaf for leaf in orphans if leaf["pid"] and _lives(leaf["pid"])]
            if there or time.monotonic() > until:
                self._violate(f"these are below tasks that are down: {there or orphans}")
                break
            self._subject.listen(0.05)
        return found

    def _told(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._subject.ask("leaves", "told")["leaves"]
        self._known |= {leaf["number"]: leaf for leaf in found}
        return found

    def _name(self, one: Seen) -> str:
        return self._named(one.mark.task) if one.mark else "unknown"

    def _named(self, number: int) -> str:
        leaf = self._known.get(number)
        way = [str(number)]
        while leaf and leaf["parent"] is not None:
            leaf = self._known.get(leaf["parent"])
            way.append(f"{leaf['number']} {leaf['how']}" if leaf else "?")
        known = self._known.get(number)
        what = f"{known['program']!r} {known['how']}, killdelay {known['killdelay']}" if known else "unknown"
        return f"task {' below '.join(way)} ({what})"

    def _strike(self, blow: Blow, leaves: list[dict[str, Any]], seen: list[Seen]) -> None:
        for leaf in leaves:
            if leaf["number"] in blow.dead and leaf["program"]:
                self._report.programs[leaf["program"]] += 1
        killdelay = max([leaf["killdelay"] for leaf in leaves if leaf["number"] in blow.dead], default=0.0)
        at, tick = time.monotonic(), now()
        until = at + killdelay + self._bound
        dead = [one for one in seen if blow.all or (one.mark and one.mark.task in blow.dead)]
        apart = {one.namespace for one in dead} - {one.namespace for one in seen if one not in dead}
        if blow.kind == "stray":
            self._strays.add(blow.pid)
        blow.strike(self._subject)
        renew = blow.kind in ENDS_OF_THE_RUNTIME
        if renew:
            self._await_end_of_runtime(blow, dead, lambda: self._subject.left_in(apart, tick), until)
        else:
            self._await_downs(blow, until)
            self._await_gone(lambda: [*self._left(blow, dead), *self._subject.left_in(apart, tick)], until)
        self._report.late.append(max(0.0, time.monotonic() - at - killdelay))
        if renew:
            self._renew()
        elif blow.kind == "shutdown":
            self._subject.answer("shut")

    # What should be gone.

    def _await_downs(self, blow: Blow, until: float) -> None:
        subject = self._subject
        while blow.dead - subject.downs.keys() and subject.listen(until - time.monotonic()):
            pass
        for number in sorted(blow.dead - subject.downs.keys()):
            self._violate(f"no Down of {self._named(number)} came")
        for number in blow.dead & subject.downs.keys():
            self._check_down(subject.downs[number])

    def _check_down(self, down: dict[str, Any]) -> None:
        if down["left"]:
            self._violate(f"Down of {self._named(down['down'])} came before these were gone: {down['left']}")
        if "unkillable" in down["reason"]:
            self._violate(f"Down of {self._named(down['down'])} says {down['reason']}")

    def _await_gone(self, left: Callable[[], list[Seen]], until: float) -> None:
        found = left()
        while found and time.monotonic() < until:
            time.sleep(0.02)
            found = left()
        if found:
            lines = {f"{process(one.process.pid) or one.process} of {self._name(one)}" for one in found}
            self._violate("these are left: " + ", ".join(sorted(lines)))
            end(one.process for one in found)

    def _left(self, blow: Blow, dead: list[Seen]) -> list[Seen]:
        recorded = [one for one in dead if _is_there(one)]
        marked = [one for one in self._subject.seen() if one.mark and one.mark.task in blow.dead]
        return [*recorded, *marked]

    def _await_end_of_runtime(
        self, blow: Blow, dead: list[Seen], in_namespaces: Callable[[], list[Seen]], until: float
    ) -> None:
        worker = None if blow.kind == "SIGKILL" else self._subject.answer("worker")["worker"]
        if not self._subject.wait(until - time.monotonic()):
            self._violate("the runtime does not end")

        def left() -> list[Seen]:
            found = [*(one for one in dead if _is_there(one)), *self._subject.seen(), *in_namespaces()]
            return [one for one in found if one.process.pid != worker]

        self._await_gone(left, until)

    def _renew(self) -> None:
        self._subject.close()
        self._known.clear()
        self._subject = Subject()

    # What should not.

    def _look_at_siblings(self, blow: Blow, leaves: list[dict[str, Any]]) -> None:
        for leaf in leaves:
            if leaf["number"] not in blow.dead and leaf["pid"] is not None:  # that one is about to be told of
                self._look_at(leaf, blow)
        until = time.monotonic() + LONGEST + self._bound
        self._look_for_silent(until)
        self._await_gone(self._unknown, until)

    def _look_at(self, leaf: dict[str, Any], blow: Blow) -> None:
        # A driver may have turned into a program since, and a program may end when a child of its does.
        down = self._subject.downs.get(leaf["number"])
        program = down["program"] if down else leaf["program"]
        if program.startswith(LIVES) or blow.kind == "stray":
            return
        if down:
            self._violate(f"its sibling {leaf} is down: {down['reason']}; above it: {self._fates(leaf)}")
        gone = [pid for pid in leaf["pids"] if pid not in self._strays and process(pid) is None]
        if gone and not down:
            self._violate(f"{gone} are gone of its sibling {leaf}")

    def _fates(self, leaf: dict[str, Any]) -> list[str]:
        """Say how those above one have ended, or will within a moment."""
        found = []
        until = time.monotonic() + FATES
        while self._subject.listen(until - time.monotonic()):
            pass
        while leaf["parent"] is not None and (above := self._known.get(leaf["parent"])):
            leaf = above
            found.append(f"{leaf['number']} {self._subject.downs.get(leaf['number'], {}).get('reason', 'lives')}")
        return found

    def _look_for_silent(self, until: float) -> None:
        """Call all drivers, until those have been told of that end with what was struck.

        What was forked while the blow was struck may end by it, too, though nobody has known it before.
        """
        while silent := self._subject.ask("silent", "probe")["silent"]:
            if time.monotonic() > until:
                self._violate("these drivers do not answer: " + ", ".join(map(self._named, silent)))
                return
            self._subject.listen(0.05)

    def _unknown(self) -> list[Seen]:
        """Find processes of tasks that have ended by now, or that nobody knows."""
        seen = self._subject.seen()
        known = {leaf["number"] for leaf in self._told()} | {0}
        return [one for one in seen if one.mark and one.mark.task not in known and _is_there(one)]

    def _violate(self, what: str) -> None:
        before = "; before that: " + ", ".join(map(str, self._blows))
        self._report.violations.append(Violation(self._seed, str(self._blow), what + before))


def _orphans(leaves: list[dict[str, Any]]) -> list[dict[str, Any]]:
    living = {leaf["number"] for leaf in leaves}
    return [leaf for leaf in leaves if leaf["parent"] is not None and leaf["parent"] not in living]


def _lives(pid: int) -> bool:
    found = process(pid)
    return found is not None and not found.is_left_to_init()


def _is_there(one: Seen) -> bool:
    found = process(one.process.pid)
    return found is not None and found.key == one.process.key and not found.is_left_to_init()


def storm(  # noqa: PLR0913, PLR0917 - whoever calls it names them
    blows: int,
    seed: int,
    runtimes: int,
    seconds: float = float("inf"),
    patience: int = 1,
    allowance: float = ALLOWANCE,
) -> Report:
    """Strike again and again.

    Args:
        blows: how many there are to be, more or less
        seed: of all that is random but the times
        runtimes: how many at a time
        seconds: when to stop at the latest
        patience: how many violations it takes to stop
        allowance: seconds, see `ALLOWANCE`

    """
    report = Report()
    until = time.monotonic() + seconds

    def goes_on() -> bool:
        return report.blows.total() < blows and time.monotonic() < until and len(report.violations) < patience

    def work(number: int) -> None:
        cell = _Cell(f"{seed}-{number}", report, allowance)
        try:
            while goes_on():
                cell.step()
        finally:
            cell.close()

    with ThreadPoolExecutor(runtimes) as pool:
        for done in [pool.submit(work, number) for number in range(runtimes)]:
            done.result()
    return report
