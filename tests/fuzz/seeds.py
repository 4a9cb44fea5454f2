"""Scripts for `fuzz_loop` to begin with: `python -m tests.fuzz.seeds FOLDER` writes them, one a file.

A step is a byte that says what to do, two bytes of a size, and the data.
"""

from __future__ import annotations

import sys
from pathlib import Path

from prx_actors.driver.protocol import CALLS, codec
from prx_actors.system.native import lib

FRAME, RAW, ORDER, RAW_ORDER, FORK, STRAYS, CURRENT, SHUT = range(8)


def step(what: int, data: bytes = b"") -> bytes:
    """Make one step of a script."""
    return bytes([what]) + len(data).to_bytes(2, "big") + data


def call(name: str, *args: object, what: int = FRAME) -> bytes:
    """Make the step of a request."""
    return step(what, codec().encode([1, CALLS[name].number, *args]))


def fork(id: int, *options: int) -> bytes:
    """Make the step of a fork, whose child is the driver of the steps that follow."""
    return call("fork", id, [*options], what=FORK)


def order(child: int, signal: int, delay: int) -> bytes:
    """Make the step of an order."""
    return step(ORDER, codec().encode([lib.PRX_ORDER_END, child, signal, delay]))


def to(driver: int) -> bytes:
    """Make the step that turns to another driver, by the order of their forks."""
    return step(CURRENT + 8 * driver)


SOME = {"i": 1, "s": b"/", "b": b"x", "d": [b"x", [120, [b"y"]]], "l": [1, 2], "v": [b"x"], "c": [b"x", [4], [b"y"]]}
SEEDS = {
    **{f"call-{name}": call(name, *(SOME[kind] for kind in row.types)) for name, row in CALLS.items()},
    "batch": b"".join(call("getpid") for _ in range(40)),
    "options": b"".join(call("setopt", b"maxchild", n) + call("getopt", b"maxchild") for n in (0, 1, 64, 1 << 40)),
    "environment": call("setenv", b"a", b"b", 1) + call("getenv", b"a") + call("environ") + call("clearenv"),
    "fork": fork(1) + call("getpid") + to(0) + call("getpid"),
    "depth": b"".join(fork(n) for n in range(1, 8)) + call("exit", 3),
    "siblings": b"".join(to(0) + fork(n) for n in range(1, 8)) + to(0) + order(3, 15, 0) + order(4, 9, 1000),
    "option-fork": fork(1, 0, 2, 9, 1000) + fork(2) + to(0) + call("setcpid", 1, b"signaloneof", 9),
    "wait": fork(1) + call("exit", 4) + to(0) + call("waitpid", -1, 0) + call("waitpid", -1, 1),
    "signals": call("sigaction", 17, b"sig_info")
    + fork(1)
    + call("exit", 1)
    + to(0)
    + call("sigaction", 17, b"sig_ign"),
    "filter": call("filter", [CALLS["getpid"].number], [CALLS["fork"].number]) + call("getpid") + fork(1) + fork(2),
    "filtered-fork": call("filter", [CALLS["fork"].number], []) + fork(1) + call("getpid"),
    "select": call("select", [0], [1], [2], 0) + call("select", [], [], [], 1000),
    "files": call("close", 0) + call("read", 1, 70000) + call("lseek", 1, 0, 0) + fork(1) + call("close", 2) + fork(2),
    "strays": step(STRAYS, b"\x05" + codec().encode([1, CALLS["fork"].number, 1, []]))
    + step(STRAYS, b"\x1f" + codec().encode([1, 6])),
    "pieces": b"".join(step(RAW, bytes([byte])) for byte in b"\0\0\0\3\x92\1\6"),
    "huge": step(RAW, b"\x04\0\0\1"),
    "large": step(RAW, b"\x03\xff\xff\xff\x94"),
    "order-pieces": b"".join(step(RAW_ORDER, bytes([byte])) for byte in b"\0\0\0\5\x94\1\1\x0f\0"),
    "shut": fork(1) + fork(2) + step(SHUT) + to(1) + step(SHUT + 8) + to(0) + step(SHUT + 16) + call("getpid"),
    "hello": b"H\x05\x94\1\0\1\1" + call("getpid"),
    "hello-framed": b"H\x09\0\0\0\5\x94\1\5\1\1" + call("getpid"),
}

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for name, seed in SEEDS.items():
        (folder / name).write_bytes(seed)
