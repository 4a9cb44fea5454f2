"""Each test starts as a process of its own."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pykka
import pytest

from prx_actors.actors import ProcessExit, exit

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def own_process() -> Iterator[None]:
    """End the process that this thread has become, and the actors that were started."""
    yield
    pykka.ActorRegistry.stop_all(timeout=5)
    with contextlib.suppress(ProcessExit):
        exit("normal")
