"""The restart strategies; the cases of OTP's supervisor_SUITE have their names."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from support.supervised import (
    WAIT,
    Worker,
    counts,
    end,
    exit_of,
    failing_restart,
    pid_of,
    pids,
    start,
    stop,
    with_extra,
    worker,
)

from prx_actors.actors import Down, Pid, current, exit, exit_signal, link, monitor, receive, send, spawn, spawn_link
from prx_actors.otp import StartError
from prx_actors.otp.supervisor import Supervisor


def end_too_often(supervisor: Pid, *ids: str) -> None:
    """End these children; the last end is one too many."""
    for id in ids:
        end(pid_of(supervisor, id))
    assert exit_of(supervisor) == "shutdown"


def test_multiple_restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restarts that are further apart than the period never end the supervisor."""
    times = iter([1.0, 3.1, 5.2, 7.3])
    monkeypatch.setattr("prx_actors.otp.supervision.monotonic", lambda: next(times))
    supervisor = start(worker(shutdown="brutal_kill"), intensity=1, period=1)
    for _ in range(4):
        end(pid_of(supervisor))
        assert pid_of(supervisor).is_alive()
    assert next(times, None) is None
    stop(supervisor)


def test_one_for_one() -> None:
    """Only the child that has ended is restarted, so often and no more."""
    supervisor = start(worker("one"), worker("two"))
    one, two = pid_of(supervisor, "one"), pid_of(supervisor, "two")
    end(one)
    assert pid_of(supervisor, "two") is two
    assert pid_of(supervisor, "one") is not one
    assert counts(supervisor) == (2, 2, 0, 2)
    end_too_often(supervisor, "two", "one")


def test_one_for_one_escalation() -> None:
    """A child that cannot be restarted ends the supervisor and its siblings."""
    supervisor = start(worker("one", failing_restart()), worker("two"), intensity=4)
    two = pid_of(supervisor, "two")
    link(two)
    end(pid_of(supervisor, "one"))
    assert exit_of(supervisor) == "shutdown"
    assert exit_of(two) == "shutdown"


def test_one_for_all() -> None:
    """All children are stopped and started again."""
    supervisor = start(worker("one"), worker("two"), strategy="one_for_all")
    one, two = pid_of(supervisor, "one"), pid_of(supervisor, "two")
    link(two)
    end(one)
    assert exit_of(two) == "shutdown"
    assert {pid_of(supervisor, "one"), pid_of(supervisor, "two")}.isdisjoint({one, two})
    assert counts(supervisor) == (2, 2, 0, 2)
    end_too_often(supervisor, "two", "one")


def test_one_for_all_escalation() -> None:
    """A sibling that cannot be restarted ends the supervisor."""
    supervisor = start(worker("one"), worker("two", failing_restart()), strategy="one_for_all", intensity=4)
    two = pid_of(supervisor, "two")
    link(two)
    end(pid_of(supervisor, "one"))
    assert exit_of(two) == "shutdown"
    assert exit_of(supervisor) == "shutdown"


class Asking(Worker):
    """Asks the test whether its start is to succeed."""

    def init(self, name: str, test: Pid) -> None:
        """Fail when the test says so."""
        super().init()
        send(test, (name, self.actor_ref))
        if not receive(bool, timeout=WAIT):
            reason = "not_allowed"
            raise StartError(reason)


def allow(name: str, *, start: bool = True) -> Pid:
    """Wait for a child to ask, and answer."""
    asking, pid = receive(tuple, timeout=WAIT)
    assert asking == name
    send(pid, start)
    return pid  # type: ignore[no-any-return]


def start_asking(strategy: str) -> None:
    """Start a supervisor with two children that ask, on a process of its own."""
    test = current()
    specs = [worker(name, (Asking, (name, test))) for name in ("one", "two")]

    def starter() -> None:
        send(test, Supervisor.start(specs, strategy=strategy, intensity=3, period=3600))

    spawn(starter)


def test_one_for_all_other_child_fails_restart() -> None:
    """The sibling that fails is retried with all others: those that have started are stopped first."""
    start_asking("one_for_all")
    one = allow("one")
    allow("two")
    supervisor = receive(Pid, timeout=WAIT)
    exit_signal(one, "kill")
    second = allow("one")
    ref = monitor(second)
    allow("two", start=False)
    assert receive(Down, ref=ref, timeout=WAIT).reason == "shutdown"
    allow("one")
    allow("two")
    assert counts(supervisor) == (2, 2, 0, 2)
    supervisor.stop()


