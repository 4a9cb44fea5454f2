from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from typing import TYPE_CHECKING, Any

import pytest

from prx_actors.actors import (
    Down,
    Pid,
    Process,
    ProcessExit,
    current,
    exit,
    exit_signal,
    link,
    monitor,
    receive,
    send,
    spawn,
    spawn_monitor,
)
from prx_actors.actors.runtime import stop_all_processes
from prx_actors.actors.table import process_of, process_table
from prx_actors.actors.threads import current_process

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT = 10


class Slow(Process):
    """Ends only when it is told that what belongs to it is gone, as a task does."""

    def __init__(self) -> None:
        super().__init__()
        self.ending_with: list[object] = []

    def _ending(self, reason: object) -> None:
        self.ending_with.append(reason)


def start_slow() -> tuple[Pid, Slow]:
    """Start one."""
    pid = Slow.start()
    process = process_of(pid)
    assert isinstance(process, Slow)
    return pid, process


def nothing_waits() -> bool:
    """Look into the mailbox."""
    try:
        receive(timeout=0)
    except TimeoutError:
        return True
    return False


def test_the_end_is_announced_when_it_is_complete() -> None:
    """Dead at once, and the Down comes when nothing is left."""
    pid, process = start_slow()
    ref = monitor(pid)
    process._terminate("first")
    process._terminate("second")
    assert process.ending_with == ["first"]
    assert not pid.is_alive()
    assert repr(pid) == f"<Pid {pid.number} {type(process).__name__} ending>"
    assert nothing_waits()
    late = monitor(pid)
    process._ended()
    process._ended("too late")
    assert receive(timeout=0) == Down(ref, pid, "first")
    assert receive(timeout=0) == Down(late, pid, "first")
    assert process_of(pid) is None
    assert nothing_waits()


def test_the_reason_may_be_replaced_until_then() -> None:
    """As for what could not be killed."""
    pid, process = start_slow()
    ref = monitor(pid)
    process._terminate("killed")
    process._ended(reason=("unkillable", [1]))
    assert receive(timeout=0) == Down(ref, pid, ("unkillable", [1]))


def test_nothing_ends_before_its_end_has_begun() -> None:
    """A report that comes too early is ignored."""
    pid, process = start_slow()
    process._ended()
    assert pid.is_alive()
    process._terminate("x")
    assert repr(pid).endswith("ending>")
    process._ended()
    assert repr(pid).endswith("exited>")


@pytest.mark.parametrize(("reason", "expected"), [("normal", "shutdown"), ("killed", "killed")])
def test_dependents_end_first(reason: str, expected: str) -> None:
    """The end of their owner is announced after theirs."""
    owner, owner_process = start_slow()
    first, first_process = start_slow()
    second, second_process = start_slow()
    assert owner_process._adopt(first)
    assert owner_process._adopt(second)
    refs = [monitor(p) for p in (owner, first, second)]
    owner_process._terminate(reason)
    owner_process._ended()
    assert first_process.ending_with == second_process.ending_with == [expected]
    second_process._ended()
    first_process._ended()
    assert [receive(timeout=0).ref for _ in refs] == [refs[2], refs[1], refs[0]]


def test_a_released_dependent_lives_on() -> None:
    """And its owner's end does not wait for it."""
    owner, owner_process = start_slow()
    pid, process = start_slow()
    owner_process._adopt(pid)
    owner_process._release(pid)
    owner_process._terminate("x")
    owner_process._ended()
    assert process_of(owner) is None
    assert process.ending_with == []
    process._terminate("x")
    process._ended()


def test_who_is_ending_adopts_nobody() -> None:
    """It is too late to end with it; and who has ended needs no owner."""
    _, owner = start_slow()
    other = Process.start()
    ref = monitor(other)
    other.stop(timeout=WAIT)
    receive(Down, ref=ref, timeout=WAIT)
    assert owner._adopt(other) is True
    assert owner._prx_dependents == {}
    owner._terminate("x")
    assert owner._adopt(start_and_stop()) is False
    owner._ended()


def start_and_stop() -> Pid:
    """Return a dead pid."""
    pid = Process.start()
    pid.stop(timeout=WAIT)
    return pid


def test_callbacks_come_after_the_down_and_before_the_table_forgets() -> None:
    """Exactly once, and at once when it is too late."""
    pid, process = start_slow()
    ref = monitor(pid)
    calls: list[tuple[Any, ...]] = []
    process._on_exited(lambda p, reason: calls.append((p, reason, receive(timeout=0), process_of(p))))
    process._terminate("x")
    assert calls == []
    process._ended()
    assert calls == [(pid, "x", Down(ref, pid, "x"), process)]
    process._on_exited(lambda p, reason: calls.append((p, reason)))
    assert calls[1:] == [(pid, "x")]


