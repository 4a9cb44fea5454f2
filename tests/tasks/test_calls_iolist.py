"""iolist_to_bin: nested data, as the driver decodes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prx_actors import prx

if TYPE_CHECKING:
    from prx_actors.tasks.arguments import Iodata

DATA: dict[str, tuple[Any, bytes]] = {
    "bytes": (b"abc", b"abc"),
    "a string": ("grün\udcff", b"gr\xc3\xbcn\xff"),
    "nothing": (b"", b""),
    "an empty list": ([], b""),
    "empty lists": ([[], [[]], b"", [""]], b""),
    "lists in lists": (["foo", [b"1", b"2", [b"3"], ["bar"]]], b"foo123bar"),
    "bytes by their numbers": ([0, 127, 128, 255, [49]], b"\0\x7f\x80\xff1"),
    "a tuple": ((b"a", (b"b",)), b"ab"),
    "other holders of bytes": ([bytearray(b"a"), memoryview(b"bc")[1:]], b"ac"),
    "a long list": ([b"x"] * 100_000, b"x" * 100_000),
    "long pieces": ([b"x" * 70_000, [b"y" * 300, b"z" * 40]], b"x" * 70_000 + b"y" * 300 + b"z" * 40),
    "sixteen megabytes": ([b"x" * (16 << 20)], b"x" * (16 << 20)),
}


@pytest.mark.parametrize("form", DATA)
def test_nested_data_is_flattened(form: str) -> None:
    """Whatever its pieces are."""
    data, flat = DATA[form]
    with prx.fork() as task:
        assert prx.iolist_to_bin(task, data) == flat


def test_data_may_be_nested_deeply() -> None:
    """Hundreds of levels; beyond what Python can encode, that is told before anything is sent."""
    deep: Any = b"x"
    for _ in range(300):
        deep = [b"a", deep]
    endless: Any = []
    endless.append(endless)
    with prx.fork() as task:
        assert prx.iolist_to_bin(task, deep) == b"a" * 300 + b"x"
        with pytest.raises(RecursionError):
            prx.iolist_to_bin(task, endless)
        assert prx.getpid(task) == task.host_pid


def flatten(data: Any) -> bytes:
    """Do in Python what the driver does."""
    if isinstance(data, list):
        return b"".join(bytes([one]) if isinstance(one, int) else flatten(one) for one in data)
    return bytes(data)


def test_any_nested_data_is_flattened() -> None:
    """As Python does it."""
    pieces = st.binary(max_size=300)
    nested = st.recursive(pieces, lambda inner: st.lists(inner | st.integers(0, 255)), max_leaves=50)

    with prx.fork() as task:

        @given(nested)
        def check(data: Iodata) -> None:
            assert prx.iolist_to_bin(task, data) == flatten(data)

        check()
