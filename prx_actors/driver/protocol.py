"""The wire format, as `src/protocol.h` and `src/calls.h` define it: MessagePack in frames."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from prx_actors.system.native import lib, text

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "CALLS",
    "OPTIONS",
    "Call",
    "Codec",
    "Frames",
    "codec",
    "frame",
]


class Call(NamedTuple):
    """A row of the table of calls."""

    name: str
    number: int
    types: str


def _calls() -> dict[str, Call]:
    rows = (lib.prx_call_table[i] for i in range(lib.prx_call_count))
    return {text(row.name): Call(text(row.name), number, text(row.types)) for number, row in enumerate(rows)}


def _options() -> dict[str, int]:
    rows = (lib.prx_option_table[i] for i in range(lib.prx_option_count))
    return {text(row.name): row.default_value for row in rows}


CALLS = _calls()
"""The calls that the driver knows, by name."""

OPTIONS = _options()
"""The options of a task and their defaults; times in microseconds."""


class Codec(NamedTuple):
    """MessagePack."""

    encode: Callable[[object], bytes]
    decode: Callable[[Any], list[Any]]
    """Raises ValueError and RecursionError for what is none, or no array."""


@cache
def codec() -> Codec:
    """Return the encoder and decoder."""
    # Here, because it takes a tenth of the time that the import of the package does.
    from msgspec import msgpack

    return Codec(msgpack.Encoder().encode, msgpack.Decoder(list[Any]).decode)


def frame(*elements: object) -> bytes:
    """Return a message with its length in front."""
    payload = codec().encode(elements)
    return len(payload).to_bytes(4, "big") + payload


class Frames:
    """Cuts a byte stream into messages.

    Args:
        limit: bytes of a frame; a longer one is an error

    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""

    def feed(self, data: bytes) -> list[list[Any]]:
        """Take in bytes and return the messages that are complete.

        Raises:
            ValueError: when a frame is too long or not MessagePack

        """
        self._rest += data
        messages = []
        while len(self._rest) >= 4:  # noqa: PLR2004
            end = 4 + int.from_bytes(self._rest[:4], "big")
            if end > self._limit:
                msg = f"a frame of {end} bytes"
                raise ValueError(msg)
            if len(self._rest) < end:
                break
            messages.append(codec().decode(self._rest[4:end]))
            self._rest = self._rest[end:]
        return messages
