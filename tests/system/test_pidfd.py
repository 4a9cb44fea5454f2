"""What a pidfd says of a process that has ended."""

from __future__ import annotations

import os
import platform
import signal

import pytest
from support.features import require

from prx_actors.system.pidfd import wait_status

KERNEL = tuple(int(part) for part in platform.release().split(".")[:2])


@pytest.mark.parametrize(("end", "status"), [(3, 3 << 8), (0, 0), ("kill", signal.SIGKILL)])
def test_the_wait_status_is_kept_for_who_is_not_the_parent(end: int | str, status: int) -> None:
    """From Linux 6.15 on, once the process is reaped."""
    require(KERNEL >= (6, 15), "PIDFD_INFO_EXIT")
    pid = os.fork()
    if not pid:
        if end == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(int(end))
    pidfd = os.pidfd_open(pid)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert wait_status(pidfd) is None
    assert os.waitpid(pid, 0) == (pid, status)
    assert wait_status(pidfd) == status
    os.close(pidfd)
