"""What Pykka promises of references, proxies and the registry, of its own actors and of processes alike."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pykka
import pytest

from prx_actors.actors import Process

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT = 10


@pytest.fixture(params=[pykka.ThreadingActor, Process], ids=["pykka", "process"])
def base(request: pytest.FixtureRequest) -> type[pykka.Actor]:
    """Return what the actor of a test is built on."""
    kind: type[pykka.Actor] = request.param
    return kind


class Part:
    """An attribute that a proxy looks into."""

    value = 5


class Behaviour:
    """What the actors of these tests do, whatever they are built on."""

    attribute = "plain"
    hidden = Part()
    part = pykka.traversable(Part())
    _private = "secret"

    def __init__(self) -> None:
        super().__init__()
        self.received: list[Any] = []
        self._setting = "set at first"

    @property
    def setting(self) -> str:
        """Can be read and set."""
        return self._setting

    @setting.setter
    def setting(self, value: str) -> None:
        self._setting = value

    @property
    def constant(self) -> str:
        """Can be read only."""
        return "constant"

    def method(self, value: Any = None) -> Any:
        """Return what it gets."""
        return value

    def wait(self, event: threading.Event) -> None:
        """Do nothing else meanwhile."""
        assert event.wait(WAIT)

    def breaks(self) -> None:
        """Break."""
        msg = "broken"
        raise ValueError(msg)

    def grow(self) -> None:
        """Get a method at run time."""
        self.grown = lambda: "grown"

    def on_receive(self, message: Any) -> Any:
        """Remember and return it."""
        self.received.append(message)
        return message


@pytest.fixture
def ref(base: type[pykka.Actor]) -> Iterator[pykka.ActorRef[Any]]:
    """Return an actor, which is stopped afterwards."""
    kind: Any = type("Sample", (Behaviour, base), {})
    started = kind.start()
    yield started
    started.stop(timeout=WAIT)


@pytest.fixture
def proxy(ref: pykka.ActorRef[Any]) -> Any:
    """Return a proxy of it."""
    return ref.proxy()


def test_the_text_of_a_reference_has_the_class_and_the_urn(ref: pykka.ActorRef[Any]) -> None:
    """As the actor's own."""
    assert str(ref) == f"Sample ({ref.actor_urn})"
    assert repr(ref).startswith("<")
    assert repr(ref).endswith(">")


@pytest.mark.parametrize(
    "message", [123, 1.5, {"a": "dict"}, ("a", "tuple"), ["a", "list"], ValueError("x"), None], ids=repr
)
def test_a_message_is_any_object(ref: pykka.ActorRef[Any], message: object) -> None:
    """It arrives itself, not a copy."""
    ref.tell(message)
    assert ref.ask(message, timeout=WAIT) is message
    assert ref.proxy().received.get(timeout=WAIT)[0] is message


def test_the_dead_are_not_found(ref: pykka.ActorRef[Any]) -> None:
    """Whatever is sent to them, and stopping them again is nothing new."""
    assert ref.is_alive()
    assert ref.stop(timeout=WAIT) is True
    assert not ref.is_alive()
    assert ref.stop(timeout=WAIT) is False
    later = ref.ask("x", block=False)
    for attempt in (lambda: ref.tell("x"), lambda: ref.ask("x"), lambda: later.get(timeout=WAIT)):
        with pytest.raises(pykka.ActorDeadError) as caught:
            attempt()
        assert str(caught.value) == f"{ref} not found"
    with pytest.raises(pykka.ActorDeadError):
        ref.proxy()


def test_an_ask_waits_no_longer_than_it_is_told(ref: pykka.ActorRef[Any]) -> None:
    """And one that does not wait gets a future."""
    gate = threading.Event()
    ref.proxy().wait.defer(gate)
    with pytest.raises(pykka.Timeout):
        ref.ask("x", timeout=0)
    gate.set()
    assert ref.ask("x", block=False).get(timeout=WAIT) == "x"


def test_attributes_are_read_and_set_through_a_proxy(proxy: Any) -> None:
    """Properties too, where they can be."""
    assert proxy.attribute.get(timeout=WAIT) == "plain"
    proxy.attribute = "changed"
    assert proxy.attribute.get(timeout=WAIT) == "changed"
    assert proxy.setting.get(timeout=WAIT) == "set at first"
    proxy.setting = "changed"
    assert proxy.setting.get(timeout=WAIT) == "changed"
    assert proxy.constant.get(timeout=WAIT) == "constant"
    with pytest.raises(AttributeError):
        proxy.constant = "changed"


