"""What holds for every test: nothing is left behind, and every example in the docs and the docstrings is a test."""

from __future__ import annotations

import contextlib
import gc
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from support import leaks
from support.docstrings import docstring_examples
from support.features import require
from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser
from sybil.sybil import SybilCollection

from prx_actors import ProcessExit, exit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sybil.typing import Parser

# Wall times vary with the machine; and where CI is set, the same examples are drawn every time and none is stored.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")

# A program that a test starts with `python -c` here would find the sources, not the package as it is installed.
os.environ["PYTHONSAFEPATH"] = "1"


def examples(folder: str, pattern: str) -> Sybil:
    """Make the examples in a folder's files tests; Sybil itself would not look for autouse fixtures."""
    parsers: list[Parser] = [PythonCodeBlockParser(), docstring_examples]
    return Sybil(parsers, path=folder, pattern=pattern, fixtures=["nothing_left_behind", "own_process"])


pytest_collect_file = SybilCollection(
    [examples(".", "README.md"), examples("docs", "*.md"), examples("prx_actors", "*.py")]
).pytest()


@pytest.fixture(scope="session")
def temporary_folder() -> Iterator[Path]:
    """A folder of our own for temporary files: in /tmp, files of strangers would look like ours.

    Open to every user, as /tmp is: there are tests that change theirs.
    """
    with tempfile.TemporaryDirectory(prefix="prx-tests-") as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        folder.chmod(0o1777)
        patch.setenv("TMPDIR", name)
        patch.setattr(tempfile, "tempdir", name)
        yield folder


@pytest.fixture(autouse=True)
def nothing_left_behind(temporary_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fail a test that leaves an actor, an OS process, an open file, a thread or a temporary file behind."""
    # pytest would make it in the middle of the first test that asks for it.
    tmp_path_factory.getbasetemp()
    before = leaks.warm_holdings(temporary_folder)
    yield
    left = leaks.left_behind(before, temporary_folder)
    if left:
        leaks.end_all()
        pytest.fail("left behind:\n" + "\n".join(left), pytrace=False)


@pytest.fixture
def own_process() -> Iterator[None]:
    """End the process that this thread has become: the next one begins with an empty mailbox and without links."""
    yield
    with contextlib.suppress(ProcessExit):
        exit("normal")


def pytest_collection_finish() -> None:
    """Keep what is there for good out of the garbage collections that look for leaks."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave the tests that need root to root."""
    if item.get_closest_marker("root"):
        require(os.geteuid() == 0, "root")
