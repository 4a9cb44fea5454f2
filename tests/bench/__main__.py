"""The benchmarks: `python -m tests.bench [--only NAME] [--rounds N] [--json PATH]`, from the top of the repository.

Each is a module beside this one whose `run(rounds)` returns comparisons. They measure and judge nothing: the numbers
are worth what the machine was doing otherwise.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from . import actors, calls, growth, idle, imports, latency, starts, streams
from .harness import machine

BENCHMARKS = {
    "calls": calls.run,
    "starts": starts.run,
    "streams": streams.run,
    "latency": latency.run,
    "idle": idle.run,
    "growth": growth.run,
    "actors": actors.run,
    "imports": imports.run,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="which to run, instead of all")
    parser.add_argument("--rounds", type=int, default=30, help="how often each side is measured, twice at the least")
    parser.add_argument("--json", type=Path, metavar="PATH", help="where to write all that was measured")
    return parser.parse_args()


def main() -> None:
    """Run the benchmarks that are named, print a table each, write the JSON."""
    arguments = _arguments()
    comparisons = []
    for name in arguments.only or BENCHMARKS:
        for comparison in BENCHMARKS[name](max(arguments.rounds, 2)):
            print(comparison.table(), end="\n\n", flush=True)
            comparisons.append(comparison.as_json())
    if arguments.json is not None:
        report = {"machine": machine(), "comparisons": comparisons}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
