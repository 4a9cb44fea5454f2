"""A filter is the driver's: no frame gets round it, and no child reaches its parent's."""

from __future__ import annotations

import errno
import os

import pytest
from support.wire import Wire, keeper

from prx_actors.driver.protocol import CALLS, OPTIONS, frame
from prx_actors.system.native import lib

NUMBERS = {name: call.number for name, call in CALLS.items()}
REFUSED = [errno.ENOSYS, None]
DEPTH = lib.PRX_BIRTH_DEPTH


def numbers(*names: str) -> list[int]:
    """Return calls as the wire has them."""
    return [NUMBERS[name] for name in names]


def test_a_refused_call_is_not_even_decoded() -> None:
    """Frames that would end the driver as malformed are answered like all others."""
    with keeper() as (wire, _), wire.fork(1) as task:
        assert task.request("filter", numbers("read", "setenv"), []) == [0, None]
        frames: tuple[tuple[object, ...], ...] = ((), ("x", {}), ([[]] * 1000,), (0, 1, 2, 3, 4, 5, 6, 7))
        for args in frames:
            assert task.request("read", *args) == REFUSED
        task.call.send(frame(9, NUMBERS["setenv"], b"no string \0", None))
        assert task.call.receive() == [9, *REFUSED]
        assert task.is_alive()


@pytest.mark.parametrize("wrong", [-1, len(CALLS), 1 << 31, (1 << 63) - 1, -1 << 63])
def test_a_number_that_is_no_call_changes_nothing(wrong: int) -> None:
    """`EINVAL`, in either list, before any other number of them is taken."""
    with keeper() as (wire, _), wire.fork(1) as task:
        for lists in (([NUMBERS["getuid"], wrong], []), (numbers("getuid"), [wrong]), ([], [wrong])):
            assert task.request("filter", *lists) == [errno.EINVAL, None]
        assert task.request("getuid") == [0, os.getuid()]
        with task.fork(2) as child:
            assert child.request("getuid") == [0, os.getuid()]


def test_every_call_can_be_refused_at_once() -> None:
    """Then not one is left, and the order to end is obeyed all the same."""
    with keeper() as (wire, _), wire.fork(1) as task:
        everything = list(range(len(CALLS)))
        assert task.request("filter", everything * 3, []) == [0, None]
        for name in CALLS:
            assert task.request(name) == REFUSED
        task.call.socket.close()
        assert wire.event.receive()[:3] == [lib.PRX_EVENT_EXITED, 1, 0]


def test_a_refused_fork_closes_the_fds_that_came_with_it() -> None:
    """As many as they are; the next request finds none of them."""
    with keeper() as (wire, process), wire.fork(1) as task:
        pid = task.request("getpid")[1]
        assert task.request("filter", numbers("fork", "clone"), []) == [0, None]
        before = os.listdir(f"/proc/{pid}/fd")  # noqa: PTH208 -- names only
        for count in (0, 1, 5, 16, 17):
            assert task.request("fork", 7, [], fds=[0] * count) == REFUSED
            assert task.request("clone", 7, 0, [], fds=[0] * count) == REFUSED
        assert os.listdir(f"/proc/{pid}/fd") == before  # noqa: PTH208
        assert task.is_alive()
        assert process.poll() is None


def test_a_child_cannot_reach_its_parent_s_filter() -> None:
    """Not by its own, whatever it is; nor by ending."""
    with keeper() as (wire, _), wire.fork(1) as task:
        assert task.request("filter", numbers("getuid"), []) == [0, None]
        with task.fork(2) as child:
            assert child.request("getuid") == [0, os.getuid()]
            assert child.request("filter", [], []) == [0, None]
            assert child.request("filter", list(range(len(CALLS))), list(range(len(CALLS)))) == [0, None]
            assert child.request("getopt", b"termsig") == REFUSED
        assert task.event.receive()[:3] == [lib.PRX_EVENT_EXITED, 2, 0]
        assert task.request("getuid") == REFUSED
        assert task.is_alive()


def fork(wire: Wire, *options: int) -> list[object]:
    """Ask for a fork with options, and channels that end it at once; return errno and value."""
    return wire.request("fork", 5, list(options), fds=[0] * 5)


@pytest.mark.parametrize(
    "options",
    [
        (0,),
        (0, 1, 2),
        (-1, 1),
        (len(OPTIONS) + 1, 1),
        (1 << 62, 1),
        (0, -1),
        (0, 1, 0, -1),
        (DEPTH, -1),
        (DEPTH, 1 << 31),
    ],
)
def test_wrong_options_of_a_fork_make_no_process(options: tuple[int, ...]) -> None:
    """`EINVAL`; the fds are closed."""
    with keeper() as (wire, process):
        assert wire.is_alive()  # it has closed what it was born with
        before = os.listdir(f"/proc/{process.pid}/fd")  # noqa: PTH208 -- names only
        assert fork(wire, *options) == [errno.EINVAL, None]
        assert os.listdir(f"/proc/{process.pid}/fd") == before  # noqa: PTH208
        assert wire.is_alive()


def test_only_a_root_may_be_given_a_depth() -> None:
    """A child is one deeper than its parent, whoever asks."""
    with keeper() as (wire, _), wire.fork(1) as task:
        assert fork(task, DEPTH, 0) == [errno.EINVAL, None]
        assert task.is_alive()


@pytest.mark.parametrize("id", [-1, 0, 2, 1 << 62, -1 << 63])
def test_setcpid_of_no_child_says_no(id: int) -> None:
    """0 for false; a stranger that was adopted has no number."""
    with keeper() as (wire, _), wire.fork(1):
        for name in (b"flowcontrol", b"signaloneof"):
            assert wire.request("setcpid", id, name, 1) == [0, 0]
            assert wire.request("setcpid", 1, name, 1) == [0, 1]


@pytest.mark.parametrize(("name", "value"), [("maxchild", 1), ("nosuch", 1), ("flowcontrol", -2), ("signaloneof", 65)])
def test_setcpid_of_something_else_is_refused(name: str, value: int) -> None:
    """`EINVAL`, for what a child has not, and for values out of range."""
    with keeper() as (wire, _), wire.fork(1):
        assert wire.request("setcpid", 1, name.encode(), value) == [errno.EINVAL, None]
