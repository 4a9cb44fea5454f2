"""The last lines of stderr, which are kept to say why a program has failed."""

from __future__ import annotations

import asyncio
import logging
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.supervised import exit_of

from prx_actors import Command, StartError, run, trap_exit
from prx_actors.programs import INHERIT, MERGE, NULL, RotatingFile, aio
from prx_actors.programs.mistakes import BadCommand
from prx_actors.programs.readiness import Line

SAYS = ["sh", "-c", "echo out; seq 5 >&2; printf six >&2; exit 3"]


def test_the_last_lines_are_kept_and_stderr_is_delivered_all_the_same() -> None:
    """As many as were asked for, or as there are; the last need not have an end."""
    done = run(SAYS, stderr_lines=2, text=True)
    assert done.last_stderr == ("5", "six")
    assert done.stderr == "1\n2\n3\n4\n5\nsix"
    assert run(SAYS, stderr_lines=100).last_stderr == ("1", "2", "3", "4", "5", "six")
    assert run(SAYS).last_stderr == ()
    assert asyncio.run(aio.run(SAYS, stderr_lines=1)).last_stderr == ("six",)


def test_the_error_of_a_failure_has_them_as_a_note() -> None:
    """Where a traceback shows them."""
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run(SAYS, stderr_lines=2, check=True)
    assert caught.value.__notes__ == ["the last lines of its stderr:\n5\nsix"]


def test_they_are_kept_wherever_stderr_goes_from_here(tmp_path: Path) -> None:
    """To a function, a logger, files in turn."""
    pieces: list[bytes] = []
    file = tmp_path / "log"
    for stderr in (pieces.append, logging.getLogger("prx_actors.tests"), RotatingFile(file, 1000, 1)):
        assert run(SAYS, stderr_lines=1, stderr=stderr).last_stderr == ("six",)
    assert b"".join(pieces) == file.read_bytes() == b"1\n2\n3\n4\n5\nsix"


def test_a_line_without_end_and_what_is_no_text_are_no_danger() -> None:
    """64 KiB are kept, and shown escaped."""
    script = "head -c 1000000 /dev/zero | tr '\\0' x >&2; printf '\\n\\377\\n' >&2"
    long, escaped = run(["sh", "-c", script], stderr_lines=10).last_stderr
    assert (set(long), escaped) == ({"x"}, "\\xff")
    assert 60_000 < len(long) < 1 << 16


WITHOUT: list[dict[str, Any]] = [
    {"stderr": NULL},
    {"stderr": INHERIT},
    {"stderr": MERGE},
    {"stderr": Path("/x")},
    {"pty": True},
]


@pytest.mark.parametrize("given", WITHOUT)
def test_where_stderr_does_not_come_here_it_is_a_mistake(given: dict[str, Any]) -> None:
    """As is a number that is none."""
    with pytest.raises(BadCommand, match="stderr_lines: its stderr does not come here"):
        Command(("true",), stderr_lines=1, **given)
    with pytest.raises(BadCommand, match="stderr_lines: -1 is not from 0 to 1000"):
        Command(("true",), stderr_lines=-1)


def records(caplog: pytest.LogCaptureFixture, script: str, **fields: Any) -> list[str]:
    """Run a program as a supervisor does, and return the errors in its log."""
    trap_exit(True)
    command = Command(("sh", "-c", script), stderr_lines=2, name="says", **fields)
    with caplog.at_level(logging.INFO):
        try:
            exit_of(command.start_link())
        except StartError:
            assert command.readiness is not None
    found = [one for one in caplog.records if one.name == "prx_actors.programs.says"]
    return [one.getMessage() for one in found if one.levelno == logging.ERROR]


def test_a_supervised_one_that_fails_logs_them(caplog: pytest.LogCaptureFixture) -> None:
    """In one record, behind those of its lines; also when it was not ready yet."""
    (told,) = records(caplog, SAYS[-1])
    assert "status=3" in told
    assert told.endswith("\nthe last lines of its stderr:\n5\nsix")
    caplog.clear()
    (told,) = records(caplog, SAYS[-1], readiness=Line("ready"))
    assert told.endswith("\nthe last lines of its stderr:\n5\nsix")


def test_a_supervised_one_that_does_not_fail_logs_nothing_of_it(caplog: pytest.LogCaptureFixture) -> None:
    """Nor does one that has said nothing."""
    assert records(caplog, "echo err >&2") == []
    assert records(caplog, "exit 3") == []
