"""Each scenario runs as a process of its own, and leaves no process, fd, file, mount or control group behind."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.namespaces import outside

from prx_actors import ProcessExit, exit

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def own_process(nothing_left_behind: None) -> Iterator[None]:
    """End the process that this thread has become, then look at what belongs to the whole machine."""
    before, group = outside(), own_groups()
    yield
    with contextlib.suppress(ProcessExit):
        exit("normal")
    assert outside() == before, "mounts, the host's name or namespaces have changed"
    assert own_groups() == group, "control groups have changed"


def own_groups() -> tuple[str, list[str]]:
    """Return the control groups of this process, and those below its own of version 2."""
    mine = Path("/proc/self/cgroup").read_text()
    unified = [line.split("::/", 1)[1] for line in mine.splitlines() if line.startswith("0::/")]
    folders = [path for name in unified if (path := Path("/sys/fs/cgroup") / name).joinpath("cgroup.procs").exists()]
    # What other programs make below the root group is none of ours.
    names = [child.name for folder in folders if folder != Path("/sys/fs/cgroup") for child in folder.iterdir()]
    return mine, sorted(names)
