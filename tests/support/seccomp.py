"""Filters that are installed for real: in a fork of this process, and by a launcher before the driver."""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
import warnings
from typing import TYPE_CHECKING

from prx_actors.system import bpf

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["errno_of", "forked", "install", "install_code", "launcher"]

PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
PR_SET_NO_NEW_PRIVS = 38

_libc = ctypes.CDLL(None, use_errno=True)


def install(program: bpf.Program) -> None:
    """Put this thread under a filter, with what it starts."""
    code = bpf.assemble(program)
    install_code(len(code) // 8, code)


def install_code(length: int, code: bytes) -> None:
    """Put this thread under a filter, be it one that the kernel refuses."""
    instructions = ctypes.create_string_buffer(code, len(code))
    structure = struct.pack("HP", length, ctypes.addressof(instructions))
    _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if _libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, structure, 0, 0) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def errno_of(number: int, *args: int) -> int:
    """Make a bare system call and return its errno, 0 when it succeeds."""
    ctypes.set_errno(0)
    registers = [ctypes.c_uint64(arg & (1 << 64) - 1) for arg in args]
    return ctypes.get_errno() if _libc.syscall(ctypes.c_long(number), *registers) == -1 else 0


def forked(program: bpf.Program, function: Callable[[], object]) -> str:
    """Run a function in a fork of this process that is under a filter.

    Args:
        program: what `seccomp.allow` or `seccomp.deny` made
        function: it should not need more of the interpreter than it must

    Returns:
        what the function returns, as a string; the name of the signal that has killed the process
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings(action="ignore"):
        # Of threads of the process that forks: the child runs this thread only, and takes no lock.
        pid = os.fork()
    if pid == 0:
        try:
            install(program)
            os.write(writing, str(function()).encode())
        except BaseException as error:  # noqa: BLE001 -- it is told, and the process must not go on
            os.write(writing, repr(error).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read().decode()
    _, status = os.waitpid(pid, 0)
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else told


def launcher(program: bpf.Program) -> list[str]:
    """Return the argv of a launcher that puts the driver, and all that it forks, under a filter.

    Args:
        program: what `seccomp.allow` or `seccomp.deny` made
    """
    code = bpf.assemble(program)
    lines = [
        "import ctypes, os, sys",
        f"code = bytes.fromhex({code.hex()!r})",
        "class Fprog(ctypes.Structure):",
        "    _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.c_char_p)]",
        "libc = ctypes.CDLL(None, use_errno=True)",
        f"libc.prctl({PR_SET_NO_NEW_PRIVS}, 1, 0, 0, 0)",
        f"if libc.prctl({PR_SET_SECCOMP}, {SECCOMP_MODE_FILTER}, ctypes.byref(Fprog(len(code) // 8, code)), 0, 0):",
        "    sys.exit(os.strerror(ctypes.get_errno()))",
        "os.execv(sys.argv[1], sys.argv[1:])",
    ]
    return [sys.executable, "-I", "-c", "\n".join(lines)]
