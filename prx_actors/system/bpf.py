"""Classic BPF, the language of seccomp filters: an assembler with labels, and an interpreter for tests."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "INSTRUCTIONS_MAX",
    "And",
    "Instruction",
    "Jump",
    "JumpIf",
    "Label",
    "Load",
    "Program",
    "Return",
    "Test",
    "assemble",
    "run",
]

INSTRUCTIONS_MAX = 4096
"""The kernel takes no longer program (`BPF_MAXINSNS`)."""

DATA_SIZE = 64
"""Bytes of `struct seccomp_data`, which is all that a filter can look at."""

Test = Literal["eq", "gt", "ge", "set"]
"""How a jump compares the accumulator with its value: equal, greater, not less, a bit in common; unsigned."""

# The codes of linux/filter.h and linux/bpf_common.h, with BPF_K: the operand stands in the instruction.
LOAD = 0x20
AND = 0x54
JUMP = 0x05
JUMP_IF: dict[Test, int] = {"eq": 0x15, "gt": 0x25, "ge": 0x35, "set": 0x45}
TESTS = {code: test for test, code in JUMP_IF.items()}
RETURN = 0x06

FILTER = struct.Struct("=HBBI")
"""`struct sock_filter`: code, distances if true and if false, operand."""

NEAR = 255
"""A conditional jump has 8 bits for its distance."""


@dataclass(frozen=True, slots=True)
class Load:
    """Load 32 bits of the data into the accumulator.

    Args:
        offset: in bytes, a multiple of 4

    """

    offset: int


@dataclass(frozen=True, slots=True)
class And:
    """And the accumulator with a mask."""

    mask: int


@dataclass(frozen=True, slots=True)
class Label:
    """A name for the instruction that follows."""

    name: str


@dataclass(frozen=True, slots=True)
class Jump:
    """Go on at a label further down."""

    to: str


@dataclass(frozen=True, slots=True)
class JumpIf:
    """Compare the accumulator and go on at a label further down, however far.

    Args:
        test: `eq`, `gt`, `ge` or `set`
        value: what the accumulator is compared with
        then: the label if it holds; none for the next instruction
        otherwise: the label if it does not

    """

    test: Test
    value: int
    then: str | None = None
    otherwise: str | None = None


@dataclass(frozen=True, slots=True)
class Return:
    """End with a value, which for a seccomp filter is what becomes of the system call."""

    value: int


Instruction = Load | And | Label | Jump | JumpIf | Return
Program = Sequence[Instruction]


def assemble(program: Program) -> bytes:
    """Make a program what the kernel takes, an array of `struct sock_filter`.

    Args:
        program: instructions, the last a `Return`

    Returns:
        8 bytes an instruction; a conditional jump over more than 255 of them
        takes one or two more

    Raises:
        ValueError: an unknown label, or two of one name; a backward jump; a
            program that may fall off its end, or of more than 4096
            instructions; an operand that does not fit
        TypeError: what is no instruction

    Example:
        >>> from prx_actors.system.bpf import JumpIf, Label, Load, Return, assemble
        >>> program = [Load(0), JumpIf("eq", 39, "getpid"), Return(0), Label("getpid"), Return(1)]
        >>> len(assemble(program)) // 8
        4

    """
    code = [instruction for instruction in program if not isinstance(instruction, Label)]
    _check(code)
    labels = _labels(program)
    places = _places(code, labels)
    if places[-1] > INSTRUCTIONS_MAX:
        msg = f"a program of {places[-1]} instructions; the kernel takes {INSTRUCTIONS_MAX}"
        raise ValueError(msg)
    return b"".join(_encode(code, i, labels, places) for i in range(len(code)))


def _labels(program: Program) -> dict[str, int]:
    """Return the label's places, counted in instructions that are no labels."""
    labels: dict[str, int] = {}
    count = 0
    for instruction in program:
        if not isinstance(instruction, Label):
            count += 1
        elif instruction.name in labels:
            msg = f"two labels {instruction.name!r}"
            raise ValueError(msg)
        else:
            labels[instruction.name] = count
    if count in labels.values():
        msg = "the program falls off its end: no instruction follows its last label"
        raise ValueError(msg)
    return labels


def _check(code: Program) -> None:
    # Jumps go forward only, so all ways lead to the last one.
    if not code or not isinstance(code[-1], Return):
        msg = "the program falls off its end: the last instruction is a Return"
        raise ValueError(msg)
    for instruction in code:
        if isinstance(instruction, Load) and (instruction.offset % 4 or not 0 <= instruction.offset <= DATA_SIZE - 4):
            msg = f"{instruction}: no word of the {DATA_SIZE} bytes of data"
            raise ValueError(msg)
        if not 0 <= _operand(instruction) < 1 << 32:
            msg = f"{instruction}: the operand does not fit into 32 bits"
            raise ValueError(msg)


