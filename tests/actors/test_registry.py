from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from prx_actors.actors import (
    Down,
    Exit,
    Pid,
    Process,
    current,
    exit,
    exit_signal,
    link,
    monitor,
    receive,
    register,
    registered,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
    trap_exit,
    unregister,
    whereis,
)
from prx_actors.actors.table import process_of

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT = 10


def test_a_name_leads_to_its_process_until_it_is_taken_away() -> None:
    """And then to nobody."""
    assert whereis("server") is None
    register("server", current())
    assert whereis("server") is current()
    assert registered() == ["server"]
    unregister("server")
    assert whereis("server") is None
    assert registered() == []


def test_bad_registrations_are_refused() -> None:
    """One name a process, one process a name, living processes, strings."""
    other = spawn(receive)
    ended = dead()
    register("one", current())
    with pytest.raises(ValueError, match="is registered as 'one'"):
        register("two", current())
    with pytest.raises(ValueError, match="the name 'one' is taken by"):
        register("one", other)
    with pytest.raises(ValueError, match="is not alive"):
        register("three", ended)
    with pytest.raises(TypeError, match="a name is a string"):
        register(4, other)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no process is registered as 'three'"):
        unregister("three")
    assert registered() == ["one"]
    register("two", other)
    unregister("one")
    register("one again", current())
    exit_signal(other, "kill")


def dead() -> Pid:
    """Return the pid of a process that has ended."""
    pid, ref = spawn_monitor(int)
    receive(Down, ref=ref, timeout=WAIT)
    return pid


def test_a_message_to_a_name_arrives_and_to_no_name_is_an_error() -> None:
    """The dead are silent, but a name that nobody has is a mistake."""
    register("me", current())
    send("me", 1)
    assert receive(int, timeout=0) == 1
    for verb, *arguments in ((send, 1), (link,), (exit_signal, "x")):
        with pytest.raises(ValueError, match="no process is registered as 'nobody'"):
            verb("nobody", *arguments)


def test_signals_and_links_by_name_reach_the_process() -> None:
    """The messages about it have its pid."""
    trap_exit(True)
    pid = spawn(receive)
    register("victim", pid)
    link("victim")
    exit_signal("victim", "bye")
    assert receive(timeout=WAIT) == Exit(pid, "bye")


def test_the_down_of_a_monitor_by_name_has_the_name() -> None:
    """As the process had it when the monitor was made, whoever has it later."""
    pid = spawn(receive)
    register("first", pid)
    by_name, by_pid = monitor("first"), monitor(pid)
    unregister("first")
    register("first", current())
    exit_signal(pid, "bye")
    assert {receive(timeout=WAIT) for _ in range(2)} == {Down(by_name, "first", "bye"), Down(by_pid, pid, "bye")}
    ref = monitor("nobody")
    assert receive(timeout=0) == Down(ref, "nobody", "noproc")


@pytest.mark.parametrize("start", [lambda: spawn(receive), Process.start], ids=["function", "actor"])
@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_name_is_free_when_the_end_of_its_process_is_known(start: Callable[[], Pid], end: str) -> None:
    """For who gets the Down, and at once."""
    for _ in range(200):
        pid = start()
        register("server", pid)
        ref = monitor(pid)
        if end == "kill":
            exit_signal(pid, "kill")
            assert whereis("server") is None
        else:
            pid.stop(block=False)
        receive(Down, ref=ref, timeout=WAIT)
        assert whereis("server") is None
        register("server", current())
        unregister("server")


def test_a_name_is_free_when_a_link_is_told() -> None:
    """The exit signal comes after it too."""
    trap_exit(True)
    for _ in range(200):
        pid = spawn_link(lambda: (register("server", current()), exit("done")))  # type: ignore[func-returns-value]
        assert receive(Exit, pid=pid, timeout=WAIT).reason == "done"
        assert whereis("server") is None


def test_the_name_is_gone_while_the_end_is_not_complete() -> None:
    """It goes with the mailbox, at once; Down may take its time."""

    class Slow(Process):
        def _ending(self, reason: object) -> None:
            pass

    pid = Slow.start()
    register("slow", pid)
    process = process_of(pid)
    assert process is not None
    process._terminate("x")
    assert whereis("slow") is None
    with pytest.raises(ValueError, match="is not alive"):
        register("slow", pid)
    process._ended()


def test_one_of_many_gets_a_name() -> None:
    """Whoever is first, and the others hear of it."""
    for _ in range(50):
        ready = threading.Barrier(4)
        results: list[bool] = []

        def claim(ready: threading.Barrier = ready, results: list[bool] = results) -> None:
            ready.wait(WAIT)
            try:
                register("crown", current())
            except ValueError:
                results.append(False)
            else:
                results.append(True)
            ready.wait(WAIT)

        refs = [spawn_monitor(claim)[1] for _ in range(4)]
        for ref in refs:
            assert receive(Down, ref=ref, timeout=WAIT).reason == "normal"
        assert sorted(results) == [False, False, False, True]
        assert whereis("crown") is None


def test_a_race_of_names_and_ends_leaves_no_name_of_the_dead() -> None:
    """Whichever is first."""
    for _ in range(300):
        pid = spawn(receive)
        killer = threading.Thread(target=exit_signal, args=(pid, "kill"))
        killer.start()
        try:
            register("late", pid)
        except ValueError as error:
            assert "is not alive" in str(error)  # noqa: PT017
        killer.join(WAIT)
        assert whereis("late") is None


def test_the_child_of_a_fork_has_no_names() -> None:
    """None of those processes is there."""
    register("me", current())
    child = os.fork()
    if not child:
        os._exit(len(registered()))
    assert os.waitpid(child, 0)[1] == 0
