"""How behaviours find and take names."""

from __future__ import annotations

from prx_actors.actors import Pid, register, whereis
from prx_actors.actors.registry import wrong_address

__all__ = ["pid_of", "take_name"]


def pid_of(address: Pid | str) -> Pid | None:
    """Return the pid that is meant, or none when nobody has that name.

    Raises:
        TypeError: when it is neither a pid nor a name

    """
    if not isinstance(address, Pid | str):
        raise wrong_address(address)
    return address if isinstance(address, Pid) else whereis(address)


def take_name(name: str, pid: Pid) -> Pid | None:
    """Register a starting process; return who has the name when it is taken."""
    while True:
        try:
            register(name, pid)
        except ValueError:
            holder = whereis(name)
            if holder is not None or not pid.is_alive():
                return holder
        else:
            return None
