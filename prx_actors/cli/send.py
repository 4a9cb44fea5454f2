"""`prx-actors send`: a program writes to the mailbox of the actor that it was started for."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, Final

from prx_actors.programs.mailbox import VARIABLE, send_message

__all__ = ["FAILED", "FULL", "add_to"]

FAILED: Final = 1
"""The exit status when the message was not sent, but for `FULL`."""

FULL: Final = os.EX_TEMPFAIL
"""The exit status when the queue is full, and it is worth another try."""

PRIORITY_MAX: Final = 32767


def add_to(subcommands: Any) -> None:
    """Add the subcommand to the parser of the command.

    Args:
        subcommands: what `ArgumentParser.add_subparsers` has returned

    """
    parser = subcommands.add_parser(
        "send",
        help="send a message to an actor",
        description=f"Send a message to the actor whose message queue {VARIABLE} names.",
        epilog=f"Exit status: 0 when it is sent, {FULL} when the queue is full, {FAILED} for any other failure.",
    )
    parser.add_argument("message", nargs="?", help="what to send; stdin, to its end, when none is given")
    parser.add_argument("--to", metavar="NAME", help=f"the name of the queue, in the place of ${VARIABLE}")
    parser.add_argument("--priority", type=_priority, default=0, help=f"0 to {PRIORITY_MAX}; the highest is read first")
    parser.add_argument("--timeout", type=_seconds, help="seconds to wait while it is full; none: for ever")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    data = sys.stdin.buffer.read() if arguments.message is None else os.fsencode(arguments.message)
    try:
        send_message(data, arguments.priority, name=arguments.to, timeout=arguments.timeout)
    except (OSError, LookupError, ValueError) as error:
        print(f"prx-actors send: {_told(error)}", file=sys.stderr)  # noqa: T201 -- it is what a command does
        return FULL if isinstance(error, BlockingIOError) else FAILED
    return 0


def _told(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    return str(error.args[0])


def _priority(text: str) -> int:
    number = int(text)
    if not 0 <= number <= PRIORITY_MAX:
        msg = f"{text} is not from 0 to {PRIORITY_MAX}"
        raise argparse.ArgumentTypeError(msg)
    return number


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        msg = f"{text} is no number of seconds"
        raise argparse.ArgumentTypeError(msg)
    return seconds
