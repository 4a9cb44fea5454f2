"""The same scripted servers, run by OTP's gen_server and by ours: what comes of each event must be the same."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.erlang import erlang
from support.features import require

from prx_actors.actors import Down, Exit, exit, exit_signal, receive, spawn_monitor, trap_exit
from prx_actors.actors.table import process_of
from prx_actors.otp import CallError, Continue, GenServer, Ignore, NoReply, Reply, StartError, Stop, Timeout, sys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prx_actors.otp import From

# Erlang may take its time on a machine that is busy.
pytestmark = pytest.mark.timeout(300)

ORACLE = Path(__file__).with_name("gen_server_oracle.escript")
WAIT = 30.0
SCENARIOS = 300 if "CI" in os.environ else 2000
REASONS: tuple[object, ...] = ("normal", "shutdown", "died", ("shutdown", "x"))

Term = Any
Scenario = tuple[Term, str, Term, list[tuple[str, Term]]]


class CrashError(Exception):
    """A server's own fault."""


class Scripted(GenServer):
    """Does what its requests say, and notes what is called."""

    def init(self, script: Term, trap: str, terminate: Term, log: list[Term]) -> Any:
        """Begin, or not."""
        trap_exit(trap == "true")
        self.log, self.last = log, terminate
        match script:
            case ("ok", then):
                return _then(then)
            case "ignore":
                return Ignore()
            case ("stop", reason):
                return Stop(reason)
            case "bad":
                return Reply("of what?")
        return _fail(script)

    def handle_call(self, request: Term, sender: From) -> Any:
        """Answer as the request says."""
        self.log.append(("call", request))
        match request:
            case ("reply", value, then):
                return Reply(value, _then(then))
            case ("later", value, then):
                self.reply(sender, value)
                return NoReply(_then(then))
            case ("stop", reason):
                return Stop(reason)
            case ("stop", reason, value):
                return Stop(reason, value)
        return _fail(request)

    def handle_cast(self, request: Term) -> Any:
        """Do what the request says."""
        self.log.append(("cast", request))
        return _other(request)

    def handle_info(self, message: Any) -> Any:
        """Do what the message says."""
        match message:
            case ("info", action):
                self.log.append(message)
                return _other(action)
            case Timeout():
                self.log.append("timeout")
            case Exit(_, reason):
                self.log.append(("'EXIT'", plain(reason)))
        return None

    def handle_continue(self, argument: Term) -> Any:
        """Do what was said before."""
        self.log.append(("continue", argument))
        return _other(argument)

    def terminate(self, reason: object) -> None:
        """End as the script says."""
        self.log.append(("terminate", plain(reason)))
        if self.last != "ok":
            _fail(self.last)


def _then(then: Term) -> Timeout | Continue | None:
    match then:
        case ("continue", action):
            return Continue(action)
        case "timeout":
            return Timeout(0)
    return None


def _other(action: Term) -> Any:
    match action:
        case ("go", then):
            return _then(then)
        case ("stop", reason):
            return Stop(reason)
    return _fail(action)


def _fail(action: Term) -> Any:
    match action:
        case "crash":
            raise CrashError
        case ("exit", reason):
            exit(reason)
    return Ignore()  # which is for `init` alone


def plain(reason: object) -> Term:
    """Return a reason without what is Python's: an exception by its kind."""
    if isinstance(reason, CrashError):
        return "crashed"
    return "bad_return" if isinstance(reason, tuple) and reason[0] == "bad_return_value" else reason


