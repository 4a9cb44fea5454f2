"""The same random machines run by Erlang's gen_statem and by ours."""

from __future__ import annotations

import random
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from support.features import require

from prx_actors.otp import sys
from prx_actors.otp.state_machine import (
    Call,
    Cast,
    Enter,
    EventTimeout,
    GenericTimeout,
    Internal,
    KeepState,
    NextEvent,
    NextState,
    Postpone,
    RepeatState,
    Reply,
    StateMachine,
    StateTimeout,
)

if TYPE_CHECKING:
    from pathlib import Path

# Erlang may take its time on a machine that is busy.
pytestmark = pytest.mark.timeout(300)

MACHINES = 300
STATES = "a", "b", "c"
NUMBERS = range(4)
BUDGET = 40
"""After as many steps a machine only keeps its state, so that each comes to an end."""

ESCRIPT = """
-mode(compile).
-export([init/1, callback_mode/0, handle_event/4]).

main([File]) ->
    {ok, [Machines]} = file:consult(File),
    lists:foreach(fun run/1, Machines).

run({Casts, Rules}) ->
    {ok, Pid} = gen_statem:start(?MODULE, maps:from_list(Rules), []),
    sys:suspend(Pid),
    [gen_statem:cast(Pid, N) || N <- Casts],
    sys:resume(Pid),
    Trace = gen_statem:call(Pid, trace),
    io:format("~s~n", [lists:join(" ", Trace)]),
    gen_statem:stop(Pid).

callback_mode() -> [handle_event_function, state_enter].

init(Rules) -> {ok, a, {Rules, []}}.

handle_event({call, From}, trace, _, {_, Trace}) ->
    {keep_state_and_data, [{reply, From, lists:reverse(Trace)}]};
handle_event(Kind, Content, State, {Rules, Trace}) ->
    Line = io_lib:format("~w:~s:~w", [State, kind(Kind), Content]),
    Data = {Rules, [Line | Trace]},
    case length(Trace) < %(budget)d of
        true -> result(maps:get({State, list_to_atom(kind(Kind)), Content}, Rules, {keep, []}), Data);
        false -> {keep_state, Data}
    end.

kind({timeout, Name}) -> "timeout_" ++ atom_to_list(Name);
kind(Kind) -> atom_to_list(Kind).

result({keep, Actions}, Data) -> {keep_state, Data, Actions};
result({repeat, Actions}, Data) -> {repeat_state, Data, Actions};
result({State, Actions}, Data) -> {next_state, State, Data, Actions}.
"""

Rules = dict[tuple[str, str, Any], tuple[str, list[str]]]

ACTIONS: dict[str, Any] = {
    "{state_timeout,cancel}": StateTimeout.cancel(),
    "{{timeout,x},cancel}": GenericTimeout.cancel("x"),
}
for number in NUMBERS:
    ACTIONS |= {
        f"{{state_timeout,0,{number}}}": StateTimeout(0, number),
        f"{{timeout,0,{number}}}": EventTimeout(0, number),
        f"{{{{timeout,x}},0,{number}}}": GenericTimeout("x", 0, number),
        f"{{{{timeout,y}},0,{number}}}": GenericTimeout("y", 0, number),
        f"{{state_timeout,update,{number}}}": StateTimeout.update(number),
        f"{{{{timeout,x}},update,{number}}}": GenericTimeout.update("x", number),
    }
TIMEOUTS = list(ACTIONS)
ACTIONS["postpone"] = Postpone()
ACTIONS |= {f"{{next_event,internal,{number}}}": NextEvent(Internal(number)) for number in NUMBERS}
EVENTS = [action for action in ACTIONS if action not in TIMEOUTS]


def random_machine(randoms: random.Random) -> tuple[list[int], Rules]:
    """Return the casts to send, and what to do in each state on each event."""
    rules: Rules = {}
    for state in STATES:
        for kind in ("cast", "internal", "state_timeout", "timeout", "timeout_x", "timeout_y"):
            for number in NUMBERS:
                actions = randoms.choices(TIMEOUTS, k=randoms.randrange(3)) + randoms.choices(
                    EVENTS, k=randoms.randrange(2)
                )
                randoms.shuffle(actions)
                rules[state, kind, number] = randoms.choice(["keep", "keep", "repeat", *STATES]), actions
        for old in STATES:
            result = randoms.choice(["keep"] * 4 + ["repeat"])
            rules[state, "enter", old] = result, randoms.choices(TIMEOUTS, k=randoms.randrange(2))
    return randoms.choices(NUMBERS, k=8), rules


def erlang(machine: tuple[list[int], Rules]) -> str:
    """Write a machine as an Erlang term."""
    casts, rules = machine
    written = (
        f"{{{{{state},{kind},{content}}},{{{result},[{','.join(actions)}]}}}}"
        for (state, kind, content), (result, actions) in rules.items()
    )
    return f"{{{casts},[{','.join(written)}]}}"


class Random(StateMachine):
    """Does what its rules say."""

    callback_mode = "handle_event_function"
    state_enter = True

    def init(self, rules: Rules) -> NextState:
        """Take the rules."""
        self.rules = rules
        self.trace: list[str] = []
        return NextState("a")

    def handle_event(self, event: Any, state: Any) -> Any:
        """Look up what to do."""
        match event:
            case Call("trace", sender):
                return KeepState(Reply(sender, " ".join(self.trace)))
            case Enter(content):
                kind = "enter"
            case Cast(content):
                kind = "cast"
            case Internal(content):
                kind = "internal"
            case StateTimeout(_, content):
                kind = "state_timeout"
            case EventTimeout(_, content):
                kind = "timeout"
            case GenericTimeout(name, _, content):
                kind = f"timeout_{name}"
        self.trace.append(f"{state}:{kind}:{content}")
        if len(self.trace) > BUDGET:
            return None
        return self.result(*self.rules[state, kind, content])

    def result(self, result: str, actions: list[str]) -> Any:
        """Make what a rule stands for."""
        done = [ACTIONS[action] for action in actions]
        match result:
            case "keep":
                return KeepState(*done)
            case "repeat":
                return RepeatState(*done)
        return NextState(result, *done)


def our_trace(machine: tuple[list[int], Rules]) -> str:
    """Run a machine here."""
    casts, rules = machine
    pid = Random.start(rules)
    sys.suspend(pid)
    for number in casts:
        StateMachine.cast(pid, number)
    sys.resume(pid)
    trace: str = StateMachine.call(pid, "trace")
    StateMachine.stop(pid)
    return trace


def test_random_machines_do_what_they_do_in_erlang(tmp_path: Path) -> None:
    """States, postponing, inserted events, enter calls and all time-outs of 0, in the same order."""
    require(shutil.which("escript") is not None, "Erlang (the package erlang-base)")
    randoms = random.Random(1998)  # noqa: S311 -- a script of events
    machines = [random_machine(randoms) for _ in range(MACHINES)]
    script, terms = tmp_path / "machines.escript", tmp_path / "machines.terms"
    script.write_text("#!/usr/bin/env escript\n" + ESCRIPT % {"budget": BUDGET})
    terms.write_text(f"[{','.join(map(erlang, machines))}].")
    done = subprocess.run(["escript", script, terms], capture_output=True, text=True, timeout=50, check=True)
    traces = done.stdout.splitlines()
    assert len(traces) == MACHINES
    for machine, trace in zip(machines, traces, strict=True):
        assert our_trace(machine) == trace, erlang(machine)
