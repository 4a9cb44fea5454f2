"""getpriority; of setpriority there is more among the small calls."""

from __future__ import annotations

import errno
import os

import pytest
from support.calls import fails, unprivileged

from prx_actors import prx


@pytest.mark.parametrize("nice", [-20, -1, 0, 5, 19])
def test_getpriority_tells_what_setpriority_has_set(nice: int) -> None:
    """-1 is no error; below one's own the caller needs privilege, so it starts from there."""
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    if os.geteuid() != 0:
        nice = max(nice, mine)
    with prx.fork() as task:
        child = prx.fork(task)
        prx.setpriority(child, "prio_process", 0, nice)
        assert prx.getpriority(child, "prio_process", 0) == nice
        assert prx.getpriority(task, os.PRIO_PROCESS, prx.getpid(child)) == nice
        assert prx.getpriority(prx.fork(child), "PRIO_PROCESS", 0) == nice
        assert prx.getpriority(task, "prio_process", 0) == mine


def test_the_priority_of_a_group_is_that_of_its_most_favoured_process() -> None:
    """As getpriority(2) says."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.setpriority(task, "prio_pgrp", 0, 12)
        assert prx.getpriority(task, "prio_pgrp", 0) == 12
        prx.setpriority(child, "prio_process", 0, 15)
        assert prx.getpriority(child, "prio_pgrp", prx.getpid(task)) == 12
        prx.setpriority(task, "prio_process", 0, 17)
        assert prx.getpriority(task, "prio_pgrp", 0) == 15


def test_the_priority_of_a_user_is_that_of_its_most_favoured_process() -> None:
    """Of a user who has no process but these."""
    with unprivileged() as task:
        uid = prx.getuid(task)
        assert prx.getpriority(task, "prio_user", uid) == prx.getpriority(task, "prio_user", 0)


def test_getpriority_fails_with_the_errno_of_its_man_page() -> None:
    """`EINVAL`, `ESRCH`, and numbers that fit no id_t."""
    with prx.fork() as task:
        with fails(errno.EINVAL, note=f"getpriority(9, 0) of {task}"):
            prx.getpriority(task, 9, 0)
        for which, who in ((1 << 40, 0), (0, -1), (0, 1 << 40)):
            with fails(errno.EINVAL):
                prx.getpriority(task, which, who)
        with fails(errno.ESRCH):
            prx.getpriority(task, "prio_process", 1 << 30)
