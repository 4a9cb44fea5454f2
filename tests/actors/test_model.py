"""Random schedules of links, monitors and signals, against a model of Erlang's table."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from prx_actors.actors import (
    Down,
    Exit,
    MonitorRef,
    Pid,
    Process,
    register,
    registered,
    unregister,
    whereis,
)
from prx_actors.actors.table import process_of, process_table

REASONS = st.sampled_from(["normal", "kill", "shutdown", "other"])
INDEX = st.integers(0, 3)
NAMES = st.sampled_from(["one", "two"])
SCHEDULES = 200 if "CI" in os.environ else 2000


class Passive(Process):
    """Handles nothing: its messages stay for the test to look at."""

    def _start_actor_loop(self) -> None:
        process_table.add(self)


class Signals(RuleBasedStateMachine):
    """The model keeps links as pairs, and who must have received what."""

    def __init__(self) -> None:
        super().__init__()
        self.processes: list[Passive] = []
        self.dead: set[Pid] = set()
        self.trapping: set[Pid] = set()
        self.links: set[frozenset[Pid]] = set()
        self.names: dict[str, Pid] = {}
        self.monitors: dict[MonitorRef, tuple[Pid, Pid]] = {}
        self.expected: dict[Pid, list[object]] = {}

    def teardown(self) -> None:
        """End what is left."""
        for process in self.processes:
            process._terminate("normal")

    def pick(self, index: int, *, alive: bool = False) -> Passive:
        """Return one of the processes, or of the living ones."""
        choice = [p for p in self.processes if not (alive and p.actor_ref in self.dead)]
        return choice[index % len(choice)]

    def some_alive(self) -> bool:
        """Say whether any process runs."""
        return len(self.dead) < len(self.processes)

    def receives(self, pid: Pid, message: object) -> None:
        """Expect a message."""
        if pid not in self.dead:
            self.expected[pid].append(message)

    def signal(self, receiver: Pid, sender: Pid, reason: str, *, linked: bool) -> None:
        """Do in the model what the table says."""
        kill = reason == "kill" and not linked
        if receiver in self.dead:
            return
        if receiver in self.trapping and not kill:
            self.receives(receiver, Exit(sender, reason))
        elif reason != "normal" or (sender is receiver and not linked):
            self.ends(receiver, "killed" if kill else reason)

    def ends(self, pid: Pid, reason: str) -> None:
        """End a process of the model."""
        self.dead.add(pid)
        self.names = {name: holder for name, holder in self.names.items() if holder is not pid}
        linked = [next(iter(pair - {pid})) for pair in self.links if pid in pair]
        self.links = {pair for pair in self.links if pid not in pair}
        for ref, (watcher, target) in list(self.monitors.items()):
            if target is pid:
                self.receives(watcher, Down(ref, ref.name or pid, reason))
            if pid in (watcher, target):
                del self.monitors[ref]
        for other in linked:
            self.signal(other, pid, reason, linked=True)

    @initialize()
    def start_some(self) -> None:
        """Enough of them for a link and a watcher."""
        for _ in range(3):
            self.start()

    @precondition(lambda self: len(self.processes) - len(self.dead) < 4)
    @rule()
    def start(self) -> None:
        """One more process."""
        process = process_of(Passive.start())
        assert isinstance(process, Passive)
        self.processes.append(process)
        self.expected[process.actor_ref] = []

    @precondition(some_alive)
    @rule(one=INDEX, two=INDEX)
    def link(self, one: int, two: int) -> None:
        """Link to the living or the dead."""
        left, right = self.pick(one, alive=True), self.pick(two).actor_ref
        left._link(right)
        if right in self.dead:
            self.signal(left.actor_ref, right, "noproc", linked=True)
        elif left.actor_ref is not right:
            self.links.add(frozenset([left.actor_ref, right]))

    @precondition(some_alive)
    @rule(one=INDEX, two=INDEX)
    def unlink(self, one: int, two: int) -> None:
        """Unlink, whether there is a link or not."""
        left, right = self.pick(one, alive=True), self.pick(two).actor_ref
        left._unlink(right)
        self.links.discard(frozenset([left.actor_ref, right]))

    @precondition(some_alive)
    @rule(one=INDEX, two=INDEX)
    def monitor(self, one: int, two: int) -> None:
        """Watch the living or the dead."""
        watcher, target = self.pick(one, alive=True), self.pick(two).actor_ref
        ref = watcher._monitor(target)
        if target in self.dead:
            self.receives(watcher.actor_ref, Down(ref, target, "noproc"))
        else:
            self.monitors[ref] = (watcher.actor_ref, target)

    @precondition(lambda self: self.monitors)
    @rule(index=INDEX)
    def demonitor(self, index: int) -> None:
        """Stop one of the monitors in force."""
        ref = list(self.monitors)[index % len(self.monitors)]
        watcher = process_of(self.monitors.pop(ref)[0])
        assert watcher is not None
        watcher._demonitor(ref)

    @precondition(some_alive)
    @rule(index=INDEX, trap=st.booleans())
    def trap_exit(self, index: int, trap: bool) -> None:
        """Trap, or not."""
        process = self.pick(index, alive=True)
        process._prx_trapping = trap
        (self.trapping.add if trap else self.trapping.discard)(process.actor_ref)

    @precondition(some_alive)
    @rule(one=INDEX, two=INDEX, reason=REASONS)
    def exit_signal(self, one: int, two: int, reason: str) -> None:
        """Send a signal to the living or the dead, or to oneself."""
        sender, receiver = self.pick(one, alive=True).actor_ref, self.pick(two)
        receiver._exit_signal(sender, reason, linked=False)
        self.signal(receiver.actor_ref, sender, reason, linked=False)

    @precondition(lambda self: self.links)
    @rule(index=INDEX, trap=st.booleans())
    def exit_of_kill_with_a_link(self, index: int, trap: bool) -> None:
        """A kill comes through a link: it can be trapped, and is not turned into killed."""
        # By number: sets of pids have no order that a second run would have, too.
        pairs = sorted(
            (sorted(pair, key=lambda pid: pid.number) for pair in self.links), key=lambda p: [pid.number for pid in p]
        )
        left, right = pairs[index % len(pairs)]
        receiver = process_of(right)
        assert isinstance(receiver, Passive)
        receiver._prx_trapping = trap
        (self.trapping.add if trap else self.trapping.discard)(right)
        watcher = self.processes[0]
        if watcher.actor_ref not in self.dead | {left, right}:
            self.monitors[watcher._monitor(right)] = (watcher.actor_ref, right)
        process = process_of(left)
        assert process is not None
        process._terminate("kill")
        self.ends(left, "kill")
        assert (right in self.dead) is not trap

    @precondition(some_alive)
    @rule(index=INDEX, name=NAMES)
    def register(self, index: int, name: str) -> None:
        """Give a name, when it and the process have none."""
        pid = self.pick(index, alive=True).actor_ref
        if name in self.names or pid in self.names.values():
            with pytest.raises(ValueError, match=r"registered as|taken by"):
                register(name, pid)
        else:
            register(name, pid)
            self.names[name] = pid

    @precondition(lambda self: self.names)
    @rule(index=INDEX)
    def unregister(self, index: int) -> None:
        """Take a name away."""
        name = list(self.names)[index % len(self.names)]
        unregister(name)
        del self.names[name]

    @precondition(some_alive)
    @rule(index=INDEX, name=NAMES)
    def monitor_by_name(self, index: int, name: str) -> None:
        """Watch whoever has a name, or nobody."""
        watcher = self.pick(index, alive=True)
        ref = watcher._monitor(name)
        if name in self.names:
            self.monitors[ref] = (watcher.actor_ref, self.names[name])
        else:
            self.receives(watcher.actor_ref, Down(ref, name, "noproc"))

    @precondition(some_alive)
    @rule(index=INDEX, reason=REASONS)
    def exit(self, index: int, reason: str) -> None:
        """End of its own."""
        process = self.pick(index, alive=True)
        process._terminate(reason)
        self.ends(process.actor_ref, reason)

    @invariant()
    def agrees(self) -> None:
        """The same ones live, with the same links and the same messages."""
        assert {name: whereis(name) for name in registered()} == self.names
        for process in self.processes:
            pid = process.actor_ref
            assert pid.is_alive() == (pid not in self.dead)
            assert (process_of(pid) is None) == (pid in self.dead)
            if pid in self.dead:
                continue
            assert {frozenset([pid, other]) for other in process._prx_links} == {p for p in self.links if pid in p}
            got = [process.actor_inbox.receive(timeout=0) for _ in range(len(process.actor_inbox))]
            # One end may tell a process through several ways: there, the order is free.
            assert sorted(map(repr, got)) == sorted(map(repr, self.expected[pid]))
            self.expected[pid].clear()


TestSignals = pytest.mark.slow(pytest.mark.timeout(600)(Signals.TestCase))
TestSignals.settings = settings(max_examples=SCHEDULES, stateful_step_count=25, deadline=None)
