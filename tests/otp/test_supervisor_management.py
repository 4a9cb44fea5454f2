"""The management calls; the cases of OTP's supervisor_SUITE have their names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.supervised import Worker, counts, end, pid_of, pids, refusal, start, stop, with_extra, worker

from prx_actors.actors import Pid, receive, spawn_link
from prx_actors.otp import CallError, StartError
from prx_actors.otp.supervisor import ChildInfo, ChildSpec, SpecError, Supervisor


def test_extra_return() -> None:
    """More than a pid is returned by start_child and restart_child, and ignored otherwise, as at a restart."""
    supervisor = start(worker(start=with_extra))
    pid = pid_of(supervisor)
    assert Supervisor.which_children(supervisor) == [ChildInfo("child", pid, "worker")]
    assert counts(supervisor) == (1, 1, 0, 1)
    Supervisor.terminate_child(supervisor, "child")
    assert not pid.is_alive()
    assert Supervisor.which_children(supervisor) == [ChildInfo("child", None, "worker")]
    assert counts(supervisor) == (1, 0, 0, 1)
    assert Supervisor.restart_child(supervisor, "child") == (pid_of(supervisor), "extra")
    Supervisor.terminate_child(supervisor, "child")
    Supervisor.delete_child(supervisor, "child")
    assert Supervisor.which_children(supervisor) == []
    again, extra = Supervisor.start_child(supervisor, worker(start=with_extra))
    assert (again, extra) == (pid_of(supervisor), "extra")
    end(again)
    assert pid_of(supervisor) is not again
    assert counts(supervisor) == (1, 1, 0, 1)
    stop(supervisor)


def test_child_adm() -> None:
    """Start, terminate, restart and delete, and what each refuses."""
    supervisor = start(worker())
    pid = pid_of(supervisor)
    assert counts(supervisor) == (1, 1, 0, 1)
    assert refusal(Supervisor.start_child, supervisor, worker()) == ("already_started", pid)
    for call in (Supervisor.terminate_child, Supervisor.restart_child, Supervisor.delete_child):
        assert refusal(call, supervisor, "nobody") == "not_found"
        assert refusal(call, supervisor, pid) == "not_found"
    assert refusal(Supervisor.restart_child, supervisor, "child") == "running"
    assert refusal(Supervisor.delete_child, supervisor, "child") == "running"

    Supervisor.terminate_child(supervisor, "child")
    assert not pid.is_alive()
    Supervisor.terminate_child(supervisor, "child")  # as often as one likes
    assert counts(supervisor) == (1, 0, 0, 1)
    assert refusal(Supervisor.start_child, supervisor, worker()) == "already_present"

    second = Supervisor.restart_child(supervisor, "child")
    assert pids(supervisor) == {"child": second}
    Supervisor.terminate_child(supervisor, "child")
    Supervisor.delete_child(supervisor, "child")
    assert refusal(Supervisor.restart_child, supervisor, "child") == "not_found"
    assert counts(supervisor) == (0, 0, 0, 0)
    assert Supervisor.start_child(supervisor, worker()) is pid_of(supervisor)
    stop(supervisor)


def test_a_call_to_a_supervisor_that_is_not_there_says_noproc() -> None:
    """As any call does."""
    for call, *args in (
        (Supervisor.which_children,),
        (Supervisor.count_children,),
        (Supervisor.start_child, worker()),
        (Supervisor.terminate_child, "child"),
        (Supervisor.delete_child, "child"),
        (Supervisor.restart_child, "child"),
        (Supervisor.get_childspec, "child"),
    ):
        with pytest.raises(CallError) as raised:
            call("nobody", *args)
        assert raised.value.reason == "noproc"


def test_child_adm_simple() -> None:
    """Under simple_one_for_one children are named by their pids, and only terminated."""
    supervisor = start(worker(), strategy="simple_one_for_one")
    assert Supervisor.which_children(supervisor) == []
    assert counts(supervisor) == (1, 0, 0, 0)
    one, two = Supervisor.start_child(supervisor), Supervisor.start_child(supervisor)
    assert {child.pid for child in Supervisor.which_children(supervisor)} == {one, two}
    assert counts(supervisor) == (1, 2, 0, 2)
    for call in (Supervisor.terminate_child, Supervisor.restart_child, Supervisor.delete_child):
        assert refusal(call, supervisor, "child") == "simple_one_for_one"

    Supervisor.terminate_child(supervisor, one)
    assert not one.is_alive()
    assert counts(supervisor) == (1, 1, 0, 1)
    Supervisor.terminate_child(supervisor, one)  # dead: as often as one likes
    stranger = spawn_link(receive)
    assert refusal(Supervisor.terminate_child, supervisor, stranger) == "not_found"
    assert stranger.is_alive()
    assert refusal(Supervisor.get_childspec, supervisor, stranger) == "not_found"
    assert Supervisor.get_childspec(supervisor, two) == Supervisor.get_childspec(supervisor, "child") == worker()
    stop(supervisor)


BAD_SPECS = [
    ("hello", ("invalid_child_spec", "hello")),
    (worker([]), ("invalid_id", [])),  # type: ignore[arg-type]
    (ChildSpec("child", "start"), ("invalid_mfa", "start")),  # type: ignore[arg-type]
    (ChildSpec("child", (Worker, 1)), ("invalid_mfa", (Worker, 1))),  # type: ignore[arg-type]
    (ChildSpec("child", (Worker, "ab")), ("invalid_mfa", (Worker, "ab"))),  # type: ignore[arg-type]
    (worker(restart="prmanent"), ("invalid_restart_type", "prmanent")),
    (worker(shutdown=-10), ("invalid_shutdown", -10)),
    (worker(shutdown=True), ("invalid_shutdown", True)),
    (worker(shutdown=[1]), ("invalid_shutdown", [1])),
    (worker(shutdown="soon"), ("invalid_shutdown", "soon")),
    (worker(type="wrker"), ("invalid_child_type", "wrker")),
    (worker(significant="yes"), ("invalid_significant", "yes")),
    (worker(significant=True), ("bad_combination", {"restart": "permanent", "significant": True})),
]


@pytest.mark.parametrize(("spec", "error"), BAD_SPECS)
def test_child_specs(spec: Any, error: object) -> None:
    """What is not a valid specification is refused, by start_child and by check_childspecs."""
    supervisor = start(auto_shutdown="any_significant")
    assert refusal(Supervisor.start_child, supervisor, spec) == error
    stop(supervisor)
    with pytest.raises(SpecError) as raised:
        Supervisor.check_childspecs([spec])
    assert raised.value.reason == error


@pytest.mark.parametrize("strategy", ["one_for_one", "simple_one_for_one"])
def test_child_specs_map(strategy: str) -> None:
    """They are refused at the start of a supervisor, too."""
    with pytest.raises(StartError) as raised:
        Supervisor.start([worker(restart="prmanent")], strategy=strategy)
    assert raised.value.reason == ("start_spec", ("invalid_restart_type", "prmanent"))
    with pytest.raises(StartError) as raised:
        Supervisor.start([worker(), worker("two"), worker("child")])
    assert raised.value.reason == ("start_spec", ("duplicate_child_name", "child"))


@pytest.mark.parametrize(
    "spec",
    [
        worker(shutdown="infinity", type="supervisor"),
        worker(shutdown=1, type="supervisor"),
        worker(shutdown=None, restart="temporary"),
        worker(shutdown=0, restart="transient", significant=True),
        worker(shutdown="brutal_kill"),
        ChildSpec(("any", "hashable"), (print, ["hello"])),
        ChildSpec(None, Worker),
    ],
)
def test_valid_specifications_are_valid(spec: ChildSpec) -> None:
    """And two of one id are not, nor is a specification outside of a list."""
    Supervisor.check_childspecs([spec])
    for specs, error in (([spec, spec], ("duplicate_child_name", spec.id)), (spec, ("badarg", spec))):
        with pytest.raises(SpecError) as raised:
            Supervisor.check_childspecs(specs)  # type: ignore[arg-type]
        assert raised.value.reason == error


def test_check_childspecs_knows_auto_shutdown() -> None:
    """A significant child is not valid where nothing ends by it."""
    spec = worker(restart="transient", significant=True)
    Supervisor.check_childspecs([spec], "all_significant")
    with pytest.raises(SpecError) as raised:
        Supervisor.check_childspecs([spec], "never")
    assert raised.value.reason == ("bad_combination", {"auto_shutdown": "never", "significant": True})


def test_arguments_that_make_no_sense_end_no_supervisor() -> None:
    """What cannot be an id is not found, and not one specification is none."""
    supervisor = start(worker())
    pool = start(worker(), strategy="simple_one_for_one")
    assert refusal(Supervisor.start_child, supervisor) == ("invalid_child_spec", ())
    assert refusal(Supervisor.start_child, supervisor, worker(1), worker(2)) == (
        "invalid_child_spec",
        (worker(1), worker(2)),
    )
    for call in (Supervisor.terminate_child, Supervisor.restart_child, Supervisor.get_childspec):
        assert refusal(call, supervisor, []) == "not_found"
    assert refusal(Supervisor.get_childspec, pool, []) == "not_found"
    assert refusal(Supervisor.terminate_child, pool, []) == "simple_one_for_one"
    stop(supervisor)
    stop(pool)


def test_already_started_outside_supervisor() -> None:
    """A name that is taken is told as it is, and the child is not added."""
    holder = Worker.start(name="taken")

    def start_named() -> Pid:
        return Worker.start_link(name="taken")

    supervisor = start()
    with pytest.raises(StartError) as raised:
        Supervisor.start_child(supervisor, worker(start=start_named))
    assert raised.value.reason == ("already_started", holder)
    assert pids(supervisor) == {}
    stop(supervisor)
    holder.stop()


def test_which_children() -> None:
    """Running, stopped and supervising children are told apart."""
    supervisor = start(
        worker("one"),
        worker("two", restart="transient"),
        ChildSpec("three", (Supervisor, ([],)), type="supervisor"),
    )
    end(pid_of(supervisor, "two"), "normal")
    three, two, one = Supervisor.which_children(supervisor)
    assert one == ChildInfo("one", pid_of(supervisor, "one"), "worker")
    assert two == ChildInfo("two", None, "worker")
    assert three == ChildInfo("three", pid_of(supervisor, "three"), "supervisor")
    stop(supervisor)


def test_which_children_simple_one_for_one() -> None:
    """Children that have no ids of their own have None."""
    supervisor = start(worker(), strategy="simple_one_for_one")
    pid = Supervisor.start_child(supervisor)
    assert Supervisor.which_children(supervisor) == [ChildInfo(None, pid, "worker")]
    stop(supervisor)


def test_count_children() -> None:
    """A thousand children are counted, added to and seen to end."""
    supervisor = start(worker(restart="temporary"), strategy="simple_one_for_one")
    first = [Supervisor.start_child(supervisor) for _ in range(1000)]
    assert counts(supervisor) == (1, 1000, 0, 1000)
    second = [Supervisor.start_child(supervisor) for _ in range(1000)]
    assert counts(supervisor) == (1, 2000, 0, 2000)
    children = Supervisor.which_children(supervisor)
    assert len(children) == 2000
    assert {child.pid for child in children} == {*first, *second}
    assert Supervisor.which_children(supervisor) == children
    for pid in (*first, *second):
        end(pid, "kill")
    assert counts(supervisor) == (1, 0, 0, 0)
    stop(supervisor)


def test_count_children_supervisor() -> None:
    """Supervisors are counted apart, also under simple_one_for_one."""
    spec = ChildSpec("sup", (Supervisor, ([],)), type="supervisor", restart="transient")
    supervisor = start(spec, worker("wrk"))
    assert counts(supervisor) == (2, 2, 1, 1)
    pid_of(supervisor, "sup").stop()
    assert counts(supervisor) == (2, 1, 1, 1)
    stop(supervisor)
    pool = start(replace(spec, restart="temporary"), strategy="simple_one_for_one")
    children = [Supervisor.start_child(pool) for _ in range(1000)]
    assert counts(pool) == (1, 1000, 1000, 0)
    assert Supervisor.which_children(pool) == [ChildInfo(None, child, "supervisor") for child in children]
    for left, child in enumerate(reversed(children)):
        assert counts(pool) == (1, 1000 - left, 1000 - left, 0)
        end(child, "kill")
    assert counts(pool) == (1, 0, 0, 0)
    stop(pool)
