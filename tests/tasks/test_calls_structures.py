"""alloc, and C structures as arguments: their shape, their bounds, their memory."""

from __future__ import annotations

import errno
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cffi import FFI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.calls import fails

from prx_actors import Ptr, prx
from prx_actors.system.cffi_structures import CffiStruct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prx_actors import Task
    from prx_actors.system.structures import CStruct

MIB = 1 << 20
POINTER = struct.calcsize("P")


@pytest.fixture
def shared() -> Iterator[Task]:
    """One task for many examples."""
    with prx.fork() as task:
        yield task


def test_a_structure_is_laid_out_as_it_is_given() -> None:
    """No padding is added; a pointer has the size of one."""
    parts: list[bytes | Ptr] = [bytes(range(1, 11)), Ptr(11), b"\x0b\x0c", Ptr(b"\x10\x11"), b"\x17"]
    with prx.fork() as task:
        memory, cstruct = prx.alloc(task, parts)
    assert cstruct == [parts[0], Ptr(bytes(11)), parts[2], Ptr(b"\x10\x11"), b"\x17"]
    head, first, middle, second, tail = struct.unpack(f"=10s{POINTER}s2s{POINTER}s1s", memory)
    assert (head, middle, tail) == (parts[0], parts[2], parts[4])
    addresses = [int.from_bytes(one, "little") for one in (first, second)]
    assert all(addresses)
    assert all(address % 16 == 0 for address in addresses)


@pytest.mark.parametrize("nothing", [Ptr(0), Ptr(b"")], ids=repr)
def test_a_pointer_to_nothing_is_null(nothing: Ptr) -> None:
    """As in alcove."""
    with prx.fork() as task:
        assert prx.alloc(task, [b"", nothing, b"x"]) == (bytes(POINTER) + b"x", [b"", Ptr(b""), b"x"])


def test_bytes_may_be_of_any_kind_and_the_sequence_too() -> None:
    """They come back as bytes, in a list."""
    with prx.fork() as task:
        found = prx.alloc(task, (bytearray(b"a"), memoryview(b"b"), Ptr(bytearray(b"c"))))  # type: ignore[arg-type]
    assert found.cstruct == [b"a", b"b", Ptr(b"c")]


PARTS = st.lists(st.binary(max_size=40) | st.builds(Ptr, st.binary(max_size=40) | st.integers(0, 400)), min_size=1)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PARTS)
def test_any_structure_comes_back_as_it_was(shared: Task, parts: list[bytes | Ptr]) -> None:
    """Zeroes stand for the numbers, whatever was in the memory before."""
    memory, cstruct = prx.alloc(shared, parts)
    expected = [Ptr(bytes(one.value)) if isinstance(one, Ptr) else one for one in parts]
    assert cstruct == expected
    assert len(memory) == sum(POINTER if isinstance(one, Ptr) else len(one) for one in parts)


def test_an_empty_structure_is_refused() -> None:
    """`EINVAL`, as alcove has `badarg`; so are an integer and bare bytes."""
    wrong: list[Any] = [[], 5, b"x"]
    with prx.fork() as task:
        for one in wrong:
            with fails(errno.EINVAL):
                prx.alloc(task, one)


@pytest.mark.parametrize(
    "parts",
    [[Ptr(8 * MIB)], [Ptr(1 << 62)], [Ptr(5 * MIB), Ptr(5 * MIB)], [bytes(8 * MIB + 1)], [Ptr(1)] * 600_000],
    ids=["a pointer", "a huge one", "two", "bytes", "many"],
)
def test_a_structure_that_is_too_large_is_refused(parts: list[bytes | Ptr]) -> None:
    """`E2BIG`; the driver goes on."""
    with prx.fork() as task:
        with fails(errno.E2BIG):
            prx.alloc(task, parts)
        assert prx.alloc(task, [b"x"]).cstruct == [b"x"]


def test_a_large_structure_comes_back_whole() -> None:
    """All that is allowed fits into a reply."""
    data = bytes(range(256)) * (4 * MIB // 256)
    with prx.fork() as task:
        memory, cstruct = prx.alloc(task, [data, Ptr(data[: 3 * MIB])])
        assert (len(memory), cstruct) == (len(data) + POINTER, [data, Ptr(data[: 3 * MIB])])
        found = prx.prctl(task, "pr_set_name", *([Ptr(7 * MIB)] for _ in range(4)))
    assert list(found[1:]) == [[Ptr(bytes(7 * MIB))]] * 4


def resident(task: Task) -> int:
    """Return what a task's process holds in memory, in KiB."""
    lines = Path(f"/proc/{task.host_pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


@pytest.mark.static
def test_structures_are_freed_whatever_becomes_of_the_call() -> None:
    """After a call that works, one that fails in the kernel, and ones that are refused in the middle."""
    refused: list[tuple[int, CStruct]] = [
        (errno.ENOTTY, [Ptr(5000)]),
        (errno.E2BIG, [bytes(5000), Ptr(1 << 40)]),
    ]

    def calls(count: int) -> None:
        for _ in range(count):
            prx.alloc(task, [bytes(1000), Ptr(5000), Ptr(b"x" * 5000)])
            for number, arg in refused:
                with fails(number):
                    prx.ioctl(task, fd, "tiocgwinsz", arg)

    with prx.fork() as task:
        fd = prx.open(task, "/dev/null", "o_rdonly")
        calls(50)
        before = resident(task)
        calls(2000)
        # One of the 16 KiB that each call takes, kept 2,000 times, would be 32 MiB.
        assert resident(task) - before < MIB // 1024


STRUCTURES = FFI()
STRUCTURES.cdef("""
struct inner { short a; char *text; };
struct outer { int length; void *data; struct inner inner; long after; };
""")


def test_a_structure_of_cffi_makes_the_round() -> None:
    """Padding, nested fields and pointers by their offsets."""
    outer: Any = STRUCTURES.new("struct outer *", {"length": 3, "inner": {"a": 7}, "after": -1})
    made = CffiStruct(outer, {"inner.text": b"text", "data": 3})
    assert [type(part) for part in made.cstruct] == [bytes, Ptr, bytes, Ptr, bytes]
    with prx.fork() as task:
        memory, cstruct = prx.alloc(task, made.cstruct)
        assert len(memory) == STRUCTURES.sizeof("struct outer")
        assert made.read(cstruct) == {"data": bytes(3), "inner.text": b"text"}
    changed = [bytes([9, 0, 0, 0]) + bytes(4), *list(cstruct)[1:]]
    made.read(changed)
    assert (outer.length, outer.inner.a, outer.after) == (9, 7, -1)
    assert outer.data == STRUCTURES.NULL


def test_a_structure_of_cffi_with_an_address_of_ours_is_refused() -> None:
    """It would mean something else in the task, as would a pointer that is none."""
    text = STRUCTURES.new("char[]", b"text")
    outer: Any = STRUCTURES.new("struct outer *", {"inner": {"text": text}})
    with pytest.raises(ValueError, match="text holds an address"):
        CffiStruct(outer)
    assert CffiStruct(outer, {"inner.text": b"x"}).cstruct[1] == Ptr(b"x")
    with pytest.raises(TypeError, match="length is no pointer"):
        CffiStruct(outer, {"length": 1})
    with pytest.raises(KeyError):
        CffiStruct(outer, {"nosuch": 1})
