"""A driver's exec of itself, seen from its channels; and states that it must not believe."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING

import pytest
from support.wire import Channel, keeper

from prx_actors.driver.keeper import driver_path
from prx_actors.driver.protocol import CALLS, frame
from prx_actors.system.native import lib

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.wire import Wire

pytestmark = [pytest.mark.static]

NOBODY = 65534
ENOEXEC = 8
FILL: tuple[object, ...] = (["prx-driver"], [], 1)
REEXEC: tuple[object, ...] = (["again"], ["A=1"], 0)


def call(number: int, name: str, *args: object) -> bytes:
    """Make the frame of a request."""
    return frame(number, CALLS[name].number, *args)


@pytest.fixture
def driver() -> Iterator[Wire]:
    """Start a child of a keeper whose image is filled."""
    with keeper() as (wire, _):
        assert wire.request("reexec", *FILL) == [0, None]
        with wire.fork(1) as child:
            yield child


def test_an_image_is_not_there_until_the_keeper_was_asked_for_it() -> None:
    """`ENOEXEC`: a file of zeros is no program; then it is there for all, those forked before included."""
    with keeper() as (wire, _), wire.fork(1) as child:
        assert child.request("reexec", *REEXEC) == [ENOEXEC, None]
        for _ in range(2):
            assert wire.request("reexec", *FILL) == [0, None]
        assert child.request("reexec", *REEXEC) == [0, None]
        assert child.request("environ") == [0, [b"A=1"]]


def test_the_keeper_becomes_no_program() -> None:
    """`EPERM`: all below it would be lost."""
    with keeper() as (wire, _):
        execs: dict[str, tuple[object, ...]] = {
            "execvp": ("true", ["true"]),
            "execve": ("/bin/true", ["true"], []),
            "fexecve": (0, ["true"], []),
        }
        for name, args in execs.items():
            assert wire.request(name, *args) == [1, None]
        assert wire.is_alive()


def test_requests_behind_a_reexec_are_performed_by_the_new_image(driver: Wire) -> None:
    """All in one write, a second one among them; the replies come in order."""
    requests = [
        call(1, "reexec", *REEXEC),
        call(2, "environ"),
        call(3, "reexec", ["x"], ["B=2"], 0),
        call(4, "environ"),
    ]
    driver.call.send(b"".join(requests))
    replies = [driver.call.receive() for _ in requests]
    assert replies == [[1, 0, None], [2, 0, [b"A=1"]], [3, 0, None], [4, 0, [b"B=2"]]]


def test_part_of_a_request_behind_a_reexec_is_kept(driver: Wire) -> None:
    """The rest of it comes when the new image is there."""
    behind = call(2, "setenv", "LONG", "x" * 100_000, 1)
    driver.call.send(call(1, "reexec", *REEXEC) + behind[:50_000])
    assert driver.call.receive() == [1, 0, None]
    driver.call.send(behind[50_000:])
    assert driver.call.receive() == [2, 0, None]
    assert driver.request("environ") == [0, [b"A=1", b"LONG=" + b"x" * 100_000]]


def test_fds_of_a_fork_behind_a_reexec_are_kept(driver: Wire) -> None:
    """The driver has received them with the first byte of the fork, and is another image when it forks."""
    _, pid = driver.request("getpid")
    os.kill(pid, 19)
    near, far = socket.socketpair()
    events, far_events = socket.socketpair()
    with near, far, events, far_events, open(os.devnull, "r+b") as null:  # noqa: PTH123 -- a device
        fds = [far.fileno(), far_events.fileno(), *[null.fileno()] * 3]
        driver.call.send(call(1, "reexec", *REEXEC))
        driver.call.send(call(2, "fork", 7, []), fds)
        os.kill(pid, 18)
        assert driver.call.receive() == [1, 0, None]
        number, error, child = driver.call.receive()
        assert (number, error) == (2, 0)
        channel = Channel(near)
        channel.send(call(1, "getpid"))
        assert channel.receive() == [1, 0, child]
        assert driver.request("getpid") == [0, pid]  # it has closed what it has sent
        assert len(os.listdir(f"/proc/{pid}/fd")) == 14  # noqa: PTH208 -- names only
        near.shutdown(socket.SHUT_RDWR)
        # Signals are seen when nothing else is to be done: the end of the child may come first.
        exited, signalled = sorted(driver.event.receive() for _ in range(2))
        assert exited[:3] == [lib.PRX_EVENT_EXITED, 7, 0]
        assert signalled[:2] == [lib.PRX_EVENT_SIGNAL, 18]


def test_an_order_cut_by_a_reexec_is_obeyed(driver: Wire) -> None:
    """To end a child, of which one half came before and the other after."""
    with driver.fork(9) as child:
        assert child.is_alive()
        order = frame(lib.PRX_ORDER_END, 9, 9, 1_000_000)
        driver.event.send(order[:7])
        assert driver.request("reexec", *REEXEC) == [0, None]
        driver.event.send(order[7:])
        assert driver.event.receive()[1:3] == [9, 9]


FORGERY = """
import fcntl, os, struct, sys
driver, size, uid, pid, magic, protocol, seals, length = sys.argv[1], *map(int, sys.argv[2:])
os.setegid(uid) if uid >= 0 else None
os.seteuid(uid) if uid >= 0 else None
fd = os.memfd_create("forged", os.MFD_ALLOW_SEALING)
os.seteuid(os.getuid())
os.setegid(os.getgid())
header = struct.pack("=QIIq", magic, protocol, size, os.getpid() + pid)
os.write(fd, header[:length])
os.dup2(fd, 53)
fcntl.fcntl(53, fcntl.F_ADD_SEALS, seals)
os.execv(driver, ["prx-driver"])
"""
MAGIC = 0x7072782D73746174
ALL_SEALS = 0xF


GENUINE = {
    "uid": -1,
    "pid": 0,
    "magic": MAGIC,
    "protocol": int(lib.PRX_PROTOCOL_VERSION),
    "seals": ALL_SEALS,
    "length": 24,
}


def forged(size: int, **changed: int) -> tuple[int, bytes]:
    """Start a driver by hand, with a state of our making; return its exit status and what it complains of."""
    numbers = [size, *(GENUINE | changed).values()]
    done = subprocess.run(
        [sys.executable, "-c", FORGERY, driver_path(), *map(str, numbers)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=10,
        check=False,
    )
    return done.returncode, done.stderr


@cache
def right_size() -> int:
    """Find the size at which a driver takes its own user's forgery for a state: it ends without a complaint."""
    return next(size for size in range(100, 1000, 4) if forged(size) == (lib.PRX_EXIT_STARTUP, b""))


def test_a_state_without_content_ends_the_driver() -> None:
    """One of the own user, with all that makes a state: the driver finds that it has no end, and exits with 120."""
    assert forged(right_size()) == (lib.PRX_EXIT_STARTUP, b"")


FORGERIES = {
    "another process' pid": {"pid": 1},
    "another magic": {"magic": MAGIC + 1},
    "another protocol": {"protocol": lib.PRX_PROTOCOL_VERSION + 1},
    "not sealed": {"seals": 0},
    "one seal missing": {"seals": 0x7},
    "too short": {"length": 23},
    "empty": {"length": 0},
    "another size": {},
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_is_no_state_is_not_believed(forgery: str) -> None:
    """The driver starts as ever, and says that its fd 0 is no runtime's."""
    size = right_size() + 4 * (forgery == "another size")
    status, complaint = forged(size, **FORGERIES[forgery])
    assert status == lib.PRX_EXIT_STARTUP
    assert b"by hand" in complaint


@pytest.mark.root
def test_a_state_of_another_user_is_not_believed() -> None:
    """As a caller of sudo might hand one to a driver that runs as root."""
    status, complaint = forged(right_size(), uid=NOBODY)
    assert status == lib.PRX_EXIT_STARTUP
    assert b"by hand" in complaint
