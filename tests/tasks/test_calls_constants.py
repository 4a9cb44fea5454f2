"""file_constant and its kin: constants by name, as prx has them; and the forms in which calls take them."""

from __future__ import annotations

import enum
import errno
import fcntl
import os
import resource
import signal
import socket
import termios
from typing import TYPE_CHECKING, Any

import pytest

from prx_actors import Signal, UndefinedCall, prx, receive
from prx_actors.tasks.calls.constants import CONSTANT_CALLS

if TYPE_CHECKING:
    from pathlib import Path

    from prx_actors.system.constants import Constant

KNOWN: dict[str, dict[str, int]] = {
    "file_constant": {"o_rdonly": 0, "O_CLOEXEC": os.O_CLOEXEC},
    "fcntl_constant": {"fd_cloexec": fcntl.FD_CLOEXEC, "F_ADD_SEALS": 1033},
    "clone_constant": {"clone_newns": 0x20000, "CLONE_NEWTIME": 0x80},
    "mount_constant": {"ms_bind": 4096, "mnt_detach": 2, "rdonly": 1, "noatime": 1024},
    "rlimit_constant": {"rlimit_nofile": resource.RLIMIT_NOFILE},
    "prctl_constant": {"pr_set_name": 15, "pr_set_mm_map": 14, "seccomp_mode_filter": 2},
    "ptrace_constant": {"ptrace_traceme": 0, "ptrace_o_exitkill": 1 << 20},
    "ioctl_constant": {"tiocgwinsz": termios.TIOCGWINSZ, "siocgifaddr": 0x8915, "tunsetiff": 0x400454CA},
    "socket_constant": {"af_unix": socket.AF_UNIX, "SOCK_STREAM": socket.SOCK_STREAM, "so_reuseaddr": 2},
    "signal_constant": {"sighup": 1, "sigrtmin": signal.SIGRTMIN},
    "syscall_constant": {"sys_mseal": 462, "audit_arch_x86_64": 0xC000003E},
    "seccomp_constant": {"seccomp_set_mode_filter": 1, "seccomp_ret_kill_process": 0x80000000},
}


@pytest.mark.parametrize("call", KNOWN)
def test_a_constant_is_known_by_its_name(call: str) -> None:
    """In either case, of a child as of a root, and as a call by its name; another name is unknown."""
    with prx.fork() as root:
        for task in (root, prx.fork(root)):
            for name, value in KNOWN[call].items():
                for spelling in (name, name.upper(), name.lower()):
                    assert getattr(prx, call)(task, spelling) == value
                    assert prx.call(task, call, spelling) == value
            assert getattr(prx, call)(task, "nonexist") is None


def test_every_family_of_constants_is_tested() -> None:
    """Without this, one that is added could be forgotten above."""
    assert {*KNOWN, "cap_constant", "errno_id"} == CONSTANT_CALLS


def test_constants_of_a_system_that_this_is_not_are_undefined() -> None:
    """Capsicum is FreeBSD's; its names are no capabilities of Linux."""
    with prx.fork() as task, pytest.raises(UndefinedCall, match="cap_constant"):
        prx.cap_constant(task, "cap_read")


@pytest.mark.parametrize("name", [5, None, b"o_rdonly", ["o_rdonly"]], ids=repr)
def test_the_name_of_a_constant_is_a_string(name: Any) -> None:
    """And nothing else."""
    with prx.fork() as task:
        for family in (one for one in prx.__all__ if one.endswith("_constant")):
            with pytest.raises(TypeError, match="is a str"):
                getattr(task, family)(name)


def test_every_error_has_a_name() -> None:
    """In small letters, as an Erlang program has them; 0 and what is beyond have none."""
    with prx.fork() as task:
        for number, name in errno.errorcode.items():
            assert prx.errno_id(task, number) == name.lower()
        for number in (0, -1, 4095, 1 << 70):
            assert prx.errno_id(task, number) is None
        with pytest.raises(TypeError):
            prx.errno_id(task, "eperm")  # type: ignore[arg-type]


class Flag(enum.IntFlag):
    CREATE = os.O_CREAT
    WRITE = os.O_WRONLY


FORMS: dict[str, Constant] = {
    "int": os.O_CREAT | os.O_WRONLY,
    "enum": Flag.CREATE | Flag.WRITE,
    "list of lower case": ["o_creat", "o_wronly"],
    "tuple of upper case": ("O_CREAT", "O_WRONLY"),
    "set of mixed forms": {"o_Creat", os.O_WRONLY},
    "iterator of enums": iter([Flag.CREATE, Flag.WRITE]),
}


@pytest.mark.parametrize("flags", FORMS.values(), ids=FORMS)
def test_a_constant_has_many_forms(flags: Constant, tmp_path: Path) -> None:
    """Numbers, members of an enum, names in either case, and several of those, or-ed."""
    with prx.fork() as task:
        assert prx.write(task, prx.open(task, tmp_path / "file", flags, 0o600), "x") == 1


@pytest.mark.parametrize("number", [signal.SIGUSR1, 10, "sigusr1", "SIGUSR1", ["sigusr1"]], ids=repr)
def test_a_signal_is_a_constant_too(number: Constant) -> None:
    """In the same forms."""
    with prx.fork() as task:
        prx.kill(task, prx.getpid(task), number)
        assert receive(Signal, task=task, timeout=30).signal is signal.SIGUSR1


def test_an_empty_set_of_flags_is_zero(tmp_path: Path) -> None:
    """Or-ing nothing gives `o_rdonly`."""
    with prx.fork() as task:
        assert prx.read(task, prx.open(task, "/dev/zero", []), 2) == b"\0\0"
