"""What may be wrong with a command: found when it is made, all at once."""

from __future__ import annotations

import grp
import os
import pwd
import signal
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from prx_actors.constants import Resource
from prx_actors.programs.health import Health
from prx_actors.programs.limits import Limits
from prx_actors.programs.readiness import Readiness
from prx_actors.programs.streams import Window, input_mistake, is_relayed, output_mistake, special
from prx_actors.programs.terminal import terminal_streams
from prx_actors.tasks.rlimit import to_driver

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BadCommand", "mistakes", "resource"]

MODES = 0o777
LINES_MOST = 1000
SIGNALS = {int(one) for one in signal.Signals}


class BadCommand(ValueError):  # noqa: N818 -- as BadOp
    """A command has mistakes.

    Args:
        mistakes: each names its field and says what is wrong

    """

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(self.mistakes))

    def __reduce__(self) -> tuple[type[BadCommand], tuple[tuple[str, ...]]]:
        return BadCommand, (self.mistakes,)


# The fields of a command, whatever the user has given for them.


def mistakes(command: Any) -> list[str]:
    """Return all that is wrong with the fields of a command."""
    return [found for check in _CHECKS for found in check(command)]


def _argv(command: Any) -> Iterator[str]:
    argv = command.argv
    if isinstance(argv, str | bytes) or not isinstance(argv, Iterable):
        yield f"argv: {argv!r} is no list of arguments; Command.shell takes a line"
        return
    if not isinstance(argv, tuple):
        # An iterator can be read once.
        object.__setattr__(command, "argv", argv := tuple(argv))
    if not argv:
        yield "argv: it is empty"
    for text in argv:
        yield from _text("argv", text)
    for name in ("arg0", "cwd"):
        if (value := getattr(command, name)) is not None:
            yield from _text(name, value)


def _text(name: str, text: object) -> Iterator[str]:
    if not isinstance(text, str | bytes | os.PathLike):
        yield f"{name}: {text!r} is no str, bytes or path"
    elif b"\0" in os.fsencode(text):
        yield f"{name}: {text!r} has a NUL in it"


def _environment(command: Any) -> Iterator[str]:
    for field, nothing in (("env", command.env is None), ("env_update", False)):
        env = getattr(command, field)
        if nothing:
            continue
        if not isinstance(env, Mapping):
            yield f"{field}: {env!r} is no mapping"
            continue
        for name, value in env.items():
            yield from _variable(field, name, value, removable=field == "env_update")


def _variable(field: str, name: object, value: object, *, removable: bool) -> Iterator[str]:
    if not isinstance(name, str) or not name or "=" in name or "\0" in name:
        yield f"{field}: {name!r} is no name of a variable"
    if value is None and removable:
        return
    if not isinstance(value, str) or "\0" in value:
        yield f"{field}: {name}={value!r} is no str, or has a NUL in it"


def _streams(command: Any) -> Iterator[str]:
    yield from filter(None, [input_mistake(special(command.stdin))])
    for name in ("stdout", "stderr"):
        yield from filter(None, [output_mistake(name, special(getattr(command, name)))])
    if isinstance(command.pty, tuple):
        sizes = [size for size in command.pty if isinstance(size, int) and 0 < size < 1 << 16]
        if len(sizes) != len(command.pty) or len(sizes) != len(Window._fields):
            yield f"pty: {command.pty} is no size of a terminal"
    elif not isinstance(command.pty, bool):
        yield f"pty: {command.pty!r} is neither a bool nor a Window"
    if command.pty and not terminal_streams(command):
        yield "pty: none of its streams may be the terminal"
    if command.stderr_lines and (command.pty or not is_relayed(special(command.stderr))):
        where = "its terminal" if command.pty else repr(command.stderr)
        yield f"stderr_lines: its stderr does not come here, but goes to {where}"


def _identity(command: Any) -> Iterator[str]:
    if command.user is not None:
        yield from _known("user", command.user, partial(pwd.getpwnam, str(command.user)))
    for group in [*([] if command.group is None else [command.group]), *_listed_groups(command)]:
        yield from _known("group", group, partial(grp.getgrnam, str(group)))


def _listed_groups(command: Any) -> Collection[Any]:
    return command.groups if isinstance(command.groups, Collection) else ()


def _known(field: str, name: object, look_up: Callable[[], object]) -> Iterator[str]:
    if isinstance(name, int) and not isinstance(name, bool):
        if not 0 <= name < (1 << 32) - 1:
            yield f"{field}: {name} is no id"
    elif isinstance(name, str):
        try:
            look_up()
        except KeyError:
            yield f"{field}: there is no {field} {name!r}"
    else:
        yield f"{field}: {name!r} is neither a name nor an id"


def resource(name: str) -> Resource:
    """Return a resource by its name, with or without `rlimit_` in front.

    Raises:
        KeyError: there is none

    """
    upper = str(name).upper()
    return Resource[upper if upper.startswith("RLIMIT_") else f"RLIMIT_{upper}"]


def _limits(command: Any) -> Iterator[str]:
    if not isinstance(command.rlimits, Mapping):
        yield f"rlimits: {command.rlimits!r} is no mapping"
        return
    for name, limit in command.rlimits.items():
        yield from _limit(name, limit)


def _limit(name: str, limit: Any) -> Iterator[str]:
    try:
        resource(name)
    except KeyError:
        yield f"rlimits: there is no limit {name!r}"
    try:
        soft, hard = to_driver((limit, limit) if isinstance(limit, int) else limit)
    except (TypeError, ValueError, OverflowError) as error:
        yield f"rlimits: {name}: {error}"
    else:
        if hard >= 0 and not 0 <= soft <= hard:
            yield f"rlimits: {name}: the soft limit {soft} is above the hard one {hard}"


def _numbers(command: Any) -> Iterator[str]:
    yield from _range("umask", command.umask, 0, MODES)
    yield from _range("nice", command.nice, -20, 19)
    yield from _range("log_limit", command.log_limit, 0, None)
    yield from _range("stderr_lines", command.stderr_lines, 0, LINES_MOST)
    for name in ("stop_signal", "reload_signal"):
        if getattr(command, name) not in SIGNALS:
            yield f"{name}: {getattr(command, name)!r} is no signal"
    for name in ("grace", "timeout"):
        value = getattr(command, name)
        if not (value is None and name == "timeout") and not (isinstance(value, int | float) and value >= 0):
            yield f"{name}: {value!r} is no number of seconds"
    for code in command.exit_codes if isinstance(command.exit_codes, Collection) else [command.exit_codes]:
        yield from _range("exit_codes", code, 0, 255)


def _range(name: str, value: object, least: int, most: int | None) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, int) or value < least or (most is not None and value > most):
        yield f"{name}: {value!r} is not from {least}{'' if most is None else f' to {most}'}"


def _others(command: Any) -> Iterator[str]:
    if command.readiness is not None and not isinstance(command.readiness, Readiness):
        yield f"readiness: {command.readiness!r} has no method begin"
    if command.limits is not None and not isinstance(command.limits, Limits):
        yield f"limits: {command.limits!r} is no Limits"
    if command.health is not None and not isinstance(command.health, Health):
        yield f"health: {command.health!r} is no Health"
    if not isinstance(command.name, str):
        yield f"name: {command.name!r} is no str"
    if command.groups is not None and (isinstance(command.groups, str) or not isinstance(command.groups, Collection)):
        yield f"groups: {command.groups!r} is no list of groups"


_CHECKS = (_argv, _environment, _streams, _identity, _limits, _numbers, _others)
