"""Behaviour that Pykka promises of an actor, of its own actors and of processes alike."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pykka
import pytest

from prx_actors.actors import Process

WAIT = 10


@pytest.fixture(params=[pykka.ThreadingActor, Process], ids=["pykka", "process"])
def base(request: pytest.FixtureRequest) -> type[pykka.Actor]:
    """Return what the actor of a test is built on."""
    kind: type[pykka.Actor] = request.param
    return kind


class Events:
    """What has happened to an actor."""

    def __init__(self) -> None:
        self.started, self.stopped, self.failed = threading.Event(), threading.Event(), threading.Event()
        self.seen: list[Any] = []


def recorder(base: type[pykka.Actor], **hooks: Any) -> type[Any]:
    """Make a class of actors that note what happens to them; some hooks do something else."""

    def init(self: Any, events: Events) -> None:
        base.__init__(self)
        self.events = events

    def on_receive(self: Any, message: Any) -> Any:
        self.events.seen.append(message)
        return message(self) if callable(message) else message

    usual = {
        "__init__": init,
        "on_start": lambda self: self.events.started.set(),
        "on_stop": lambda self: self.events.stopped.set(),
        "on_failure": lambda self, *_: self.events.failed.set(),
        "on_receive": on_receive,
    }
    return type("Recorder", (base,), {**usual, **hooks})


def fail(*_: object) -> None:
    """Break."""
    msg = "broken"
    raise ValueError(msg)


def test_the_constructor_takes_what_start_gets(base: type[pykka.Actor]) -> None:
    """The base class ignores it."""
    base(1, 2, key="word")


def test_an_actor_has_a_urn_of_its_own(base: type[pykka.Actor]) -> None:
    """A UUID of version 4, that its text shows."""
    events = Events()
    actors = [recorder(base)(events) for _ in range(3)]
    assert len({actor.actor_urn for actor in actors}) == 3
    for actor in actors:
        assert uuid.UUID(actor.actor_urn).version == 4
        assert str(actor) == f"Recorder ({actor.actor_urn})"


def test_on_start_comes_first_and_the_actor_is_registered_by_then(base: type[pykka.Actor]) -> None:
    """Before any message."""
    events = Events()

    def on_start(self: Any) -> None:
        events.seen.append(pykka.ActorRegistry.get_by_urn(self.actor_urn))

    ref = recorder(base, on_start=on_start).start(events)
    ref.ask("message", timeout=WAIT)
    assert events.seen == [ref, "message"]


def test_an_actor_may_stop_itself_in_on_start(base: type[pykka.Actor]) -> None:
    """Then it handles nothing, and on_stop runs."""
    events = Events()
    ref = recorder(base, on_start=lambda self: self.stop()).start(events)
    assert events.stopped.wait(WAIT)
    assert ref.actor_stopped.wait(WAIT)
    assert events.seen == []


@pytest.mark.parametrize("hook", ["on_start", "on_stop", "on_failure"])
def test_a_hook_that_breaks_ends_the_actor(base: type[pykka.Actor], hook: str) -> None:
    """And nothing else."""
    events = Events()
    other = base.start()
    ref = recorder(base, **{hook: fail}).start(events)
    if hook == "on_stop":
        ref.stop(block=False)
    elif hook == "on_failure":
        ref.tell(fail)
    assert ref.actor_stopped.wait(WAIT)
    assert not ref.is_alive()
    assert other.is_alive()


def test_on_stop_runs_when_an_actor_is_stopped(base: type[pykka.Actor]) -> None:
    """Not before, and not on_failure."""
    events = Events()
    ref = recorder(base).start(events)
    ref.ask("x", timeout=WAIT)
    assert not events.stopped.is_set()
    ref.stop(timeout=WAIT)
    assert events.stopped.wait(WAIT)
    assert not events.failed.is_set()


def test_on_failure_runs_when_a_tell_breaks(base: type[pykka.Actor]) -> None:
    """Instead of on_stop, and the actor is gone."""
    events = Events()
    ref = recorder(base).start(events)
    ref.tell(fail)
    assert events.failed.wait(WAIT)
    assert not events.stopped.is_set()
    assert ref not in pykka.ActorRegistry.get_all()


def test_an_ask_that_breaks_is_the_caller_s_business(base: type[pykka.Actor]) -> None:
    """With the traceback of the handler; the actor goes on."""
    events = Events()
    ref = recorder(base).start(events)
    with pytest.raises(ValueError, match="broken") as caught:
        ref.ask(fail, timeout=WAIT)
    assert caught.traceback[-1].name == "fail"
    assert ref.ask("x", timeout=WAIT) == "x"
    assert not events.failed.is_set()


def test_stopping_twice_is_stopping_once(base: type[pykka.Actor]) -> None:
    """By the actor itself."""
    events = Events()
    ref = recorder(base).start(events)
    ref.ask(lambda self: (self.stop(), self.stop()), timeout=WAIT)
    assert events.stopped.wait(WAIT)


def test_messages_before_a_stop_are_handled(base: type[pykka.Actor]) -> None:
    """Those that the actor has sent to itself too."""
    events = Events()
    ref = recorder(base).start(events)
    ref.ask(lambda self: (self.actor_ref.tell("before"), self.stop()), timeout=WAIT)
    assert events.stopped.wait(WAIT)
    assert events.seen[1:] == ["before"]


def test_messages_after_a_stop_are_answered_with_an_error(base: type[pykka.Actor]) -> None:
    """But another stop is no error."""
    events = Events()
    gate = threading.Event()
    ref = recorder(base).start(events)
    ref.tell(lambda _: gate.wait(WAIT))
    first = ref.stop(block=False)
    late, second = ref.ask("late", block=False), ref.stop(block=False)
    gate.set()
    with pytest.raises(pykka.ActorDeadError):
        late.get(timeout=WAIT)
    assert (first.get(timeout=WAIT), second.get(timeout=WAIT)) == (True, True)
    assert ref.stop(timeout=WAIT) is False


def test_a_message_nobody_handles_is_logged(base: type[pykka.Actor], caplog: pytest.LogCaptureFixture) -> None:
    """As a warning of Pykka's."""
    ref = base.start()
    assert ref.ask("odd", timeout=WAIT) is None
    (record,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert record.name == "pykka"
    assert record.getMessage() == f"Unexpected message received by {ref}: odd"


def test_a_process_that_breaks_unspeakably_takes_no_other_along() -> None:
    """Where Pykka stops all actors: the one thing that is not alike here."""
    survivor = Process.start()
    events = Events()

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    ref = recorder(Process).start(events)
    ref.tell(interrupt)
    assert events.failed.wait(WAIT)
    assert not ref.is_alive()
    assert survivor.is_alive()
