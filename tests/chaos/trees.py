"""Random trees of tasks, and whose tasks they are: what one runtime of the chaos holds."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from chaos.programs import OF_OTHERS, OUTRUN, available

from prx_actors import ExitStatus, NoProcess, Stderr, Stdout, TermSig, prx, receive

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors import Pid, Task

__all__ = ["LAUNCHER", "Leaf", "Tree"]

LAUNCHER = ["sh", "-c", '"$@"; exit $?', "sh"]
"""One that forks and waits, as sudo does."""
READY = 20.0
"""Seconds that a program may take to come up."""
LINE = re.compile(rb"pid (\d+)\n")


@dataclass(slots=True)
class Leaf:
    """One task of a tree, and what its program says of itself."""

    task: Task
    number: int
    parent: int | None
    tree: str
    killdelay: float
    program: str = ""
    pids: list[int] = field(default_factory=list)
    """Of processes that live as long as the task does, as the host sees them."""
    other_pids: bool = False
    """Whether pids are those of another namespace."""
    how: str = ""
    """What a driver has done."""

    def told(self) -> dict[str, Any]:
        """Return what the checker has to know."""
        return {
            "number": self.number,
            "parent": self.parent,
            "tree": self.tree,
            "killdelay": self.killdelay,
            "program": self.program,
            "pid": self.task.host_pid,
            "pids": self.pids,
            "how": self.how,
        }


class Tree:
    """A root and all below it; owned by the process that makes it.

    Args:
        name: what it is called
        seed: of what it looks like
        known: called with each task as soon as it is there

    """

    def __init__(self, name: str, seed: str, known: Callable[[Leaf], None]) -> None:
        self.name = name
        self._random = Random(seed)  # noqa: S311 - no secret
        self._known = known
        self._programs = available()
        self.owner: Pid | None = None
        self.failure = ""
        """What has ended its owner."""
        self.leaves: list[Leaf] = []
        self._drivers: list[Leaf] = []

    def grow(self) -> None:
        """Fork the root and what is below it, and wait until its programs are up, or something has ended."""
        self._add_root()
        for _ in range(self._random.randint(1, 7)):
            with suppress(NoProcess, OSError):  # its parent may be a victim by now
                self._add_one()
        if not self._random.randrange(8):
            with suppress(NoProcess, OSError):
                self._run(self._drivers.pop(0) if len(self.leaves) == 1 else self._add_driver())

    def _add_root(self) -> None:
        killdelay = self._random.choice([0.1, 0.3, 0.3, 1.0, 2.0])
        drain = self._random.choice([0.0, 0.1, 1.0])
        launcher = LAUNCHER if not self._random.randrange(5) else []
        root = prx.fork(exec=launcher, killdelay=killdelay, drain=drain, maxchild=256)
        self._drivers.append(self._know(root, None, killdelay))

    def _know(self, task: Task, above: Leaf | None, killdelay: float) -> Leaf:
        parent = None if above is None else above.number
        leaf = Leaf(task, task._process.driver.id, parent, self.name, killdelay)
        leaf.other_pids = above is not None and above.other_pids
        self.leaves.append(leaf)
        self._known(leaf)
        return leaf

    def _add_one(self) -> None:
        leaf = self._add_driver()
        if self._random.random() < 0.6:
            self._run(leaf)
        else:
            self._change(leaf)
            self._drivers.append(leaf)

    def _add_driver(self) -> Leaf:
        above = self._random.choice(self._drivers)
        apart = _is_root(above) and not self._random.randrange(10)
        task = prx.clone(above.task, ["clone_newpid"]) if apart else prx.fork(above.task)
        leaf = self._know(task, above, above.killdelay)
        leaf.other_pids |= apart
        leaf.how = "clone_newpid" if apart else ""
        return leaf

    def _change(self, leaf: Leaf) -> None:
        # Another driver than before: in a session of its own, nobody's, in namespaces, or with a new image.
        names = ["", "setsid", "ignores SIGTERM", "reexec"]
        if _is_root(leaf):
            names += ["nobody's", "clone_newns"]
        name = self._random.choice(names)
        leaf.how = f"{leaf.how} {name}".strip()
        match name:
            case "setsid":
                leaf.task.setsid()
            case "ignores SIGTERM":
                leaf.task.sigaction("sigterm", "sig_ign")
            case "reexec":
                leaf.task.reexec(["prx-driver"], [])
            case "nobody's":
                leaf.task.setresuid(65534, 65534, 65534)
            case "clone_newns":
                leaf.task.unshare(["clone_newns"])

    def _run(self, leaf: Leaf) -> None:
        leaf.program = self._random.choice(self._fitting(leaf))
        leaf.task.execvp(["sh", "-c", self._programs[leaf.program]])
        said = b""
        while b"ok\n" not in said:
            match receive(Stdout, Stderr, ExitStatus, TermSig, task=leaf.task, timeout=READY):
                case Stdout(_, data):
                    said += data
                case Stderr():
                    pass  # what bash says of a process that was killed, say
                case _:
                    return
        leaf.pids = [] if leaf.other_pids else [int(pid) for pid in LINE.findall(said)]

    def _fitting(self, leaf: Leaf) -> list[str]:
        able = leaf.task.getuid() == os.geteuid()
        # With another namespace's /proc a driver does not see what programs leave: docs/explanation/architecture.md.
        outrun = OUTRUN if leaf.other_pids else set()
        return [name for name in self._programs if name not in outrun and (able or name not in OF_OTHERS)]


def _is_root(leaf: Leaf) -> bool:
    return os.geteuid() == 0 and leaf.task.getuid() == 0
