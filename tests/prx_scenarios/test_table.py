"""The table of scenarios in the docs: each of theirs has a row, and each test it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
TESTS = HERE.parent
PAGE = (TESTS.parent / "docs/reference/scenarios.md").read_text()
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
ROW = re.compile(r"^\| `(\w+)` \| (.+) \|$", re.MULTILINE)


def table() -> list[tuple[str, str]]:
    """Return suite and scenario, and what stands beside them."""
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    return [
        (f"{text.split(maxsplit=1)[0]} {scenario}", cell) for text in sections for scenario, cell in ROW.findall(text)
    ]


def found_in(path: str) -> set[str]:
    """Return the names of the tests in a file."""
    file = TESTS / path
    if not file.exists():
        return set()
    return {node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)}


def test_every_scenario_of_the_originals_has_one_row() -> None:
    """And there are no others."""
    theirs = sorted((HERE / "names.txt").read_text().splitlines())
    assert sorted(name for name, _ in table()) == theirs


def test_every_row_names_tests_or_says_why_there_is_none() -> None:
    """Which can only be another system."""
    for name, cell in table():
        assert TEST.search(cell) or re.match(r"does not apply: .*(BSD|Darwin|Solaris)", cell), name


def test_every_test_that_a_row_names_exists() -> None:
    """Where the row says."""
    mapped = [found for _, cell in table() for found in TEST.findall(cell)]
    assert [f"{path}::{test}" for path, test in mapped if test not in found_in(path)] == []
