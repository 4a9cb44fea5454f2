from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any

import pytest

from prx_actors.actors import (
    Down,
    Exit,
    MonitorRef,
    Pid,
    Process,
    ProcessExit,
    current,
    demonitor,
    exit,
    exit_signal,
    link,
    monitor,
    receive,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
    trap_exit,
    unlink,
)
from prx_actors.actors.table import process_of

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT = 10


def end_of(pid: Pid) -> object:
    """Return the exit reason of a process that runs or has just ended."""
    return receive(Down, ref=monitor(pid), timeout=WAIT).reason


def dead() -> Pid:
    """Return the pid of a process that has ended."""
    pid, ref = spawn_monitor(int)
    receive(Down, ref=ref, timeout=WAIT)
    return pid


def trapper(report: Callable[[Any], None], started: threading.Event) -> None:
    """Trap exits and report each one."""
    trap_exit(True)
    started.set()
    while True:
        report(receive(Exit))


def start_trapper() -> Pid:
    """Start a process that sends the exits it traps to the caller."""
    started = threading.Event()
    me = current()
    pid = spawn(trapper, lambda message: send(me, message), started)
    assert started.wait(WAIT)
    return pid


@pytest.mark.parametrize("reason", ["shutdown", ("any", "term"), None, 0])
def test_an_exit_signal_ends_a_process_with_its_reason(reason: object) -> None:
    """A process that does not trap dies of any reason but normal."""
    pid, ref = spawn_monitor(receive)
    exit_signal(pid, reason)
    assert receive(timeout=WAIT) == Down(ref, pid, reason)
    assert not pid.is_alive()


def test_a_normal_exit_signal_from_another_process_harms_nobody() -> None:
    """The signal is dropped, and the process still answers."""
    me = current()
    pid = spawn(lambda: send(me, receive(str)))
    exit_signal(pid, "normal")
    send(pid, "still here")
    assert receive(str, timeout=WAIT) == "still here"


def test_a_normal_exit_signal_to_oneself_is_fatal() -> None:
    """Erlang keeps this irregularity on purpose."""
    _, ref = spawn_monitor(lambda: exit_signal(current(), "normal"))
    assert receive(Down, ref=ref, timeout=WAIT).reason == "normal"
    _, ref = spawn_monitor(lambda: (exit_signal(current(), "normal"), exit("not reached")))  # type: ignore[func-returns-value]
    assert receive(Down, ref=ref, timeout=WAIT).reason == "normal"


def test_trapping_turns_signals_into_messages() -> None:
    """Normal ones included, from a link or not."""
    pid = start_trapper()
    for reason in ("shutdown", "normal"):
        exit_signal(pid, reason)
        assert receive(Exit, timeout=WAIT) == Exit(current(), reason)
    exit_signal(pid, "kill")
    assert end_of(pid) in ("killed", "noproc")


def test_kill_cannot_be_trapped_and_is_announced_as_killed() -> None:
    """Who watches the victim learns that it was killed."""
    pid = start_trapper()
    ref = monitor(pid)
    exit_signal(pid, "kill")
    assert receive(Down, ref=ref, timeout=WAIT).reason == "killed"


def test_the_victim_of_a_kill_takes_its_links_along_as_killed() -> None:
    """The links of a killed process get killed, which they may trap."""
    trap_exit(True)
    pid = spawn_link(receive)
    exit_signal(pid, "kill")
    assert receive(timeout=WAIT) == Exit(pid, "killed")


def test_a_kill_that_comes_through_a_link_can_be_trapped() -> None:
    """A process that exits of its own with kill sends it as it is."""
    trap_exit(True)
    pid = spawn_link(exit, "kill")
    assert receive(timeout=WAIT) == Exit(pid, "kill")


def test_a_kill_through_a_link_ends_who_does_not_trap_as_kill() -> None:
    """It is not turned into killed."""
    gate = threading.Event()

    def victim() -> None:
        spawn_link(lambda: (gate.wait(WAIT), exit("kill")))
        receive()

    _, ref = spawn_monitor(victim)
    gate.set()
    assert receive(Down, ref=ref, timeout=WAIT).reason == "kill"


def test_a_normal_end_harms_no_linked_process() -> None:
    """The link is gone afterwards, that is all."""
    pid = spawn_link(receive)
    send(pid, "end")
    assert end_of(pid) in ("normal", "noproc")
    assert current().is_alive()
    assert process_of(current())._prx_links == {}  # type: ignore[union-attr]


@pytest.mark.parametrize("trap", [True, False])
def test_linking_to_the_dead_answers_with_noproc(trap: bool) -> None:
    """A message for who traps, the end for who does not."""
    pid = dead()

    def linker() -> None:
        trap_exit(trap)
        link(pid)
        exit(receive(Exit, timeout=WAIT))

    _, ref = spawn_monitor(linker)
    expected = Exit(pid, "noproc") if trap else "noproc"
    assert receive(Down, ref=ref, timeout=WAIT).reason == expected


def test_two_links_are_one() -> None:
    """One signal comes, and one unlink is enough."""
    trap_exit(True)
    pid = spawn(receive)
    link(pid)
    link(pid)
    exit_signal(pid, "bye")
    assert receive(timeout=WAIT) == Exit(pid, "bye")
    assert_nothing_waits()
    other = spawn(receive)
    link(other)
    link(other)
    unlink(other)
    exit_signal(other, "bye")
    assert end_of(other) in ("bye", "noproc")
    assert_nothing_waits()


