"""Which ends of a child lead to a restart; the cases of OTP's supervisor_SUITE have their names."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from support.supervised import Worker, counts, end, exit_of, failing_restart, pid_of, pids, refusal, start, stop, worker

from prx_actors.actors import link
from prx_actors.otp.supervisor import Supervisor

if TYPE_CHECKING:
    from prx_actors.actors import Pid

NORMAL = ["normal"]
SHUTDOWN = ["shutdown", ("shutdown", "some_info")]
ABNORMAL = ["died", "kill", ("shut", "down"), ("shutdown", 1, 2), None, 0, ValueError("no"), "killed"]


def check(restart: str, reason: object, *, after: str) -> None:
    """End a child and see what becomes of it."""
    supervisor = start(worker(restart=restart))
    pid = pid_of(supervisor)
    end(pid, reason)
    if after == "restarted":
        assert pid_of(supervisor) is not pid
        assert counts(supervisor) == (1, 1, 0, 1)
    elif after == "kept":
        assert pids(supervisor) == {"child": None}
        assert counts(supervisor) == (1, 0, 0, 1)
        assert Supervisor.restart_child(supervisor, "child") is pid_of(supervisor)
    else:
        assert pids(supervisor) == {}
        assert counts(supervisor) == (0, 0, 0, 0)
    stop(supervisor)


@pytest.mark.parametrize("reason", NORMAL)
def test_permanent_normal(reason: object) -> None:
    """A permanent child is always restarted."""
    check("permanent", reason, after="restarted")


@pytest.mark.parametrize("reason", SHUTDOWN)
def test_permanent_shutdown(reason: object) -> None:
    """A permanent child is always restarted."""
    check("permanent", reason, after="restarted")


@pytest.mark.parametrize("reason", ABNORMAL)
def test_permanent_abnormal(reason: object) -> None:
    """A permanent child is always restarted."""
    check("permanent", reason, after="restarted")


@pytest.mark.parametrize("reason", NORMAL)
def test_transient_normal(reason: object) -> None:
    """A transient child that ends in order is kept, but not restarted."""
    check("transient", reason, after="kept")


@pytest.mark.parametrize("reason", SHUTDOWN)
def test_transient_shutdown(reason: object) -> None:
    """A transient child that ends in order is kept, but not restarted."""
    check("transient", reason, after="kept")


@pytest.mark.parametrize("reason", ABNORMAL)
def test_transient_abnormal(reason: object) -> None:
    """A transient child that ends otherwise is restarted."""
    check("transient", reason, after="restarted")


@pytest.mark.parametrize("reason", NORMAL)
def test_temporary_normal(reason: object) -> None:
    """A temporary child is never restarted, and is forgotten."""
    check("temporary", reason, after="forgotten")


@pytest.mark.parametrize("reason", SHUTDOWN)
def test_temporary_shutdown(reason: object) -> None:
    """A temporary child is never restarted, and is forgotten."""
    check("temporary", reason, after="forgotten")


@pytest.mark.parametrize("reason", ABNORMAL)
def test_temporary_abnormal(reason: object) -> None:
    """A temporary child is never restarted, and is forgotten."""
    check("temporary", reason, after="forgotten")


class Large:
    """An argument that should not be kept."""


@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one", "simple_one_for_one"])
def test_do_not_save_start_parameters_for_temporary_children(strategy: str) -> None:
    """The arguments of a temporary child are let go, those of others are needed."""
    for restart, kept in (("temporary", False), ("transient", True), ("permanent", True)):
        argument = Large()
        watch = weakref.ref(argument)
        if strategy == "simple_one_for_one":
            supervisor = start(worker(start=Forgetful, restart=restart), strategy=strategy)
            Supervisor.start_child(supervisor, argument)
        else:
            supervisor = start(strategy=strategy)
            Supervisor.start_child(supervisor, worker(start=(Forgetful, (argument,)), restart=restart))
            shown = Supervisor.get_childspec(supervisor, "child").args()
            assert shown == ((argument,) if kept else None)
            del shown
        Supervisor.count_children(supervisor)  # the turn of start_child is over
        del argument
        gc.collect()
        assert (watch() is not None) == kept
        stop(supervisor)


class Forgetful(Worker):
    """Keeps no argument itself."""

    def init(self, *_args: Any) -> None:
        """Let the arguments go."""
        super().init()


@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
@pytest.mark.parametrize("reason", ["kill", "normal", "died", "terminate_child"])
def test_do_not_save_child_specs_for_temporary_children(strategy: str, reason: str) -> None:
    """The specification of a temporary child goes with it, however it ends; others stay."""
    supervisor = start(strategy=strategy, intensity=10)
    stays_down = {"permanent": {"terminate_child"}, "transient": {"terminate_child", "normal"}}
    for restart in ("permanent", "transient", "temporary"):
        spec = worker(restart, restart=restart)
        Supervisor.start_child(supervisor, spec)
        end_by(reason, supervisor, restart)
        if restart == "temporary":
            assert refusal(Supervisor.restart_child, supervisor, restart) == "not_found"
            assert Supervisor.start_child(supervisor, spec) is pid_of(supervisor, restart)
        elif reason in stays_down[restart]:
            assert refusal(Supervisor.start_child, supervisor, spec) == "already_present"
            assert Supervisor.restart_child(supervisor, restart) is pid_of(supervisor, restart)
        else:
            assert refusal(Supervisor.start_child, supervisor, spec) == ("already_started", pid_of(supervisor, restart))
    stop(supervisor)


def end_by(reason: str, supervisor: Pid, id: str) -> None:
    """End a child by its supervisor or otherwise."""
    if reason == "terminate_child":
        Supervisor.terminate_child(supervisor, id)
    else:
        end(pid_of(supervisor, id), reason)


# Significant children.


def ends_with(supervisor: Pid) -> bool:
    """Say whether a supervisor ends as it does of its own accord."""
    return exit_of(supervisor) == "shutdown"


def test_nonsignificant_temporary() -> None:
    """The ends of children that are not significant end no supervisor."""
    for auto_shutdown in ("never", "any_significant", "all_significant"):
        for reason in ("normal", "shutdown", "died"):
            supervisor = start(worker(restart="temporary"), auto_shutdown=auto_shutdown)
            end(pid_of(supervisor), reason)
            assert pids(supervisor) == {}
            stop(supervisor)


def test_nonsignificant_transient() -> None:
    """Nor do those of transient ones."""
    for auto_shutdown in ("never", "any_significant", "all_significant"):
        supervisor = start(worker(restart="transient"), auto_shutdown=auto_shutdown)
        end(pid_of(supervisor), "died")
        end(pid_of(supervisor), "normal")
        assert pids(supervisor) == {"child": None}
        stop(supervisor)


def significant(*ids: str, restart: str, auto_shutdown: str) -> Pid:
    """Start significant children and one that is not."""
    specs = [worker(id, restart=restart, significant=True) for id in ids]
    return start(*specs, worker("other"), auto_shutdown=auto_shutdown)


@pytest.mark.parametrize("reason", ["normal", "shutdown", ("shutdown", 1), "died", "kill"])
def test_significant_temporary(reason: object) -> None:
    """The first, or the last, significant temporary child ends its supervisor, however it ends."""
    supervisor = significant("one", "two", restart="temporary", auto_shutdown="any_significant")
    end(pid_of(supervisor, "two"), reason)
    assert ends_with(supervisor)
    supervisor = significant("one", "two", restart="temporary", auto_shutdown="all_significant")
    end(pid_of(supervisor, "two"), reason)
    end(pid_of(supervisor, "one"), reason)
    assert ends_with(supervisor)


@pytest.mark.parametrize("reason", ["normal", "shutdown", ("shutdown", 1)])
def test_significant_transient(reason: object) -> None:
    """A significant transient child counts when it ends in order; otherwise it is restarted."""
    supervisor = significant("one", "two", restart="transient", auto_shutdown="any_significant")
    end(pid_of(supervisor, "two"), "died")
    end(pid_of(supervisor, "two"), reason)
    assert ends_with(supervisor)
    supervisor = significant("one", "two", restart="transient", auto_shutdown="all_significant")
    end(pid_of(supervisor, "two"), reason)
    end(pid_of(supervisor, "one"), "died")
    end(pid_of(supervisor, "one"), reason)
    assert ends_with(supervisor)


@pytest.mark.parametrize("restart", ["temporary", "transient"])
def test_significant_simple(restart: str) -> None:
    """Under simple_one_for_one all children are significant, or none."""
    spec = worker(restart=restart, significant=True)
    supervisor = start(spec, strategy="simple_one_for_one", auto_shutdown="any_significant")
    first, _ = Supervisor.start_child(supervisor), Supervisor.start_child(supervisor)
    end(first, "normal")
    assert ends_with(supervisor)
    supervisor = start(spec, strategy="simple_one_for_one", auto_shutdown="all_significant")
    first, second = Supervisor.start_child(supervisor), Supervisor.start_child(supervisor)
    end(first, "normal")
    assert counts(supervisor) == (1, 1, 0, 1)
    end(second, "normal")
    assert ends_with(supervisor)


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
@pytest.mark.parametrize("auto_shutdown", ["any_significant", "all_significant"])
def test_significant_bystander(strategy: str, auto_shutdown: str) -> None:
    """A significant child that is stopped for a sibling, or by terminate_child, ends no supervisor."""
    supervisor = start(
        worker("one"),
        worker("two", restart="transient", significant=True),
        worker("three", restart="temporary", significant=True),
        strategy=strategy,
        auto_shutdown=auto_shutdown,
    )
    end(pid_of(supervisor, "one"))
    assert list(pids(supervisor)) == ["two", "one"]
    Supervisor.terminate_child(supervisor, "two")
    assert pids(supervisor)["two"] is None
    assert pid_of(supervisor, "one").is_alive()
    stop(supervisor)


def test_significant_escalation() -> None:
    """A supervisor that ends by itself is a significant child of its own."""
    below = (Supervisor, ([worker("inner", restart="transient", significant=True)],))

    def start_below() -> Pid:
        return Supervisor.start_link(*below[1], auto_shutdown="any_significant")

    spec = worker("sup", start_below, restart="transient", significant=True, type="supervisor", shutdown=None)
    supervisor = start(spec, worker("other"), auto_shutdown="any_significant")
    end(pid_of(pid_of(supervisor, "sup"), "inner"), "normal")
    assert ends_with(supervisor)


def test_a_supervisor_with_too_many_restarts_forgets_a_temporary_and_keeps_no_other_child() -> None:
    """The reason shutdown tells a parent that it ended itself: a transient supervisor stays down."""
    inner = worker("inner", failing_restart())
    spec = worker("sup", (Supervisor, ([inner],)), restart="transient", type="supervisor", shutdown=None)
    supervisor = start(spec)
    sup = pid_of(supervisor, "sup")

    child = pid_of(sup, "inner")
    link(sup)
    end(child)
    assert exit_of(sup) == "shutdown"
    assert pids(supervisor) == {"sup": None}
    stop(supervisor)