def test_exit_signals_can_be_overridden() -> None:
    """As a task does, which has a table of its own."""
    got: list[tuple[object, ...]] = []

    class Stubborn(Process):
        def _exit_signal(self, sender: Pid | None, reason: object, *, linked: bool, sent: bool = False) -> None:
            got.append((sender, reason, linked, sent))

    pid = Stubborn.start()
    exit_signal(pid, "kill")
    assert got == [(current(), "kill", False, True)]
    assert pid.is_alive()


def in_thread(function: Callable[[], object]) -> None:
    """Run something on a plain thread and wait for its end."""
    thread = threading.Thread(target=function)
    thread.start()
    thread.join(WAIT)
    assert not thread.is_alive()


def test_a_plain_thread_is_a_process_while_it_lives() -> None:
    """Its end is normal, and nobody need wait for it to be dead."""
    for _ in range(100):
        pids: list[Pid] = []
        gate = threading.Event()
        thread = threading.Thread(target=lambda p=pids, g=gate: (p.append(current()), g.wait(WAIT)))
        thread.start()
        while not pids:
            thread.join(0.001)
        ref = monitor(pids[0])
        assert pids[0].is_alive()
        gate.set()
        thread.join(WAIT)
        assert not pids[0].is_alive()
        assert receive(Down, ref=ref, timeout=WAIT).reason == "normal"


def test_a_thread_keeps_its_process() -> None:
    """Each has its own."""
    seen: list[Pid] = []
    in_thread(lambda: seen.extend([current(), current()]))
    assert seen[0] is seen[1] is not current()


def test_a_killed_thread_gets_its_exit_once() -> None:
    """Then it becomes a new process."""
    seen: list[object] = []
    me = current()

    def body() -> None:
        first = current()
        send(me, first)
        try:
            receive()
        except ProcessExit as exit_:
            seen.append(exit_.reason)
        seen.append(current() is not first)

    thread = threading.Thread(target=body)
    thread.start()
    exit_signal(receive(Pid, timeout=WAIT), "enough")
    thread.join(WAIT)
    assert seen == ["enough", True]


def test_exit_ends_a_plain_thread_s_process_with_its_reason() -> None:
    """Also where the exception is caught."""
    me = current()
    reasons: list[object] = []

    def body() -> None:
        pid = current()
        process = current_process()
        process._on_exited(lambda _pid, reason: reasons.append(reason))
        try:
            exit("bored")
        except ProcessExit:
            send(me, current() is not pid)

    in_thread(body)
    assert receive(bool, timeout=WAIT) is True
    assert reasons == ["bored"]


def test_a_dead_process_can_neither_send_nor_receive_nor_link() -> None:
    """Its thread is stopped at each call."""
    stopped: list[str] = []
    gate, done, me = threading.Event(), threading.Event(), current()

    def body() -> None:
        gate.wait(WAIT)
        for name, call in {
            "send": lambda: send(me, "x"),
            "tell": lambda: me.tell("x"),
            "ask": lambda: me.ask("x", block=False),
            "receive": lambda: receive(timeout=0),
            "current": current,
            "link": lambda: link(me),
            "spawn_monitor": lambda: spawn_monitor(int),
        }.items():
            try:
                call()  # type: ignore[no-untyped-call]
            except ProcessExit:
                stopped.append(name)
        done.set()

    pid = spawn(body)
    exit_signal(pid, "kill")
    gate.set()
    assert done.wait(WAIT)
    assert stopped == ["send", "tell", "ask", "receive", "current", "link", "spawn_monitor"]
    assert nothing_waits()


def test_stop_ends_a_spawned_function_at_its_next_receive() -> None:
    """In the order of its messages, as normal; proxies are answered there."""
    me = current()
    pid = spawn(lambda: (receive(str), send(me, "got it"), receive(str)))  # type: ignore[func-returns-value]
    ref = monitor(pid)
    pid.tell("x")
    assert pid.stop(timeout=WAIT) is True
    assert receive(timeout=WAIT) == "got it"
    assert receive(timeout=WAIT) == Down(ref, pid, "normal")


def test_all_processes_can_be_ended() -> None:
    """The last one first, and the end of what belongs to them is waited for."""
    _pid, process = start_slow()
    others = [Process.start(), spawn(receive)]
    ended: list[Pid] = []
    for other in others:
        process_of(other)._on_exited(lambda p, _reason: ended.append(p))  # type: ignore[union-attr]
    assert stop_all_processes(timeout=0) is False
    assert ended == [others[1], others[0]]
    threading.Thread(target=process._ended).start()
    assert process_table.wait_gone([process], WAIT)


def run_program(body: str) -> str:
    """Run a program of its own and return its output."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(body)], capture_output=True, text=True, check=True, timeout=30
    ).stdout


def test_a_program_ends_though_processes_run() -> None:
    """on_stop is run at exit."""
    output = run_program("""
        from prx_actors.actors import Process, receive, spawn

        class Actor(Process):
            def on_stop(self):
                print("stopped", flush=True)

        pid = Actor.start()
        pid.ask("wait for the start")
        spawn(receive)
    """)
    assert output == "stopped\n"
