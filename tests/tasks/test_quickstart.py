"""The quick start as a program of its own, in surroundings that give it nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.calls import until

QUICKSTART = Path(__file__).parent.parent.parent / "examples" / "quickstart.py"

SCRIPT = """
import os, runpy, sys
from functools import partial
from prx_actors import prx

prx.fork = partial(prx.fork, killdelay=1000.0)  # whatever waits for one is late
runpy.run_path(sys.argv[1])
print(open(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read())
"""


def test_the_quick_start_runs_in_an_empty_folder_with_an_empty_environment(tmp_path: Path) -> None:
    """It needs no terminal, no stdin and no variable; it is done at once and leaves no process."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, QUICKSTART],
        cwd=tmp_path,
        env={"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    ids, line, children = done.stdout.splitlines()[:3]
    assert ids.startswith(f"{os.getuid()} ")
    assert line == r"b'     1\ttest\n'"
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
    # The one child that is left at the end of the script is the keeper, which goes with the interpreter.
    (keeper,) = children.split()
    until(lambda: not Path("/proc", keeper).exists(), "the keeper is gone")
