"""What the look after each test finds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from support.calls import until
from support.leaks import holdings
from support.marks import mark

from prx_actors import prx

if TYPE_CHECKING:
    from pathlib import Path

STRAY = """
import os, resource, sys, time
soft = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_RTTIME, (soft, resource.RLIM_INFINITY))
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
print(os.getpid(), flush=True)
os.close(1)
time.sleep(1000)
"""


def stray(soft: int) -> int:
    """Start a daemon that nobody but init is the parent of."""
    done = subprocess.run([sys.executable, "-c", STRAY, str(soft)], stdout=subprocess.PIPE, check=True, timeout=30)
    return int(done.stdout)


def test_a_process_with_a_mark_of_ours_is_found_whosever_child_it_is(tmp_path: Path) -> None:
    """One with the mark of another runtime is not ours."""
    with prx.fork():
        ours, others = stray(mark(1)), stray(mark(1, run_id=12345))
        try:
            found = "\n".join(holdings(tmp_path))
            assert f"[{ours}]" in found
            assert f"[{others}]" not in found
        finally:
            os.kill(ours, signal.SIGKILL)
            os.kill(others, signal.SIGKILL)
        until(lambda: f"[{ours}]" not in "\n".join(holdings(tmp_path)), "it is gone")


def test_a_child_and_its_zombie_are_found(tmp_path: Path) -> None:
    """Until it is reaped."""
    with subprocess.Popen(["sleep", "1000"]) as child:
        assert f"sleep[{child.pid}]" in "\n".join(holdings(tmp_path))
        child.kill()
        until(lambda: f"sleep[{child.pid}] Z" in "\n".join(holdings(tmp_path)), "it is a zombie")
        child.wait()
        assert f"[{child.pid}]" not in "\n".join(holdings(tmp_path))
