"""The assembler of classic BPF and its interpreter."""

from __future__ import annotations

import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.features import require
from support.seccomp import errno_of, forked, install_code

from prx_actors.system import bpf, seccomp
from prx_actors.system.bpf import And, Instruction, Jump, JumpIf, Label, Load, Return, assemble, run
from prx_actors.system.machine import SYSCALLS

GETPPID = SYSCALLS["getppid"]


def words(*values: int) -> bytes:
    """Make 64 bytes of data of their first words."""
    return struct.pack(f"={len(values)}I", *values).ljust(64, b"\0")


def test_a_program_is_an_array_of_sock_filter() -> None:
    """Code, both distances and the operand, as linux/filter.h has them."""
    program: list[Instruction] = [
        Load(4),
        JumpIf("eq", 7, "yes", "no"),
        Label("no"),
        Return(1),
        Label("yes"),
        Return(2),
    ]
    assert list(struct.iter_unpack("=HBBI", assemble(program))) == [
        (0x20, 0, 0, 4),
        (0x15, 1, 0, 7),
        (0x06, 0, 0, 1),
        (0x06, 0, 0, 2),
    ]


@pytest.mark.parametrize(
    ("test", "value", "holding", "failing"),
    [
        ("eq", 5, [5], [4, 6, 0xFFFF_FFFF]),
        ("gt", 5, [6, 0xFFFF_FFFF], [5, 4, 0]),
        ("ge", 5, [5, 6, 0xFFFF_FFFF], [4, 0]),
        ("set", 6, [2, 4, 7, 0xFFFF_FFFF], [0, 1, 8]),
    ],
)
def test_a_conditional_jump_compares_unsigned(
    test: bpf.Test, value: int, holding: list[int], failing: list[int]
) -> None:
    """Each of the four comparisons."""
    program: list[Instruction] = [Load(0), JumpIf(test, value, "yes"), Return(0), Label("yes"), Return(1)]
    assert [run(program, words(one)) for one in holding] == [1] * len(holding)
    assert [run(program, words(one)) for one in failing] == [0] * len(failing)


def test_a_jump_without_labels_goes_on() -> None:
    """Below it, whatever the comparison says."""
    assert run([JumpIf("eq", 0), JumpIf("eq", 1), Return(3)], bytes(64)) == 3


def test_a_mask_keeps_the_bits_it_has() -> None:
    """And leaves the others out of the comparison."""
    program: list[Instruction] = [Load(8), And(0xF0), JumpIf("eq", 0x20, "yes"), Return(0), Label("yes"), Return(1)]
    assert [run(program, words(0, 0, one)) for one in (0x20, 0x12F, 0x10, 0x60)] == [1, 1, 0, 0]


@pytest.mark.parametrize("count", [0, 1, 254, 255, 256, 257, 3000])
@pytest.mark.parametrize("far", ["then", "otherwise", "both"])
def test_a_jump_goes_as_far_as_it_has_to(count: int, far: str) -> None:
    """A distance has 8 bits; beyond, a long jump does it."""
    between: list[Instruction] = [And(0xFFFF_FFFF)] * count
    near: list[Instruction] = [Label("near"), Return(3)]
    then = "near" if far == "otherwise" else "yes"
    otherwise = "near" if far == "then" else "no"
    program: list[Instruction] = [
        *(Load(0), JumpIf("eq", 1, then, otherwise)),
        *near,
        *between,
        *(Label("yes"), Return(1), Label("no"), Return(2)),
    ]
    assert run(program, words(1)) == (3 if far == "otherwise" else 1)
    assert run(program, words(0)) == (3 if far == "then" else 2)


