"""What the counts need: a machine on which the same work is done in the same way each time."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from prx_actors import shutdown

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def one_processor() -> Iterator[int]:
    """Have this program and the drivers that it starts share a processor.

    There nobody waits awake: how often one that does looks, nobody can say beforehand.
    """
    before = os.sched_getaffinity(0)
    processor = min(before)
    # The keeper is started anew, so that it and all that it forks are there too.
    shutdown()
    _move({processor})
    yield processor
    shutdown()
    _move(before)


def _move(processors: set[int]) -> None:
    for thread in os.listdir("/proc/self/task"):  # noqa: PTH208 - it needs names only
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread), processors)
