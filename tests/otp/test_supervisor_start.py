"""How a supervisor starts; the cases of OTP's supervisor_SUITE have their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.supervised import (
    Switch,
    Worker,
    counts,
    end,
    failing_restart,
    pid_of,
    pids,
    start,
    stop,
    worker,
)

from prx_actors.actors import Exit, Pid, exit, receive, trap_exit
from prx_actors.otp import Ignore, StartError
from prx_actors.otp.dynamic_supervisor import DynamicSupervisor
from prx_actors.otp.supervisor import ChildInfo, ChildSpec, Supervisor, SupervisorError, SupervisorFlags

if TYPE_CHECKING:
    from collections.abc import Callable


def ignored() -> None:
    """Start nothing, and say so."""


class Given(Supervisor):
    """Returns what it was started with."""

    def init(self, *args: Any, **_kwargs: Any) -> Any:
        """Return the argument."""
        return args[0]


def no_exit_waits() -> bool:
    """Say whether the failed start has left no Exit in the mailbox of the test."""
    with pytest.raises(TimeoutError):
        receive(Exit, timeout=0)
    return True


def test_sup_start_normal() -> None:
    """A supervisor starts and ends with the reason that its parent gives."""
    supervisor = start()
    assert supervisor.is_alive()
    stop(supervisor)


def test_sup_start_ignore_init() -> None:
    """When init returns Ignore, start returns None and no exit is left behind."""
    trap_exit(True)
    assert Given.start_link(Ignore()) is None
    assert no_exit_waits()


def test_sup_start_ignore_child() -> None:
    """A child that is not to run is kept, but does not run."""
    supervisor = start(worker("one", ignored), worker("two"))
    assert Supervisor.start_child(supervisor, worker("three", ignored)) is None
    assert pids(supervisor)["one"] is None
    assert pids(supervisor)["three"] is None
    assert pid_of(supervisor, "two").is_alive()
    assert counts(supervisor) == (3, 1, 0, 3)
    stop(supervisor)


def test_sup_start_ignore_temporary_child() -> None:
    """A temporary child that is not to run is forgotten."""
    supervisor = start(worker("one", ignored, restart="temporary"), worker("two", restart="temporary"))
    assert list(pids(supervisor)) == ["two"]
    assert counts(supervisor) == (1, 1, 0, 1)
    stop(supervisor)


def test_sup_start_ignore_temporary_child_start_child() -> None:
    """One that is added and is not to run is forgotten too."""
    supervisor = start(worker("two", restart="temporary"))
    assert Supervisor.start_child(supervisor, worker("one", ignored, restart="temporary")) is None
    assert list(pids(supervisor)) == ["two"]
    assert counts(supervisor) == (1, 1, 0, 1)
    stop(supervisor)


def ignored_under_simple_one_for_one(restart: str) -> None:
    """Start children that are not to run under simple_one_for_one."""
    supervisor = start(worker("one", ignored, restart=restart), strategy="simple_one_for_one")
    assert Supervisor.start_child(supervisor) is None
    assert Supervisor.which_children(supervisor) == []
    assert counts(supervisor) == (1, 0, 0, 0)
    stop(supervisor)


def test_sup_start_ignore_temporary_child_start_child_simple() -> None:
    """Under simple_one_for_one no child is kept that is not to run."""
    ignored_under_simple_one_for_one("temporary")


def test_sup_start_ignore_permanent_child_start_child_simple() -> None:
    """Not even a permanent one."""
    ignored_under_simple_one_for_one("permanent")


def test_sup_start_error_return() -> None:
    """Whatever else init returns is an error, which is raised and sends no exit."""
    trap_exit(True)
    with pytest.raises(StartError) as raised:
        Given.start_link("invalid")
    assert raised.value.reason == ("bad_return", ("Given", "init", "invalid"))
    assert no_exit_waits()


def test_sup_start_fail() -> None:
    """What init raises is raised to the starter and sends no exit."""
    trap_exit(True)
    with pytest.raises(StartError) as raised:
        Supervisor.start_link()
    assert isinstance(raised.value.reason, ValueError)
    assert raised.value.__cause__ is raised.value.reason
    assert no_exit_waits()


def test_sup_start_child_returns_error() -> None:
    """A child that is added and does not start is told of, and not kept."""
    supervisor = start()
    for function, reason in (
        (failing("reason"), "reason"),
        (failing(("odd", 1)), ("odd", 1)),
        ((str, ("error_reason",)), ("bad_return_value", "error_reason")),
    ):
        with pytest.raises(StartError) as raised:
            Supervisor.start_child(supervisor, worker(start=function))
        assert raised.value.reason == reason
        assert Supervisor.which_children(supervisor) == []
    assert counts(supervisor) == (0, 0, 0, 0)
    stop(supervisor)


def failing(reason: object) -> Callable[[], Pid]:
    """Return a start function that fails."""

    def fail() -> Pid:
        raise StartError(reason)

    return fail


def test_a_child_that_does_not_start_fails_the_start_of_its_supervisor() -> None:
    """Those before it are stopped, those after it are not started."""
    trap_exit(True)
    before: list[Pid] = []

    def first() -> Pid:
        before.append(Worker.start_link())
        return before[0]

    off = Switch()
    off.on = False
    with pytest.raises(StartError) as raised:
        Supervisor.start_link([worker("first", first), worker("second", off), worker("third", off)])
    assert raised.value.reason == ("shutdown", ("failed_to_start_child", "second", "switched_off"))
    assert not before[0].is_alive()
    assert off.calls == 1
    assert no_exit_waits()


def test_sup_start_restart_child_returns_error() -> None:
    """A failing start by restart_child is raised and leaves the child as it was."""
    supervisor = start(worker(start=failing_restart()))
    Supervisor.terminate_child(supervisor, "child")
    with pytest.raises(StartError) as raised:
        Supervisor.restart_child(supervisor, "child")
    assert raised.value.reason == "start_error"
    assert Supervisor.which_children(supervisor) == [ChildInfo("child", None, "worker")]
    stop(supervisor)


def test_sup_start_child_returns_error_simple() -> None:
    """Under simple_one_for_one a failing start is raised and adds no child."""
    off = Switch()
    off.on = False
    supervisor = start(worker(start=off), strategy="simple_one_for_one")
    with pytest.raises(StartError) as raised:
        Supervisor.start_child(supervisor)
    assert raised.value.reason == "switched_off"
    assert counts(supervisor) == (1, 0, 0, 0)
    stop(supervisor)


def test_sup_start_map() -> None:
    """Flags and specifications that are not given have OTP's defaults."""
    assert SupervisorFlags() == SupervisorFlags("one_for_one", 1, 5, "never", None)
    supervisor = Supervisor.start([ChildSpec("child", Worker)])
    spec = Supervisor.get_childspec(supervisor, "child")
    assert (spec.restart, spec.type, spec.significant) == ("permanent", "worker", False)
    assert spec.shutdown_of(pid_of(supervisor), owned=()) == 5.0
    assert worker(shutdown=None, type="supervisor").shutdown_of(supervisor, owned=()) == "infinity"
    assert worker(shutdown=None).shutdown_of(supervisor, owned=[supervisor]) == "infinity"
    end(pid_of(supervisor))
    pid_of(supervisor)
    supervisor.stop()


