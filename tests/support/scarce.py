"""Programs that run short of something: each is a Python of its own, since a hard limit is for good."""

from __future__ import annotations

import subprocess
import sys

__all__ = ["SCARCE", "run_scarce"]

SCARCE = """
import errno, json, os, resource, sys, time
from contextlib import contextmanager
from prx_actors import ExitStatus, Stdout, prx, receive, shutdown

FILES = 400
PATIENCE = 30

# Soft and hard: the runtime raises the soft one.
resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))

@contextmanager
def free_files(count):
    "Leave only so many fds free."
    null = os.open(os.devnull, os.O_RDONLY)
    taken = [null]
    try:
        while True:
            taken.append(os.dup(null))
    except OSError:
        pass
    for fd in taken[len(taken) - count:]:
        os.close(fd)
    del taken[len(taken) - count:]
    try:
        yield
    finally:
        for fd in taken:
            os.close(fd)

def fds():
    return sorted(os.readlink(f"/proc/self/fd/{fd}").split(":")[0] for fd in os.listdir("/proc/self/fd")
                  if os.path.islink(f"/proc/self/fd/{fd}"))

def below(pid):
    try:
        text = open(f"/proc/{pid}/task/{pid}/children").read()
    except FileNotFoundError:
        return []
    found = [int(one) for one in text.split()]
    return found + [deeper for one in found for deeper in below(one)]

def wait_for(holds, what):
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what()
        time.sleep(0.01)

def echo(parent=None):
    "Show that all works: a fork, a call, a program with all its streams."
    with prx.fork(parent) as task:
        assert prx.getpid(task) > 0
        prx.execvp(task, ["cat"])
        prx.stdin(task, "works")
        assert receive(Stdout, task=task, timeout=PATIENCE).data == b"works"
        prx.eof(task)
        assert receive(ExitStatus, task=task, timeout=PATIENCE).status == 0
"""


def run_scarce(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program that begins with SCARCE, and expect that it succeeds and says nothing else.

    Args:
        script: what it does then
        arguments: its `sys.argv`
    """
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", SCARCE + script, *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done
