"""Arguments of calls: checked and converted before anything is sent."""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from prx_actors.system.structures import CStruct, Ptr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prx_actors.driver.protocol import Call

__all__ = [
    "Argument",
    "Bytes",
    "Iodata",
    "Path",
    "convert",
    "from_wire",
    "program",
    "string",
    "structure_from_wire",
    "to_bytes",
    "vector",
]

Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]
"""A name for the kernel: `str` (UTF-8 with surrogateescape), `bytes`, or a path."""

Bytes = str | bytes | bytearray | memoryview
"""Data: bytes, or `str`, which is encoded as UTF-8."""

Iodata = Bytes | Sequence["Bytes | int | Iodata"]
"""Data in pieces: bytes, or a list of those, of integers of a byte, and of such lists."""

Argument = int | bytes | CStruct
"""What a call of no fixed type takes: an integer, bytes, or a C structure."""

INT64 = range(-(1 << 63), 1 << 63)


def _integer(value: Any) -> int:
    number = operator.index(value)
    if number not in INT64:
        msg = f"{number} does not fit into 64 bits"
        raise OverflowError(msg)
    return number


def string(value: Path) -> bytes:
    """Convert a name for the kernel.

    Raises:
        TypeError: it is none
        ValueError: a null byte inside

    """
    data = value if type(value) is bytes else os.fsencode(value)
    if b"\0" in data:
        msg = f"embedded null byte in {value!r}"
        raise ValueError(msg)
    return data


def to_bytes(value: Any) -> bytes:
    """Convert data.

    Raises:
        TypeError: it is neither a string nor bytes-like

    """
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, bytes):
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    msg = f"expected str or a bytes-like object, not {type(value).__name__}"
    raise TypeError(msg)


def vector(value: Iterable[Path]) -> list[bytes]:
    """Convert a list of strings, as execve(2) takes them.

    Raises:
        TypeError: for a bare string, a mapping, or an element that is no string
        ValueError: for an element with a null byte inside

    """
    # Both can be iterated over, and neither gives what its writer means.
    if isinstance(value, (str, bytes, Mapping)):
        msg = f"expected a list of strings, not {value!r}"
        raise TypeError(msg)
    return [string(element) for element in value]


def program(argv: Iterable[Path]) -> list[bytes]:
    """Convert a program and its arguments.

    Raises:
        TypeError: as for `vector`
        ValueError: there are none, or one has a null byte inside

    """
    arguments = vector(argv)
    if not arguments:
        msg = "argv is empty: it begins with the program"
        raise ValueError(msg)
    return arguments


def _integers(value: Iterable[int]) -> list[int]:
    return [_integer(element) for element in value]


def _iodata(value: Any) -> object:
    if isinstance(value, (list, tuple)):
        return [_byte(element) if isinstance(element, int) else _iodata(element) for element in value]
    return to_bytes(value)


def _byte(value: int) -> int:
    if value not in range(256):
        msg = f"{value} is no byte"
        raise ValueError(msg)
    return int(value)


def _element(part: bytes | Ptr) -> object:
    if isinstance(part, str):
        msg = "a C structure holds bytes and Ptr, not str"
        raise TypeError(msg)
    if not isinstance(part, Ptr):
        return to_bytes(part)
    if isinstance(part.value, (bytes, bytearray, memoryview)):
        return [bytes(part.value)]
    size = _integer(part.value)
    if size < 0:
        msg = f"{part} points to fewer than no bytes"
        raise ValueError(msg)
    return [size]


def _structure(value: Any) -> object:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_element(part) for part in value]
    return _integer(value)


def from_wire(value: Any) -> Argument:
    """Return what the driver has made of an integer, bytes or a C structure."""
    if not isinstance(value, list):
        return bytes(value) if isinstance(value, bytes) else int(value)
    return structure_from_wire(value)


def structure_from_wire(parts: list[Any]) -> list[bytes | Ptr]:
    """Return what the driver has made of a C structure."""
    return [Ptr(part[0]) if isinstance(part, list) else part for part in parts]


_CONVERTERS: dict[str, Callable[[Any], object]] = {
    "i": _integer,
    "s": string,
    "b": to_bytes,
    "d": _iodata,
    "v": vector,
    "l": _integers,
    "c": _structure,
}


def convert(call: Call, args: tuple[Any, ...]) -> tuple[object, ...]:
    """Convert the arguments of a call as its row in the table says.

    Raises:
        TypeError: a wrong type, or a wrong number of them
        ValueError: a null byte in a string
        OverflowError: an integer of more than 64 bits

    """
    if len(args) != len(call.types):
        msg = f"{call.name}() takes {len(call.types)} arguments, not {len(args)}"
        raise TypeError(msg)
    return tuple(_CONVERTERS[kind](arg) for kind, arg in zip(call.types, args, strict=True))
