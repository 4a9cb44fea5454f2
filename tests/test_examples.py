"""The example scripts, and the README that prints one of them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from prx_actors.driver.keeper import driver_path

if TYPE_CHECKING:
    from support.unprivileged import Unprivileged

TOP = Path(__file__).parent.parent
EXAMPLES = TOP / "examples"


def run(name: str) -> str:
    """Run an example as a program of its own, which must end well, and return what it prints."""
    done = subprocess.run([sys.executable, EXAMPLES / name], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_quick_start_prints_the_line_that_cat_has_numbered() -> None:
    """The script of command 1 runs to its end as a program of its own."""
    ids, line = run("quickstart.py").splitlines()
    assert re.fullmatch(r"\d+ \d+", ids)
    assert line == r"b'     1\ttest\n'"


def test_cat_n_prints_the_lines_that_cat_has_numbered() -> None:
    """All that was written came back, and the end after it."""
    assert run("cat_n.py") == "     1\tone\n     2\ttwo\nexit status 0\n"


def test_process_tree_prints_three_drivers_and_then_a_program_below_two() -> None:
    """The process that calls exec keeps its place in the tree."""
    driver = Path(driver_path()).name[:15]
    before = f"before exec:\n{driver}\n  {driver}\n    {driver}\n"
    after = f"after exec:\n{driver}\n  {driver}\n    cat\n"
    assert run("process_tree.py") == before + after


NAMESPACES = r"""user 0
pid 1
b'     1\ttest\n'
"""


def test_log_pipeline_counts_what_the_first_800_requests_were_for() -> None:
    """The endless server above is ended, and that is no failure."""
    assert run("log_pipeline.py") == "500 /\n200 /about\n100 /style.css\n"


def test_repl_gets_answers_from_a_program_that_has_a_terminal() -> None:
    """Its stdin is one, and controls its session."""
    *answers, end = run("repl.py").splitlines()
    assert answers == ["42", "True", "True"]
    assert end.endswith("status=3)")


@pytest.mark.root
def test_namespaces_works_for_root_without_sudo() -> None:
    """Root's own roots may make namespaces."""
    assert run("namespaces.py") == NAMESPACES


@pytest.mark.root
def test_namespaces_works_for_an_unprivileged_user_with_a_rule_of_sudo(sudoer: Unprivileged) -> None:
    """Nobody runs it; only the driver is root."""
    done = sudoer.run("-c", (EXAMPLES / "namespaces.py").read_text())
    assert (done.stdout, done.stderr, done.returncode) == (NAMESPACES, "", 0)


def test_every_example_has_a_test() -> None:
    """A script that is added here is run here."""
    source = Path(__file__).read_text()
    assert [path.name for path in EXAMPLES.glob("*.py") if f'"{path.name}"' not in source] == []


def test_the_readme_prints_the_quick_start_as_it_is() -> None:
    """What a reader sees is what is run."""
    found = re.search(r"^```python\n(.*?)^```$", (TOP / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    assert found[1] == (EXAMPLES / "quickstart.py").read_text()


def test_every_block_of_python_in_the_docs_is_a_test() -> None:
    """As many tests are collected from a page as it has blocks, however deep in the folders it lies."""
    pages = {str(page.relative_to(TOP)): page.read_text() for page in [TOP / "README.md", *TOP.glob("docs/**/*.md")]}
    blocks = Counter({name: text.count("```python\n") for name, text in pages.items() if "```python\n" in text})
    assert collected("README.md", "docs") == blocks


def test_every_module_with_an_example_is_tested() -> None:
    """A docstring's example is a test in each module that has one."""
    modules = {str(path.relative_to(TOP)) for path in TOP.glob("prx_actors/**/*.py") if " >>> " in path.read_text()}
    assert set(collected("prx_actors")) == modules


def collected(*folders: str) -> Counter[str]:
    """Count what pytest would run, by file."""
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q", *folders]
    listing = subprocess.run(argv, cwd=TOP, capture_output=True, text=True, timeout=50, check=True).stdout
    return Counter(line.partition("::")[0] for line in listing.splitlines() if "::" in line)
