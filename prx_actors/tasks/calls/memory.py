"""Memory of the process: a C structure as the kernel would see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prx_actors.tasks.arguments import structure_from_wire
from prx_actors.tasks.calls.base import Calls

if TYPE_CHECKING:
    from prx_actors.system.structures import CStruct

__all__ = ["Allocated", "MemoryCalls"]


class Allocated(NamedTuple):
    """What `alloc` gives."""

    memory: bytes
    """The structure itself; where it has a pointer, the address."""

    cstruct: CStruct
    """The structure, with what its pointers point to."""


class MemoryCalls(Calls):
    """alloc."""

    __slots__ = ()

    def alloc(self, cstruct: CStruct) -> Allocated:
        r"""Lay out a C structure in the process, as a call that takes one would, and free it.

        Args:
            cstruct: a sequence of bytes, which are copied in, and of `Ptr(n)` and
                `Ptr(b"...")`, pointers to n zero bytes and to a copy; no padding
                is added. 8 MiB at the most

        Returns:
            the memory, and the structure as a call would return it

        Raises:
            OSError: `EINVAL`, the structure is empty; `E2BIG`, it is too large
            NotOwner: the caller does not own the task
            NotInCallState: the task has called exec
            NoProcess: the task has ended

        Example:
            >>> from prx_actors import Ptr, prx
            >>> with prx.fork() as task:
            ...     memory, cstruct = prx.alloc(task, [b"\x01\x00\x00\x00", b"pad.", Ptr(3)])
            >>> len(memory), cstruct
            (16, [b'\x01\x00\x00\x00', b'pad.', Ptr(value=b'\x00\x00\x00')])

        """
        memory, parts = self._call("alloc", cstruct)
        return Allocated(memory, structure_from_wire(parts))
