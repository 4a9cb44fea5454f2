"""The same scripted events, run by Erlang's own processes and by ours: what comes of each must be the same."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.erlang import erlang
from support.features import require

from prx_actors.actors import (
    Down,
    Exit,
    MonitorRef,
    Pid,
    current,
    demonitor,
    exit,
    exit_signal,
    link,
    monitor,
    process_info,
    receive,
    register,
    send,
    spawn_monitor,
    trap_exit,
    unlink,
    unregister,
    whereis,
)
from prx_actors.actors.table import process_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# Erlang may take its time on a machine that is busy.
pytestmark = pytest.mark.timeout(300)

ORACLE = Path(__file__).with_name("signals_oracle.escript")
WAIT = 30.0
SCENARIOS = 60 if "CI" in os.environ else 300
EVENTS = 20
IDS = ["a", "b", "c", "d"]
NAMES = ("n1", "n2")
REASONS: tuple[object, ...] = ("normal", "shutdown", "kill", "killed", "died", "noproc", ("shutdown", "x"))

Term = Any
Scenario = tuple[list[str], list[tuple[Any, ...]]]


def some_event(chance: random.Random) -> tuple[Any, ...]:
    """Return what one process is to do, or what is done to it from outside."""
    who, other, reason = chance.choice(IDS), chance.choice(IDS), chance.choice(REASONS)
    name, flag = chance.choice(NAMES), chance.choice(("true", "false"))
    return chance.choice(
        (
            (who, ("link", other)),
            (who, ("link", other)),
            (who, ("link", other)),
            (who, ("unlink", other)),
            (who, ("monitor", other)),
            (who, ("monitor", other)),
            (who, ("monitor_name", name)),
            (who, ("demonitor", chance.randrange(3), chance.choice(([], ["flush"])))),
            (who, ("exit_signal", other, reason)),
            (who, ("trap", flag)),
            (who, ("trap", "true")),
            (who, ("exit", reason)),
            (who, ("send", other, chance.randrange(100))),
            (who, ("register", name)),
            (who, ("unregister", name)),
            (who, ("whereis", name)),
            ("outside", who, reason),
        )
    )


@dataclass(frozen=True)
class Do:
    """An order to a process."""

    asker: Pid
    tag: object
    what: tuple[Any, ...]


@dataclass(frozen=True)
class Done:
    """What came of it."""

    tag: object
    result: Term


def sender(message: Term) -> str:
    """Return whose message it is: only what one process has sent has an order."""
    return str(message[2] if message[0] == "down" else message[1])


class Ours:
    """One scenario, run by our processes."""

    def __init__(self, scenario: Scenario) -> None:
        self.ids, self.events = scenario
        self.outside = current()
        self.pids: dict[str, Pid] = {}
        self.refs: dict[str, MonitorRef] = {}
        self.ended: dict[str, object] = {}

    def run(self) -> Iterator[Term]:
        """Yield what comes of each event."""
        for id in self.ids:
            self.pids[id], self.refs[id] = spawn_monitor(self.serve)
        for event in self.events:
            if event[0] == "outside":
                exit_signal(self.pids[event[1]], event[2])
                yield "true", self.settle()
            else:
                result = self.ask(*event)
                yield result, self.settle()
        for pid in self.pids.values():
            exit_signal(pid, "kill")
        for id in self.ids:
            self.wait_for_end(id)

    def ask(self, id: str, what: tuple[Any, ...]) -> Term:
        """Have a process do something."""
        if self.has_ended(id):
            return "dead"
        tag = object()
        send(self.pids[id], Do(current(), tag, what))
        ref = self.refs[id]
        match receive(lambda m: (isinstance(m, Done) and m.tag is tag) or getattr(m, "ref", None) is ref, timeout=WAIT):
            case Done(_, result):
                return result
            case Down(_, _, reason):
                self.ended[id] = reason
        return "ended"

    def has_ended(self, id: str) -> bool:
        """Take the news of an end that there may be."""
        if id not in self.ended:
            try:
                self.ended[id] = receive(Down, ref=self.refs[id], timeout=0).reason
            except TimeoutError:
                return False
        return True

    def wait_for_end(self, id: str) -> None:
        """Wait until everybody has been told."""
        if id not in self.ended:
            self.ended[id] = receive(Down, ref=self.refs[id], timeout=WAIT).reason

    def settle(self) -> Term:
        """Look at all of them until nothing moves: twice the same, and nobody half dead."""
        mail: dict[str, list[Term]] = {id: [] for id in self.ids}
        before: list[Term] = []
        while True:
            looks = [self.look(id) for id in self.ids]
            for id, seen in zip(self.ids, looks, strict=True):
                mail[id] += seen[0] if len(seen) == 3 else ()
            half_dead = [id for id in self.ids if not self.pids[id].is_alive() and process_of(self.pids[id])]
            if looks == before and not half_dead:
                break
            before = [([], *seen[1:]) if len(seen) == 3 else seen for seen in looks]
        for one in mail.values():
            one.sort(key=sender)
        return [(mail[id], *seen[1:]) if len(seen) == 3 else seen for id, seen in zip(self.ids, looks, strict=True)]

    def look(self, id: str) -> Term:
        """Take what a process has received, its links and what it monitors."""
        seen = self.ask(id, ("look",))
        return ("ended", self.ended[id]) if isinstance(seen, str) else seen

    # In the process itself.

    def serve(self) -> None:
        """Obey, and leave all other messages in the mailbox."""
        refs: list[MonitorRef] = []
        while True:
            order = receive(Do)
            verb, *args = order.what
            send(order.asker, Done(order.tag, getattr(self, f"_do_{verb}")(refs, *args)))

    def _do_link(self, _refs: object, id: str) -> str:
        link(self.pids[id])
        return "true"

    def _do_unlink(self, _refs: object, id: str) -> str:
        unlink(self.pids[id])
        return "true"

    def _do_monitor(self, refs: list[MonitorRef], id: str) -> str:
        refs.append(monitor(self.pids[id]))
        return "ok"

    def _do_monitor_name(self, refs: list[MonitorRef], name: str) -> str:
        refs.append(monitor(name))
        return "ok"

    def _do_demonitor(self, refs: list[MonitorRef], number: int, flush: list[str]) -> str:
        if not refs:
            return "none"
        demonitor(refs[number % len(refs)], flush=bool(flush))
        return "true"

    def _do_exit_signal(self, _refs: object, id: str, reason: object) -> str:
        exit_signal(self.pids[id], reason)
        return "true"

    def _do_trap(self, _refs: object, flag: str) -> str:
        return "true" if trap_exit(flag == "true") else "false"

    def _do_exit(self, _refs: object, reason: object) -> None:
        exit(reason)

    def _do_send(self, _refs: object, id: str, what: int) -> str:
        send(self.pids[id], ("sent", self.id(current()), what))
        return "ok"

    def _do_register(self, _refs: object, name: str) -> str:
        try:
            register(name, current())
        except ValueError:
            return "badarg"
        return "true"

    def _do_unregister(self, _refs: object, name: str) -> str:
        try:
            unregister(name)
        except ValueError:
            return "badarg"
        return "true"

    def _do_whereis(self, _refs: object, name: str) -> str:
        pid = whereis(name)
        return "undefined" if pid is None else self.id(pid)

    def _do_look(self, refs: list[MonitorRef]) -> Term:
        mail = []
        while True:
            try:
                mail.append(self.shown(receive(lambda m: not isinstance(m, Do), timeout=0), refs))
            except TimeoutError:
                break
        info = process_info(current())
        assert info is not None
        return mail, sorted(map(self.id, info.links)), sorted(map(self.id, info.monitors))

    def shown(self, message: object, refs: list[MonitorRef]) -> Term:
        """Return a message as the script shows it."""
        match message:
            case Exit(Pid() as pid, reason):
                return "exit", self.id(pid), reason
            case Down(ref, pid, reason):
                return "down", refs.index(ref), self.id(pid) if ref.name is None else ref.name, reason
        return message

    def id(self, pid: object) -> str:
        """Return the name of what is monitored: that of a process in the script, or the one it was monitored by."""
        if isinstance(pid, str):
            return pid
        return next((id for id, one in self.pids.items() if one is pid), "outside")


def test_processes_do_what_those_of_erlang_do(tmp_path: Path) -> None:
    """Links, monitors by pid and name, exit signals, trapping, own exits, names: in random scripts."""
    require(shutil.which("escript"), "escript, of erlang-base")
    chance = random.Random("signals")  # noqa: S311 -- no secret
    scenarios: list[Scenario] = [(IDS, [some_event(chance) for _ in range(EVENTS)]) for _ in range(SCENARIOS)]
    script = tmp_path / "scenarios"
    script.write_text("".join(f"{erlang(scenario)}.\n" for scenario in scenarios))
    done = subprocess.run(["escript", ORACLE, script], capture_output=True, text=True, check=True, timeout=200)
    *theirs, rest = done.stdout.split("end\n")
    assert rest == ""
    for scenario, expected in zip(scenarios, theirs, strict=True):
        for event, ours, outcome in zip(scenario[1], Ours(scenario).run(), expected.splitlines(), strict=True):
            # A process that ends of what it has sent may have said so before or not.
            results = {erlang(ours), erlang(("true", *ours[1:]))} if ours[0] == "ended" else {erlang(ours)}
            assert outcome in results, (event, erlang(scenario))