def test_rest_for_one_other_child_fails_restart() -> None:
    """The sibling that fails is retried with those after it: the one before has started and stays."""
    start_asking("rest_for_one")
    one = allow("one")
    allow("two")
    supervisor = receive(Pid, timeout=WAIT)
    exit_signal(one, "kill")
    second = allow("one")
    allow("two", start=False)
    allow("two")
    assert pid_of(supervisor, "one") is second
    assert counts(supervisor) == (2, 2, 0, 2)
    supervisor.stop()


def test_simple_one_for_one() -> None:
    """As one_for_one, with children that were added."""
    supervisor = start(worker(), strategy="simple_one_for_one")
    one, two = Supervisor.start_child(supervisor), Supervisor.start_child(supervisor)
    end(one)
    left = {child.pid for child in Supervisor.which_children(supervisor)}
    assert len(left) == 2
    assert two in left
    assert one not in left
    assert counts(supervisor) == (1, 2, 0, 2)
    end(two)
    last = Supervisor.which_children(supervisor)[0].pid
    assert last is not None
    end(last)
    assert exit_of(supervisor) == "shutdown"


def test_simple_one_for_one_shutdown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children are stopped at the same time; one that is late is killed, those that were in time are not."""
    gate = threading.Barrier(3)

    class Slow(Worker):
        def init(self, late: bool) -> None:
            super().init()
            self.late = late

        def terminate(self, _reason: object) -> None:
            gate.wait(WAIT)  # passes only when all of them are here
            if self.late:
                receive(lambda _message: False)

    # The limit is set and two children are waited for; the third one has used up its time.
    times = iter([0.0, 0.0, 0.0])
    clock = SimpleNamespace(monotonic=lambda: next(times, 2.0 * WAIT))
    monkeypatch.setattr("prx_actors.otp.dynamic_children.time", clock)
    supervisor = start(worker(start=Slow), strategy="simple_one_for_one")
    children = [Supervisor.start_child(supervisor, late) for late in (False, True, False)]
    for child in children:
        link(child)
    stop(supervisor)
    assert [exit_of(child) for child in children] == ["shutdown", "killed", "shutdown"]
    assert next(times, None) is None


def test_simple_one_for_one_extra() -> None:
    """Children whose start function returns more than a pid are restarted too."""
    supervisor = start(worker(start=with_extra), strategy="simple_one_for_one")
    one, extra = Supervisor.start_child(supervisor)
    assert extra == "extra"
    end(one)
    (left,) = Supervisor.which_children(supervisor)
    assert left.pid not in (None, one)
    stop(supervisor)


def test_simple_one_for_one_keeps_the_order_of_arguments() -> None:
    """Those of the specification come first, also when a child is restarted."""
    given: list[tuple[Any, ...]] = []

    def note(*args: Any) -> Pid:
        given.append(args)
        return Worker.start_link()

    supervisor = start(worker(start=(note, ("a", "b"))), strategy="simple_one_for_one")
    end(Supervisor.start_child(supervisor, "d", "c"))
    assert counts(supervisor) == (1, 1, 0, 1)
    assert given == [("a", "b", "d", "c")] * 2
    stop(supervisor)


def test_simple_one_for_one_escalation() -> None:
    """A child that cannot be restarted ends the supervisor and the others."""
    starts = {"fails": failing_restart(), "works": Worker.start_link}

    def by_name(name: str) -> Any:
        return starts[name]()

    supervisor = start(worker(start=by_name), strategy="simple_one_for_one", intensity=4)
    one, two = Supervisor.start_child(supervisor, "fails"), Supervisor.start_child(supervisor, "works")
    link(two)
    end(one)
    assert exit_of(supervisor) == "shutdown"
    assert exit_of(two) == "shutdown"


def test_simple_one_for_one_corruption() -> None:
    """A stranger's pid, dead or linked to the supervisor, changes nothing."""
    supervisor = start(worker(), strategy="simple_one_for_one")
    one = Supervisor.start_child(supervisor)
    stranger = spawn_link(link_to, supervisor)
    assert exit_of(stranger) == "odd"
    Supervisor.terminate_child(supervisor, stranger)
    assert counts(supervisor) == (1, 1, 0, 1)
    end(one)
    assert counts(supervisor) == (1, 1, 0, 1)
    stop(supervisor)


