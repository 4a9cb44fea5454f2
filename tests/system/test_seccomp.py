"""Filters of allow and deny lists, as the interpreter runs them and as the kernel enforces them."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.features import require
from support.seccomp import errno_of, forked

from prx_actors.system import bpf
from prx_actors.system.bpf import assemble, run
from prx_actors.system.machine import SYSCALLS, X32, Machine, machine
from prx_actors.system.seccomp import Action, Argument, Rule, allow, data, deny, fail

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = sorted(SYSCALLS)
INT = 0xFFFF_FFFF
I386 = 0x4000_0003
ARM64 = Machine("aarch64", 0xC000_00B7, 0, {"read": 63, "openat": 56, "getpid": 172})
REFUSED = fail(errno.EPERM)


@pytest.fixture(autouse=True)
def known_machine() -> None:
    """Leave out what is for the architectures that have filters."""
    require(os.uname().machine in {"x86_64", "aarch64"}, "an architecture with filters")


@given(st.sets(st.sampled_from(NAMES)))
def test_an_allow_list_allows_what_it_lists_and_nothing_else(names: set[str]) -> None:
    """Every system call there is, looked up in lists of every length."""
    code = assemble(allow(names, REFUSED))
    verdicts = {name: run(code, data(name)) for name in NAMES}
    assert verdicts == {name: Action.ALLOW if name in names else REFUSED for name in NAMES}


@given(st.sets(st.sampled_from(NAMES)))
def test_a_deny_list_fails_what_it_lists_and_nothing_else(names: set[str]) -> None:
    """With `EPERM`."""
    code = assemble(deny(names))
    verdicts = {name: run(code, data(name)) for name in NAMES}
    assert verdicts == {name: REFUSED if name in names else Action.ALLOW for name in NAMES}


def test_a_list_of_all_calls_takes_few_comparisons() -> None:
    """A program may be long; what a call costs is how deep its search goes."""
    program = allow(NAMES)
    assert len(assemble(program)) // 8 < 3 * len(NAMES)
    assert len(bpf.assemble(allow(NAMES))) // 8 < bpf.INSTRUCTIONS_MAX
    assert [run(program, data(number)) for number in (-1, 100_000)] == [Action.KILL_PROCESS] * 2


@pytest.mark.parametrize("make", [allow, deny])
def test_a_foreign_architecture_is_refused_first(make: Callable[..., bpf.Program]) -> None:
    """Its numbers mean something else: 3 is `close` here and `read` on i386. Each list says what becomes of it."""
    listed = data("close", audit=I386)
    assert run(make(["close"]), listed) == Action.KILL_PROCESS
    assert run(make(["close"], foreign=fail(errno.ENOSYS)), listed) == fail(errno.ENOSYS)
    assert run(make([]), data("read", audit=ARM64.audit ^ machine().audit)) == Action.KILL_PROCESS


@pytest.mark.parametrize("make", [allow, deny])
def test_the_x32_calls_of_x86_64_are_foreign(make: Callable[..., bpf.Program]) -> None:
    """They have the architecture of the others, and a bit in the number; no other machine has such a bit."""
    on = Machine("x86_64", machine().audit, X32, {"read": 0})
    assert run(make(["read"], on=on, foreign=7), data(X32 | 0)) == 7
    assert run(make(["read"], on=on, foreign=7), data(X32 | 9)) == 7
    assert run(make([], on=ARM64, foreign=7), data(X32, audit=ARM64.audit)) != 7


def test_aarch64_has_numbers_of_its_own() -> None:
    """The program carries the architecture that it is made for."""
    program = allow(["openat"], on=ARM64)
    assert run(program, data(56, audit=ARM64.audit)) == Action.ALLOW
    assert run(program, data(257, audit=ARM64.audit)) == Action.KILL_PROCESS
    assert run(program, data(56, audit=I386)) == Action.KILL_PROCESS
    with pytest.raises(OSError, match="no system call of aarch64") as caught:
        allow(["open"], on=ARM64)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOTSUP, "open")


def test_no_filter_is_made_for_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of which nothing is known."""
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(NotImplementedError, match="riscv64"):
        allow(["read"])


