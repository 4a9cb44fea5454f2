"""Malformed frames end the driver that gets them, with status 121, and nothing else."""

from __future__ import annotations

import errno
import os
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.wire import keeper

from prx_actors.driver.protocol import CALLS, codec, frame
from prx_actors.system.native import lib

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.wire import Wire

WAIT = 30.0
NAME_MAX = 255
MALFORMED = lib.PRX_EXIT_PROTOCOL


def raw(payload: bytes) -> bytes:
    """Put the right length in front."""
    return len(payload).to_bytes(4, "big") + payload


def call(name: str, *args: object) -> bytes:
    """Make the frame of a request."""
    return frame(1, CALLS[name].number, *args)


REQUESTS = {
    "nothing": raw(b""),
    "an integer": raw(b"\x05"),
    "nil": raw(b"\xc0"),
    "a byte that is reserved": raw(b"\xc1"),
    "a map": raw(codec().encode({1: 6})),
    "a string": raw(codec().encode("getpid")),
    "an extension": raw(b"\xd4\x01\x00"),
    "an empty array": frame(),
    "a number alone": frame(1),
    "a negative number": frame(-1, 6),
    "a number of 33 bits": frame(1 << 32, 6),
    "a number of 64 bits": frame((1 << 64) - 1, 6),
    "a string for a number": frame("1", 6),
    "nil for a number": frame(None, 6),
    "a float for a number": frame(1.0, 6),
    "a name for a call": frame(1, "getpid"),
    "an array for a call": frame(1, [6]),
    "an argument too few": call("chdir"),
    "an argument too many": call("getpid", 1),
    "two too many": call("close", 5, 5, 5),
    "an integer for a string": call("chdir", 5),
    "nil for a string": call("chdir", None),
    "an array for a string": call("chdir", ["/"]),
    "a string for an integer": call("close", b"1"),
    "a float for an integer": call("close", 1.0),
    "nil for an integer": call("close", None),
    "a map for an integer": call("close", {}),
    "an integer for bytes": call("write", 1, 5),
    "a string for a vector": call("execvp", b"/nosuch", b"/nosuch"),
    "an integer in a vector": call("execvp", b"/nosuch", [b"/nosuch", 5]),
    "a vector in a vector": call("execvp", b"/nosuch", [[b"/nosuch"]]),
    "a null byte in a string": call("chdir", b"/\0/"),
    "a null byte in a vector": call("execvp", b"/nosuch", [b"a\0b"]),
    "an integer beyond 63 bits": call("close", 1 << 63),
    "a vector of more than there is": raw(b"\x94\x01\x03\xa1/\xdd\xff\xff\xff\xff"),
    "a vector of 65,535 in no bytes": raw(b"\x94\x01\x03\xa1/\xdc\xff\xff"),
    "a vector of more than a million": call("execvp", b"/nosuch", [b""] * 1_000_001),
    "an integer for a list of integers": call("select", 5, [], [], 0),
    "a string in a list of integers": call("select", [b"0"], [], [], 0),
    "an integer beyond a byte in nested data": call("iolist_to_bin", [[256]]),
    "a negative integer in nested data": call("iolist_to_bin", [-1]),
    "nil in nested data": call("iolist_to_bin", [None]),
    "a boolean in nested data": call("iolist_to_bin", [True]),
    "a map in nested data": call("iolist_to_bin", [{}]),
    "a float in nested data": call("iolist_to_bin", [1.5]),
    "nested data of more than there is": raw(call("iolist_to_bin")[4:].replace(b"\x92", b"\x93", 1) + b"\x92\x91\x01"),
    "a string of more than there is": raw(b"\x93\x01\x0a\xdb\xff\xff\xff\xff/"),
    "a short string of more than there is": raw(b"\x93\x01\x0a\xbf/"),
    "bytes of more than there are": raw(b"\x94\x01\x0e\x01\xc6\xff\xff\xff\xff/"),
    "an array of more than there is": raw(b"\xdd\xff\xff\xff\xff\x01\x06"),
    "an integer cut off": raw(b"\x92\x01\xd3\0\0"),
    "an array cut off": raw(b"\x92\x01"),
    "a byte behind it": raw(codec().encode([1, 6]) + b"\0"),
    "another request behind it": raw(codec().encode([1, 6]) * 2),
    "a frame of 64 MiB and a byte": struct.pack(">I", (64 << 20) + 1),
    "a frame of 4 GiB": b"\xff\xff\xff\xff",
    "a line of text": b"GET / HTTP/1.0\r\n\r\n",
}
ORDERS = {
    "nothing": raw(b""),
    "no array": raw(b"\x05"),
    "an empty array": frame(),
    "an unknown order": frame(99, 1, 15, 0),
    "a search, which is the keeper's": frame(lib.PRX_ORDER_SEARCH, 1, 15, 0),
    "an element too few": frame(lib.PRX_ORDER_END, 1, 15),
    "an element too many": frame(lib.PRX_ORDER_END, 1, 15, 0, 0),
    "a negative signal": frame(lib.PRX_ORDER_END, 1, -1, 0),
    "signal 65": frame(lib.PRX_ORDER_END, 1, 65, 0),
    "a negative time": frame(lib.PRX_ORDER_END, 1, 15, -1),
    "a string for a child": frame(lib.PRX_ORDER_END, "1", 15, 0),
    "a byte behind it": raw(codec().encode([lib.PRX_ORDER_END, 1, 15, 0]) + b"\0"),
    "a frame of 61 bytes": raw(bytes(65)),
    "a frame of 4 GiB": b"\xff" * 70,
    "a line of text": b"GET / HTTP/1.0\r\nHost: a.example\r\nAccept: */*\r\nUser-Agent: a browser\r\n\r\n",
}


