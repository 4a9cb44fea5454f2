"""A driver that has been called back to back sleeps again as soon as the calls end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import until

from prx_actors import prx, receive

if TYPE_CHECKING:
    from prx_actors import Task


def switches(task: Task) -> list[str]:
    """Return how often a driver has given its processor away, by itself and not."""
    lines = Path(f"/proc/{task.host_pid}/status").read_text().splitlines()
    return [line for line in lines if "ctxt_switches" in line]


def sleeps(task: Task) -> bool:
    """Say whether it is in a system call that waits without an end, and stays in it."""
    before = switches(task)
    stat = Path(f"/proc/{task.host_pid}/stat").read_text().rpartition(") ")[2]
    return stat.startswith("S") and switches(task) == before


@pytest.mark.parametrize("depth", [1, 3])
def test_a_driver_at_rest_sleeps(depth: int) -> None:
    """Whatever it was called for, and its ancestors too."""
    with prx.fork() as root:
        tasks = [root]
        while len(tasks) < depth:
            tasks.append(prx.fork(tasks[-1]))
        for _ in range(500):
            assert prx.getpid(tasks[-1]) == tasks[-1].pidof()
        for task in tasks:
            until(lambda one=task: sleeps(one), "it sleeps")  # type: ignore[misc]
            before = switches(task)
            with pytest.raises(TimeoutError):
                receive(timeout=0.1)
            assert switches(task) == before
