"""Tasks and their output in other hands: controlling_process, stdio and atexit."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

import pytest
from support.calls import until
from support.ends import WAIT, down_of

from prx_actors import (
    ExitStatus,
    NoProcess,
    NotOwner,
    Pid,
    Stdout,
    Task,
    current,
    exit_signal,
    monitor,
    prx,
    receive,
    send,
    spawn,
)
from prx_actors.system.pidfd import input_waiting
from prx_actors.tasks.children import Child

if TYPE_CHECKING:
    from collections.abc import Iterator

HANDS = 100
RECORD = 10
"""Bytes of a line of what is written: its number, so that each piece says where it belongs."""
FLOOD = ["seq", "-f", "%09.0f", "0", "999999999"]


def hold(reader: Pid) -> None:
    """Own a task in turns, take its output, and at the end say what came."""
    taken: list[bytes] = []
    while True:
        match receive(timeout=WAIT):
            case ("pass", task, heir):
                taken.append(receive(Stdout, timeout=WAIT).data)
                prx.controlling_process(task, heir)
                send(reader, "passed")
            case ("stop", task):
                prx.stop(task)
                send(reader, "stopped")
            case Stdout(_, data):
                taken.append(data)
            case "tell":
                send(reader, taken)
                return


def own_output(task: Task) -> Iterator[bytes]:
    """Take what has come to the caller before the task was in other hands."""
    with suppress(TimeoutError):
        while True:
            yield receive(Stdout, task=task, timeout=0).data


def place(piece: bytes) -> int:
    """Return how many bytes came before a piece."""
    cut = piece.index(b"\n") + 1
    return int(piece[cut : cut + RECORD - 1]) * RECORD - cut


def test_a_flood_handed_over_a_hundred_times_arrives_once_and_in_order() -> None:
    """Between processes, while it comes: no byte is missing, none comes twice, each reader has its own in order."""
    me = current()
    hands = [spawn(hold, me) for _ in range(3)]
    with prx.fork() as root:
        task = prx.fork(root)
        prx.execvp(task, FLOOD)
        prx.controlling_process(task, hands[0])
        for giver, heir in islice(zip(cycle(hands), cycle(hands[1:] + hands[:1])), HANDS):
            send(giver, ("pass", task, heir))
            assert receive(str, timeout=WAIT) == "passed"
        send(hands[HANDS % 3], ("stop", task))
        assert receive(str, timeout=WAIT) == "stopped"
        taken = [list(own_output(task))]
        for hand in hands:
            send(hand, "tell")
            taken.append(receive(list, timeout=WAIT))
    places = [[place(piece) for piece in pieces if len(piece) > 2 * RECORD] for pieces in taken]
    assert all(one == sorted(one) for one in places)
    end = 0
    for at, size in sorted((place(piece), len(piece)) for pieces in taken for piece in pieces):
        assert at == end
        end += size
    assert all(places[1:])


def test_a_task_ends_with_its_new_owner_and_not_with_the_old_one() -> None:
    """And only the owner may hand it over."""
    heir = spawn(receive)
    me = current()

    def give() -> None:
        task = prx.fork()
        prx.controlling_process(task, heir)
        send(me, task)

    ref = monitor(spawn(give))
    task = receive(Task, timeout=WAIT)
    down_of(ref)
    assert task.is_alive()
    with pytest.raises(NotOwner):
        prx.controlling_process(task, me)
    with pytest.raises(NotOwner):
        prx.stdio(task, me)
    ref = monitor(task)
    exit_signal(heir, "kill")
    down_of(ref)


def test_nothing_is_handed_to_the_dead() -> None:
    """The task stays whose it was; a task owns no other one, and what is no pid owns nothing."""
    dead = spawn(lambda: None)
    down_of(monitor(dead))
    with prx.fork() as task, prx.fork() as other:
        for call in (prx.controlling_process, prx.stdio):
            with pytest.raises(NoProcess):
                call(task, dead)
            with pytest.raises(TypeError):
                call(task, 3)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="is a task"):
            prx.controlling_process(task, other)
        assert prx.getpid(task) == task.host_pid
    with pytest.raises(NoProcess):
        prx.stdio(task, current())


def test_what_one_reader_leaves_unread_does_not_hold_the_next_one_up() -> None:
    """The mark counts for each by itself."""
    tired = threading.Event()
    lazy = spawn(tired.wait, WAIT)
    with prx.fork() as root:
        task = prx.fork(root, stdio=lazy, high_water=1)
        prx.execvp(task, ["seq", "100000"])
        until(lambda: task.statistics().unread, "something is unread")
        prx.stdio(task, current())
        assert receive(ExitStatus, task=task, timeout=WAIT).status == 0
    tired.set()


def test_atexit_has_the_stdio_of_a_child_in_hand() -> None:
    """It is called instead of the closing, with fds that can be read, and the child is gone after."""
    me = current()

    def keep(drv: object, pipeline: list[int], child: Child) -> None:
        send(me, (drv, pipeline, child.pid, os.read(child.stdout, 100)))

    with prx.fork() as root:
        prx.atexit(root, keep)
        child = prx.fork(root, flowcontrol=0)
        pid = prx.pidof(child)
        prx.execvp(child, ["sh", "-c", "echo kept; exec sleep 1000"])
        known = prx.cpid(root, pid)
        assert isinstance(known, Child)
        until(lambda: input_waiting(known.stdout), "it is in the pipe")
        prx.stop(child)
        assert receive(tuple, timeout=WAIT) == (prx.drv(root), [], pid, b"kept\n")
        prx.atexit(root, None)
        prx.stop(prx.fork(root))
        with pytest.raises(TimeoutError):
            receive(tuple, timeout=0)


def test_atexit_that_raises_or_is_late_keeps_no_child_alive() -> None:
    """What it raises is logged; while it waits, the child ends as it would, and so do later ones."""
    me = current()

    def fail(_drv: object, _pipeline: list[int], child: Any) -> None:
        send(me, child.pid)
        raise OSError(5, "of the function")

    def late(_drv: object, _pipeline: list[int], child: Any) -> None:
        send(me, child.pid)
        send(me, current())
        receive(str, timeout=WAIT)

    with prx.fork() as root:
        for function in (fail, late):
            prx.atexit(root, function)
            child = prx.fork(root)
            pid = prx.pidof(child)
            prx.execvp(child, ["sleep", "1000"])
            assert prx.stop(child)
            assert receive(int, timeout=WAIT) == pid
            assert prx.cpid(root) == []
        # It has outlasted the child, and is done only now.
        waiting = receive(Pid, timeout=WAIT)
        ref = monitor(waiting)
        send(waiting, "go on")
        assert down_of(ref) == "normal"


def test_a_sink_that_ends_leaves_the_task_to_its_owner() -> None:
    """What is written then is dropped or goes to the owner, and the task goes on."""
    sink = spawn(receive, ExitStatus)
    with prx.fork() as root:
        task = prx.fork(root, stdio=sink)
        ref = monitor(sink)
        exit_signal(sink, "kill")
        down_of(ref)
        assert prx.getpid(task) == prx.pidof(task)
        prx.execvp(task, ["sh", "-c", "seq 200000; exit 3"])
        assert down_of(monitor(task)) == "shutdown"


def test_a_new_owner_that_dies_during_the_hand_over_leaves_no_task() -> None:
    """It is the old owner's, or it ends with the new one: nothing between."""
    with prx.fork() as root:
        for _ in range(50):
            heir = spawn(receive)
            task = prx.fork(root)
            exit_signal(heir, "kill")
            try:
                prx.controlling_process(task, heir)
            except NoProcess:
                assert prx.getpid(task) == prx.pidof(task)
                prx.stop(task)
            else:
                down_of(monitor(task))
        assert prx.cpid(root) == []
