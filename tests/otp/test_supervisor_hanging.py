"""Children whose restart fails for long; the cases of OTP's supervisor_SUITE have their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.supervised import Switch, counts, end, pid_of, pids, refusal, start, stop, worker

from prx_actors.otp.supervisor import ChildInfo, Supervisor

if TYPE_CHECKING:
    from prx_actors.actors import Pid


def start_hanging(switch: Switch, **flags: Any) -> Pid:
    """Start a supervisor whose child, once ended, fails to start for long."""
    supervisor = start(worker(start=switch, shutdown="brutal_kill"), intensity=10**9, **flags)
    if flags.get("strategy") == "simple_one_for_one":
        Supervisor.start_child(supervisor)
    switch.await_calls(1)
    return supervisor


def hang(switch: Switch, supervisor: Pid, id: str = "child") -> None:
    """End a child whose restart fails from now on, and wait for some attempts."""
    switch.on = False
    end(pid_of(supervisor, id))
    switch.await_calls(3)


def check_refusals(supervisor: Pid, id: str, *refusals: str) -> None:
    """See how a supervisor refuses to start, to restart and to delete a child."""
    calls = ((Supervisor.start_child, worker(id)), (Supervisor.restart_child, id), (Supervisor.delete_child, id))
    for (call, argument), reason in zip(calls, refusals, strict=True):
        assert refusal(call, supervisor, argument) == reason


def check_hanging(strategy: str) -> None:
    """See that a supervisor answers while its child cannot be restarted, and that both can be stopped."""
    switch = Switch()
    supervisor = start_hanging(switch, strategy=strategy)
    hang(switch, supervisor)
    check_refusals(supervisor, "child", "already_present", "restarting", "restarting")
    assert Supervisor.which_children(supervisor) == [ChildInfo("child", None, "worker", restarting=True)]
    assert counts(supervisor) == (1, 0, 0, 1)
    Supervisor.terminate_child(supervisor, "child")
    assert Supervisor.which_children(supervisor) == [ChildInfo("child", None, "worker")]
    switch.on = True
    end(Supervisor.restart_child(supervisor, "child"))
    pid_of(supervisor)
    switch.on = False
    end(pid_of(supervisor))
    stop(supervisor)


@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all"])
def test_hanging_restart_loop(strategy: str) -> None:
    """A supervisor answers between the attempts to restart a child, and can be stopped."""
    check_hanging(strategy)


def test_hanging_restart_loop_rest_for_one() -> None:
    """The child before it is left alone, the one after it is stopped until it runs."""
    switch = Switch()
    specs = worker("one"), worker("two", switch, shutdown="brutal_kill"), worker("three")
    supervisor = start(*specs, strategy="rest_for_one", intensity=10**9)
    one, three = pid_of(supervisor, "one"), pid_of(supervisor, "three")
    hang(switch, supervisor, "two")
    check_refusals(supervisor, "two", "already_present", "restarting", "restarting")
    hanging = [
        ChildInfo("three", None, "worker"),
        ChildInfo("two", None, "worker", restarting=True),
        ChildInfo("one", one, "worker"),
    ]
    assert Supervisor.which_children(supervisor) == hanging
    assert counts(supervisor) == (3, 1, 0, 3)
    assert not three.is_alive()

    Supervisor.terminate_child(supervisor, "two")
    hanging[1] = ChildInfo("two", None, "worker")
    assert Supervisor.which_children(supervisor) == hanging
    assert counts(supervisor) == (3, 1, 0, 3)
    switch.on = True
    two = Supervisor.restart_child(supervisor, "two")
    assert pids(supervisor) == {"three": None, "two": two, "one": one}
    switch.on = False
    end(pid_of(supervisor, "two"))
    assert Supervisor.which_children(supervisor)[1].restarting
    stop(supervisor)
    assert not one.is_alive()


def test_hanging_restart_loop_simple() -> None:
    """Under simple_one_for_one the child is named by the pid that has ended."""
    switch = Switch()
    supervisor = start_hanging(switch, strategy="simple_one_for_one")
    (child,) = Supervisor.which_children(supervisor)
    assert child.pid is not None
    switch.on = False
    end(child.pid)
    switch.await_calls(3)
    for call in (Supervisor.restart_child, Supervisor.delete_child):
        assert refusal(call, supervisor, "child") == "simple_one_for_one"
    assert Supervisor.which_children(supervisor) == [ChildInfo(None, None, "worker", restarting=True)]
    assert counts(supervisor) == (1, 0, 0, 1)
    Supervisor.terminate_child(supervisor, child.pid)
    assert Supervisor.which_children(supervisor) == []
    switch.on = True
    second = Supervisor.start_child(supervisor)
    switch.on = False
    end(second)
    stop(supervisor)


def running(supervisor: Pid) -> list[Pid]:
    """Return the pids of the children that run."""
    return [child.pid for child in Supervisor.which_children(supervisor) if child.pid is not None]


def test_count_restarting_children() -> None:
    """Children whose restart is tried are counted, but are not active; those that run are both."""
    switch = Switch()
    supervisor = start(worker(start=switch, shutdown="brutal_kill"), strategy="simple_one_for_one", intensity=10**9)
    assert counts(supervisor) == (1, 0, 0, 0)
    for number in (1, 2, 3):
        Supervisor.start_child(supervisor)
        assert counts(supervisor) == (1, number, 0, number)
    for child in running(supervisor):
        end(child)
    assert counts(supervisor) == (1, 3, 0, 3)

    switch.await_calls(6)
    one, two, three = running(supervisor)
    switch.on = False
    end(one)
    assert counts(supervisor) == (1, 2, 0, 3)
    end(two)
    switch.await_calls(4)
    assert counts(supervisor) == (1, 1, 0, 3)
    assert running(supervisor) == [three]
    switch.on = True
    counts(supervisor)  # an attempt that was under way is repeated after this
    assert counts(supervisor) == (1, 3, 0, 3)

    Supervisor.terminate_child(supervisor, three)
    assert counts(supervisor) == (1, 2, 0, 2)
    for left, child in zip((1, 0), running(supervisor), strict=True):
        Supervisor.terminate_child(supervisor, child)
        assert counts(supervisor) == (1, left, 0, left)
    assert Supervisor.which_children(supervisor) == []
    stop(supervisor)
