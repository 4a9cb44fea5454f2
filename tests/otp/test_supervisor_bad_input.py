"""What is wrong with a specification or a flag is told to whoever gives it, and harms no supervisor."""

from __future__ import annotations

import math
from typing import Any

import pytest
from support.supervised import pid_of, start, stop, worker

from prx_actors.otp import StartError
from prx_actors.otp.supervisor import Backoff, ChildSpec, SpecError, Supervisor, SupervisorError


class Hostile:
    """Whatever is done with it fails."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError

    def __iter__(self) -> Any:
        raise ZeroDivisionError

    def __repr__(self) -> str:
        return "Hostile"


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an id that only seems to be hashable": ({"id": ([],)}, "invalid_id"),
    "an id that is not": ({"id": []}, "invalid_id"),
    "arguments that cannot be listed": ({"start": (print, Hostile())}, "invalid_mfa"),
    "arguments that can be taken once": ({"start": (print, iter([1]))}, "invalid_mfa"),
    "a restart like nothing": ({"restart": Hostile()}, "invalid_restart_type"),
    "a type like nothing": ({"type": Hostile()}, "invalid_child_type"),
    "a shutdown like nothing": ({"shutdown": Hostile()}, "invalid_shutdown"),
    "a significant like nothing": ({"significant": Hostile()}, "invalid_significant"),
    "no time to shut down": ({"shutdown": math.nan}, "invalid_shutdown"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_specification_is_refused_and_the_supervisor_goes_on(wrong: str) -> None:
    """By every call that takes one, whatever its fields do when they are looked at."""
    fields, error = WRONG[wrong]
    given: dict[str, Any] = {"id": "wrong", "start": print} | fields
    spec = ChildSpec(**given)
    with pytest.raises(SpecError) as checked:
        Supervisor.check_childspecs([spec])
    supervisor = start(worker("sibling"))
    sibling = pid_of(supervisor, "sibling")
    with pytest.raises(SpecError) as refused:
        Supervisor.start_child(supervisor, spec)
    assert checked.value.reason[0] == refused.value.reason[0] == error  # type: ignore[index]
    assert pid_of(supervisor, "sibling") is sibling
    stop(supervisor)


@pytest.mark.parametrize(
    "fields",
    [
        {"initial": -1.0},
        {"initial": "x"},
        {"initial": math.inf},
        {"maximum": math.nan},
        {"maximum": -1},
        {"maximum": True},
        {"factor": 0},
        {"factor": math.inf},
        {"jitter": 5.0},
        {"jitter": -0.1},
    ],
)
def test_a_back_off_that_is_no_time_is_refused_at_the_start(fields: dict[str, Any]) -> None:
    """Not at the first crash, with which all children would go."""
    backoff = Backoff(**fields)
    with pytest.raises(StartError) as refused:
        start(worker(), backoff=backoff)
    reason: Any = refused.value.reason
    assert reason[0] == "supervisor_data"
    assert reason[1][0] == "invalid_backoff"
    assert reason[1][1] is backoff


@pytest.mark.parametrize("auto_shutdown", ["bogus", 1, []])
def test_specifications_are_checked_for_an_auto_shutdown_that_there_is(auto_shutdown: Any) -> None:
    """As OTP answers badarg."""
    with pytest.raises(SpecError) as refused:
        Supervisor.check_childspecs([], auto_shutdown)
    assert refused.value.reason == ("badarg", auto_shutdown)


class Unequal:
    """An id that cannot be compared with another one."""

    def __hash__(self) -> int:
        return hash("sibling")

    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError


@pytest.mark.parametrize("call", ["restart_child", "terminate_child", "delete_child", "get_childspec"])
@pytest.mark.parametrize("id", [Hostile(), Unequal()])
@pytest.mark.parametrize("strategy", ["one_for_one", "simple_one_for_one"])
def test_an_id_that_cannot_be_looked_up_is_nobody_s(strategy: str, id: Any, call: str) -> None:
    """The supervisor and its children go on."""
    supervisor = start(worker("sibling"), strategy=strategy)
    if strategy == "simple_one_for_one":
        Supervisor.start_child(supervisor)
    (sibling,) = Supervisor.which_children(supervisor)
    with pytest.raises(SupervisorError, match=r"not_found|simple_one_for_one"):
        getattr(Supervisor, call)(supervisor, id)
    assert Supervisor.which_children(supervisor) == [sibling]
    stop(supervisor)


def test_a_child_whose_id_cannot_be_compared_is_refused() -> None:
    """With the others it would not be told apart."""
    supervisor = start(worker("sibling"))
    with pytest.raises(SpecError, match="invalid_id"):
        Supervisor.start_child(supervisor, worker(Unequal()))
    assert pid_of(supervisor, "sibling").is_alive()
    stop(supervisor)