def test_a_jump_that_becomes_long_makes_others_long() -> None:
    """Each of these is near until the ones inside it have grown."""
    labels = [f"label {i}" for i in range(60)]
    program: list[Instruction] = [Load(0)]
    program += [JumpIf("eq", i, label) for i, label in enumerate(labels)]
    program += [And(0xFFFF_FFFF)] * 198
    program += [Return(999)]
    for i, label in enumerate(labels):
        program += [Label(label), Return(i)]
    assert [run(program, words(i)) for i in range(60)] == list(range(60))
    assert run(program, words(60)) == 999
    grown = len(assemble(program)) // 8
    assert grown > len([one for one in program if not isinstance(one, Label)])


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ([], "falls off"),
        ([Label("end")], "falls off"),
        ([Load(0)], "falls off"),
        ([Return(0), JumpIf("eq", 0)], "falls off"),
        ([Jump("end"), Return(0), Load(0), Label("end")], "falls off"),
        ([Jump("end"), Return(0), Label("end")], "last label"),
        ([Jump("nowhere"), Return(0)], "no label 'nowhere'"),
        ([JumpIf("eq", 0, "nowhere"), Return(0)], "no label 'nowhere'"),
        ([JumpIf("eq", 0, None, "nowhere"), Return(0)], "no label 'nowhere'"),
        ([Label("up"), Load(0), Jump("up"), Return(0)], "backward jump to 'up'"),
        ([Label("self"), Jump("self"), Return(0)], "backward jump to 'self'"),
        ([Label("up"), JumpIf("eq", 0, "up"), Return(0)], "backward jump to 'up'"),
        ([Label("twice"), Load(0), Label("twice"), Return(0)], "two labels 'twice'"),
        ([Load(2), Return(0)], "no word"),
        ([Load(64), Return(0)], "no word"),
        ([Load(-4), Return(0)], "no word"),
        ([Return(1 << 32)], "32 bits"),
        ([Return(-1)], "32 bits"),
        ([And(1 << 32), Return(0)], "32 bits"),
        ([JumpIf("eq", -1), Return(0)], "32 bits"),
        ([*[Load(0)] * 4096, Return(0)], "4097 instructions"),
    ],
)
def test_a_program_that_the_kernel_would_refuse_is_refused(program: list[Instruction], why: str) -> None:
    """Before anything is installed, with the reason."""
    with pytest.raises(ValueError, match=why):
        assemble(program)


def test_long_jumps_count_for_the_length_of_a_program() -> None:
    """4,096 instructions as written are too many when one of them becomes two."""
    padding: list[Instruction] = [Load(0)] * 4094
    program: list[Instruction] = [JumpIf("eq", 0, "end"), *padding, Label("end"), Return(0)]
    assert len(assemble([Load(0), *program[1:]])) == 4096 * 8
    with pytest.raises(ValueError, match="4097 instructions"):
        assemble(program)


def test_what_is_no_instruction_is_refused() -> None:
    """`TypeError`, with what it is."""
    with pytest.raises(TypeError, match="'ret'"):
        assemble(["ret", Return(0)])  # type: ignore[list-item]


@pytest.mark.parametrize("size", [0, 63, 65])
def test_a_program_runs_on_64_bytes(size: int) -> None:
    """No other size is a `struct seccomp_data`."""
    with pytest.raises(ValueError, match=f"{size} bytes"):
        run([Return(0)], bytes(size))


def results(values: list[int]) -> str:
    """Make a harmless system call with each value as its first argument, and tell the errnos."""
    return " ".join(str(errno_of(GETPPID, value)) for value in values)


WORDS = st.integers(0, 0xFFFF_FFFF) | st.integers(0, 8)


@st.composite
def programs(draw: st.DrawFn) -> list[Instruction]:
    """Draw a program that gives an errno to a call of getppid(2), by its first argument."""
    count = draw(st.integers(1, 8))
    ends = draw(st.lists(st.integers(1, 4000), min_size=count, max_size=count, unique=True))
    labels = st.sampled_from([f"end {i}" for i in range(count)]) | st.none()
    padding: list[Instruction] = [And(0xFFFF_FFFF)]
    program: list[Instruction] = [
        *(Load(0), JumpIf("eq", GETPPID, otherwise="other")),
        Load(draw(st.sampled_from([16, 20]))),
    ]
    for _ in range(draw(st.integers(1, 12))):
        test = draw(st.sampled_from(list(bpf.JUMP_IF)))
        program.append(JumpIf(test, draw(WORDS), draw(labels), draw(labels)))
        program += padding * draw(st.sampled_from([0, 1, 100, 255]))
    for i, number in enumerate(ends):
        program += [Label(f"end {i}"), Return(seccomp.fail(number))]
    return [*program, Label("other"), Return(seccomp.Action.ALLOW)]


@given(programs(), st.lists(st.integers(0, (1 << 64) - 1) | st.integers(0, 8), min_size=1, max_size=6))
def test_the_interpreter_agrees_with_the_kernel(program: list[Instruction], values: list[int]) -> None:
    """The kernel takes the program, and a call fails with the errno that the interpreter has foretold."""
    require(os.uname().machine in {"x86_64", "aarch64"}, "an architecture with filters")
    foretold = [run(program, seccomp.data("getppid", value)) & 0xFFFF for value in values]
    told = forked(program, lambda: results(values))
    assert told == " ".join(map(str, foretold))


def test_the_kernel_takes_a_program_of_full_length() -> None:
    """4,096 instructions, and none more."""
    padding: list[Instruction] = [Load(0)] * 4094
    program: list[Instruction] = [*padding, Label("end"), Return(seccomp.Action.ALLOW), Return(0)]
    assert forked(program, lambda: "alive") == "alive"
    longer = assemble([Load(0), Return(0)])[:8] + assemble(program)
    assert "Invalid argument" in forked(seccomp.deny([]), lambda: install_code(4097, longer))
