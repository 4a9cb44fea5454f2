"""The start of an interpreter that imports the package, against one that imports asyncio."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

from .harness import compare, median_time

if TYPE_CHECKING:
    from .harness import Comparison

__all__ = ["run"]

TIMES = 3


def _start(code: str) -> None:
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def run(rounds: int) -> list[Comparison]:
    """Compare the two, and an interpreter that imports nothing."""
    sides = {
        name: partial(median_time, partial(_start, code), TIMES)
        for name, code in {
            "import asyncio": "import asyncio",
            "import prx_actors": "import prx_actors",
            "nothing": "",
        }.items()
    }
    return [compare("imports: an interpreter from its start to its end", "microseconds", sides, min(rounds, 10))]