def link_to(supervisor: Pid) -> None:
    """Link to a supervisor and end."""
    link(supervisor)
    exit("odd")


def test_simple_one_for_one_restart_ignore() -> None:
    """A child that is not to run any more at its restart is forgotten."""
    left = [1]

    def once() -> Pid | None:
        return Worker.start_link() if left and left.pop() else None

    supervisor = start(worker(start=once), strategy="simple_one_for_one")
    end(Supervisor.start_child(supervisor))
    assert Supervisor.which_children(supervisor) == []
    assert counts(supervisor) == (1, 0, 0, 0)
    stop(supervisor)


def test_rest_for_one() -> None:
    """The children that were started after it are stopped and started again with it."""
    supervisor = start(worker("one"), worker("two"), worker("three"), strategy="rest_for_one")
    before = pids(supervisor)
    link(pid_of(supervisor, "three"))
    end(pid_of(supervisor, "two"))
    assert exit_of(before["three"]) == "shutdown"  # type: ignore[arg-type]
    after = pids(supervisor)
    assert after["one"] is before["one"]
    assert {after["two"], after["three"]}.isdisjoint({before["two"], before["three"], None})
    assert counts(supervisor) == (3, 3, 0, 3)
    end_too_often(supervisor, "three", "two")


def test_rest_for_one_escalation() -> None:
    """A later child that cannot be restarted ends the supervisor."""
    supervisor = start(worker("one"), worker("two", failing_restart()), strategy="rest_for_one", intensity=4)
    two = pid_of(supervisor, "two")
    link(two)
    end(pid_of(supervisor, "one"))
    assert exit_of(two) == "shutdown"
    assert exit_of(supervisor) == "shutdown"


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
def test_temporary_bystander(strategy: str) -> None:
    """A temporary child that is stopped for a sibling does not come back."""
    supervisor = start(worker("one"), worker("two", restart="temporary"), strategy=strategy)
    two = pid_of(supervisor, "two")
    end(pid_of(supervisor, "one"), "normal")
    assert list(pids(supervisor)) == ["one"]
    assert not two.is_alive()
    stop(supervisor)


def test_tree() -> None:
    """A supervisor and its siblings, a stopped one too, are restarted with the children of their specifications."""
    below = [worker("one"), worker("two")]
    supervisor = start(
        worker("sup1", (Supervisor, (below,)), type="supervisor", shutdown=None),
        worker("sup2", (Supervisor, ([],)), type="supervisor", shutdown=None),
        worker("sup3", (Supervisor, ([],)), type="supervisor", shutdown=None, restart="transient"),
        strategy="one_for_all",
        intensity=4,
    )
    sup1, sup2 = pid_of(supervisor, "sup1"), pid_of(supervisor, "sup2")
    Supervisor.terminate_child(supervisor, "sup3")
    assert counts(supervisor) == (3, 2, 3, 0)
    assert counts(sup1) == (2, 2, 0, 2)
    three = Supervisor.start_child(sup2, worker("three", failing_restart()))
    four = Supervisor.start_child(sup2, worker("four"))
    untouched = pids(sup1)
    end(four)
    assert pid_of(sup2, "four") is not four
    assert pids(sup1) == untouched
    ref = monitor(sup1)
    end(three)
    assert receive(Down, ref=ref, timeout=WAIT).reason == "shutdown"
    assert {pid_of(supervisor, "sup1"), pid_of(supervisor, "sup2")}.isdisjoint({sup1, sup2})
    assert counts(supervisor) == (3, 3, 3, 0)
    assert list(pids(pid_of(supervisor, "sup1"))) == ["two", "one"]
    assert counts(pid_of(supervisor, "sup1")) == (2, 2, 0, 2)
    for empty in ("sup2", "sup3"):
        assert counts(pid_of(supervisor, empty)) == (0, 0, 0, 0)
    stop(supervisor)
