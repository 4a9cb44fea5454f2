"""Programs whose status nobody can tell."""

from __future__ import annotations

import ctypes
import os
import select
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from support.ends import WAIT
from support.leaks import descendants

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["orphaned"]

PR_SET_CHILD_SUBREAPER = 36


@contextmanager
def orphaned(pid: int) -> Iterator[None]:
    """Kill the parent of a program, and with it the program, which is a zombie within.

    The init that reaps it then is this process, and a slow one: a kernel that keeps the status keeps it from there on.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    (parent,) = (one.parent for one in descendants(os.getpid()) if one.pid == pid)
    pidfd = os.pidfd_open(pid)
    assert prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    os.kill(parent, signal.SIGKILL)
    assert select.select([pidfd], [], [], WAIT)[0]
    os.close(pidfd)
    try:
        yield
    finally:
        for one in descendants(os.getpid()):
            if one.state == "Z" and one.parent == os.getpid() and one.pid != parent:
                with suppress(ChildProcessError):  # it is the runtime's own, which was faster
                    os.waitpid(one.pid, 0)
        prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
