"""A cgroup for each runtime of the chaos: evidence that no program below it can get rid of."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

__all__ = ["Cgroup"]

TOP = Path("/sys/fs/cgroup")


class Cgroup:
    """A cgroup below our own, in a hierarchy of version 1 where there is one: the runtime uses those of version 2.

    Args:
        name: of it, which nothing else has

    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._folder: Path | None = None
        for folder in _own():
            with suppress(OSError):
                (folder / name).mkdir()
                self._folder = folder / name
                return

    @property
    def exists(self) -> bool:
        """Whether this user may make one."""
        return self._folder is not None

    def add(self, pid: int) -> None:
        """Move a process into it, which so far has no children."""
        if self._folder:
            (self._folder / "cgroup.procs").write_text(str(pid))

    def remove(self) -> None:
        """Remove it, and what a runtime has made below it; the last process may take a moment to leave."""
        until = time.monotonic() + 5
        while self._folder and self._folder.exists() and time.monotonic() < until:
            for folder in [*sorted(self._folder.glob("**/"), reverse=True), self._folder]:
                with suppress(OSError):
                    folder.rmdir()
            time.sleep(0.01)


def _own() -> list[Path]:
    paths: dict[str, str] = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, hierarchy, path = line.split(":", 2)
        paths[hierarchy] = path.lstrip("/")
    known = [TOP / one / paths[one] for one in ("pids", "freezer") if one in paths]
    unified = TOP / "unified" if (TOP / "unified").exists() else TOP
    return [folder for folder in [*known, unified / paths.get("", "")] if (folder / "cgroup.procs").exists()]
