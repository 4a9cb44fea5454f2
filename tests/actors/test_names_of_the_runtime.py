"""Names that a class of the user's may have: all attributes but a few, which are refused at once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pykka
import pytest

from prx_actors.actors import Down, Process, receive, register, send_after, whereis
from prx_actors.otp import GenServer, Ignore, StartError, StateMachine, Stop, sys

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT = 10

OF_USERS = [
    *("_lock", "_running", "_started", "_parent", "_ancestors", "_name", "_debug", "_timer", "_links", "_monitors"),
    *("_watchers", "_exited", "_suspended", "_expected", "_handled", "_asked", "_engine", "_sending", "_dependents"),
    *("_trapping", "_thread_id", "_starter", "_ignored"),
]
"""What a class may have for itself: some of these were the runtime's once."""


KINDS: list[Any] = [threading.Lock(), False, None, "a name", 0, [], {"a": 1}]
ATTRIBUTES = {name: KINDS[number % len(KINDS)] for number, name in enumerate(OF_USERS)}


def take_all(actor: object) -> None:
    """Set them."""
    for name, value in ATTRIBUTES.items():
        setattr(actor, name, value)


@pytest.mark.parametrize("base", [pykka.ThreadingActor, Process], ids=["pykka", "process"])
def test_an_actor_has_the_attributes_that_it_likes(base: Any) -> None:
    """It is asked, told and stopped as any other, and they keep their values."""

    class Own(base):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            take_all(self)

        def on_receive(self, message: object) -> object:
            return getattr(self, str(message))

    ref = Own.start()
    assert ref.ask("_running", timeout=WAIT) is False
    assert {name: ref.ask(name, timeout=WAIT) for name in OF_USERS} == ATTRIBUTES
    assert ref.stop(timeout=WAIT)


def test_a_server_has_the_attributes_that_it_likes() -> None:
    """Names, timers and the end are the runtime's all the same."""

    class Own(GenServer):
        def init(self) -> None:
            take_all(self)
            self._timer = send_after(0.01, self.actor_ref, "tick")
            self.ticks = 0

        def handle_info(self, message: object) -> None:
            self.ticks += message == "tick"

        def handle_call(self, request: object, sender: object) -> object:
            return self.ticks

    pid, ref = Own.start_monitor(name="own")
    GenServer.call(pid, "reset the runtime's timer, and nobody else's")
    while not GenServer.call("own", "ticks"):
        threading.Event().wait(0.001)
    assert sys.get_state(pid)["_name"] == ATTRIBUTES["_name"]
    GenServer.stop(pid)
    assert receive(Down, ref=ref, timeout=WAIT).reason == "normal"
    assert whereis("own") is None
    again = Own.start(name="own")
    GenServer.stop(again)


@pytest.mark.parametrize("base", [Process, GenServer, StateMachine])
@pytest.mark.parametrize("name", ["_handle", "_finish", "_terminate", "_turn", "_receive", "_check_names"])
def test_a_method_of_the_runtime_s_name_is_refused_with_its_class(base: type[Any], name: str) -> None:
    """Directly or in a base of one's own; the error has the name."""
    with pytest.raises(TypeError, match=rf"Own has {name}, .*choose other names"):
        type("Own", (base,), {name: lambda self: None})
    mixin = type("Mixin", (), {name: 1})
    with pytest.raises(TypeError, match=name):
        type("Own", (mixin, base), {})
    # Behind the runtime's it hides nothing.
    type("Own", (base, mixin), {})


@pytest.fixture
def nobody_is_registered() -> Iterator[None]:
    """What fails to start leaves nothing."""
    before = pykka.ActorRegistry.get_all()
    yield
    assert pykka.ActorRegistry.get_all() == before


@pytest.mark.usefixtures("nobody_is_registered")
def test_an_attribute_of_such_a_name_is_refused_with_the_start() -> None:
    """Of an actor when its constructor has set it, of a server when `init` has."""

    class Own(Process):
        def __init__(self) -> None:
            super().__init__()
            self._handle = "of a file"  # type: ignore[assignment,method-assign]

    class OwnServer(GenServer):
        def init(self) -> None:
            self._end = 5  # type: ignore[assignment,method-assign]

    with pytest.raises(TypeError, match="_handle"):
        Own.start()
    with pytest.raises(TypeError, match="_handle"):
        Own.start_link()
    with pytest.raises((StartError, TypeError), match="_end"):
        OwnServer.start(name="own")
    assert whereis("own") is None


def test_what_is_left_to_subclasses_is_not_refused() -> None:
    """Of Pykka's extension points, say."""
    seen: list[str] = []

    class Own(Process):
        def _ending(self, reason: object) -> None:
            seen.append("ending")
            super()._ending(reason)

    pid = Own.start()
    register("own", pid)
    pid.stop()
    assert seen == ["ending"]


@pytest.mark.usefixtures("nobody_is_registered")
@pytest.mark.parametrize("name", ["_end", "_refuse", "_finish", "_terminate", "_unlink", "_run_on_start", "_turn"])
@pytest.mark.parametrize("how", ["constructor", "returns", "raises", "stops", "ignores"])
def test_no_start_waits_for_a_server_that_has_hidden_how_it_ends(how: str, name: str) -> None:
    """However its `init` ends, the starter is told."""

    class Own(GenServer):
        def __init__(self) -> None:
            super().__init__()
            if how == "constructor":
                setattr(self, name, 5)

        def init(self) -> object:
            setattr(self, name, 5)
            if how == "raises":
                raise LookupError
            return {"stops": Stop("stop"), "ignores": Ignore()}.get(how)

    with pytest.raises((TypeError, StartError)) as refused:
        Own.start()
    assert name in str(refused.value) or how == "raises"


@pytest.mark.parametrize("name", ["_handle", "actor_inbox", "_prx_running", "handle_call"])
@pytest.mark.parametrize("base", [Process, GenServer])
def test_no_state_replaces_what_is_the_runtime_s(base: Any, name: str) -> None:
    """The function fails, and nothing is changed."""
    pid = base.start()
    if name == "handle_call" and base is Process:
        name = "on_receive"
    with pytest.raises(sys.CallbackError):
        sys.replace_state(pid, lambda state: {**state, "mine": 1, name: 5})
    assert sys.get_state(pid) == {}
    pid.stop()
