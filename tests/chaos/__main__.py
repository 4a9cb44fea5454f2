"""The chaos by hand: `python -m tests.chaos --kills 10000 --seed 1`, from the top of the repository."""

from __future__ import annotations

import argparse
import sys

from prx_actors.driver.keeper import driver_path

from .storm import storm


def main() -> int:
    """Strike, print the report; the status says whether all promises were kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="how many there are to be")
    parser.add_argument("--seed", type=int, default=0, help="of all that is random but the times")
    parser.add_argument(
        "--runtimes", type=int, default=8, help="how many at a time, each with a kill of its own in flight"
    )
    parser.add_argument("--seconds", type=float, default=float("inf"), help="when to stop at the latest")
    parser.add_argument("--violations", type=int, default=1, help="after how many to stop")
    given = parser.parse_args()
    print("driver:", driver_path(), flush=True)  # that of an editable install is rebuilt now, not by many at once
    report = storm(given.kills, given.seed, given.runtimes, given.seconds, given.violations)
    print(report)
    return bool(report.violations)


if __name__ == "__main__":
    sys.exit(main())
