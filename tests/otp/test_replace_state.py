"""A state is replaced as a whole or not at all."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
from support.servers import WAIT

from prx_actors.actors import Process, exit
from prx_actors.otp import From, GenServer, sys
from prx_actors.otp.state_machine import Call, KeepState, NextState, Reply, StateMachine


class Positive:
    """Keeps an attribute where all are, and has no way to delete it."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return vars(instance)[self.name]

    def __set__(self, instance: object, value: int) -> None:
        vars(instance)[self.name] = value


class Server(GenServer):
    """Has some state."""

    size = Positive()

    def init(self) -> None:
        """Begin."""
        self.first, self.size, self.last = 1, 2, 3

    def handle_call(self, request: str, sender: From) -> Any:
        """Return the attribute of that name."""
        return getattr(self, request)


class Machine(StateMachine):
    """Has two states, and an attribute."""

    def init(self) -> NextState:
        """Begin."""
        self.first = 1
        return NextState("a")

    def a(self, event: object) -> Any:
        """Tell of the attribute."""
        return KeepState(Reply(event.sender, self.first)) if isinstance(event, Call) else None

    b = a


class Plain(Process):
    """Has some state."""

    def __init__(self) -> None:
        super().__init__()
        self.first = 1


def leave(_state: object) -> NoReturn:
    """Exit."""
    exit("left")


def give_up(_state: object) -> NoReturn:
    """Raise what is no Exception."""
    raise SystemExit


BAD = [42, None, {"first": 2} | {1: 2}, [("first", 2), 3]]


@pytest.mark.parametrize("new", BAD)
@pytest.mark.parametrize("kind", [Server, Plain])
def test_a_state_that_is_none_changes_nothing(kind: Any, new: object) -> None:
    """Of a server, or of any other actor."""
    pid = kind.start()
    before = sys.get_state(pid)
    with pytest.raises(sys.CallbackError):
        sys.replace_state(pid, lambda _state: new)
    assert sys.get_state(pid) == before


@pytest.mark.parametrize("new", [*BAD, *(("b", data) for data in BAD), ("b", {}, "more")])
def test_a_state_that_is_none_changes_nothing_of_a_machine(new: object) -> None:
    """Neither the state nor the attributes."""
    pid = Machine.start()
    with pytest.raises(sys.CallbackError):
        sys.replace_state(pid, lambda _state: new)
    assert sys.get_state(pid) == ("a", {"first": 1})
    assert StateMachine.call(pid, "first", timeout=WAIT) == 1


def test_an_attribute_that_cannot_be_deleted_can_be_replaced() -> None:
    """It is where the others are."""
    pid = Server.start()
    assert sys.replace_state(pid, lambda state: state | {"size": 5}) == {"first": 1, "size": 5, "last": 3}
    assert GenServer.call(pid, "size") == 5
    assert sys.replace_state(pid, lambda _state: {"last": 4}) == sys.get_state(pid) == {"last": 4}


def test_a_machine_gets_a_new_state_and_new_attributes() -> None:
    """And loses those that are left out."""
    pid = Machine.start()
    assert sys.replace_state(pid, lambda _state: ("b", {"second": 2})) == ("b", {"second": 2})
    assert sys.get_state(pid) == ("b", {"second": 2})


@pytest.mark.parametrize("function", [leave, give_up])
@pytest.mark.parametrize("kind", [Server, Plain, Machine])
def test_a_function_that_exits_has_failed(kind: Any, function: Any) -> None:
    """The process goes on with the state that it has."""
    pid = kind.start()
    with pytest.raises(sys.CallbackError):
        sys.replace_state(pid, function)
    assert pid.is_alive()
    assert "first" in repr(sys.get_state(pid))