@pytest.mark.parametrize("name", ["read", "READ", "sys_read", "SYS_read"])
def test_a_system_call_has_the_names_of_its_constant(name: str) -> None:
    """In either case."""
    assert run(deny([name]), data("read")) == REFUSED


def test_wrong_arguments_are_refused() -> None:
    """A string is no list, an errno has a range, and a call has a name that is known."""
    with pytest.raises(TypeError, match="'read'"):
        allow("read")
    for number in (-1, 4096):
        with pytest.raises(ValueError, match=str(number)):
            deny([], number)
    with pytest.raises(OSError, match="nosuch") as caught:
        deny([Rule("nosuch", ())])
    assert caught.value.errno == errno.ENOTSUP


@pytest.mark.parametrize(
    ("argument", "equal", "different"),
    [
        (Argument(0, 5), [5], [4, 5 | 1 << 32, 5 | 1 << 63]),
        (Argument(0, 5, INT), [5, 5 | 1 << 32], [4, 4 | 1 << 32]),
        (Argument(0, 1 << 40 | 3), [1 << 40 | 3], [3, 1 << 40, 1 << 41 | 3]),
        (Argument(0, 0, 0x7000_0000_0000), [0, INT, 1 << 63], [1 << 44, 1 << 46 | 1]),
        (Argument(0, 2, 6), [2, 3, 10, 2 | 1 << 33], [0, 4, 6]),
        (Argument(0, -1), [-1, (1 << 64) - 1], [INT, 0]),
        (Argument(0, -1, INT), [-1, INT], [0, INT - 1]),
    ],
)
def test_an_argument_is_compared_in_all_its_64_bits(argument: Argument, equal: list[int], different: list[int]) -> None:
    """Or in those of a mask, in the lower word, the upper one, or both."""
    program = allow([Rule("ioctl", (argument,))], REFUSED)
    assert {run(program, data("ioctl", value)) for value in equal} == {Action.ALLOW}
    assert {run(program, data("ioctl", value)) for value in different} == {REFUSED}


@given(
    st.integers(0, 5),
    st.integers(1, (1 << 64) - 1),
    st.integers(0, (1 << 64) - 1),
    st.integers(0, (1 << 64) - 1) | st.integers(0, 3),
)
def test_a_comparison_is_that_of_integers(index: int, mask: int, value: int, given: int) -> None:
    """Any argument, mask and value."""
    program = deny([Rule("read", (Argument(index, value & mask, mask),))])
    registers = [0] * index + [given]
    assert run(program, data("read", *registers)) == (REFUSED if given & mask == value & mask else Action.ALLOW)
    registers[index] = value
    assert run(program, data("read", *registers)) == REFUSED


def test_all_arguments_of_a_rule_hold_or_another_rule_does() -> None:
    """A rule is an and, several rules of a call are an or, and the bare name always holds."""
    rules: list[str | Rule] = [
        *("read", Rule("kill", (Argument(0, 1), Argument(1, 15)))),
        *(Rule("kill", (Argument(0, 2),)), Rule("ioctl", (Argument(1, 7),))),
    ]
    program = allow(rules, REFUSED)

    def verdict(name: str, *args: int) -> bool:
        return run(program, data(name, *args)) == Action.ALLOW

    assert verdict("read")
    assert [verdict("kill", *args) for args in ((1, 15), (1, 9), (2, 9), (3, 15))] == [True, False, True, False]
    assert [verdict("ioctl", *args) for args in ((0, 7), (7, 0))] == [True, False]
    assert run(allow(["kill", *rules], REFUSED), data("kill", 3, 15)) == Action.ALLOW
    assert run(allow([*rules, Rule("kill", ())], REFUSED), data("kill", 3, 15)) == Action.ALLOW


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((6, 0), "no argument 6"),
        ((-1, 0), "no argument -1"),
        ((0, 1 << 64), "64 bits"),
        ((0, 0, 1 << 64), "64 bits"),
        ((0, 0, 0), "64 bits"),
        ((0, 4, 3), "never equal"),
    ],
)
def test_a_comparison_that_makes_no_sense_is_refused(arguments: tuple[int, ...], why: str) -> None:
    """No such argument, or one that is never equal."""
    with pytest.raises(ValueError, match=why):
        Argument(*arguments)


