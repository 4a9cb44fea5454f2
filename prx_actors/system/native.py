"""The extension, typed once here: everything else takes `ffi` and `lib` from this module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prx_actors.system import _native  # type: ignore[attr-defined]  # made by the build

if TYPE_CHECKING:
    from cffi import FFI

__all__ = ["CData", "ffi", "lib", "text"]

CData = Any
"""A C value; cffi gives it no narrower type."""

ffi: FFI = _native.ffi
lib: Any = _native.lib


def text(pointer: CData) -> str:
    """Return the string that a `const char *` of our own tables points to."""
    value: Any = ffi.string(pointer)
    return str(value, "ascii")
