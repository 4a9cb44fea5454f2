"""One runtime of the chaos, from outside: what it says, and which processes are its."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from prx_actors.driver.keeper import is_own_run

from .cgroup import Cgroup
from .processes import Mark, Process, below, cgroups, end, mark, namespace, table

__all__ = ["Seen", "SilentError", "Subject"]

TESTS = Path(__file__).parent.parent
ANSWER = 60.0
"""Seconds for what comes at once, on a busy machine."""
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Seen:
    """A process of a runtime, with the evidence that it is one."""

    process: Process
    mark: Mark | None
    namespace: int


class SilentError(Exception):
    """A runtime does not answer."""


class Subject:
    """A runtime that has been started."""

    def __init__(self) -> None:
        self.cgroup = Cgroup(f"prx-chaos-{os.getpid()}-{next(_numbers):06}")
        self._program = subprocess.Popen(
            [sys.executable, "-m", "chaos.runtime"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(TESTS)},
        )
        self.pid = self._program.pid
        self.cgroup.add(self.pid)
        self._buffer = b""
        self._answers: list[dict[str, Any]] = []
        self.downs: dict[int, dict[str, Any]] = {}
        """What was said of each end, by the number of the task."""
        self._shared = {namespace(os.getpid()), 0}
        """Namespaces that are not of this runtime alone."""
        self.run: int = self.answer("run")["run"]

    # What it says.

    def tell(self, *command: object) -> None:
        """Have it do something."""
        assert self._program.stdin
        self._program.stdin.write(json.dumps(command).encode() + b"\n")
        self._program.stdin.flush()

    def ask(self, key: str, *command: object) -> dict[str, Any]:
        """Have it do something and wait for what it says then.

        Args:
            key: what the answer has
            command: what it is told

        Raises:
            SilentError: no answer came

        """
        self.tell(*command)
        return self.answer(key)

    def answer(self, key: str) -> dict[str, Any]:
        """Wait for a line that has a key.

        Raises:
            SilentError: none came

        """
        until = time.monotonic() + ANSWER
        while True:
            for index, one in enumerate(self._answers):
                if key in one:
                    return self._answers.pop(index)
            if not self.listen(until - time.monotonic()):
                msg = f"no {key!r} came"
                raise SilentError(msg)

    def listen(self, seconds: float) -> bool:
        """Take what it says next; say whether there was something."""
        assert self._program.stdout
        fd = self._program.stdout.fileno()
        if not select.select([fd], [], [], max(0.0, seconds))[0] or not (data := os.read(fd, 1 << 16)):
            return False
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            one = json.loads(line)
            if "down" in one:
                self.downs[one["down"]] = one
            else:
                self._answers.append(one)
        return True

    # Which processes are its.

    def seen(self) -> list[Seen]:
        """Look for its processes: by parentage, by mark, by cgroup."""
        processes = table()
        keys = {one.key for one in below(self.pid, processes)}
        found = [Seen(one, mark(one.pid), namespace(one.pid)) for one in processes.values()]
        return [one for one in found if one.process.key in keys or self._has(one)]

    def _has(self, one: Seen) -> bool:
        if one.process.pid == self.pid:
            return False
        return (one.mark is not None and is_own_run(one.mark.run, self.run)) or self.cgroup.name in cgroups(
            one.process.pid
        )

    def left_in(self, namespaces: set[int], at: int) -> list[Seen]:
        """Look for processes that live in pid namespaces of the dead.

        Args:
            namespaces: their numbers
            at: when they were seen; a later namespace may have the number of one of those

        """
        apart = namespaces - self._shared
        found = [Seen(one, mark(one.pid), namespace(one.pid)) for one in table().values() if one.start <= at]
        return [one for one in found if one.namespace in apart]

    # Its end.

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the program; say whether it came."""
        try:
            self._program.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        """End all that is left, however."""
        self._program.kill()
        self._program.wait()
        while found := self.seen():
            end(one.process for one in found)
            time.sleep(0.01)
        self.cgroup.remove()
        for stream in (self._program.stdin, self._program.stdout):
            assert stream
            with suppress(BrokenPipeError):
                stream.close()
