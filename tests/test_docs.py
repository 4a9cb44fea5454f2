"""What the docs print of the code."""

from __future__ import annotations

import re
from pathlib import Path

from prx_actors.driver.protocol import OPTIONS
from prx_actors.system.native import lib
from prx_actors.tasks.options import from_driver

TOP = Path(__file__).parent.parent
ARCHITECTURE = (TOP / "docs/explanation/architecture.md").read_text()
BEYOND = (TOP / "docs/explanation/beyond-prx.md").read_text()
SECURITY = (TOP / "docs/explanation/security.md").read_text()
TASKS = (TOP / "docs/reference/tasks.md").read_text()
TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")


def rows(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the table that begins with these columns, without it and its rule."""
    lines = text[text.index(heading) :].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip().strip("`") for cell in line.strip("| ").split(" |")] for line in lines]


def test_the_exit_statuses_are_the_driver_s() -> None:
    """Those of its header."""
    printed = {status for status, _ in rows(ARCHITECTURE, "| status | why |")}
    header = {str(getattr(lib, name)) for name in ("PRX_EXIT_STARTUP", "PRX_EXIT_PROTOCOL", "PRX_EXIT_RESOURCE")}
    assert printed == {"0", "as given"} | header


def test_the_options_are_the_driver_s() -> None:
    """Names and defaults, in no order."""
    printed = {name: number(default) for name, default, _ in rows(TASKS, "| option | default |")}
    assert printed == {name: from_driver(name, default) for name, default in OPTIONS.items()}


def test_the_tests_that_show_what_is_better_than_prx_exist() -> None:
    """Each row names one at least, by its file."""
    printed = [TEST.findall(shown) for *_, shown in rows(BEYOND, "| prx | here |")]
    assert len(printed) == 14
    assert all(printed)
    assert missing(BEYOND) == set()


def test_the_tests_that_show_the_promises_of_security_exist() -> None:
    """Each row of each table names one at least."""
    tables = SECURITY.split("| promise | shown by |\n|---|---|\n")[1:]
    promises = [line for table in tables for line in table.split("\n\n")[0].splitlines()]
    assert len(promises) == 19
    assert all(TEST.search(line) for line in promises)
    assert missing(SECURITY) == set()


def missing(text: str) -> set[tuple[str, str]]:
    """Return the tests that a page names and that do not exist."""
    named = set(TEST.findall(text))
    return {(path, test) for path, test in named if f"\ndef {test}(" not in (TOP / path).read_text()}


def number(text: str) -> float:
    """Read a default as it is printed."""
    found = re.fullmatch(r"(-?[\d.]+)( MiB)?", text)
    assert found is not None
    return float(found[1]) * (2**20 if found[2] else 1)
