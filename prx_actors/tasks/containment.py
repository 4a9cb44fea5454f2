"""What holds the processes of a task together, as the kernel shows it."""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING

from prx_actors.driver.keeper import is_own_run
from prx_actors.system.procfs import read_proc

if TYPE_CHECKING:
    from prx_actors.driver.driver import Driver

__all__ = ["Containment", "containment_of"]

GROUP = re.compile(r"/prx-actors-([0-9a-f]{9})-\d+/")
"""Control groups of keepers, with their run ids, as `driver/src/groups.c` names them."""


class Containment(enum.Enum):
    """What ends all that a task has started, the strongest first."""

    PID_NAMESPACE = "pid_namespace"
    """The kernel kills all in a namespace with its pid 1, which is the task or one above it; see pid_namespaces(7)."""
    CGROUP = "cgroup"
    """Its root has a control group of version 2, which is killed as a whole with the root, cgroups(7)."""
    SUBREAPER = "subreaper"
    """Orphans come back to the driver above, which ends them; see `PR_SET_CHILD_SUBREAPER` in prctl(2)."""


def containment_of(driver: Driver) -> Containment | None:
    """Look at what holds a process now.

    Args:
        driver: its driver

    Returns:
        the strongest level that there is evidence of; none when the process is
        gone

    """
    groups = _read(driver, "cgroup")
    if groups is None:
        return None
    if _is_below_init(driver):
        return Containment.PID_NAMESPACE
    own = next((line for line in groups.splitlines() if line.startswith("0::")), "")
    # That of an outer runtime, in which this one runs, may come first.
    in_group = any(is_own_run(int(run_id, 16)) for run_id in GROUP.findall(own))
    return Containment.CGROUP if in_group else Containment.SUBREAPER


def _is_below_init(driver: Driver) -> bool:
    # The keeper may be pid 1 itself, by its launcher: that ends nobody before the keeper ends.
    at: Driver | None = driver
    while at is not None and at.parent is not None:
        numbers = _numbers(at)
        if len(numbers) > 1 and numbers[-1] == "1":
            return len(numbers) > len(_numbers(at.parent))
        at = at.parent
    return False


def _numbers(driver: Driver) -> list[str]:
    """Return the pids of a process in all namespaces that it is in, from the one that is seen here inwards."""
    status = _read(driver, "status") or ""
    return next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), [])


def _read(driver: Driver, name: str) -> str | None:
    pid = driver.host_pid()
    try:
        text = read_proc(f"/proc/{pid}/{name}") if pid is not None else None
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The number is still that of the same process, so it was while we read.
    return text if pid == driver.host_pid() else None
