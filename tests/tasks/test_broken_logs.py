"""A log that fails, as on a full disk, keeps no channel from being read and no end from being told."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from support.broken_logs import broken_log
from support.ends import WAIT

from prx_actors import Down, Stdout, monitor, prx, receive
from prx_actors.driver.reactor import reactor
from prx_actors.driver.sweep import Sweep

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def records(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was to be logged."""
    with broken_log(monkeypatch, OSError()) as found:
        yield found


def fail() -> None:
    """Fail as code of the runtime should not."""
    raise LookupError


def test_the_reactor_goes_on(records: list[str]) -> None:
    """After a handler that fails, and a log that does as well."""
    with prx.fork() as task:
        done = threading.Event()
        reactor.call_soon(fail)
        reactor.call_soon(done.set)
        assert done.wait(WAIT)
        prx.execvp(task, ["echo", "read"])
        assert receive(Stdout, task=task, timeout=WAIT).data == b"read\n"
    assert records == ["Unhandled exception in the reactor"]


def test_the_end_of_a_task_is_told_although_what_is_left_of_it_cannot_be_logged(
    records: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason names it."""
    with prx.fork() as task:
        ref = monitor(task)
        monkeypatch.setattr(Sweep, "left", lambda _sweep: (1,))
        task.stop()
        assert receive(Down, ref=ref, timeout=WAIT).reason == ("unkillable", (1,))
    assert records
