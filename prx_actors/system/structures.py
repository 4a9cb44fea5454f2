"""C structures as calls take them: bytes and pointers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["CStruct", "Ptr"]


@dataclass(frozen=True, slots=True)
class Ptr:
    r"""A pointer inside a C structure.

    Example:
        >>> from prx_actors import Ptr, prx
        >>> with prx.fork() as task:
        ...     prx.alloc(task, [b"four", Ptr(2), Ptr(b"more")]).cstruct
        [b'four', Ptr(value=b'\x00\x00'), Ptr(value=b'more')]

    """

    value: int | bytes
    """Points to a copy of these bytes, or to as many zero bytes; with none of them it is NULL."""


CStruct = Sequence[bytes | Ptr]
"""A C structure: bytes, which are copied in, padding included, and pointers."""
