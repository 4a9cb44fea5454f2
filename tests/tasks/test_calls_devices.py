"""ioctl: terminals, pipes, network interfaces."""

from __future__ import annotations

import errno
import os
import struct
from typing import TYPE_CHECKING, Any

import pytest
from cffi import FFI
from support.calls import OWN_FDS, fails
from support.features import require

from prx_actors import Ptr, prx
from prx_actors.system.cffi_structures import CffiStruct
from prx_actors.system.constants import resolve

if TYPE_CHECKING:
    from prx_actors.tasks.arguments import Argument


def test_the_size_of_a_terminal_is_set_and_read() -> None:
    """Bytes come back as bytes of the same length, a structure in its shape."""
    size = struct.pack("4H", 25, 80, 1, 2)
    with prx.fork() as task:
        fd = prx.open(task, "/dev/ptmx", ["o_rdwr", "o_noctty"])
        assert prx.ioctl(task, fd, "tiocswinsz", size) == (0, size)
        assert prx.ioctl(task, fd, "TIOCGWINSZ", bytes(8)) == (0, size)
        assert prx.ioctl(task, fd, resolve("ioctl", "tiocgwinsz"), [bytes(2)] * 4).arg == [
            size[i : i + 2] for i in range(0, 8, 2)
        ]


def test_a_buffer_that_is_too_short_harms_nobody() -> None:
    """The kernel writes what it writes; what does not fit is dropped."""
    with prx.fork() as task:
        fd = prx.open(task, "/dev/ptmx", ["o_rdwr", "o_noctty"])
        prx.ioctl(task, fd, "tiocswinsz", struct.pack("4H", 25, 80, 1, 2))
        args: list[Argument] = [b"", b"x", [b""], [b"x", Ptr(1)]]
        for arg in args:
            result = prx.ioctl(task, fd, "tiocgwinsz", arg)
            assert result.return_value == 0
        assert prx.ioctl(task, fd, "tcgets", b"").arg == b""
        assert prx.ioctl(task, fd, "tiocgwinsz", b"xy").arg == struct.pack("H", 25)


def test_an_integer_is_taken_as_it_is() -> None:
    """Where the request takes no pointer."""
    with prx.fork() as task:
        fd = prx.open(task, "/dev/ptmx", ["o_rdwr", "o_noctty"])
        assert prx.ioctl(task, fd, "tcflsh", 2) == (0, 2)
        assert prx.ioctl(task, fd, "fioclex") == (0, 0)


def test_what_waits_in_a_pipe_is_counted() -> None:
    """`fionread` on stdout's other end would be the runtime's: here a fifo by fds of the task."""
    with prx.fork() as task:
        fd = prx.open(task, "/proc/self/fd/1", "o_rdwr")
        assert prx.ioctl(task, fd, "fionread", bytes(4)).arg == bytes(4)
        prx.ioctl(task, fd, "fionbio", struct.pack("i", 1))
        with fails(errno.EAGAIN):
            prx.read(task, fd, 1)


@pytest.mark.parametrize("fd", [*OWN_FDS, -1, 1000, 1 << 40])
def test_the_driver_s_own_fds_do_not_exist(fd: int) -> None:
    """`EBADF`, as for a number that is none."""
    with prx.fork() as task, fails(errno.EBADF):
        prx.ioctl(task, fd, "fioclex")


@pytest.mark.parametrize(
    ("request_name", "arg", "number"),
    [
        ("tiocgwinsz", bytes(8), errno.ENOTTY),
        ("fionbio", 0, errno.EFAULT),
        ("fionbio", 0x7F0000000000, errno.EFAULT),
        ("fionbio", -(1 << 40), errno.EFAULT),
        ("fionbio", [Ptr(1 << 30)], errno.E2BIG),
        ("fionbio", [], errno.EFAULT),
    ],
)
def test_ioctl_fails_with_an_errno(request_name: str, arg: Any, number: int) -> None:
    """Of the kernel's, or for what could be an address of the driver's."""
    with prx.fork() as task:
        fd = prx.open(task, "/dev/null", "o_rdonly")
        with fails(number):
            prx.ioctl(task, fd, request_name, arg)
        assert prx.getpid(task) == task.pidof()


NETWORK = FFI()
NETWORK.cdef("struct ifconf { int ifc_len; char *ifc_buf; };")


@pytest.mark.root
def test_the_kernel_writes_through_a_pointer() -> None:
    """`siocgifconf`: the length inside the structure, the interfaces where it points."""
    ifconf: Any = NETWORK.new("struct ifconf *", {"ifc_len": 4000})
    made = CffiStruct(ifconf, {"ifc_buf": 4000})
    with prx.fork() as task:
        fd = prx.socket(task, "af_inet", "sock_dgram", 0)
        found = made.read(prx.ioctl(task, fd, "siocgifconf", made.cstruct).arg)  # type: ignore[arg-type]
    assert found["ifc_buf"][:2] == b"lo"
    assert ifconf.ifc_len % 40 == 0
    assert 40 <= ifconf.ifc_len < 4000
    assert not any(found["ifc_buf"][ifconf.ifc_len :])


@pytest.mark.root
def test_a_tap_device_is_made() -> None:
    """In a network namespace; its name comes back."""
    require(os.path.exists("/dev/net/tun"), "/dev/net/tun")  # noqa: PTH110
    with prx.fork() as root:
        task = prx.clone(root, "clone_newnet")
        fd = prx.open(task, "/dev/net/tun", "o_rdwr")
        request = struct.pack("16sH14x", b"", resolve("ioctl", ["iff_tap", "iff_no_pi"]))
        value, changed = prx.ioctl(task, fd, "tunsetiff", request)
        assert value == 0
        assert isinstance(changed, bytes)
        assert changed.startswith(b"tap0\0")
