"""What tests of several folders ask for."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.features import require
from support.unprivileged import Unprivileged, sudo_rule

from prx_actors import prx

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def buffered() -> None:
    """Have Python programs write a line as one piece, whatever the environment of the tests says.

    Unbuffered, `print` writes a text and its newline one after the other.
    """
    os.environ.pop("PYTHONUNBUFFERED", None)


@pytest.fixture(scope="session", autouse=True)
def launcher() -> None:
    """Start all roots through the launcher that PRX_TEST_EXEC names, such as `sudo -n`."""
    prx.sudo(os.environ.get("PRX_TEST_EXEC", ""))


@pytest.fixture(scope="session")
def unprivileged(temporary_folder: Path) -> Iterator[Unprivileged]:
    """Copy the package to where nobody can use it."""
    with tempfile.TemporaryDirectory(prefix="unprivileged-", dir=temporary_folder) as folder:
        found = Unprivileged.find(Path(folder))
        require(found, "an interpreter that nobody can run")
        assert found is not None
        yield found


@pytest.fixture
def sudoer(unprivileged: Unprivileged) -> Iterator[Unprivileged]:
    """Let nobody start the driver through sudo, as long as the test runs."""
    require(shutil.which("sudo"), "sudo")
    with sudo_rule(unprivileged.driver):
        yield unprivileged