def check_only_it_ends(wire: Wire, child: Wire, sibling: Wire) -> None:
    """Expect the child's end with the documented status, and that nobody else is troubled."""
    assert wire.event.receive()[:3] == [lib.PRX_EVENT_EXITED, 1, MALFORMED << 8]
    with pytest.raises(EOFError):
        child.event.receive()
    assert sibling.is_alive()
    assert wire.is_alive()


@pytest.mark.parametrize("data", REQUESTS.values(), ids=REQUESTS)
def test_a_malformed_request_ends_the_driver_that_gets_it(data: bytes) -> None:
    """There is no reply to it; siblings, parent and keeper go on."""
    with keeper() as (wire, _), wire.fork(9) as parent, parent.fork(1) as child, parent.fork(2) as sibling:
        child.call.send(data)
        check_only_it_ends(parent, child, sibling)
        with pytest.raises(EOFError):
            child.call.receive()
        assert wire.is_alive()


@pytest.mark.parametrize("data", ORDERS.values(), ids=ORDERS)
def test_a_malformed_order_ends_the_driver_that_gets_it(data: bytes) -> None:
    """As a request does, on the other channel."""
    with keeper() as (_, _), keeper() as (wire, _), wire.fork(1) as child, wire.fork(2) as sibling:
        child.event.send(data)
        check_only_it_ends(wire, child, sibling)


# These are made with any arguments, as root too: a call that is not known to leave the machine alone is none of them.
HARMLESS = {
    "version",
    "getpid",
    "getuid",
    "getgid",
    "getcwd",
    "environ",
    "getenv",
    "setenv",
    "unsetenv",
    "clearenv",
    "readdir",
    "read",
    "write",
    "close",
    "lseek",
    "select",
    "getopt",
    "setopt",
    "iolist_to_bin",
    "alloc",
}


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_fds_with_a_call_that_takes_none_are_malformed(name: str) -> None:
    """The call may be answered, the driver ends."""
    types = {"i": 60, "s": b"/", "b": b"x", "d": b"x", "l": [], "c": [b"x"]}
    data = call(name, *(types[kind] for kind in CALLS[name].types))
    with keeper() as (wire, _), wire.fork(1) as child, wire.fork(2) as sibling:
        child.call.send(data, [wire.call.socket.fileno()])
        check_only_it_ends(wire, child, sibling)


def test_a_malformed_request_ends_what_is_below_the_driver() -> None:
    """As any other end of it does."""
    with keeper() as (wire, _), wire.fork(1) as child, child.fork(2) as grandchild, wire.fork(3) as sibling:
        child.call.send(raw(b"\xc1"))
        with pytest.raises(EOFError):
            grandchild.call.receive()
        # It has told us of the grandchild's end first.
        assert child.event.receive()[:3] == [lib.PRX_EVENT_EXITED, 2, 0]
        check_only_it_ends(wire, child, sibling)


def test_a_malformed_request_ends_a_keeper() -> None:
    """With the same status, which its launcher sees."""
    with keeper() as (wire, process):
        wire.call.send(raw(b"\xc1"))
        assert process.wait(WAIT) == MALFORMED
    with keeper() as (wire, process):
        wire.event.send(raw(b"\xc1"))
        assert process.wait(WAIT) == MALFORMED


@pytest.mark.parametrize("count", [0, 1, 4, 6, 16, 17, 100])
@pytest.mark.parametrize("name", ["fork", "clone"])
def test_a_fork_with_another_number_of_fds_fails_and_keeps_none(name: str, count: int) -> None:
    """As when there was no room for all of them: `EMFILE`, and the driver goes on."""
    args: tuple[object, ...] = (5, []) if name == "fork" else (5, 0, [])
    with keeper() as (wire, process):
        assert wire.is_alive()  # it has closed what it was born with
        before = len(os.listdir(f"/proc/{process.pid}/fd"))  # noqa: PTH208 -- names only
        for _ in range(3):
            assert wire.request(name, *args, fds=[0] * count) == [24, None]
        assert len(os.listdir(f"/proc/{process.pid}/fd")) == before  # noqa: PTH208
        with wire.fork(1) as child:
            assert child.is_alive()


