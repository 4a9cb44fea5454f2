"""The driver by hand: what it says to a stranger, and how it ends."""

from __future__ import annotations

import os
import resource
import secrets
import select
import signal
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.marks import mark
from support.wire import Wire, hello, keeper, start

from prx_actors import Down, ExitStatus, monitor, prx, receive
from prx_actors.driver.keeper import driver_path
from prx_actors.driver.protocol import frame
from prx_actors.system.native import lib

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT = 30.0


@pytest.fixture(params=["null", "file", "pipe", "closed", "datagram", "seqpacket"])
def no_channel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    """An fd that is no stream socket."""
    near, far = socket.socketpair(type=socket.SOCK_SEQPACKET if request.param == "seqpacket" else socket.SOCK_DGRAM)
    read_end, write_end = os.pipe()
    path = tmp_path / "file" if request.param == "file" else Path(os.devnull)
    with near, far, path.open("a+") as file:
        kinds = {"pipe": read_end, "datagram": far.fileno(), "seqpacket": far.fileno(), "closed": -1}
        yield kinds.get(request.param, file.fileno())
    os.close(read_end)
    os.close(write_end)


def test_without_the_runtime_s_socket_it_says_so(no_channel: int) -> None:
    """On stderr, with the documented status; started by hand, for instance."""
    shell = ["sh", "-c", 'exec "$0" <&-', driver_path()]
    with subprocess.Popen(shell, stderr=subprocess.PIPE) if no_channel < 0 else start(no_channel) as process:
        _, said = process.communicate(timeout=WAIT)
    assert process.returncode == lib.PRX_EXIT_STARTUP == 120
    assert said.startswith(b"prx-driver: fd 0 is not the socket of a prx_actors runtime")
    assert said.count(b"\n") == 1


def test_a_runtime_that_says_nothing_is_none() -> None:
    """End of file instead of the first message."""
    near, far = socket.socketpair()
    with far, start(far.fileno()) as process:
        far.close()
        near.close()
        assert process.wait(WAIT) == 120


V = lib.PRX_PROTOCOL_VERSION
WRONG_HELLOS = {
    "empty": b"\0\0\0\0",
    "cut in its length": b"\0\0",
    "cut in its middle": hello()[:-2],
    "more than one": hello() * 2,
    "a byte too much inside": hello()[:3] + bytes([hello()[3] + 1]) + hello()[4:] + b"\0",
    "a byte too much outside": hello() + b"\0",
    "another version": hello(V + 1, 0, 1024, 1024),
    "three elements": hello(V, 0, 1024),
    "five elements": hello(V, 0, 1024, 1024, 0),
    "a string": hello(V, "0", 1024, 1024),
    "no array": b"\0\0\0\1\1",
    "no message pack": b"\0\0\0\4\xc1\xc1\xc1\xc1",
    "huge": b"\xff\xff\xff\xff" + hello()[4:],
    "long": hello(V, 0, 1024, b"x" * 100),
    "text": b"GET / HTTP/1.0\r\n\r\n",
}


def greeted(data: bytes, fds: int) -> int:
    """Return how a driver exits that is greeted so."""
    near, far = socket.socketpair()
    events, far_events = socket.socketpair()
    us = os.pidfd_open(os.getpid())
    with near, far, events, far_events, start(far.fileno()) as process:
        far.close()
        socket.send_fds(near, [data], [far_events.fileno(), us, us][:fds])
        os.close(us)
        near.shutdown(socket.SHUT_WR)
        return process.wait(WAIT)


@pytest.mark.parametrize("data", WRONG_HELLOS.values(), ids=WRONG_HELLOS)
def test_a_wrong_first_message_is_refused(data: bytes) -> None:
    """Whatever comes with it is not looked at."""
    assert greeted(data, 2) == 120


@pytest.mark.parametrize("fds", [0, 1, 3])
def test_a_first_message_with_other_fds_is_refused(fds: int) -> None:
    """It brings two; with them it is taken, and the end of the channel is an end by order."""
    assert greeted(hello(), fds) == 120
    assert greeted(hello(), 2) == 0


