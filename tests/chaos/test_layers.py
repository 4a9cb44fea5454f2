"""Each layer of containment is enough for the case that it is there for, with all others left out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from chaos.layers import driver_with_layers
from chaos.processes import below, end, table
from support.ends import WAIT, OsProcesses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.timeout(180)

KILLDELAY = 0.2
LONG = 10 * KILLDELAY + 1
"""Seconds after which what is still there has not noticed."""

PROGRAM = """
import json, os, signal, sys
from prx_actors import Stdout, prx, receive

PROGRAM = "setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' & exec sleep 1000"

def run(parent):
    task = prx.fork(parent, killdelay=0.2, drain=0.1)
    prx.execvp(task, ["sh", "-c", PROGRAM])
    return task, int(receive(Stdout, task=task, timeout=30).data)

root = prx.fork(killdelay=0.2, drain=0.1)
middle = prx.fork(root)
deep = prx.fork(middle)
program, daemon = run(middle)
root_program, root_daemon = run(None)
names = "root middle deep program root_program".split()
pids = {name: globals()[name].host_pid for name in names}
print(json.dumps(pids | {"daemon": daemon, "root_daemon": root_daemon}), flush=True)
sys.stdin.readline()
root._process.driver.shut()
os.kill(os.getpid(), signal.SIGSTOP)
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the driver whose layers can be left out."""
    return driver_with_layers(tmp_path_factory.mktemp("layers"))


class Runtime:
    """A program with a tree, on a driver that has some layers only."""

    def __init__(self, driver: Path, layers: str) -> None:
        self.program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PRX_DRIVER": str(driver), "PRX_LAYERS": layers},
        )
        assert self.program.stdout
        self.pids: dict[str, int] = json.loads(self.program.stdout.readline())
        self.all = below(self.program.pid, table())

    def kill(self, name: str) -> None:
        """Kill one, while the runtime stands still and can do nothing about it."""
        os.kill(self.program.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.program.pid, os.WSTOPPED)  # all of its threads
        os.kill(self.pids[name], signal.SIGKILL)

    def shut(self) -> None:
        """Close the channels of the root alone; the runtime does nothing more."""
        assert self.program.stdin
        self.program.stdin.write(b"\n")
        self.program.stdin.flush()

    def close(self) -> None:
        """End all."""
        self.program.kill()
        self.program.communicate()
        end(self.all)


@contextmanager
def runtime(driver: Path, layers: str) -> Iterator[Runtime]:
    """Start one; whatever happens nothing of it is left."""
    started = Runtime(driver, layers)
    try:
        yield started
    finally:
        started.close()


CASES = {
    "parent": ("middle", ["deep"]),
    "orders": ("the root's channels", ["root", "middle", "deep"]),
    "death": ("middle", ["program"]),
    "sweep": ("program", ["daemon"]),
    "keeper": ("root_program", ["root_daemon"]),
}
"""Who is ended, and who has to go by that."""


def strike(started: Runtime, victim: str) -> None:
    """End who is to be ended."""
    if victim == "the root's channels":
        started.shut()
    else:
        started.kill(victim)


@pytest.mark.parametrize("layer", CASES)
def test_a_layer_alone_is_enough_for_its_case(driver: Path, layer: str) -> None:
    """With all others left out, and the runtime standing still."""
    victim, followers = CASES[layer]
    with runtime(driver, layer) as started, OsProcesses(started.pids[one] for one in followers) as processes:
        strike(started, victim)
        assert processes.wait_gone(WAIT) == []


@pytest.mark.parametrize("layer", CASES)
def test_without_it_the_case_fails(driver: Path, layer: str) -> None:
    """With none but end-of-file."""
    victim, followers = CASES[layer]
    with runtime(driver, "none") as started, OsProcesses(started.pids[one] for one in followers) as processes:
        strike(started, victim)
        assert processes.wait_gone(LONG) != []


def test_end_of_file_alone_ends_all_drivers_and_programs_with_the_runtime(driver: Path) -> None:
    """That is what channels are for; daemons are not ended by it."""
    with runtime(driver, "none") as started:
        names = ["root", "middle", "deep", "program", "root_program"]
        with OsProcesses(started.pids[one] for one in names) as processes:
            started.program.kill()
            assert processes.wait_gone(WAIT) == []
        with OsProcesses([started.pids["daemon"]]) as daemon:
            assert daemon.left() != []