# In the kernel.

MKDIRAT = SYSCALLS["mkdirat"]


def status(field: str) -> str:
    """Return a field of /proc/self/status."""
    found = re.search(rf"^{field}:\s*(\w+)$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def test_a_denied_call_fails_with_the_errno_of_the_list(tmp_path: Path) -> None:
    """The kernel says in /proc that a filter is in force; other calls work."""
    path = tmp_path / "new"

    def attempt() -> list[object]:
        try:
            path.mkdir()
        except OSError as error:
            number = error.errno
        path.write_text("a file")
        return [number, status("Seccomp")]

    names = [name for name in ("mkdir", "mkdirat") if name in SYSCALLS]
    assert forked(deny(names), attempt) == str([errno.EPERM, "2"])
    path.unlink()
    assert forked(deny(names, errno.EROFS), attempt) == str([errno.EROFS, "2"])
    assert path.is_file()


def test_outside_an_allow_list_a_process_dies_of_sigsys() -> None:
    """What is on the list it may do."""
    listed = ["getppid", "write", "exit_group", "rt_sigprocmask", "rt_sigaction", "futex", "mmap", "munmap", "brk"]
    listed_only = allow(listed)
    assert forked(listed_only, lambda: errno_of(SYSCALLS["getppid"])) == "0"
    assert forked(listed_only, lambda: errno_of(MKDIRAT)) == "SIGSYS"


def test_an_argument_is_compared_by_the_kernel_as_by_the_interpreter() -> None:
    """Of getppid(2), which itself looks at none."""
    values = [0, 5, 5 | 1 << 32, 1 << 40 | 3, -1]
    for argument in (Argument(1, 5), Argument(1, 5, INT), Argument(1, 1 << 40, 1 << 40), Argument(1, -1)):
        program = deny([Rule("getppid", (argument,))])
        foretold = [run(program, data("getppid", 0, value)) & 0xFFFF for value in values]
        foretold = [0 if verdict == Action.ALLOW & 0xFFFF else verdict for verdict in foretold]

        def attempt() -> list[int]:
            return [errno_of(SYSCALLS["getppid"], 0, value) for value in values]

        assert forked(program, attempt) == str(foretold)
        assert set(foretold) == {0, errno.EPERM}


def test_a_filter_is_inherited_and_the_most_severe_counts() -> None:
    """A child has the filters of its parent, and may add to them only."""

    def attempt() -> str:
        return forked(allow([], Action.ALLOW), lambda: [errno_of(MKDIRAT, -1, 0), status("Seccomp_filters")])

    assert forked(deny(["mkdirat"], errno.EXDEV), attempt) == str([errno.EXDEV, "2"])


def test_a_call_of_i386_kills() -> None:
    """`int $0x80` reaches the calls of i386 from a program of x86-64."""
    require(os.uname().machine == "x86_64", "x86-64")
    import ctypes
    import mmap

    # mov $20, %eax (getpid); int $0x80; ret
    machine_code = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"
    with mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC) as memory:
        memory.write(machine_code)
        buffer = ctypes.c_char.from_buffer(memory)
        function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(buffer))
        require(forked(deny([], foreign=Action.ALLOW), function).isdigit(), "calls of i386")
        assert forked(deny([]), function) == "SIGSYS"
        assert forked(deny([], foreign=fail(errno.ENOSYS)), function) == str(-errno.ENOSYS)
        del function, buffer