@pytest.mark.parametrize("channel", ["call", "event"])
def test_the_end_of_either_channel_is_the_order_to_end(channel: str) -> None:
    """Closed by us, or shut down, whoever holds a copy."""
    for how in ("close", "shutdown"):
        with keeper() as (wire, process):
            side = (wire.call if channel == "call" else wire.event).socket
            with side.dup() as copy:
                if how == "close":
                    copy.close()
                    side.close()
                else:
                    side.shutdown(socket.SHUT_RDWR)
                assert process.wait(WAIT) == 0


def test_the_end_in_the_middle_of_a_frame_is_an_end_by_order() -> None:
    """A runtime may die while it writes."""
    for data in (b"\0", b"\0\0\0", b"\0\0\0\x09\x93", frame(1, 6)[:-1], b"\0\x10\0\0" + bytes(1000)):
        with keeper() as (wire, process):
            wire.call.send(data)
            wire.call.socket.close()
            assert process.wait(WAIT) == 0


def test_the_death_of_the_runtime_is_the_order_to_end() -> None:
    """Seen by its pidfd, though both channels stay open."""
    near, far = socket.socketpair()
    events, far_events = socket.socketpair()
    runtime = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    with far, far_events, start(far.fileno()) as process, Wire(near, events) as wire, runtime:
        them = os.pidfd_open(runtime.pid)
        wire.call.send(hello(), [far_events.fileno(), them])
        os.close(them)
        assert wire.call.receive() == [0, 0, process.pid]
        assert wire.is_alive()
        runtime.kill()
        assert process.wait(WAIT) == 0


def test_a_driver_is_known_by_the_id_that_it_was_given() -> None:
    """Its end is reported under it, with the wait status."""
    with keeper() as (wire, _), wire.fork(77) as child:
        child.call.send(frame(1, 5, 3))
        assert wire.event.receive()[:3] == [lib.PRX_EVENT_EXITED, 77, 3 << 8]
        assert wire.is_alive()


def test_an_order_ends_a_child_and_no_other() -> None:
    """By the signal it names now, by SIGKILL after its time."""
    with keeper() as (wire, _), wire.fork(1) as first, wire.fork(2) as second, wire.fork(3) as third:
        wire.event.send(frame(lib.PRX_ORDER_END, 1, signal.SIGKILL, 60_000_000))
        assert wire.event.receive()[:3] == [lib.PRX_EVENT_EXITED, 1, signal.SIGKILL]
        wire.event.send(frame(lib.PRX_ORDER_END, 2, 0, 10_000))
        assert wire.event.receive()[:3] == [lib.PRX_EVENT_EXITED, 2, signal.SIGKILL]
        wire.event.send(frame(lib.PRX_ORDER_END, 1, signal.SIGKILL, 0))
        assert third.is_alive()
        assert wire.is_alive()
        assert [first.pidfd, second.pidfd] == [-1, -1]


def test_an_order_may_come_in_pieces() -> None:
    """A byte at a time; a fork in between starts afresh."""
    order = frame(lib.PRX_ORDER_END, 1, signal.SIGKILL, 0)
    with keeper() as (wire, _), wire.fork(1) as first:
        for byte in order[:5]:
            wire.event.send(bytes([byte]))
            assert wire.is_alive()
        with wire.fork(2) as second, second.fork(1) as below:
            second.event.send(order)
            assert second.event.receive()[:3] == [lib.PRX_EVENT_EXITED, 1, signal.SIGKILL]
            assert first.is_alive()
            wire.event.send(order[5:])
            assert wire.event.receive()[:3] == [lib.PRX_EVENT_EXITED, 1, signal.SIGKILL]
            assert below.pidfd == -1


