"""Signal.info: the siginfo_t of every kind, taken apart."""

from __future__ import annotations

import ctypes
import os
import signal
import struct

import pytest
from support.ends import WAIT

from prx_actors import Signal, prx, receive
from prx_actors.system.siginfo import Siginfo, siginfo

SIZE = 128
libc = ctypes.CDLL(None, use_errno=True)


def raw(signo: int, code: int, fields: bytes) -> bytes:
    """Return a siginfo_t as the kernel lays it out on 64 bits."""
    return (struct.pack("iiixxxx", signo, 0, code) + fields).ljust(SIZE, b"\0")


def given(info: Siginfo) -> dict[str, int]:
    """Return the fields that mean something, but for those that all have."""
    names = set(Siginfo.__dataclass_fields__) - {"si_signo", "si_errno", "si_code"}
    return {name: getattr(info, name) for name in names if getattr(info, name) is not None}


def test_kill_tells_who() -> None:
    """Pid and user; from another task as from this program."""
    with prx.fork() as task, prx.fork() as other:
        for sender in (other.host_pid, os.getpid()):
            assert task.host_pid
            if sender == os.getpid():
                os.kill(task.host_pid, signal.SIGTERM)
            else:
                prx.kill(other, task.host_pid, "sigterm")
            info = receive(Signal, task=task, timeout=WAIT).decoded
            assert (info.si_signo, info.si_errno, info.si_code) == (signal.SIGTERM, 0, 0)
            assert given(info) == {"si_pid": sender, "si_uid": os.getuid()}


@pytest.mark.parametrize("number", [signal.SIGUSR1, int(signal.SIGRTMIN) + 3, signal.SIGCHLD])
def test_a_queued_value_arrives(number: int) -> None:
    """sigqueue(3): an int or the bits of a pointer; SIGCHLD is the driver's own and is not told."""
    with prx.fork() as task:
        assert task.host_pid
        for value in (0, -5, 0x123456789ABCDEF):
            assert libc.sigqueue(task.host_pid, number, ctypes.c_void_p(value & (1 << 64) - 1)) == 0
            if number == signal.SIGCHLD:
                assert prx.getpid(task) == task.pidof()
                continue
            message = receive(Signal, task=task, timeout=WAIT)
            info = message.decoded
            assert info == siginfo(message.info)
            assert (info.si_signo, info.si_code, info.si_pid) == (number, -1, os.getpid())
            assert info.si_value_int == ctypes.c_int(value).value
            assert info.si_value_ptr == value & (1 << 64) - 1


KINDS: dict[str, tuple[int, int, bytes, dict[str, int]]] = {
    "tgkill": (10, -6, struct.pack("iI", 5, 7), {"si_pid": 5, "si_uid": 7}),
    "a child": (
        17,
        1,
        struct.pack("iIixxxxqq", 5, 7, 3, 11, 13),
        {"si_pid": 5, "si_uid": 7, "si_status": 3, "si_utime": 11, "si_stime": 13},
    ),
    "SIGCHLD by kill": (17, 0, struct.pack("iI", 5, 7), {"si_pid": 5, "si_uid": 7}),
    "a timer": (
        14,
        -2,
        struct.pack("iiQ", 1, 4, 1 << 40 | 9),
        {"si_timerid": 1, "si_overrun": 4, "si_value_int": 9, "si_value_ptr": 1 << 40 | 9},
    ),
    "alarm": (14, 0x80, b"\xff" * 20, {}),
    "a fault": (11, 1, struct.pack("Qh", 0xDEADBEEF, 12), {"si_addr": 0xDEADBEEF, "si_addr_lsb": 12}),
    "input": (29, 1, struct.pack("qi", 65, 4), {"si_band": 65, "si_fd": 4}),
    "a system call": (
        31,
        1,
        struct.pack("QiI", 0x400000, 59, 0x4000003E),
        {"si_call_addr": 0x400000, "si_syscall": 59, "si_arch": 0x4000003E},
    ),
    "a code nobody knows": (
        10,
        -77,
        struct.pack("iIQ", 5, 7, 9),
        {"si_pid": 5, "si_uid": 7, "si_value_int": 9, "si_value_ptr": 9},
    ),
    "a kernel's code nobody knows": (10, 77, b"\xff" * 40, {}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_its_fields_and_no_other(kind: str) -> None:
    """What the union holds for other kinds is none."""
    signo, code, fields, expected = KINDS[kind]
    info = siginfo(raw(signo, code, fields))
    assert (info.si_signo, info.si_errno, info.si_code) == (signo, 0, code)
    assert given(info) == expected


@pytest.mark.parametrize("size", [0, 12, SIZE - 1, SIZE + 1])
def test_what_is_no_siginfo_is_refused(size: int) -> None:
    """By its length."""
    with pytest.raises(ValueError, match=f"{size} bytes"):
        siginfo(bytes(size))
