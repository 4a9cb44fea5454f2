from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from prx_actors.actors import (
    Down,
    MonitorRef,
    Pid,
    Process,
    current,
    exit_signal,
    monitor,
    pg,
    receive,
    send,
    spawn,
    spawn_monitor,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAIT = 10


@pytest.fixture(autouse=True)
def no_groups_left() -> Iterator[None]:
    """Each test has the groups for itself and leaves none."""
    assert pg.which_groups() == []
    yield
    for group in pg.which_groups():
        while pg.leave(group, pg.get_members(group)):
            pass


def assert_nothing_waits() -> None:
    """Look into the mailbox."""
    with pytest.raises(TimeoutError):
        receive(timeout=0)


def test_a_group_is_there_while_it_has_members() -> None:
    """It is made by the first join and goes with the last leave."""
    assert pg.get_members("workers") == []
    pg.join("workers", current())
    assert pg.get_members("workers") == [current()]
    assert pg.which_groups() == ["workers"]
    assert pg.leave("workers", current()) is True
    assert pg.which_groups() == []
    assert pg.get_members("workers") == []


def test_who_joins_twice_leaves_twice() -> None:
    """Each join counts, in one call or in several."""
    me = current()
    pg.join(("any", "hashable"), [me, me])
    pg.join(("any", "hashable"), me)
    assert pg.get_members(("any", "hashable")) == [me] * 3
    assert pg.leave(("any", "hashable"), [me, me]) is True
    assert pg.get_members(("any", "hashable")) == [me]
    assert pg.leave(("any", "hashable"), me) is True
    assert pg.leave(("any", "hashable"), me) is False


def test_a_process_is_in_several_groups() -> None:
    """They do not know of each other."""
    pg.join("one", current())
    pg.join("two", current())
    assert pg.which_groups() == ["one", "two"]
    pg.leave("one", current())
    assert pg.get_members("two") == [current()]


def test_leaving_without_having_joined_is_reported() -> None:
    """Only when it is so of all."""
    other = Process.start()
    pg.join("workers", other)
    assert pg.leave("workers", current()) is False
    assert pg.leave("nothing", current()) is False
    assert pg.leave("workers", [current(), other]) is True


def test_the_dead_do_not_join() -> None:
    """And nobody is told."""
    pid, ref = spawn_monitor(int)
    receive(Down, ref=ref, timeout=WAIT)
    pg.monitor("workers")
    pg.join("workers", pid)
    assert pg.which_groups() == []
    assert_nothing_waits()


@pytest.mark.parametrize("start", [lambda: spawn(receive), Process.start], ids=["function", "actor"])
def test_a_member_has_left_when_its_end_is_known(start: Callable[[], Pid]) -> None:
    """All groups, as often as it had joined."""
    for _ in range(100):
        pid = start()
        pg.join("workers", [pid, pid, current()])
        pg.join("others", pid)
        ref = monitor(pid)
        exit_signal(pid, "kill")
        receive(Down, ref=ref, timeout=WAIT)
        assert pg.get_members("workers") == [current()]
        assert pg.which_groups() == ["workers"]
        pg.leave("workers", current())


def test_a_monitor_gets_the_members_and_then_each_change() -> None:
    """In the order of the changes, until it is stopped."""
    me, other = current(), Process.start()
    pg.join("workers", other)
    ref, members = pg.monitor("workers")
    assert members == [other]
    pg.join("workers", [me, me])
    pg.join("others", me)
    pg.leave("workers", [other, me])
    pg.leave("workers", other)
    assert receive(timeout=0) == pg.Join(ref, "workers", (me, me))
    assert receive(timeout=0) == pg.Leave(ref, "workers", (other, me))
    assert_nothing_waits()


def test_a_monitor_hears_of_the_death_of_members() -> None:
    """A message for each time that it had joined, before the Down."""
    pid = Process.start()
    pg.join("workers", [pid, pid])
    ref, _ = pg.monitor("workers")
    down = monitor(pid)
    exit_signal(pid, "kill")
    assert [receive(timeout=WAIT) for _ in range(3)] == [
        pg.Leave(ref, "workers", (pid,)),
        pg.Leave(ref, "workers", (pid,)),
        Down(down, pid, "killed"),
    ]


def test_a_monitor_of_the_scope_hears_of_all_groups() -> None:
    """Of new ones too."""
    pg.join("one", current())
    ref, groups = pg.monitor_scope()
    assert groups == {"one": [current()]}
    pg.join("two", current())
    pg.leave("one", current())
    assert receive(timeout=0) == pg.Join(ref, "two", (current(),))
    assert receive(timeout=0) == pg.Leave(ref, "one", (current(),))


def test_demonitor_flushes_and_says_whether_there_was_a_monitor() -> None:
    """The messages of other monitors stay."""
    first, _ = pg.monitor("workers")
    second, _ = pg.monitor("workers")
    pg.join("workers", current())
    assert pg.demonitor(first) is True
    assert pg.demonitor(first) is False
    assert pg.demonitor(MonitorRef()) is False
    pg.leave("workers", current())
    assert [receive(timeout=0).ref for _ in range(2)] == [second, second]
    assert_nothing_waits()


def test_a_monitor_ends_with_its_process() -> None:
    """Nothing is kept for the dead."""
    me = current()
    pid = spawn(lambda: (send(me, pg.monitor("workers")[0]), receive()))  # type: ignore[func-returns-value]
    receive(MonitorRef, timeout=WAIT)
    ref = monitor(pid)
    assert pg.groups.monitors
    exit_signal(pid, "kill")
    receive(Down, ref=ref, timeout=WAIT)
    assert pg.groups.monitors == {}


def test_nothing_of_a_member_is_kept_when_it_is_dead() -> None:
    """Also in what is not shown."""
    pid = Process.start()
    pg.join("workers", pid)
    pid.stop(timeout=WAIT)
    assert (pg.groups.members, pg.groups.joined) == ({}, {})


def test_the_child_of_a_fork_has_no_groups() -> None:
    """None of the members is there."""
    pg.join("workers", current())
    child = os.fork()
    if not child:
        os._exit(len(pg.which_groups()))
    assert os.waitpid(child, 0)[1] == 0