def test_sup_start_map_simple() -> None:
    """A subclass of DynamicSupervisor, too, returns flags and one specification from init."""

    class Pool(DynamicSupervisor):
        def init(self, *_args: Any, **_kwargs: Any) -> Any:
            return SupervisorFlags(strategy="simple_one_for_one"), [ChildSpec("child", Worker)]

    pool = Pool.start()
    pid = Pool.start_child(pool)
    assert Supervisor.which_children(pool) == [ChildInfo(None, pid, "worker")]
    pool.stop()


TWO = [worker("one"), worker("two")]


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (({}, []), ("supervisor_data", ("invalid_type", {}))),
        ((SupervisorFlags(), "child"), ("start_spec", ("badarg", "child"))),
        ((SupervisorFlags(), [{"id": "child"}]), ("start_spec", ("invalid_child_spec", {"id": "child"}))),
        ((SupervisorFlags(), [worker(), worker()]), ("start_spec", ("duplicate_child_name", "child"))),
        ((SupervisorFlags(strategy="simple_one_for_one"), []), ("bad_start_spec", [])),
        ((SupervisorFlags(strategy="simple_one_for_one"), TWO), ("bad_start_spec", TWO)),
        ((SupervisorFlags(strategy="simple_one_for_one"), [TWO[0]] * 2), ("bad_start_spec", [TWO[0]] * 2)),
    ],
)
def test_sup_start_map_faulty_specs(result: object, reason: object) -> None:
    """Specifications that are not valid fail the start."""
    trap_exit(True)
    with pytest.raises(StartError) as raised:
        Given.start_link(result)
    assert raised.value.reason == reason


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        ({"strategy": "none_for_one"}, ("invalid_strategy", "none_for_one")),
        ({"intensity": -1}, ("invalid_intensity", -1)),
        ({"intensity": "infinity"}, ("invalid_intensity", "infinity")),
        ({"intensity": True}, ("invalid_intensity", True)),
        ({"period": 0}, ("invalid_period", 0)),
        ({"period": 0.5}, ("invalid_period", 0.5)),
        ({"auto_shutdown": "always"}, ("invalid_auto_shutdown", "always")),
        ({"backoff": 1.0}, ("invalid_backoff", 1.0)),
    ],
)
def test_sup_flags(flags: dict[str, Any], error: object) -> None:
    """Flags that are not valid fail the start."""
    trap_exit(True)
    with pytest.raises(StartError) as raised:
        Supervisor.start_link([], **flags)
    assert raised.value.reason == ("supervisor_data", error)


def test_a_start_function_may_raise_exit_or_return_nonsense() -> None:
    """Each is the failure of that child alone; the supervisor goes on."""
    supervisor = start()
    error = ValueError("no")

    def fail() -> Pid:
        raise error

    reasons = []
    for function in (fail, (exit_with, ("bored",)), (int, ("42",))):
        with pytest.raises(StartError) as raised:
            Supervisor.start_child(supervisor, worker(start=function))
        reasons.append(raised.value.reason)
    assert reasons == [error, "bored", ("bad_return_value", 42)]
    with pytest.raises(SupervisorError, match="not_found"):
        Supervisor.get_childspec(supervisor, "child")
    stop(supervisor)


def exit_with(reason: str) -> None:
    """Exit within the supervisor, as a careless start function may."""
    exit(reason)
