"""The C structure of FreeBSD's jail(2)."""

from __future__ import annotations

import os
import struct
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from prx_actors.system.structures import Ptr

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["jail_structure"]

VERSION = 2
POINTER = struct.calcsize("P")


def jail_structure(
    path: str | bytes = "",
    hostname: str | bytes = "",
    jailname: str | bytes = "",
    ip4: Iterable[str | IPv4Address] = (),
    ip6: Iterable[str | IPv6Address] = (),
) -> list[bytes | Ptr]:
    r"""Make the `struct jail` that jail(2) of FreeBSD takes.

    Untested with the call itself.

    Args:
        path: the folder that is the jail's root
        hostname: the jail's host name
        jailname: the jail's name
        ip4: its addresses, as `"10.0.0.1"`
        ip6: its addresses, as `"fe80::1"`

    Returns:
        a C structure

    Raises:
        TypeError: a name is no string
        ValueError: an address is none, or a name has a null character

    Example:
        >>> from prx_actors.system.jail import jail_structure
        >>> jail_structure("/jail", "test", "test")[2]
        Ptr(value=b'/jail\x00')

    """
    addresses = [[IPv4Address(one).packed for one in ip4], [IPv6Address(one).packed for one in ip6]]
    return [
        struct.pack("=I", VERSION),
        bytes(POINTER - 4),
        *(Ptr(_string(name)) for name in (path, hostname, jailname)),
        struct.pack("=II", *map(len, addresses)),
        *(Ptr(b"".join(packed)) for packed in addresses),
    ]


def _string(name: str | bytes) -> bytes:
    data = os.fsencode(name)
    if b"\0" in data:
        msg = f"embedded null byte in {name!r}"
        raise ValueError(msg)
    return data + b"\0"
