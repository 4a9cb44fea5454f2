"""Processes by pidfd: a number that no other process can come to bear."""

from __future__ import annotations

import os
import select

from prx_actors.system.native import lib
from prx_actors.system.procfs import read_proc

__all__ = ["has_ended", "host_pid", "input_waiting", "send_signal", "wait_status"]


def host_pid(pidfd: int) -> int | None:
    """Return the pid in this program's namespace, or none once it is reaped."""
    for line in read_proc(f"/proc/self/fdinfo/{pidfd}").splitlines():
        name, _, value = line.partition(":")
        if name == "Pid":
            pid = int(value)
            return pid if pid > 0 else None
    return None


def has_ended(pidfd: int) -> bool:
    """Say whether the process has ended, be it reaped or not."""
    process = select.poll()
    process.register(pidfd, select.POLLIN)
    return bool(process.poll(0))


def wait_status(pidfd: int) -> int | None:
    """Return the wait status of a reaped process, where the kernel keeps it."""
    status: int = lib.prx_pidfd_wait_status(pidfd)
    return status if status >= 0 else None


def send_signal(pidfd: int, signal: int) -> None:
    """Send a signal: `pidfd_send_signal(2)`.

    Raises:
        OSError: what the kernel says, `EPERM` or `ESRCH` as a rule

    """
    result: int = lib.prx_pidfd_signal(pidfd, signal)
    if result < 0:
        raise OSError(-result, os.strerror(-result))


def input_waiting(fd: int) -> int:
    """Return how many bytes can be read at once, 0 when that cannot be told."""
    waiting: int = lib.prx_input_waiting(fd)
    return max(0, waiting)
