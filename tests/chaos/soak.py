"""The soak: `python -m tests.chaos.soak --cycles 100000`, from the top of the repository.

Tasks are forked, become programs and end again and again, many of them by kills at random; afterwards the runtime
and its drivers hold what they held before.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from prx_actors import ExitStatus, NoProcess, TermSig, prx, receive

from .processes import below, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors import Task

__all__ = ["Figures", "soak"]

WAIT = 60.0
"""Seconds for what comes at once, on a busy machine."""
THREADS = 4
WARM = 3000
"""Cycles before the figures are taken for the first time: memory grows while pools and caches fill."""
GROWTH = 1.05
"""Of the resident memory, at the most."""
SHARED = [Path("/dev/shm"), Path("/dev/mqueue")]
DAEMON = "setsid sleep 1000 & exec sleep 1000"


@dataclass(frozen=True, slots=True)
class Figures:
    """What a runtime and its drivers hold."""

    fds: int
    threads: int
    epoll: int
    """Registrations of all epolls of the runtime."""
    processes: int
    zombies: int
    files: int
    driver_fds: int
    rss: int
    """KiB of the runtime."""
    driver_rss: int
    """KiB of all drivers."""

    @classmethod
    def take(cls) -> Figures:
        """Look at all that."""
        gc.collect()
        # What the C library keeps of freed memory, in an arena for each thread, comes and goes by megabytes.
        ctypes.CDLL(None).malloc_trim(0)
        mine = below(os.getpid(), table())
        living = [one.pid for one in mine if one.state != "Z"]
        return cls(
            fds=_fds("self"),
            threads=threading.active_count(),
            epoll=sum(_registrations(path) for path in Path("/proc/self/fdinfo").iterdir()),
            processes=len(living),
            zombies=len(mine) - len(living),
            files=len(_files()),
            driver_fds=sum(_fds(pid) for pid in living),
            rss=_rss("self"),
            driver_rss=sum(_rss(pid) for pid in living),
        )

    def exceeds(self, before: Figures) -> list[str]:
        """List what there is more of than before."""
        now, then = asdict(self), asdict(before)
        allowed = {name: value * GROWTH if "rss" in name else value for name, value in then.items()}
        return [f"{name}: {then[name]} before, {now[name]} after" for name in now if now[name] > allowed[name]]


def _fds(pid: object) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - the number only


def _registrations(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.read_text().count("tfd:")
    return 0


def _files() -> list[Path]:
    shared = [path for folder in SHARED if folder.exists() for path in folder.iterdir()]
    return [*Path(tempfile.gettempdir()).iterdir(), *(path for path in shared if path.name.startswith("prx"))]


def _rss(pid: object) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")), 0)


# The ways in which a task comes and goes.


def kill(task: Task) -> None:
    """Send SIGKILL, if it has not ended."""
    pid = task.host_pid
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def exits(child: Task) -> None:
    """A program ends by itself."""
    child.execvp(["true"])
    assert receive(ExitStatus, task=child, timeout=WAIT).status == 0


def is_killed(child: Task) -> None:
    """A program is killed."""
    child.execvp(["sleep", "1000"])
    kill(child)
    receive(TermSig, task=child, timeout=WAIT)


def dies_as_a_driver(child: Task) -> None:
    """A driver is killed, with another one below."""
    prx.fork(child)
    kill(child)


def dies_at_exec(child: Task) -> None:
    """It is killed about when it calls exec."""
    killer = threading.Thread(target=kill, args=(child,))
    killer.start()
    with suppress(NoProcess, OSError):
        child.execvp(["sleep", "1000"])
    killer.join()


def leaves_a_daemon(child: Task) -> None:
    """A program is killed that has put another one into the background."""
    child.execvp(["sh", "-c", DAEMON])
    kill(child)


def is_stopped(child: Task) -> None:
    """A program is asked to end."""
    child.execvp(["sleep", "1000"])


WAYS = [*[exits] * 8, is_killed, is_killed, dies_as_a_driver, dies_at_exec, leaves_a_daemon, is_stopped]


def cycle(root: Task, way: Callable[[Task], None]) -> None:
    """Fork a task, let it end, and wait until it is gone; leave no message behind."""
    child = prx.fork(root)
    way(child)
    child.stop(timeout=WAIT)
    with suppress(TimeoutError):
        while True:
            receive(timeout=0)


def _turn(root: Task, seed: str, cycles: int) -> Counter[str]:
    random = Random(seed)  # noqa: S311 - no secret
    done: Counter[str] = Counter()
    for _ in range(cycles):
        way = random.choice(WAYS)
        cycle(root, way)
        done[way.__name__] += 1
    return done


def soak(cycles: int, seed: int) -> tuple[Counter[str], Figures, Figures]:
    """Go through so many cycles.

    Args:
        cycles: how many
        seed: of what is random

    Returns:
        how often each way was gone; the figures before and after

    """
    with prx.fork(killdelay=1.0, drain=0.0, maxchild=256) as root, ThreadPoolExecutor(THREADS) as pool:

        def run(count: int, name: str) -> Counter[str]:
            turns = [pool.submit(_turn, root, f"{seed}-{name}-{number}", count // THREADS) for number in range(THREADS)]
            return sum((turn.result() for turn in turns), Counter())

        run(WARM, "warm")
        before = _at_rest(None)
        done = run(cycles, "soak")
        return done, before, _at_rest(before)


def _at_rest(before: Figures | None) -> Figures:
    """Take the figures when they do not get any better: threads and zombies go in their own time."""
    until = time.monotonic() + WAIT / 3
    found = Figures.take()
    while time.monotonic() < until and (before is None or found.exceeds(before)):
        time.sleep(0.1)
        again = Figures.take()
        if before is None and again == found:
            break
        found = again
    return found


def main() -> int:
    """Soak, print the figures; the status says whether they are what they were."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.soak", description=__doc__)
    parser.add_argument("--cycles", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as tempfile.tempdir:
        done, before, after = soak(given.cycles, given.seed)
    print(f"{done.total()} cycles in {time.monotonic() - begun:.0f} s: {dict(done)}")
    print(f"before: {before}\nafter:  {after}")
    more = after.exceeds(before)
    print(*more, sep="\n")
    return bool(more)


if __name__ == "__main__":
    sys.exit(main())
