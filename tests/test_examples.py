"""The example scripts, and the README that prints one of them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

TOP = Path(__file__).parent.parent
QUICKSTART = TOP / "examples" / "quickstart.py"


def test_the_quick_start_prints_the_line_that_cat_has_numbered() -> None:
    """The script of command 1 runs to its end as a program of its own."""
    done = subprocess.run([sys.executable, QUICKSTART], capture_output=True, text=True, timeout=30, check=True)
    ids, line = done.stdout.splitlines()
    assert re.fullmatch(r"\d+ \d+", ids)
    assert line == r"b'     1\ttest\n'"
    assert done.stderr == ""


def test_the_readme_prints_the_quick_start_as_it_is() -> None:
    """What a reader sees is what is run."""
    found = re.search(r"^```python\n(.*?)^```$", (TOP / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    assert found[1] == QUICKSTART.read_text()


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
