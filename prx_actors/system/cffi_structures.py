"""C structures by way of cffi, which knows how they are laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prx_actors.system.native import ffi
from prx_actors.system.structures import Ptr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prx_actors.system.native import CData
    from prx_actors.system.structures import CStruct

__all__ = ["CffiStruct"]

POINTER = ffi.sizeof("void *")


class CffiStruct:
    """A C structure made of one of cffi's, and read back into it.

    Args:
        pointer: what `ffi.new("struct x *")` gave; its pointers are NULL
        pointers: what its pointers point to: the name of the field (`"a.b"` for
            the field of a field) and how many zero bytes, or the bytes

    Raises:
        ValueError: a pointer that is not named is not NULL: it holds an address
            of this program, which means nothing to another process
        TypeError: a field that is named is no pointer
        KeyError: there is no such field

    Example:
        >>> from cffi import FFI
        >>> from prx_actors import prx
        >>> from prx_actors.system.cffi_structures import CffiStruct
        >>> ffi = FFI()
        >>> ffi.cdef("struct text { int length; char *text; };")
        >>> text = ffi.new("struct text *", {"length": 5})
        >>> struct = CffiStruct(text, {"text": b"hello"})
        >>> with prx.fork() as task:
        ...     struct.read(prx.alloc(task, struct.cstruct).cstruct)
        {'text': b'hello'}
        >>> text.length
        5

    """

    def __init__(self, pointer: CData, pointers: Mapping[str, int | bytes] | None = None) -> None:
        self._pointer = pointer
        kind = ffi.typeof(pointer).item
        self._offsets = {_pointer_offset(kind, name): name for name in pointers or {}}
        _refuse_addresses(kind, ffi.buffer(pointer)[:], self._offsets, 0)
        self.cstruct: list[bytes | Ptr] = self._parts(pointers or {})
        """What a call takes."""

    def _parts(self, pointers: Mapping[str, int | bytes]) -> list[bytes | Ptr]:
        data = ffi.buffer(self._pointer)[:]
        parts: list[bytes | Ptr] = []
        start = 0
        for offset in sorted(self._offsets):
            parts += [data[start:offset], Ptr(pointers[self._offsets[offset]])]
            start = offset + POINTER
        return [*parts, data[start:]]

    def read(self, cstruct: CStruct) -> dict[str, bytes]:
        """Take in what a call has returned: the fields go into cffi's structure, but for pointers.

        Args:
            cstruct: of the shape that was given to the call

        Returns:
            what its pointers point to now

        """
        data = ffi.buffer(self._pointer)
        found: dict[str, bytes] = {}
        at = 0
        for part in cstruct:
            if isinstance(part, bytes):
                data[at : at + len(part)] = part
                at += len(part)
            else:
                found[self._offsets[at]] = bytes(part.value)
                at += POINTER
        return found


def _fields(kind: CData) -> dict[str, CData]:
    return dict(kind.fields or ()) if kind.kind in {"struct", "union"} else {}


def _pointer_offset(kind: CData, name: str) -> int:
    offset = 0
    for part in name.split("."):
        field = _fields(kind)[part]
        offset += field.offset
        kind = field.type
    if kind.kind != "pointer":
        msg = f"{name} is no pointer but of type {kind.cname}"
        raise TypeError(msg)
    return offset


def _refuse_addresses(kind: CData, data: bytes, named: Mapping[int, str], start: int) -> None:
    for name, field in _fields(kind).items():
        offset = start + field.offset
        if field.type.kind == "pointer" and offset not in named and any(data[offset : offset + POINTER]):
            msg = f"{name} holds an address of this program: name what it points to"
            raise ValueError(msg)
        if kind.kind == "struct":
            _refuse_addresses(field.type, data, named, offset)
