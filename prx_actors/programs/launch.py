"""The start of a program: a root with the streams that the command asks for, operations, exec."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from prx_actors import prx
from prx_actors.actors import NoProcess
from prx_actors.driver.keeper import driver_path
from prx_actors.programs.limits import LimitGroup
from prx_actors.programs.operations import executions, ids, operations
from prx_actors.programs.streams import MERGE, far_end, is_relayed
from prx_actors.programs.terminal import open_terminal
from prx_actors.tasks.batch import Batch
from prx_actors.tasks.birth import Birth, fork_root

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prx_actors.programs.command import Command
    from prx_actors.programs.limits import Limits
    from prx_actors.tasks.batch import Operation
    from prx_actors.tasks.task import Task

__all__ = ["launch"]

NEXT = {errno.ENOENT, errno.ENOTDIR, errno.EACCES}
"""Errors of an exec after which the next folder of `PATH` has its turn."""

HIGH_WATER = 1 << 20
"""Bytes of output that may wait to be taken."""


def launch(command: Command) -> Task:
    """Start a program, which the calling process owns.

    Raises:
        OSError: a file cannot be opened, an operation fails, or exec does

    """
    first, *others = executions(command)
    batch = Batch((*operations(command), first))
    task = _fork(command, batch) if command.limits is None else _fork_limited(command, batch, command.limits)
    try:
        failure = task._process.take(batch)
        if failure is not None:
            _become(task, command, failure, others)
        _feed(task, command)
    except BaseException:
        task.stop(block=False)
        raise
    return task


def _fork(command: Command, batch: Batch | None) -> Task:
    with _streams(command) as fds:
        return fork_root(prx._launcher, driver_path(), Birth(fds=fds, options=_options(command), batch=batch))


def _fork_limited(command: Command, batch: Batch, limits: Limits) -> Task:
    group = LimitGroup(limits)
    try:
        task = _fork(command, None)
    except BaseException:
        group.remove()
        raise
    try:
        group.hold(task)
        task._process.post(batch)
    except BaseException:
        task.stop(block=False)
        raise
    return task


def _options(command: Command) -> dict[str, float]:
    return {
        "killdelay": command.grace,
        "signaloneof": command.stop_signal,
        "high_water": HIGH_WATER,
        "stdin_limit": max(16 << 20, len(_data(command))),
    }


def _become(task: Task, command: Command, failure: Exception, others: list[Operation]) -> None:
    """Try the rest of `PATH`, as execvp(3): a file that may not be run tells more than those that are not there."""
    for name, args in others:
        if not isinstance(failure, OSError) or failure.errno not in NEXT:
            break
        try:
            task._process.execute(name, args)
        except OSError as error:
            failure = error if error.errno not in NEXT or error.errno == errno.EACCES else failure
        else:
            return
    if isinstance(failure, OSError) and failure.errno in NEXT:
        failure.filename = command.argv[0]
    raise failure


@contextmanager
def _streams(command: Command) -> Iterator[dict[str, int | tuple[int, int]]]:
    """Open what the program gets in the place of pipes."""
    opened: list[int] = []
    try:
        fds: dict[str, int | tuple[int, int]] = {}
        if command.pty is not False:
            fds.update(open_terminal(command, ids(command)[0], opened))
        for name in ("stdin", "stdout", "stderr"):
            stream = getattr(command, name)
            if name not in fds and stream is not MERGE and not is_relayed(stream):
                fds[name] = far_end(name, stream, opened)
        if command.stderr is MERGE and "stderr" not in fds:
            _merge(fds, opened)
        yield fds
    finally:
        for fd in opened:
            os.close(fd)


def _merge(fds: dict[str, int | tuple[int, int]], opened: list[int]) -> None:
    if "stdout" not in fds:
        ends = fds["stdout"] = os.pipe()
        opened += ends
    stdout = fds["stdout"]
    fds["stderr"] = stdout[1] if isinstance(stdout, tuple) else stdout


def _data(command: Command) -> bytes | bytearray:
    return command.stdin if isinstance(command.stdin, bytes | bytearray) else b""


def _feed(task: Task, command: Command) -> None:
    if isinstance(command.stdin, bytes | bytearray):
        # It may have closed its stdin, or have ended, before it has read anything.
        with suppress(OSError, NoProcess):
            task.stdin(bytes(command.stdin))
            if command.pty is False:
                task.eof()
