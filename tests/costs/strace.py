"""System calls of running processes, counted by strace(1)."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from support.ends import WAIT
from support.features import require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Trace", "mark", "marked", "traced"]

BEGUN = re.compile(r"^(\d+) +(\w+)\(")
RETURNED = re.compile(r"^(\d+) +(?:<\.\.\. )?(\w+)[ (].* = (\d+)$")
MARK = re.compile(r"^\d+ +close\(-1")


@dataclass
class Trace:
    """What strace has written, a line a system call; those that are cut in two have two lines."""

    lines: list[str] = field(default_factory=list)

    def calls(self, thread: int | None = None, *, without: frozenset[str] = frozenset()) -> Counter[str]:
        """Count the system calls by name.

        Args:
            thread: whose, as the kernel numbers threads; all of them when there is none
            without: names that are not counted

        Returns:
            how often each was called
        """
        begun = [found for line in self.lines if (found := BEGUN.match(line))]
        return Counter(found[2] for found in begun if thread in {None, int(found[1])} and found[2] not in without)

    def bytes(self, *names: str, thread: int | None = None) -> int:
        """Add up what system calls such as read(2) and write(2) have returned."""
        returned = [found for line in self.lines if (found := RETURNED.match(line))]
        return sum(int(found[3]) for found in returned if found[2] in names and thread in {None, int(found[1])})

    def threads(self) -> set[int]:
        """Return who has called anything."""
        return {int(found[1]) for line in self.lines if (found := BEGUN.match(line))}

    def marked(self) -> Trace:
        """Return what lies between the first mark and the last one."""
        first, *_, last = (number for number, line in enumerate(self.lines) if MARK.match(line))
        return Trace([line for line in self.lines[first:last] if not MARK.match(line)])


@contextmanager
def traced(*pids: int | None) -> Iterator[Trace]:
    """Trace processes, all their threads, and what they fork meanwhile.

    Args:
        pids: theirs; the test's own may be one

    Yields:
        the trace, which is empty until the block ends
    """
    require(shutil.which("strace"), "strace")
    trace = Trace()
    with tempfile.NamedTemporaryFile() as log:
        options = ["-f", "-qq", "-s0", "-esignal=none", "-o", log.name]
        command = ["strace", *options, *(f"-p{pid}" for pid in pids)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
            try:
                _wait_attached(strace, [task for pid in pids for task in Path(f"/proc/{pid}/task").iterdir()])
                yield trace
            finally:
                # It lets go of them; a second signal would end it before it has.
                strace.send_signal(signal.SIGINT)
                strace.wait(WAIT)
        trace.lines = Path(log.name).read_text().splitlines()


def _wait_attached(strace: subprocess.Popen[str], threads: list[Path]) -> None:
    deadline = time.monotonic() + WAIT
    while not all(_is_traced(thread) for thread in threads):
        assert strace.poll() is None, strace.communicate()
        assert time.monotonic() < deadline, "strace does not attach"
        time.sleep(0.005)


def _is_traced(thread: Path) -> bool:
    try:
        return "\nTracerPid:\t0\n" not in (thread / "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True  # it has ended


def mark() -> None:
    """Make a system call that nobody else makes."""
    with contextlib.suppress(OSError):
        os.close(-1)


def marked(function: Callable[[], object]) -> Trace:
    """Trace this process, all its threads, while a function runs, and nothing before or after.

    Args:
        function: what to run

    Returns:
        the system calls of that time
    """
    with traced(os.getpid()) as trace:
        mark()
        function()
        mark()
    return trace.marked()
