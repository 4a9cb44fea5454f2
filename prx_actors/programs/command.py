"""Command: a program to run, and how."""

from __future__ import annotations

import dataclasses
import os
import shlex
import signal
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from prx_actors.programs.mistakes import BadCommand, mistakes
from prx_actors.programs.streams import NULL, PIPE, special

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from logging import Logger
    from typing import IO

    from prx_actors.actors import Pid
    from prx_actors.programs.health import Health
    from prx_actors.programs.limits import Limits
    from prx_actors.programs.streams import RotatingFile, Special, Window

    Text = str | bytes | os.PathLike[str]
    Input = Special | bytes | int | IO[Any] | os.PathLike[str] | Iterable[Any]
    Output = Special | int | IO[Any] | os.PathLike[str] | RotatingFile | Logger | Callable[[bytes], object]

__all__ = ["Command"]


@dataclass(frozen=True, slots=True)
class Command:
    r"""A program to run: immutable, and checked when it is made.

    Each program has a session of its own. It may be given to `run`, `stream` and
    `pipe`, and stands for the `start` of a supervisor's child.

    Args:
        argv: the program, which `PATH` leads to, and its arguments

    Raises:
        BadCommand: names every mistake

    Example:
        >>> from prx_actors import Command, run
        >>> command = Command(["printenv", "NAME"], env_update={"NAME": "a name"}, cwd="/")
        >>> print(command)
        cd / && NAME='a name' printenv NAME
        >>> run(command).stdout
        b'a name\n'
        >>> Command([], nice=50)
        Traceback (most recent call last):
            ...
        prx_actors.programs.mistakes.BadCommand: argv: it is empty; nice: 50 is not from -20 to 19

    """

    argv: Sequence[Text]
    """The program and its arguments."""

    _: dataclasses.KW_ONLY

    arg0: Text | None = None
    """The name by which the program is told that it was called."""

    env: Mapping[str, str] | None = None
    """The whole environment; none for that of this program when it starts."""

    env_update: Mapping[str, str | None] = field(default_factory=dict)
    """What is added to the environment, or, with None, taken out of it."""

    cwd: Text | None = None
    """The directory that it starts in; none for that of this program."""

    stdin: Input = NULL
    """`NULL`, `INHERIT`, `PIPE`, bytes, a file (or an fd), a path, or an iterable of
    bytes, str or `Stdout`, which is read on a thread of its own."""

    stdout: Output = PIPE
    """`PIPE`, which is delivered to whoever runs it, `NULL`, `INHERIT`, a file (or
    an fd), a path, whose file is written anew, a `RotatingFile`, a logger, which
    gets lines, or a function, which gets pieces of bytes."""

    stderr: Output = PIPE
    """As stdout; or `MERGE`, where stdout goes."""

    pty: bool | Window = False
    """Whether its terminal and its streams, unless they are something else than a
    `PIPE`, are a new pseudo-terminal; or the size of that. Its stdin is the
    terminal unless it is a file or a path; stderr comes with stdout."""

    user: str | int | None = None
    """Whom it runs as, real, effective and saved. This takes root."""

    group: str | int | None = None
    """Its group; none for the user's own where a user is given."""

    groups: Collection[str | int] | None = None
    """Its supplementary groups; none for the user's where a user is given."""

    umask: int | None = None
    """Which permissions the files that it makes do not get."""

    nice: int | None = None
    """Its nice value, -20 to 19."""

    rlimits: Mapping[str, int | tuple[int, int]] = field(default_factory=dict)
    """Resource limits by name, `nofile` for one; each is a number, or the soft and
    the hard limit."""

    limits: Limits | None = None
    """What it and all that it starts may use together, by control groups. This takes root,
    or a group that is delegated."""

    no_new_privs: bool = True
    """Whether set-user-ID programs and the like give it no privileges."""

    stop_signal: int = signal.SIGTERM
    """What asks it to end."""

    grace: float = 4.0
    """Seconds from that to SIGKILL."""

    timeout: float | None = None
    """Seconds that it may run; then it is asked to end."""

    stderr_lines: int = 0
    """How many of the last lines of its stderr are kept, in 64 KiB, to say why it has
    failed: `Completed.last_stderr`, a note of the error of `check=True`, a record in
    the log of a supervised one. They also go where its stderr goes, which is neither
    a file that the program writes itself nor its terminal."""

    exit_codes: Collection[int] = (0,)
    """Exit statuses that are no failure."""

    readiness: Any = None
    """What tells a supervisor that it is ready, one of `prx_actors.programs.readiness`."""

    health: Health | None = None
    """How it is checked while a supervisor has it run. When that fails, the child ends
    as `Unhealthy`, and so is restarted."""

    reload_signal: int = signal.SIGHUP
    """What has it read its configuration again; see `prx_actors.programs.reload`."""

    name: str = ""
    """What it is called in logs; the program's name when nothing is given."""

    log_limit: int = 1000
    """How many lines a second go to a log; the others are counted."""

    def __post_init__(self) -> None:
        wrong = mistakes(self)
        if wrong:
            raise BadCommand(wrong)
        for name, value in self._normal().items():
            object.__setattr__(self, name, value)

    def _normal(self) -> dict[str, Any]:
        argv = tuple(self.argv)
        return {
            "argv": argv,
            "env": None if self.env is None else MappingProxyType(dict(self.env)),
            "env_update": MappingProxyType(dict(self.env_update)),
            "rlimits": MappingProxyType(dict(self.rlimits)),
            "groups": None if self.groups is None else tuple(self.groups),
            "exit_codes": frozenset(self.exit_codes),
            "stop_signal": signal.Signals(self.stop_signal),
            "reload_signal": signal.Signals(self.reload_signal),
            "stdin": special(self.stdin),
            "stdout": special(self.stdout),
            "stderr": special(self.stderr),
            "name": self.name or os.path.basename(os.fsdecode(argv[0])),  # noqa: PTH119 -- bytes too
        }

    @classmethod
    def shell(cls, line: Text, **options: Any) -> Command:
        r"""Make a command of a line for `/bin/sh`.

        Args:
            line: what the shell is to do; nothing in it is quoted for you
            options: as for the class

        Returns:
            the command

        Raises:
            BadCommand: names every mistake

        Example:
            >>> from prx_actors import Command, run
            >>> run(Command.shell("echo $((6 * 7)) | cat")).stdout
            b'42\n'

        """
        return cls(("/bin/sh", "-c", line), **options)

    @classmethod
    def of(cls, command: Command | Iterable[Text], **options: Any) -> Command:
        """Make a command of an argv, or a variant of a command.

        Args:
            command: either
            options: fields

        Returns:
            the command

        Raises:
            BadCommand: names every mistake

        Example:
            >>> from prx_actors import Command
            >>> Command.of(Command.of(["true"]), nice=5).nice
            5

        """
        if isinstance(command, Command):
            return command.replace(**options) if options else command
        return cls(command, **options)  # type: ignore[arg-type] # made a tuple

    def replace(self, **changes: Any) -> Command:
        """Make a variant.

        Args:
            changes: fields and their values

        Returns:
            the variant; this one stays as it is

        Raises:
            BadCommand: names every mistake
            TypeError: there is no such field

        Example:
            >>> from prx_actors import Command
            >>> Command(["sleep", "1"]).replace(grace=0.5).grace
            0.5

        """
        return dataclasses.replace(self, **changes)

    def with_env(self, variables: Mapping[str, str | None]) -> Command:
        """Make a variant with more in its environment.

        Args:
            variables: as `env_update`, whose others stay

        Returns:
            the variant; this one stays as it is

        Raises:
            BadCommand: names every mistake

        Example:
            >>> from prx_actors import Command
            >>> print(Command(["true"], env_update={"A": "1"}).with_env({"B": "2"}))
            A=1 B=2 true

        """
        return self.replace(env_update={**self.env_update, **variables})

    def __str__(self) -> str:
        where = "" if self.cwd is None else f"cd {_quoted(self.cwd)} && "
        setting = {name: value for name, value in self.env_update.items() if value is not None}
        taken = [f"-u {shlex.quote(name)} " for name, value in self.env_update.items() if value is None]
        env = "env -i " if self.env is not None else "env " if taken else ""
        names = "".join(f"{name}={shlex.quote(value)} " for name, value in ({**(self.env or {}), **setting}).items())
        return f"{where}{env}{''.join(taken)}{names}{' '.join(map(_quoted, self.argv))}"

    def __repr__(self) -> str:
        usual = Command(self.argv)
        names = [one.name for one in dataclasses.fields(self)]
        given = [name for name in names if getattr(self, name) != getattr(usual, name)]
        options = "".join(f", {name}={_plain(getattr(self, name))!r}" for name in given)
        return f"Command({list(self.argv)!r}{options})"

    def __reduce__(self) -> tuple[Callable[..., Command], tuple[dict[str, Any]]]:
        # By its constructor: the read-only mappings can neither be pickled nor copied.
        return _made_of, ({one.name: _plain(getattr(self, one.name)) for one in dataclasses.fields(self)},)

    def environment(self) -> dict[bytes, bytes]:
        """Return the environment that it starts with, as it goes over."""
        env = dict(os.environb) if self.env is None else _encoded(self.env)
        env |= _encoded({name: value for name, value in self.env_update.items() if value is not None})
        for name, value in self.env_update.items():
            if value is None:
                env.pop(os.fsencode(name), None)
        return env

    def allows(self, end: object) -> bool:
        """Say whether an `ExitStatus` or `TermSig` is no failure."""
        return getattr(end, "status", None) in self.exit_codes

    def start_link(self) -> Pid:
        """Start it as a child of a supervisor, which is the caller.

        Returns:
            the child, which ends as `"normal"` when the program exits as
            `exit_codes` allows, else with the `ExitStatus` or `TermSig`

        Raises:
            StartError: it does not start, or is not ready in time

        """
        from prx_actors.programs.service import Service

        return Service.start_command(self)


def _made_of(fields: dict[str, Any]) -> Command:
    return Command(**fields)


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, MappingProxyType) else value


def _quoted(text: Text) -> str:
    return shlex.quote(os.fsdecode(text))


def _encoded(env: Mapping[str, str]) -> dict[bytes, bytes]:
    return {os.fsencode(name): os.fsencode(value) for name, value in env.items()}
