"""The birth of a task: a fork of a driver, and the actor that stands for the child."""

from __future__ import annotations

import errno
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from prx_actors.actors import NoProcess, Pid
from prx_actors.actors.table import process_of
from prx_actors.actors.threads import current_process
from prx_actors.driver.channels import FAR, Channels
from prx_actors.driver.driver import Driver
from prx_actors.driver.keeper import keeper_for
from prx_actors.driver.protocol import CALLS
from prx_actors.driver.turn import ChannelClosedError
from prx_actors.system.native import lib
from prx_actors.tasks.arguments import convert
from prx_actors.tasks.options import NUMBERS, to_driver
from prx_actors.tasks.process import TaskProcess

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prx_actors.actors import Process
    from prx_actors.tasks.batch import Batch
    from prx_actors.tasks.task import Task

__all__ = ["Birth", "fork_child", "fork_root"]


class _KeeperEndedError(NoProcess):
    """The keeper that was to fork a root has ended; another one may be started."""


_EMPTY: Mapping[str, Any] = MappingProxyType({})

WITH_A_TASK = ("prx_actors.system.jail", "prx_actors.system.siginfo", "prx_actors.tasks.statistics")
"""Modules for what a task may be asked or may send: who has none does not wait for their import."""


class Birth(NamedTuple):
    """What is asked for."""

    call: str = "fork"
    """`fork` or `clone`."""
    flags: tuple[int, ...] = ()
    """For `clone`."""
    link: bool = False
    """Whether to link the new task to the caller."""
    stdio: Pid | None = None
    """Who gets its output, instead of the caller."""
    options: Mapping[str, float] = _EMPTY
    """For the new task and its own forks, as the caller writes them."""
    fds: Mapping[str, int | tuple[int, int]] = _EMPTY
    """What it gets in the place of pipes: the far end by stream, or both ends."""
    depth: int | None = None
    """At which a root takes itself to be."""
    batch: Batch | None = None
    """What it does first; whoever asks for it waits for the end of that."""


@cache
def _import_the_rest() -> None:
    # Before the first task: when it is asked there may be no fd left to read a module by.
    for name in WITH_A_TASK:
        import_module(name)


def fork_root(launcher: tuple[str, ...], path: str, birth: Birth) -> Task:
    """Fork a root.

    Args:
        launcher: of its keeper
        path: of the driver
        birth: what is asked for

    """
    _import_the_rest()
    keeper = keeper_for(launcher, path)
    try:
        return _fork(keeper.driver, None, birth)
    except _KeeperEndedError:
        # Killed, and the news of it is still on its way.
        keeper.usable = False
        return _fork(keeper_for(launcher, path).driver, None, birth)


def fork_child(parent: TaskProcess, birth: Birth) -> Task:
    """Fork a task; anyone may ask for it."""
    parent.check_call_state(birth.call)
    return _fork(parent.driver, parent, birth)


def _fork(driver: Driver, parent: TaskProcess | None, birth: Birth) -> Task:
    owner = current_process()
    given = {name: to_driver(name, value) for name, value in birth.options.items()}
    process = TaskProcess(owner, parent, given, _sink(owner, birth.stdio))
    channels = Channels.create(process.options["pipe_size"], _ends(birth.fds))
    try:
        process.begin(Driver(driver, process, channels))
        if birth.batch is not None:
            process.post(birth.batch)
        _ask(driver, process, birth, _pairs(given, birth.depth))
        if birth.link:
            owner._link(process.actor_ref)
    except BaseException:
        process.abort()
        raise
    return process.task


def _sink(owner: Process, stdio: Pid | None) -> Process:
    if stdio is not None and not isinstance(stdio, Pid):
        msg = f"stdio: expected a pid, not {stdio!r}"
        raise TypeError(msg)
    sink = owner if stdio is None else process_of(stdio)
    if sink is None:
        msg = f"stdio: {stdio} has ended"
        raise NoProcess(msg)
    return sink


def _ends(fds: Mapping[str, int | tuple[int, int]]) -> dict[str, tuple[int, int]]:
    unknown = set(fds) - set(FAR)
    if unknown:
        msg = f"fds: no stream {min(unknown)!r}; there are {', '.join(FAR)}"
        raise ValueError(msg)
    return {stream: ends if isinstance(ends, tuple) else (-1, ends) for stream, ends in fds.items()}


def _pairs(given: dict[str, int], depth: int | None) -> list[int]:
    """Return the options as a fork's request has them."""
    pairs = [number for name, value in given.items() for number in (NUMBERS[name], value)]
    return pairs if depth is None else [*pairs, lib.PRX_BIRTH_DEPTH, depth]


def _ask(driver: Driver, process: TaskProcess, birth: Birth, options: list[int]) -> None:
    parent = process.parent

    def check() -> None:
        if parent is not None:
            parent.check_call_state(birth.call)
            process.inherit_filter(parent)

    call = CALLS[birth.call]
    args = convert(call, (process.driver.id, *birth.flags, options))
    try:
        driver.fork(call.number, args[1:], process.driver, check)
    except ChannelClosedError:
        if parent is not None:
            raise parent.gone(birth.call) from None
        msg = f"{birth.call}: the keeper of this launcher has ended"
        raise _KeeperEndedError(msg) from None
    except OSError as error:
        if error.errno == errno.ENOSYS and parent is not None:
            raise parent.undefined(birth.call) from None
        error.add_note(f"{birth.call} of {'the keeper' if parent is None else parent.task}")
        raise
