"""What the import of the package leaves for later is there once it has a task: no file is needed then."""

from __future__ import annotations

import subprocess
import sys

from support.ends import WAIT

# Of the first task of a program, when its table of files is full; a module is a file.
FULL = """
import os, resource
from prx_actors import Signal, prx, receive

with prx.fork() as task:
    prx.kill(task, prx.getpid(task), "sigusr1")
    signal = receive(Signal, task=task, timeout=30)
    last = os.dup(0)
    resource.setrlimit(resource.RLIMIT_NOFILE, (last, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    os.close(last)
    fds = []
    try:
        while True:
            fds.append(os.dup(0))
    except OSError:
        pass
    print(task.statistics().state, signal.decoded.si_signo, prx.file_constant(task, "o_rdonly"))
    for fd in fds:
        os.close(fd)
"""


def test_a_task_tells_of_itself_when_no_file_can_be_opened() -> None:
    """Its figures, what came with a signal, and constants."""
    done = subprocess.run([sys.executable, "-P", "-c", FULL], capture_output=True, text=True, timeout=WAIT, check=False)
    assert (done.stdout, done.stderr) == ("call 10 0\n", "")
