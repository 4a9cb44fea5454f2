"""Limits: what a program may use together with all that it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["Limits"]

V1: Final = 1
PERIOD: Final = 100_000
"""Microseconds in which processor time is counted, the kernel's own default."""
LEAST_CPU: Final = 0.01
"""The kernel gives out no less than a millisecond of a period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a program and all that it starts, daemons too, may use together: cgroups(7).

    A program that runs as root can leave its control group; another one cannot.

    Raises:
        ValueError: nothing is limited, or a limit is none

    Example:
        >>> from prx_actors.programs import Limits
        >>> Limits(memory=64 << 20, pids=10)
        Limits(memory=67108864, pids=10, cpu=None)
        >>> Limits(cpu=0)
        Traceback (most recent call last):
            ...
        ValueError: cpu: 0 is no number from 0.01 on

    """

    memory: int | None = None
    """Bytes of memory, with what is swapped out. The kernel's out-of-memory killer kills
    one of them that needs more; see `Completed.oom_killed`."""

    pids: int | None = None
    """How many processes and threads there may be; fork(2) fails with `EAGAIN` beyond that."""

    cpu: float | None = None
    """How many processors; 0.5 is half of the time of one, 2 are all of two. They wait when
    they have used in a tenth of a second what that gives them."""

    def __post_init__(self) -> None:
        if not self.controllers:
            msg = "nothing is limited: memory, pids or cpu"
            raise ValueError(msg)
        for name, least, kind in (("memory", 1, int), ("pids", 1, int), ("cpu", LEAST_CPU, int | float)):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, kind) or not value >= least):
                msg = f"{name}: {value!r} is no number from {least} on"
                raise ValueError(msg)

    @property
    def controllers(self) -> list[str]:
        """The controllers that this takes."""
        return [name for name in ("memory", "pids", "cpu") if getattr(self, name) is not None]

    def files(self, controller: str, version: int) -> list[tuple[str, str]]:
        """Return what to write into which files of a group, in this order.

        Args:
            controller: one of `controllers`
            version: of the hierarchy

        """
        if controller == "pids":
            return [("pids.max", str(self.pids))]
        if controller == "memory":
            return _memory_files(self.memory, version)
        quota = int((self.cpu or 0) * PERIOD)
        if version == V1:
            return [("cpu.cfs_period_us", str(PERIOD)), ("cpu.cfs_quota_us", str(quota))]
        return [("cpu.max", f"{quota} {PERIOD}")]


def _memory_files(memory: int | None, version: int) -> list[tuple[str, str]]:
    if version == V1:
        return [("memory.limit_in_bytes", str(memory)), ("memory.memsw.limit_in_bytes", str(memory))]
    return [("memory.max", str(memory)), ("memory.swap.max", "0")]
