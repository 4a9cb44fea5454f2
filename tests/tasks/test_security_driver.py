"""A driver that does not keep to the protocol, being somebody else's program by now: the runtime is not harmed."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import pytest
from support.ends import WAIT

from prx_actors import Down, NoProcess, Signal, monitor, prx, receive, run, shutdown

if TYPE_CHECKING:
    from collections.abc import Iterator

FAKE = """
import array, os, signal, socket, struct, sys, time
sys.path[:0] = {path!r}
from msgspec.msgpack import decode, encode
call = socket.socket(fileno=os.dup(0))

def receive():
    global event
    head, control, _, _ = call.recvmsg(4, socket.CMSG_SPACE(64))
    fds = array.array("i")
    for _, _, data in control:
        fds.frombytes(data[:len(data) - len(data) % 4])
    if not head:
        os._exit(0)
    size = int.from_bytes(head, "big")
    return decode(call.recv(size, socket.MSG_WAITALL)), list(fds)

def raw(data):
    return len(data).to_bytes(4, "big") + data

def frame(*elements):
    return raw(encode(elements))

_, fds = receive()
event = socket.socket(fileno=fds[0])
call.send(frame(0, 0, os.getpid()))
(number, *request), fds = receive()
null = os.open("/dev/null", os.O_RDWR)
own = os.pidfd_open(os.getpid())
{act}
while True:
    receive()
"""

REPLIES = {
    "garbage": "call.send(raw(b'hello'))",
    "an empty frame": "call.send(raw(b''))",
    "a frame of 4 GiB": "call.send(b'\\xff' * 4 + bytes(1000))",
    "half a frame, then the end": "call.send(b'\\0\\0\\0\\xff\\x93'); os._exit(0)",
    "no array": "call.send(raw(encode(5)))",
    "an array of two": "call.send(frame(number, 0))",
    "an array of four": "call.send(frame(number, 0, 1, 1))",
    "the number of another request": "call.send(frame(number + 1, 0, 1))",
    "a string for the number": "call.send(frame('x', 0, 1))",
    "a string for the errno": "call.send(frame(number, 'x', None))",
    "an errno that is none": "call.send(frame(number, -5, None))",
    "an errno beyond reason": "call.send(frame(number, 1 << 60, None))",
    "a map": "call.send(raw(encode({1: 2})))",
    "nested without end": "call.send(raw(b'\\x91' * 100000))",
}
CHILDREN = {
    "no pidfd": "call.send(frame(number, 0, 5))",
    "a string for the pid": "socket.send_fds(call, [frame(number, 0, 'x')], [own])",
    "a file that is no pidfd": "socket.send_fds(call, [frame(number, 0, 5)], [null])",
    "ten pidfds": "socket.send_fds(call, [frame(number, 0, 5)], [own] * 10)",
}
EVENTS = {
    "garbage": "event.send(raw(b'hello'))",
    "an empty frame": "event.send(raw(b''))",
    "a frame of 4 GiB": "event.send(b'\\xff' * 4)",
    "no array": "event.send(raw(encode(5)))",
    "an unknown event": "event.send(frame(99, 1, 2))",
    "an unknown child": "event.send(frame(1, 12345, 0, 0, 0, 0))",
    "a string for a child": "event.send(frame(1, 'x', 0, 0, 0, 0))",
    "a status that is none": "event.send(frame(1, request[1], 1 << 60, 0, 0, 0))",
    "an end without a usage": "event.send(frame(1, request[1], 0))",
    "a usage that is none": "event.send(frame(1, request[1], 0, 'x', [], None))",
    "a usage of four": "event.send(frame(3, request[1], 0, 1, 2, 3, 4))",
    "a signal that is none": "event.send(frame(2, 1000, bytes(128)))",
    "a siginfo that is none": "event.send(frame(2, 10, b'x'))",
    "a sweep that nobody asked for": "event.send(frame(4, request[1], 1, [3]))",
    "a sweep of what is no pid": "event.send(frame(3, request[1], 0, 0, 0, 0) + frame(4, request[1], 1, [[], {}]))",
    "a search of what is no pid": "event.send(frame(6, request[1], [[], {}]))",
    "nested without end": "event.send(raw(b'\\x91' * 4000))",
}


BORN = """
socket.send_fds(call, [frame(number, 0, os.getpid())], [own])
call = socket.socket(fileno=fds[0])
for fd in fds[1:]:
    os.close(fd)
