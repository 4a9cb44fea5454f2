"""Options of a child that its parent keeps: `setcpid` and `getcpid`, whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prx_actors.driver.protocol import CALLS
from prx_actors.driver.state import State
from prx_actors.driver.turn import ChannelClosedError
from prx_actors.tasks.arguments import convert

if TYPE_CHECKING:
    from prx_actors.tasks.process import TaskProcess

__all__ = ["NAMES", "get_cpid", "set_cpid"]

NAMES = ("flowcontrol", "signaloneof")


def check_name(name: object) -> None:
    """Raise unless a child has such an option.

    Raises:
        ValueError: it has not

    """
    if name not in NAMES:
        msg = f"no option {name!r} of a child; there are {', '.join(NAMES)}"
        raise ValueError(msg)


def _parent(child: TaskProcess | None) -> TaskProcess | None:
    """Return who keeps a child's options: a driver that has it."""
    parent = None if child is None else child.parent
    if parent is None or child is None or child.pid() is None or parent.driver.state is State.GONE:
        return None
    return parent


def set_cpid(child: TaskProcess | None, name: Any, value: Any) -> bool:
    """Set an option of a child; its parent takes the call, or refuses it.

    Returns:
        false for a root and for what is gone

    """
    call = CALLS["setcpid"]
    check_name(name)
    args = convert(call, (0 if child is None else child.driver.id, name, value))
    parent = _parent(child)
    if parent is None or child is None:
        return False
    try:
        known = parent.driver.turns.call(call.number, args)
    except ChannelClosedError:
        return False
    except OSError as error:
        raise parent.explain(call, (child.pid(), name, value), error) from None
    if known:
        child.set_own(name, value)
    return bool(known)


def get_cpid(child: TaskProcess | None, name: Any) -> int | None:
    """Return an option of a child, none for a root and for what is gone."""
    check_name(name)
    parent = _parent(child)
    if parent is None or child is None:
        return None
    parent.check_filter("getcpid")
    return child.get_own(name)