def _operand(instruction: Instruction) -> int:
    match instruction:
        case Load(value) | And(value) | Return(value) | JumpIf(_, value):
            return value
        case Jump():
            return 0
    msg = f"no instruction: {instruction!r}"
    raise TypeError(msg)


def _target(labels: dict[str, int], at: int, name: str | None) -> int:
    """Return the number of the instruction that a jump goes to."""
    if name is None:
        return at + 1
    if name not in labels:
        msg = f"no label {name!r}"
        raise ValueError(msg)
    if labels[name] <= at:
        msg = f"a backward jump to {name!r}"
        raise ValueError(msg)
    return labels[name]


def _places(code: Program, labels: dict[str, int]) -> list[int]:
    """Return where each instruction goes, and the end, with room for the long jumps after conditional ones.

    A jump that has become long makes others longer, and none shorter.
    """
    sizes = [1] * len(code)
    while True:
        places = [0]
        for size in sizes:
            places.append(places[-1] + size)
        longer = [1 + len(_far(code, i, labels, places)) for i in range(len(code))]
        if longer == sizes:
            return places
        sizes = longer


def _far(code: Program, at: int, labels: dict[str, int], places: list[int]) -> list[int]:
    """Return the targets of a conditional jump that 8 bits do not reach."""
    instruction = code[at]
    if isinstance(instruction, Jump):
        _target(labels, at, instruction.to)
    if not isinstance(instruction, JumpIf):
        return []
    targets = [_target(labels, at, name) for name in (instruction.then, instruction.otherwise)]
    return [target for target in dict.fromkeys(targets) if places[target] - places[at] - 1 > NEAR]


def _encode(code: Program, at: int, labels: dict[str, int], places: list[int]) -> bytes:
    match code[at]:
        case Load(offset):
            return FILTER.pack(LOAD, 0, 0, offset)
        case And(mask):
            return FILTER.pack(AND, 0, 0, mask)
        case Return(value):
            return FILTER.pack(RETURN, 0, 0, value)
        case Jump(to):
            return FILTER.pack(JUMP, 0, 0, places[_target(labels, at, to)] - places[at] - 1)
        case JumpIf(test, value, then, otherwise):
            far = _far(code, at, labels, places)
            near = [
                far.index(target) if target in far else places[target] - places[at] - 1
                for target in (_target(labels, at, name) for name in (then, otherwise))
            ]
            first = FILTER.pack(JUMP_IF[test], *near, value)
            return first + b"".join(
                FILTER.pack(JUMP, 0, 0, places[target] - (places[at] + 1 + i) - 1) for i, target in enumerate(far)
            )
    raise AssertionError(code[at])


def run(program: Program | bytes, data: bytes) -> int:
    """Run a program as the kernel would.

    Args:
        program: instructions, or what `assemble` made of them
        data: 64 bytes, a `struct seccomp_data`, as `seccomp.data` makes it

    Returns:
        the value of the `Return` that it ends with

    Raises:
        ValueError: data of another size, or a program that `assemble` refuses

    Example:
        >>> from prx_actors.system.bpf import JumpIf, Label, Load, Return, run
        >>> run([Load(0), JumpIf("eq", 39, None, "no"), Return(1), Label("no"), Return(0)], bytes(64))
        0

    """
    if len(data) != DATA_SIZE:
        msg = f"{len(data)} bytes of data, not {DATA_SIZE}"
        raise ValueError(msg)
    code = list(FILTER.iter_unpack(program if isinstance(program, bytes) else assemble(program)))
    accumulator = at = 0
    while code[at][0] != RETURN:
        operation, then, otherwise, operand = code[at]
        at += 1
        if operation == LOAD:
            (accumulator,) = struct.unpack_from("=I", data, operand)
        elif operation == AND:
            accumulator &= operand
        elif operation == JUMP:
            at += operand
        else:
            at += then if _holds(TESTS[operation], accumulator, operand) else otherwise
    return int(code[at][3])


def _holds(test: Test, accumulator: int, value: int) -> bool:
    match test:
        case "eq":
            return accumulator == value
        case "gt":
            return accumulator > value
        case "ge":
            return accumulator >= value
        case "set":
            return accumulator & value != 0