def test_the_keeper_searches_for_marks_and_tells_when_there_is_none() -> None:
    """At any depth, for no other task, and by SIGKILL after its time; each search is answered."""
    with keeper(run_id=secrets.randbits(36)) as (wire, _), wire.fork(1) as first, first.fork(2) as second:
        assert first.is_alive()
        assert second.is_alive()
        wire.event.send(frame(lib.PRX_ORDER_SEARCH, 3, signal.SIGKILL, 0))
        assert wire.event.receive() == [lib.PRX_EVENT_SEARCHED, 3, []]
        wire.event.send(frame(lib.PRX_ORDER_SEARCH, 2, 0, 10_000))
        assert wire.event.receive() == [lib.PRX_EVENT_SEARCHED, 2, []]
        assert first.event.receive()[:3] == [lib.PRX_EVENT_EXITED, 2, signal.SIGKILL]
        assert first.is_alive()
        wire.event.send(frame(lib.PRX_ORDER_SEARCH, 1, signal.SIGKILL, 60_000_000))
        answers = [wire.event.receive() for _ in range(2)]
        assert sorted(answer[:3] for answer in answers) == [
            [lib.PRX_EVENT_EXITED, 1, signal.SIGKILL],
            [lib.PRX_EVENT_SEARCHED, 1, []],
        ]


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_search_waits_for_a_zombie_that_one_of_ours_is_to_reap(goes_on: bool) -> None:
    """For a moment: its parent may not come to it on a busy machine, or may stand still."""
    with keeper(run_id=secrets.randbits(36)) as (wire, _), wire.fork(1) as first, first.fork(2) as second:
        parent, zombie = (one.request("getpid")[1] for one in (first, second))
        os.kill(parent, signal.SIGSTOP)
        os.kill(zombie, signal.SIGKILL)
        with pytest.raises(EOFError):
            second.call.receive()
        wire.event.send(frame(lib.PRX_ORDER_SEARCH, 2, signal.SIGKILL, 0))
        assert not select.select([wire.event.socket], [], [], 0.2)[0]
        assert Path(f"/proc/{zombie}").exists()
        if goes_on:
            os.kill(parent, signal.SIGCONT)
        assert wire.event.receive() == [lib.PRX_EVENT_SEARCHED, 2, []]
        assert Path(f"/proc/{zombie}").exists() is not goes_on


def test_a_run_without_marks_is_searched_in_vain() -> None:
    """Nothing is found, and nothing harmed."""
    with keeper() as (wire, _), wire.fork(1) as first:
        wire.event.send(frame(lib.PRX_ORDER_SEARCH, 1, signal.SIGKILL, 0))
        assert wire.event.receive() == [lib.PRX_EVENT_SEARCHED, 1, []]
        assert first.is_alive()


@pytest.mark.parametrize("asked", [True, False])
def test_a_keeper_that_is_to_search_for_everything_does_so_before_it_ends(asked: bool) -> None:
    """Though the channel was shut right behind the order; that it has ended by itself is its last word."""
    run_id = secrets.randbits(36)
    limits = (mark(1, run_id), resource.RLIM_INFINITY)
    with keeper(run_id=run_id) as (wire, process), subprocess.Popen(["sleep", "1000"]) as marked, ExitStack() as after:
        after.callback(marked.kill)
        resource.prlimit(marked.pid, resource.RLIMIT_RTTIME, limits)
        os.kill(process.pid, signal.SIGSTOP)
        if asked:
            wire.event.send(frame(lib.PRX_ORDER_SEARCH, lib.PRX_SEARCH_EVERYTHING, 0, 0))
        wire.call.socket.shutdown(socket.SHUT_RDWR)
        os.kill(process.pid, signal.SIGCONT)
        while (event := wire.event.receive())[:2] == [lib.PRX_EVENT_SIGNAL, signal.SIGCONT]:
            pass
        assert event == [lib.PRX_EVENT_SEARCHED, lib.PRX_SEARCH_EVERYTHING, []]
        assert process.wait(WAIT) == 0
        assert (marked.poll() is None) is not asked


def test_the_runtime_tells_of_a_driver_that_has_met_a_malformed_frame() -> None:
    """Its status is in the exit reason; parent, siblings and children elsewhere live."""
    with prx.fork() as root:
        task, sibling = prx.fork(root), prx.fork(root)
        ref = monitor(task)
        os.write(task._process.driver.turns._exchange.fd, b"\0\0\0\1\xc1")
        assert receive(Down, ref=ref, timeout=WAIT).reason == ("exit_status", 121)
        assert receive(ExitStatus, task=task, timeout=WAIT).status == 121
        assert prx.getpid(sibling) == sibling.host_pid
        assert prx.getpid(prx.fork(root))
