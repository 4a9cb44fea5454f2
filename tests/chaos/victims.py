"""Whom to end, and how: the blows of the chaos."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .processes import process

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from .subject import Seen, Subject

__all__ = ["ENDS_OF_THE_RUNTIME", "Blow", "choose"]

ENDS_OF_THE_RUNTIME = ["SIGKILL", "os._exit", "os.fork", "fork(3)", "sys.exit"]
KINDS = [
    *["driver"] * 6,
    *["program"] * 6,
    *["root"] * 4,
    *["stop"] * 4,
    *["owner"] * 4,
    *["keeper"] * 4,
    *["launcher"] * 2,
    *["stray"] * 3,
    *["shutdown"],
    *ENDS_OF_THE_RUNTIME,
]


@dataclass(slots=True)
class Blow:
    """What is done to a runtime, and whose end that is."""

    kind: str
    dead: set[int] = field(default_factory=set)
    """Numbers of the tasks that have to end by it; all others have to live."""
    all: bool = False
    """Whether nothing at all is to be left of the runtime, or of its OS processes."""
    pid: int | None = None
    """Who gets a SIGKILL."""
    command: tuple[object, ...] = ()
    """What the runtime is told instead."""
    early: bool = False
    """Whether trees were growing."""
    victim: str = ""
    """Who that is, where it is no task."""

    def __str__(self) -> str:
        """What a report calls it."""
        whom = self.victim or (f"process {self.pid}" if self.pid else " ".join(map(str, self.command)))
        when = "while trees grow, " if self.early else ""
        return f"{when}{self.kind} of {whom}, the end of {sorted(self.dead)}"

    def strike(self, subject: Subject) -> None:
        """Do it."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        else:
            subject.tell(*self.command)


def choose(random: Random, subject: Subject, leaves: list[dict[str, Any]], seen: list[Seen]) -> Blow:
    """Choose one for which there is a victim.

    Args:
        random: decides
        subject: the runtime
        leaves: its tasks, parents first
        seen: its processes

    """
    while True:
        blow = _find(random.choice(KINDS), random, subject, leaves, seen)
        if blow:
            return blow


def _find(kind: str, random: Random, subject: Subject, leaves: list[dict[str, Any]], seen: list[Seen]) -> Blow | None:
    if kind in ENDS_OF_THE_RUNTIME:
        everything = {leaf["number"] for leaf in leaves}
        pid = subject.pid if kind == "SIGKILL" else None
        return Blow(kind, everything, all=True, pid=pid, command=("end_runtime", kind))
    if kind == "shutdown":
        return Blow(kind, {leaf["number"] for leaf in leaves}, all=True, command=("end_runtime", kind))
    if kind == "stray":
        return _stray(random, leaves, seen)
    wanted = [leaf for leaf in leaves if _is(kind, leaf)]
    return _of_task(kind, random.choice(wanted), random, subject, leaves) if wanted else None


def _is(kind: str, leaf: dict[str, Any]) -> bool:
    if leaf["pid"] is None:
        return False
    match kind:
        case "driver":
            return not leaf["program"] and leaf["parent"] is not None
        case "program":
            return bool(leaf["program"])
        case "stop":
            return True
        case _:
            return leaf["parent"] is None


def _of_task(
    kind: str, leaf: dict[str, Any], random: Random, subject: Subject, leaves: list[dict[str, Any]]
) -> Blow | None:
    match kind:
        case "stop":
            return Blow(kind, subtree({leaf["number"]}, leaves), command=("stop", leaf["number"]))
        case "owner":
            tree = {one["number"] for one in leaves if one["tree"] == leaf["tree"]}
            return Blow(kind, tree, command=("end_owner", leaf["tree"], random.choice(["kill", "died"])))
        case "keeper" | "launcher":
            return _above(kind, leaf, subject, leaves)
        case _:
            return Blow(kind, subtree({leaf["number"]}, leaves), pid=leaf["pid"])


def _above(kind: str, root: dict[str, Any], subject: Subject, leaves: list[dict[str, Any]]) -> Blow | None:
    way = _way_up(root["pid"], subject.pid)
    if not way or (kind == "launcher" and len(way) == 1):
        return None
    roots = [leaf for leaf in leaves if leaf["parent"] is None and leaf["pid"]]
    same = {leaf["number"] for leaf in roots if way[0] in _way_up(leaf["pid"], subject.pid)}
    return Blow(kind, subtree(same, leaves), pid=way[0 if kind == "keeper" else -1])


def _way_up(pid: int, top: int) -> list[int]:
    way: list[int] = []
    while (found := process(pid)) and found.parent > 1:
        if found.parent == top:
            return way
        pid = found.parent
        way.append(pid)
    return []


def _stray(random: Random, leaves: list[dict[str, Any]], seen: list[Seen]) -> Blow | None:
    """Something that a program has started: no task is to end by that."""
    tasks = {leaf["pid"] for leaf in leaves}
    strays = [one for one in seen if one.mark and one.process.name != "prx-driver" and one.process.pid not in tasks]
    if not strays:
        return None
    stray = random.choice(strays)
    return Blow("stray", pid=stray.process.pid, victim=f"{stray.process} of {stray.mark}")


def subtree(tops: Iterable[int], leaves: list[dict[str, Any]]) -> set[int]:
    """Return the numbers of tasks and of all below them."""
    found = set(tops)
    for leaf in leaves:
        if leaf["parent"] in found:
            found.add(leaf["number"])
    return found
