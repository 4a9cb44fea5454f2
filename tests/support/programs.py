"""Programs that are run as real processes."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PROGRAM", "RUN", "program", "result_of", "until"]

PROGRAM = """
import logging, os, signal, sys, threading, time
from prx_actors import exit, receive, spawn_link, trap_exit
from prx_actors.otp import GenServer, Stop, Timeout
from prx_actors.otp.application import Application
from prx_actors.otp.supervisor import ChildSpec, Supervisor

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

class Worker(GenServer):
    "Says when it begins and ends."
    def init(self, name):
        self.name = name
        trap_exit(True)
        say("init", name)
    def terminate(self, reason):
        say("terminate", self.name, reason)

class Endless(Worker):
    "Takes for ever to end."
    def terminate(self, reason):
        super().terminate(reason)
        receive(lambda message: False)

def children(*specs, **flags):
    return Supervisor.start_link([ChildSpec(name, (cls, (name,)), **more) for cls, name, more in specs], **flags)

class Program(Application):
    def start(self):
        pid = children((Worker, "a", {}), (Worker, "b", {}))
        say("ready")
        return pid
    def prep_stop(self):
        say("prep_stop")
    def stop(self, reason):
        say("stop", reason)
"""

RUN = "\nsys.exit(Program().run())\n"


@contextmanager
def program(*arguments: str, **options: object) -> Iterator[subprocess.Popen[str]]:
    """Run Python with these arguments; whatever happens it has ended afterwards."""
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options) as process:  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.kill()


def until(process: subprocess.Popen[str], line: str) -> list[str]:
    """Read what a program says until it says that."""
    assert process.stdout is not None
    lines = [process.stdout.readline().rstrip("\n")]
    while lines[-1] != line:
        assert lines[-1], process.communicate()
        lines.append(process.stdout.readline().rstrip("\n"))
    return lines


def result_of(script: str) -> tuple[int, list[str], str]:
    """Run a script to its end; return its exit code and what it said."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + script], capture_output=True, text=True, timeout=50, check=False
    )
    return done.returncode, done.stdout.splitlines(), done.stderr