def test_a_fork_with_useless_channels_gives_a_child_that_ends() -> None:
    """With the status for what it cannot do without; the parent goes on."""
    null = os.open(os.devnull, os.O_RDWR)
    with keeper() as (wire, _):
        wire.request("fork", 5, [], fds=[null] * 5)
        os.close(null)
        assert wire.event.receive()[:3] == [lib.PRX_EVENT_EXITED, 5, lib.PRX_EXIT_RESOURCE << 8]
        assert wire.is_alive()


@pytest.mark.parametrize("number", [-2, len(CALLS), 1 << 31, (1 << 63) - 1, -1 << 63])
def test_an_unknown_call_is_not_implemented(number: int) -> None:
    """`ENOSYS`, whatever its arguments; a newer runtime may ask for it."""
    with keeper() as (wire, _):
        wire.call.send(frame(7, number, "anything", [1, 2]))
        assert wire.call.receive() == [7, 38, None]
        assert wire.is_alive()


def test_requests_may_come_in_pieces_and_in_one_piece() -> None:
    """Frames are cut by their lengths alone."""
    with keeper() as (wire, process):
        for byte in frame(0xFFFFFFFF, CALLS["getpid"].number):
            wire.call.send(bytes([byte]))
        assert wire.call.receive() == [0xFFFFFFFF, 0, process.pid]
        wire.call.send(b"".join(frame(number, CALLS["getpid"].number) for number in range(1000)))
        assert [wire.call.receive() for _ in range(1000)] == [[number, 0, process.pid] for number in range(1000)]


@pytest.mark.parametrize("together", [1, 100])
def test_requests_of_all_lengths_follow_each_other(together: int) -> None:
    """The buffer grows with them, and is small again behind a long one."""
    lengths = [*range(0, 4200, 7), 1 << 16, 5, 1 << 20, 6, *range(2000, 2100)]
    requests = [frame(number, CALLS["chdir"].number, "x" * length) for number, length in enumerate(lengths)]
    answered = []
    with keeper() as (wire, _):
        for first in range(0, len(requests), together):
            sent = requests[first : first + together]
            wire.call.send(b"".join(sent))
            answered += [wire.call.receive()[:2] for _ in sent]
    errors = [errno.ENAMETOOLONG if length > NAME_MAX else errno.ENOENT for length in lengths]
    assert answered == [[number, error] for number, error in enumerate(errors)]


@pytest.mark.parametrize("delay", [1 << 62, (1 << 63) - 1])
def test_times_beyond_reason_do_no_harm(delay: int) -> None:
    """Of an order and of an option: hundreds of thousands of years are as good as for ever."""
    with keeper() as (wire, _), wire.fork(1) as child, wire.fork(2) as other:
        assert child.request("setopt", b"killdelay", delay) == [0, None]
        wire.event.send(frame(lib.PRX_ORDER_END, 1, 0, delay))
        assert wire.is_alive()
        assert child.is_alive()
        child.call.socket.close()
        assert wire.event.receive()[:3] == [lib.PRX_EVENT_EXITED, 1, 0]
        assert other.is_alive()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.floats() | st.binary() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
# What would be any other call is taken out.
ACTING = bytes(CALLS[name].number for name in CALLS.keys() - HARMLESS)
TO_HARMLESS = bytes.maketrans(ACTING, bytes([CALLS["getpid"].number]) * len(ACTING))
GARBAGE = st.lists(
    st.binary(max_size=40)
    | st.binary(max_size=40).map(raw)
    | st.builds(
        lambda number, name, args: frame(number, CALLS[name].number, *args),
        st.integers(0, 1 << 33),
        st.sampled_from(sorted(HARMLESS)),
        st.lists(VALUES, max_size=4),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=200 if "CI" not in os.environ else 60)
@given(pieces=GARBAGE, on_event=st.booleans())
def test_garbage_never_hangs_a_driver(pieces: Sequence[bytes], on_event: bool) -> None:
    """It ends as documented: by order, or for a malformed frame."""
    with keeper() as (wire, process), wire.fork(1) as child:
        channel = (wire.event if on_event else wire.call).socket
        try:
            for piece in pieces:
                channel.send(piece.translate(TO_HARMLESS))
        except BrokenPipeError:
            pass  # it has ended by now
        wire.call.socket.close()
        assert process.wait(WAIT) in {0, MALFORMED}
        with pytest.raises(EOFError):
            child.call.receive()
