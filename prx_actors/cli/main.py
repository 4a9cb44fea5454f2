"""The entry point: arguments, and the subcommand that they name."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from prx_actors.cli import send

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command `prx-actors`.

    Args:
        argv: its arguments; those of this program when none are given

    Returns:
        its exit status

    Raises:
        SystemExit: the arguments are wrong, or ask for help

    """
    parser = argparse.ArgumentParser(prog="prx-actors", description="Actors and OS processes.")
    send.add_to(parser.add_subparsers(title="commands", required=True))
    arguments = parser.parse_args(argv)
    status: int = arguments.run(arguments)
    return status
