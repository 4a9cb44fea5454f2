"""Each test runs as a process of its own: with an empty mailbox, and without the links of the one before."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from prx_actors import ProcessExit, exit

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def own_process(nothing_left_behind: None) -> Iterator[None]:
    """End the process that this thread has become, and with it what the test has left running."""
    yield
    with contextlib.suppress(ProcessExit):
        exit("normal")
