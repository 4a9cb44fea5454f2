"""Commands: what they hold, how they print, and what is wrong with them."""

from __future__ import annotations

import copy
import dataclasses
import logging
import os
import pickle
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from prx_actors import Command, run
from prx_actors.programs import INHERIT, MERGE, NULL, PIPE, BadCommand, RotatingFile

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_command_is_immutable_and_keeps_what_it_was_given() -> None:
    """What it was made of may change: it does not."""
    argv, env = ["printenv", "A"], {"A": "1"}
    command = Command(argv, env=env)
    argv.append("B")
    env["A"] = "2"
    assert command.argv == ("printenv", "A")
    assert command.env == {"A": "1"}
    with pytest.raises(dataclasses.FrozenInstanceError):
        command.cwd = "/"  # type: ignore[misc]
    with pytest.raises(TypeError):
        command.env["A"] = "3"  # type: ignore[index]


def test_a_variant_leaves_the_original_as_it_is() -> None:
    """And has all its other fields."""
    command = Command(("sleep", "5"), grace=1.0, env_update={"A": "1"})
    variant = command.replace(nice=3, env_update={"B": "2"})
    assert (command.nice, dict(command.env_update)) == (None, {"A": "1"})
    assert (variant.nice, dict(variant.env_update), variant.grace) == (3, {"B": "2"}, 1.0)
    with pytest.raises(TypeError, match="speed"):
        command.replace(speed=3)


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"argv": ()}, "argv: it is empty"),
    ({"argv": "ls -l"}, "argv: 'ls -l' is no list"),
    ({"argv": 5}, "argv: 5 is no list"),
    ({"argv": ("ls", 5)}, "argv: 5 is no str"),
    ({"argv": ("l\0s",)}, "NUL"),
    ({"arg0": 5}, "arg0: 5"),
    ({"cwd": "a\0"}, "cwd: .* has a NUL"),
    ({"env": ["A=1"]}, "env: .* is no mapping"),
    ({"env": {"A=B": "1"}}, "env: 'A=B' is no name"),
    ({"env": {"A": None}}, "env: A=None"),
    ({"env_update": {"A": 1}}, "env_update: A=1"),
    ({"stdin": 1.5}, "stdin: 1.5"),
    ({"stdin": "data"}, "stdin: a str"),
    ({"stdin": MERGE}, "stdin: MERGE"),
    ({"stdout": "file"}, "stdout: a str"),
    ({"stdout": MERGE}, "stdout: MERGE"),
    ({"stdout": True}, "stdout: True"),
    ({"stderr": 1.5}, "stderr: 1.5"),
    ({"stderr": RotatingFile("x", max_bytes=0)}, "stderr: a RotatingFile"),
    ({"pty": (5,)}, "pty"),
    ({"pty": (0, 80)}, "pty"),
    ({"pty": "yes"}, "pty"),
    ({"pty": True, "stdin": INHERIT, "stdout": NULL, "stderr": NULL}, "pty: none"),
    ({"user": "no such user"}, "user: there is no user"),
    ({"user": -1}, "user: -1 is no id"),
    ({"user": 1.5}, "user: 1.5"),
    ({"group": "no such group"}, "group: there is no group"),
    ({"groups": [0, "no such group"]}, "group: there is no group"),
    ({"groups": "adm"}, "groups: 'adm' is no list"),
    ({"umask": 0o1000}, "umask: 512"),
    ({"nice": 20}, "nice: 20"),
    ({"nice": "5"}, "nice: '5'"),
    ({"rlimits": {"nofiles": 5}}, "rlimits: there is no limit 'nofiles'"),
    ({"rlimits": {"nofile": (5, 1)}}, "rlimits: nofile: the soft limit 5"),
    ({"rlimits": {"nofile": "many"}}, "rlimits: nofile"),
    ({"rlimits": [5]}, "rlimits: .* no mapping"),
    ({"stop_signal": 99}, "stop_signal: 99"),
    ({"grace": -1}, "grace: -1"),
    ({"timeout": "5"}, "timeout: '5'"),
    ({"exit_codes": (0, 256)}, "exit_codes: 256"),
    ({"readiness": 5}, "readiness: 5"),
    ({"name": 5}, "name: 5"),
    ({"log_limit": -1}, "log_limit: -1"),
]


@pytest.mark.parametrize(("fields", "message"), MISTAKES, ids=str)
def test_a_mistake_is_named_when_the_command_is_made(fields: dict[str, Any], message: str) -> None:
    """The field, and what is wrong."""
    with pytest.raises(BadCommand, match=message):
        Command(**{"argv": ("true",), **fields})


def test_all_mistakes_are_named_at_once() -> None:
    """Who has made three need not try three times."""
    with pytest.raises(BadCommand) as caught:
        Command((), nice=50, grace=-1)
    assert [mistake.partition(":")[0] for mistake in caught.value.mistakes] == ["argv", "nice", "grace"]


@pytest.mark.parametrize(
    "command",
    [
        Command(("printf", "%s|", "a b", "$HOME", "'")),
        Command(("sh", "-c", 'printf %s "$PWD $A $B"'), cwd="/tmp", env_update={"A": "x y", "HOME": None}),
        Command(("/usr/bin/env",), env={"ONLY": "this one"}),
        Command.shell("echo $((1 + 1)) | cat"),
    ],
    ids=str,
)
def test_a_command_prints_as_a_line_that_does_the_same_in_a_shell(command: Command) -> None:
    """What is read in a log can be tried by hand."""
    by_hand = subprocess.run(["sh", "-c", str(command)], capture_output=True, check=True).stdout
    assert run(command).stdout == by_hand


def test_a_command_shows_what_is_unusual_about_it() -> None:
    """Its repr is short."""
    assert repr(Command(("ls",))) == "Command(['ls'])"
    shown = repr(Command(("ls",), cwd="/", env_update={"A": "1"}, stderr=MERGE))
    assert shown == "Command(['ls'], env_update={'A': '1'}, cwd='/', stderr=MERGE)"


def test_the_constants_of_subprocess_are_taken() -> None:
    """They are numbers, which would be bad fds."""
    command = Command(("ls",), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert (command.stdin, command.stdout, command.stderr) == (NULL, PIPE, MERGE)


def test_fields_have_the_types_that_they_are_used_with() -> None:
    """A bare number of a signal, names in any iterable."""
    command = Command((part for part in ["ls", Path("/")]), stop_signal=2, stdout=logging.getLogger("x"))  # type: ignore[arg-type]
    assert command.argv == ("ls", Path("/"))
    assert command.stop_signal is signal.SIGINT
    assert command.name == "ls"


def test_the_environment_is_that_of_the_time_of_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that of the time when the first task was forked, which the driver has."""
    monkeypatch.setenv("PRX_LATE", "now")
    assert run(["printenv", "PRX_LATE"]).stdout == b"now\n"
    assert "PRX_LATE" in os.environ


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])  # noqa: S301
def test_a_command_and_what_it_did_can_be_copied_and_sent_to_another_python(again: Callable[[Any], Any]) -> None:
    """A worker of a pool gives back what `run` has returned; the copy is as immutable as the original."""
    command = Command(
        ("sh", "-c", "echo $A"), env={"A": "1"}, env_update={"B": "2"}, rlimits={"nofile": 64}, stderr=MERGE
    )
    assert again(command) == command
    done = run(command)
    assert again(done) == done
    assert run(again(command)).stdout == b"1\n"
    with pytest.raises(TypeError):
        again(command).env["A"] = "3"