(number, what, *calls), _ = receive()
assert what == -1 and calls
"""
"""The child, which has its batch already, is this process itself."""
BATCHES = {
    "garbage": "call.send(raw(b'hello'))",
    "a value that is none": "call.send(frame(number, 0, None))",
    "a string": "call.send(frame(number, 0, 'x'))",
    "one number": "call.send(frame(number, 0, [0]))",
    "a call that was not asked for": "call.send(frame(number, 0, [len(calls), 2]))",
    "a call before the first": "call.send(frame(number, 0, [-1, 2]))",
    "an errno that is none": "call.send(frame(number, 0, [0, 'x']))",
    "an errno beyond reason": "call.send(frame(number, 0, [0, 1 << 60]))",
    "an errno of the batch": "call.send(frame(number, 12, None))",
    "another request's": "call.send(frame(number + 1, 0, [0, 2]))",
    "a frame of 4 GiB": "call.send(b'\\xff' * 4 + bytes(1000))",
    "half a frame, then the end": "call.send(b'\\0\\0\\0\\xff\\x93'); os._exit(0)",
}


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What breaks the protocol is logged: that is no failure here. Its keeper is not the one of other tests."""
    with caplog.at_level(logging.CRITICAL + 1, logger="prx_actors"):
        yield
    shutdown()


def fake(act: str) -> list[str]:
    """Return a launcher that starts no driver."""
    return [sys.executable, "-S", "-c", FAKE.format(path=sys.path, act=act)]


def check_all_is_well() -> None:
    """Expect that other tasks do not notice."""
    with prx.fork() as task:
        assert prx.getpid(task) > 0


@pytest.mark.parametrize("act", REPLIES.values(), ids=REPLIES)
def test_a_reply_that_is_none_fails_the_call(act: str) -> None:
    """With an error, in time; nothing is left of the task that was to be."""
    with prx.timeout(WAIT), pytest.raises((NoProcess, OSError)) as caught:
        prx.fork(exec=fake(act))
    assert not isinstance(caught.value, TimeoutError)
    check_all_is_well()


@pytest.mark.parametrize("act", BATCHES.values(), ids=BATCHES)
def test_an_answer_to_a_batch_that_is_none_is_no_program(act: str) -> None:
    """It has not started, be its end what it may."""
    prx.sudo(fake(BORN + act))
    try:
        with prx.timeout(WAIT), pytest.raises((NoProcess, OSError)) as caught:
            run(["true"], grace=0.1)
    finally:
        prx.sudo("")
    assert not isinstance(caught.value, TimeoutError)
    check_all_is_well()


@pytest.mark.parametrize("act", CHILDREN.values(), ids=CHILDREN)
def test_a_child_that_is_none_ends(act: str) -> None:
    """It fails, or is a task that can be stopped and has ended."""
    try:
        task = prx.fork(exec=fake(act))
    except (NoProcess, OSError):
        pass
    else:
        ref = monitor(task)
        prx.stop(task)
        receive(Down, ref=ref, timeout=WAIT)
    check_all_is_well()


@pytest.mark.parametrize("act", EVENTS.values(), ids=EVENTS)
def test_an_event_that_is_none_ends_nobody_else(act: str) -> None:
    """The driver that has sent it may be ended for it; the call it has not answered fails, or times out."""
    with prx.timeout(1), pytest.raises((NoProcess, OSError)):
        prx.fork(exec=fake(act))
    with pytest.raises(TimeoutError):
        receive(Signal, timeout=0)
    check_all_is_well()
