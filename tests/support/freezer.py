"""Processes that SIGKILL does not end for a while: a frozen cgroup of version 1 holds them."""

from __future__ import annotations

import itertools
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from support.calls import until
from support.features import require

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Freezer"]

CONTROLLER = Path("/sys/fs/cgroup/freezer")

_numbers = itertools.count()


class Freezer:
    """A cgroup of the freezer.

    Args:
        path: its folder
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    @contextmanager
    def made(cls) -> Iterator[Freezer]:
        """Make one; at the end all in it thaw, and have ended."""
        require(os.access(CONTROLLER / "cgroup.procs", os.W_OK), "the freezer of cgroups, version 1")
        path = CONTROLLER / f"prx-tests-{os.getpid()}-{next(_numbers)}"
        path.mkdir()
        freezer = cls(path)
        try:
            yield freezer
        finally:
            freezer.thaw()
            until(lambda: not freezer.pids(), "what was frozen has ended")
            path.rmdir()

    def freeze(self, *pids: int | None) -> None:
        """Have processes stand still, whatever they are sent."""
        for pid in pids:
            (self._path / "cgroup.procs").write_text(str(pid))
        self._set("FROZEN")

    def thaw(self) -> None:
        """Let all go on."""
        self._set("THAWED")

    def _set(self, state: str) -> None:
        file = self._path / "freezer.state"
        file.write_text(state)
        until(lambda: file.read_text().strip() == state, f"it is {state}")

    def pids(self) -> list[int]:
        """List what is in it."""
        return [int(pid) for pid in (self._path / "cgroup.procs").read_text().split()]
