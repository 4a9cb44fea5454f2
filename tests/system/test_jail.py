"""The structure of FreeBSD's jail(2), laid out in a process here."""

from __future__ import annotations

import struct

from prx_actors import Ptr, prx
from prx_actors.system.jail import jail_structure

LAYOUT = "IPPPIIPP"
"""version, path, hostname, jailname, number of IPv4 and of IPv6 addresses, and these."""


def test_a_jail_is_laid_out_as_the_c_compiler_does() -> None:
    """Numbers and pointers stand where they belong, strings end with a null character, addresses are the network's."""
    structure = jail_structure("/jail", "host", b"name", ["10.0.0.1", "10.0.0.2"], ["fe80::1"])
    with prx.fork() as task:
        memory, told = prx.alloc(task, structure)
    version, path, hostname, jailname, ip4s, ip6s, ip4, ip6 = struct.unpack(LAYOUT, memory)
    assert (version, ip4s, ip6s) == (2, 2, 1)
    assert 0 not in (path, hostname, jailname, ip4, ip6)
    assert [part.value for part in told if isinstance(part, Ptr)] == [
        b"/jail\0",
        b"host\0",
        b"name\0",
        b"\x0a\0\0\x01\x0a\0\0\x02",
        b"\xfe\x80" + bytes(13) + b"\x01",
    ]


def test_a_jail_needs_no_address() -> None:
    """Nor anything else."""
    with prx.fork() as task:
        memory, _ = prx.alloc(task, jail_structure())
    assert struct.unpack(LAYOUT, memory)[4:6] == (0, 0)