def test_what_is_private_or_missing_is_an_attribute_error(proxy: Any) -> None:
    """At once, without the actor."""
    for name in ("_private", "missing"):
        with pytest.raises(AttributeError):
            getattr(proxy, name)
    with pytest.raises(AttributeError):
        proxy.missing.defer()


def test_only_what_is_marked_is_traversed(proxy: Any) -> None:
    """The rest comes back as it is."""
    assert proxy.part.value.get(timeout=WAIT) == 5
    with pytest.raises(AttributeError):
        proxy.hidden.value.get(timeout=WAIT)


def test_methods_are_called_in_the_actor(proxy: Any) -> None:
    """Their exceptions come back; those added at run time too."""
    assert proxy.method("value").get(timeout=WAIT) == "value"
    assert proxy.method(value="value").get(timeout=WAIT) == "value"
    with pytest.raises(ValueError, match="broken"):
        proxy.breaks().get(timeout=WAIT)
    proxy.grow().get(timeout=WAIT)
    assert proxy.grown().get(timeout=WAIT) == "grown"


def test_a_deferred_call_that_breaks_ends_the_actor(proxy: Any, ref: pykka.ActorRef[Any]) -> None:
    """Nobody waits for its exception."""
    proxy.breaks.defer()
    assert ref.actor_stopped.wait(WAIT)


def test_proxies_of_one_actor_are_equal(ref: pykka.ActorRef[Any]) -> None:
    """By what they lead to; and they say what that is."""
    one, two = ref.proxy(), ref.proxy()
    assert one == two
    assert hash(one) == hash(two)
    assert one.part != two
    assert {"attribute", "method"} <= set(dir(one))
    for part in ("ActorProxy", "Sample", ref.actor_urn):
        assert part in repr(one)
    assert str(ref) in str(one)
    assert one.actor_ref is ref


def test_the_registry_finds_actors_by_class_name_and_urn(base: type[pykka.Actor], ref: pykka.ActorRef[Any]) -> None:
    """Subclasses with their bases."""
    other = base.start()
    assert pykka.ActorRegistry.get_by_class(ref.actor_class) == [ref]
    assert set(pykka.ActorRegistry.get_by_class(base)) == {ref, other}
    assert pykka.ActorRegistry.get_by_class_name("Sample") == [ref]
    assert pykka.ActorRegistry.get_by_urn(ref.actor_urn) is ref
    assert pykka.ActorRegistry.get_by_urn("urn:uuid:nobody") is None


def test_actors_may_leave_the_registry_and_come_back(ref: pykka.ActorRef[Any]) -> None:
    """As often as one likes."""
    for _ in range(2):
        pykka.ActorRegistry.unregister(ref)
        assert ref not in pykka.ActorRegistry.get_all()
    pykka.ActorRegistry.register(ref)
    assert ref in pykka.ActorRegistry.get_all()


def test_a_broadcast_reaches_a_class_or_all(base: type[pykka.Actor], ref: pykka.ActorRef[Any]) -> None:
    """By the class or its name."""
    other = type("Other", (Behaviour, base), {}).start()  # type: ignore[attr-defined]
    pykka.ActorRegistry.broadcast("all")
    pykka.ActorRegistry.broadcast("class", target_class=ref.actor_class)
    pykka.ActorRegistry.broadcast("name", target_class="Other")
    assert ref.proxy().received.get(timeout=WAIT) == ["all", "class"]
    assert other.proxy().received.get(timeout=WAIT) == ["all", "name"]


def test_stop_all_stops_the_last_one_first(base: type[pykka.Actor]) -> None:
    """And says of each that it was stopped."""
    order: list[int] = []

    def on_stop(self: Any) -> None:
        order.append(self.number)

    def init(self: Any, number: int) -> None:
        base.__init__(self)
        self.number = number

    kind: Any = type("Ordered", (base,), {"__init__": init, "on_stop": on_stop})
    for number in range(5):
        kind.start(number)
    assert pykka.ActorRegistry.stop_all(timeout=WAIT) == [True] * 5
    assert order == [4, 3, 2, 1, 0]
    assert pykka.ActorRegistry.get_all() == []