def assert_nothing_waits() -> None:
    """Look into the mailbox."""
    with pytest.raises(TimeoutError):
        receive(timeout=0)


def test_either_side_may_unlink() -> None:
    """The end of the other one is not told any more."""
    unlinked = threading.Event()
    me = current()
    pid = spawn_link(lambda: (unlink(me), unlinked.set(), exit("alone")))  # type: ignore[func-returns-value]
    assert unlinked.wait(WAIT)
    assert end_of(pid) in ("alone", "noproc")
    assert current().is_alive()


def test_linking_to_oneself_does_nothing() -> None:
    """As in Erlang."""
    link(current())
    assert current().is_alive()


def test_each_monitor_fires_once() -> None:
    """Several of one pair are independent."""
    pid = spawn(receive)
    refs = [monitor(pid) for _ in range(3)]
    exit_signal(pid, "bye")
    assert {receive(Down, timeout=WAIT).ref for _ in refs} == set(refs)
    assert_nothing_waits()
    demonitor(refs[0])


def test_monitoring_the_dead_answers_with_noproc() -> None:
    """At once."""
    pid = dead()
    ref = monitor(pid)
    assert receive(timeout=0) == Down(ref, pid, "noproc")


def test_demonitor_flushes_on_demand() -> None:
    """Without it, a Down that has come stays."""
    pid = dead()
    first, second = monitor(pid), monitor(pid)
    demonitor(first, flush=True)
    demonitor(second)
    assert receive(timeout=0).ref is second
    assert_nothing_waits()


def test_no_down_comes_after_demonitor() -> None:
    """Whichever of the two is first."""
    for _ in range(300):
        pid = spawn(receive)
        ref = monitor(pid)
        send(pid, "end")
        demonitor(ref, flush=True)
        assert end_of(pid) in ("normal", "noproc")
        assert_nothing_waits()


def test_an_exception_is_the_exit_reason_and_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    """The crash report has the traceback."""
    _, ref = spawn_monitor(int, "no number")
    reason = receive(Down, ref=ref, timeout=WAIT).reason
    assert isinstance(reason, ValueError)
    (record,) = [r for r in caplog.records if r.name == "prx_actors"]
    assert record.levelname == "ERROR"
    assert record.exc_info is not None
    assert record.exc_info[1] is reason


def test_messages_and_the_exit_signal_keep_their_order() -> None:
    """What was sent before the end is there when the end is known."""
    trap_exit(True)
    me = current()
    for number in range(200):
        pid = spawn_link(lambda n=number: (send(me, n), exit("done")))  # type: ignore[func-returns-value]
        assert receive(timeout=WAIT) == number
        assert receive(timeout=WAIT) == Exit(pid, "done")


def test_no_message_comes_after_the_down_of_its_killed_sender() -> None:
    """A killed process that goes on sending is not heard."""
    me = current()

    def chatter() -> None:
        while True:
            send(me, "chat")

    for _ in range(50):
        pid, ref = spawn_monitor(chatter)
        receive(str, timeout=WAIT)
        exit_signal(pid, "kill")
        receive(Down, ref=ref, timeout=WAIT)
        while True:
            try:
                receive(str, timeout=0)
            except TimeoutError:
                break
        assert_nothing_waits()


def test_links_made_from_both_sides_at_once_do_not_deadlock() -> None:
    """And there is one link in the end, or the signal of the dead."""
    for _ in range(100):
        ready = threading.Barrier(2)
        pids: list[Pid] = []

        def linker(other: int, ready: threading.Barrier = ready, pids: list[Pid] = pids) -> None:
            ready.wait(WAIT)
            link(pids[other])
            receive()

        gate = threading.Event()

        def start(other: int, gate: threading.Event = gate, run: Callable[[int], None] = linker) -> None:
            assert gate.wait(WAIT)
            run(other)

        pids += [spawn(start, 1), spawn(start, 0)]
        refs = [monitor(pid) for pid in pids]
        gate.set()
        exit_signal(pids[0], "bye")
        for ref in refs:
            assert receive(Down, ref=ref, timeout=WAIT).reason in ("bye", "noproc")


def test_a_long_chain_of_links_ends_as_one() -> None:
    """However deep: ends do not call each other."""
    pids = [Process.start() for _ in range(3000)]
    for left, right in itertools.pairwise(pids):
        process_of(left)._link(right)  # type: ignore[union-attr]
    ref = monitor(pids[-1])
    exit_signal(pids[0], "domino")
    assert receive(Down, ref=ref, timeout=WAIT).reason == "domino"


def test_a_reason_is_never_asked_whether_it_equals_a_string() -> None:
    """It may be an object with an equality of its own."""

    class Odd:
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            raise AssertionError

    odd = Odd()
    _, ref = spawn_monitor(exit, odd)
    assert receive(Down, timeout=WAIT).reason is odd
    assert isinstance(ref, MonitorRef)


def test_exit_raises_what_except_exception_does_not_catch() -> None:
    """A process may clean up, and ends with the reason."""
    assert not issubclass(ProcessExit, Exception)
    cleaned = threading.Event()

    def process() -> None:
        try:
            exit("reason")
        except Exception:  # noqa: BLE001
            raise AssertionError from None
        finally:
            cleaned.set()

    _, ref = spawn_monitor(process)
    assert receive(Down, ref=ref, timeout=WAIT).reason == "reason"
    assert cleaned.is_set()
