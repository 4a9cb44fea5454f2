"""Groups whose members, or whose monitors, go in the midst of a change, or where a KeyboardInterrupt ends it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from prx_actors.actors import Down, Pid, Process, exit_signal, monitor, pg, receive, spawn_monitor
from prx_actors.actors.table import process_of
from prx_actors.actors.threads import current_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

WAIT = 10

CHANGES = {"join", "leave", "monitor", "demonitor", "_demonitor", "_increment", "_decrement"}
"""Functions of `pg` that change the groups; they hold its lock, whose own steps are C's."""


def kept() -> list[Any]:
    """Return what is kept of groups, members and monitors."""
    return [dict(table) for table in vars(pg.groups).values() if isinstance(table, dict) and table]


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """Each test has the groups for itself and leaves none."""
    assert kept() == []
    yield
    left = kept()
    pg.groups.reset()
    assert left == []


def kill(pid: Pid) -> None:
    """End a process and wait until that is known."""
    ref = monitor(pid)
    exit_signal(pid, "kill")
    receive(Down, ref=ref, timeout=WAIT)


def interrupt_at(line: int, act: Callable[[], object]) -> bool:
    """Do something, with a KeyboardInterrupt before so many lines of the changes; say whether it came to that."""
    left = line

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal left
        if frame.f_code.co_filename != pg.__file__ or frame.f_code.co_name not in CHANGES:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def shown() -> list[Any]:
    """Return the groups; none of them is empty."""
    assert all(pg.get_members(group) for group in pg.which_groups())
    return pg.which_groups()


@pytest.mark.parametrize("change", [pg.groups.join, pg.groups.leave], ids=["join", "leave"])
@pytest.mark.parametrize("before", [0, 1, 2], ids=str)
def test_an_interrupted_change_leaves_no_empty_group_and_no_dead_member(
    change: Callable[[Any, Pid], bool], before: int
) -> None:
    """Wherever it comes, and however often the process was a member."""
    line = 1
    while True:
        pid = Process.start()
        pg.join("workers", [pid] * before)
        interrupted = interrupt_at(line, lambda p=pid: change("workers", p))  # type: ignore[misc]
        shown()
        kill(pid)
        assert kept() == [], line
        if not interrupted:
            break
        line += 1
    assert line > before


def test_after_an_interrupted_change_the_next_ones_count_right() -> None:
    """What was cut short was done, or was not."""
    for line in range(1, 10):
        pid = Process.start()
        interrupt_at(line, lambda p=pid: pg.groups.join("workers", p))  # type: ignore[misc]
        joined = len(pg.get_members("workers"))
        interrupt_at(line, lambda p=pid: pg.groups.leave("workers", p))  # type: ignore[misc]
        left = len(pg.get_members("workers"))
        assert left <= joined <= 1
        pg.join("workers", pid)
        assert pg.get_members("workers") == [pid] * (left + 1)
        while pg.leave("workers", pid):
            shown()
        assert shown() == []
        kill(pid)
        assert kept() == []


def test_an_interrupted_monitor_goes_with_its_process() -> None:
    """Wherever the interrupt comes, to monitor and to stop it."""
    for line in range(1, 20):
        pid = Process.start()
        process = process_of(pid)
        assert process is not None

        def watch(process: Process = process) -> None:
            ref = pg.groups.monitor("workers", process)
            pg.groups._demonitor("workers", ref)

        interrupt_at(line, watch)
        kill(pid)
        assert kept() == [], line


def test_nothing_is_kept_for_who_is_killed_while_it_begins_to_monitor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its call and the entry, where a lock is waited for."""
    lock = pg.groups.lock

    class Deadly:
        def __enter__(self) -> None:
            lock.acquire()
            current_process()._terminate("killed")

        def __exit__(self, *_: object) -> None:
            lock.release()

    def watch() -> None:
        monkeypatch.setattr(pg.groups, "lock", Deadly())
        try:
            pg.monitor("workers")
        finally:
            monkeypatch.setattr(pg.groups, "lock", lock)

    _, ref = spawn_monitor(watch)
    assert receive(Down, ref=ref, timeout=WAIT).reason == "killed"


def test_to_stop_one_of_many_monitors_takes_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does the end of a process that has many: none looks at the groups one by one."""

    class Unsearchable(dict[Any, Any]):
        def searched(self) -> Any:
            raise AssertionError

        __iter__ = keys = values = items = searched

    with monkeypatch.context() as patch:
        patch.setattr(pg.groups, "monitors", Unsearchable())
        refs = [pg.monitor(number)[0] for number in range(10)]
        assert all(pg.demonitor(ref) for ref in reversed(refs))
        assert not any(pg.demonitor(ref) for ref in refs)
        assert len(pg.groups.monitors) == 0


def test_who_is_told_of_a_death_that_an_interrupt_cuts_short_is_told_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is done again tells again; nothing is left out."""
    pid = Process.start()
    pg.join("workers", pid)
    ref, _ = pg.monitor("workers")
    leave = pg.groups.leave

    def interrupted(*_: object) -> bool:
        monkeypatch.setattr(pg.groups, "leave", leave)
        raise KeyboardInterrupt

    monkeypatch.setattr(pg.groups, "leave", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pg.groups.remove(pid)
    pg.groups.remove(pid)
    assert receive(timeout=WAIT) == receive(timeout=WAIT) == pg.Leave(ref, "workers", (pid,))
    pg.demonitor(ref)
