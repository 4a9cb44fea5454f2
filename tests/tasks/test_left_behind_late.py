"""What a program has left when the driver above it is ending, too: `Down` comes after that as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.ends import WAIT, OsProcesses, down_of

from prx_actors import Stdout, monitor, prx, receive, spawn

if TYPE_CHECKING:
    from prx_actors import Task

DAEMONS = {
    "deaf": "setsid sh -c 'trap \"\" TERM; echo $$; exec sleep 1000 >/dev/null 2>&1' &",
    "stopped": "setsid sh -c 'echo $$; kill -STOP $$' &",
}


def run_with_daemon(task: Task, daemon: str) -> OsProcesses:
    """Turn a task into a program that ends when asked, and has a daemon that does not."""
    prx.execvp(task, ["sh", "-c", f"{DAEMONS[daemon]} exec sleep 1000"])
    return OsProcesses([int(receive(Stdout, task=task, timeout=WAIT).data)])


@pytest.mark.parametrize("depth", [0, 1])
@pytest.mark.parametrize("daemon", DAEMONS)
def test_a_stopped_driver_tells_of_its_programs_when_their_daemons_are_gone(daemon: str, depth: int) -> None:
    """The driver that sweeps is about to end itself, asked by the runtime or by its parent."""
    with prx.fork(killdelay=0.5, drain=0.1) as root:
        middle = prx.fork(root)
        task = prx.fork(middle)
        with run_with_daemon(task, daemon) as left:
            ref = monitor(task)
            spawn(prx.stop, [root, middle][depth])
            down_of(ref)
            assert left.left() == []