class Ours:
    """One script, run by our server."""

    def __init__(self, scenario: Scenario) -> None:
        *self.start, self.events = scenario
        self.log: list[Term] = []
        self.end: object = None

    def run(self) -> Iterator[Term]:
        """Yield what comes of the start and of each event."""
        try:
            self.pid = Scripted.start_link(*self.start, self.log)
        except StartError as error:
            yield ("error", plain(error.reason)), "none"
            return
        if self.pid is None:
            yield "ignore", "none"
            return
        yield "started", self.settle()
        for verb, what in self.events:
            yield getattr(self, f"_do_{verb}")(what), self.settle()
        exit_signal(self.pid, "kill")
        if self.end is None:
            receive(Exit, pid=self.pid, timeout=WAIT)

    def settle(self) -> Term:
        """Wait until the server has nothing to do, and tell what it did."""
        while (process := process_of(self.pid)) is not None:
            with suppress(CallError):
                sys.get_state(self.pid)
                if process._prx_expected is None:  # type: ignore[attr-defined]
                    break
        if process is None and self.end is None:
            self.end = ("ended", plain(receive(Exit, pid=self.pid, timeout=WAIT).reason))
        seen, self.log[:] = list(self.log), []
        return self.end or "running", seen, []

    def _do_call(self, action: Term) -> Term:
        try:
            return "reply", GenServer.call(self.pid, action, WAIT)
        except CallError as error:
            return "exit", plain(error.reason)

    def _do_cast(self, action: Term) -> Term:
        GenServer.cast(self.pid, action)
        return "ok"

    def _do_info(self, action: Term) -> Term:
        self.pid._send(("info", action))
        return "ok"

    def _do_from_parent(self, reason: object) -> Term:
        exit_signal(self.pid, reason)
        return "ok"

    def _do_from_other(self, reason: object) -> Term:
        _, ref = spawn_monitor(exit_signal, self.pid, reason)
        receive(Down, ref=ref, timeout=WAIT)
        return "ok"

    def _do_stop(self, reason: object) -> Term:
        try:
            GenServer.stop(self.pid, reason, WAIT)
        except CallError as error:
            return "exit", plain(error.reason)
        return "ok"


def some_then(chance: random.Random) -> Term:
    """Return what is to be done after a callback."""
    return chance.choice(("none", "none", "none", "timeout", ("continue", some_other(chance))))


def some_fault(chance: random.Random) -> Term:
    """Return a way to fail."""
    return chance.choice(("crash", ("exit", chance.choice(REASONS)), "bad"))


def some_other(chance: random.Random) -> Term:
    """Return what is asked for by all but a call."""
    if chance.random() < 0.75:
        return "go", some_then(chance)
    return chance.choice((("stop", chance.choice(REASONS)), some_fault(chance)))


def some_call(chance: random.Random) -> Term:
    """Return what a call asks for."""
    value = chance.randrange(100)
    if chance.random() < 0.7:
        return chance.choice(("reply", "later")), value, some_then(chance)
    reason = chance.choice(REASONS)
    return chance.choice((("stop", reason), ("stop", reason, value), some_fault(chance)))


def some_event(chance: random.Random) -> tuple[str, Term]:
    """Return something that happens to the server."""
    verb = chance.choice(("call", "call", "call", "cast", "cast", "info", "from_parent", "from_other", "stop"))
    if verb in ("from_parent", "from_other", "stop"):
        return verb, chance.choice(REASONS)
    return verb, some_call(chance) if verb == "call" else some_other(chance)


def some_scenario(chance: random.Random) -> Scenario:
    """Return how a server starts and ends and what happens to it meanwhile."""
    init = chance.choice((*[("ok", some_then(chance))] * 8, "ignore", ("stop", "no"), some_fault(chance)))
    terminate = chance.choice(("ok", "ok", "ok", some_fault(chance)))
    return init, chance.choice(("true", "false")), terminate, [some_event(chance) for _ in range(6)]


def test_servers_do_what_those_of_otp_do(tmp_path: Path) -> None:
    """Starts, calls, casts, other messages, continues, timeouts, faults, exit signals and stops, in random scripts."""
    require(shutil.which("escript"), "escript, of erlang-base")
    trap_exit(True)
    chance = random.Random("servers")  # noqa: S311 -- no secret
    scenarios = [some_scenario(chance) for _ in range(SCENARIOS)]
    script = tmp_path / "scenarios"
    script.write_text("".join(f"{erlang(scenario)}.\n" for scenario in scenarios))
    done = subprocess.run(["escript", ORACLE, script], capture_output=True, text=True, check=True, timeout=200)
    *theirs, rest = done.stdout.split("end\n")
    assert rest == ""
    for scenario, expected in zip(scenarios, theirs, strict=True):
        for ours, outcome in zip(Ours(scenario).run(), expected.splitlines(), strict=True):
            assert erlang(ours) == outcome, erlang(scenario)
