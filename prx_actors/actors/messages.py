"""The messages that the runtime itself sends to processes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prx_actors.actors.pid import Pid

__all__ = ["Down", "Exit", "MonitorRef"]

_numbers = count(1)


class MonitorRef:
    """Stands for one monitor; equal only to itself.

    Args:
        name: the name under which the process is watched, none for a pid

    Example:
        >>> from prx_actors.actors import MonitorRef
        >>> MonitorRef() == MonitorRef()
        False

    """

    __slots__ = ("name", "number")

    def __init__(self, name: str | None = None) -> None:
        self.number = next(_numbers)
        self.name = name

    def __repr__(self) -> str:
        return f"<MonitorRef {self.number}>"


@dataclass(frozen=True, slots=True)
class Exit:
    """An exit signal, as a process that traps exits receives it.

    Example:
        >>> from prx_actors.actors import Exit
        >>> Exit(None, "shutdown").reason
        'shutdown'

    """

    pid: Pid | None
    """The process that sent the signal; none when the runtime did."""

    reason: Any
    """Why it ended, or what it asked for."""


@dataclass(frozen=True, slots=True)
class Down:
    """The end of a monitored process.

    Example:
        >>> from prx_actors.actors import Down, MonitorRef
        >>> ref = MonitorRef()
        >>> Down(ref, None, "noproc").ref is ref
        True

    """

    ref: MonitorRef
    """What `monitor` returned."""

    pid: Pid | str | None
    """The process that ended, by name when it was monitored by its name, as in OTP."""

    reason: Any
    """Why it ended; `"noproc"` when it had ended before."""
