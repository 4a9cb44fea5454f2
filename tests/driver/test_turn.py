from __future__ import annotations

import os
import socket

import pytest

from prx_actors.driver.channels import Channels
from prx_actors.driver.protocol import frame
from prx_actors.driver.turn import ChannelClosedError, Turns
from prx_actors.driver.turn import timeout as call_timeout

BROKEN = {
    "a reply to another request": frame(7, 0, 1),
    "no reply at all": frame("hello"),
    "no MessagePack": b"\x00\x00\x00\x01\xc1",
    "a frame beyond the limit": b"\xff\xff\xff\xff",
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_a_driver_that_breaks_the_protocol_is_ended(answer: bytes) -> None:
    """The caller is told, and the driver finds its channel closed."""
    channels = Channels.create(0)
    turns = Turns(channels, lambda _closed: None)
    with socket.socket(fileno=os.dup(channels.c.far[0])) as driver:
        driver.settimeout(10)
        driver.sendall(answer)
        with call_timeout(10), pytest.raises(ChannelClosedError):
            turns.call(1)
        assert driver.recv(100) == frame(0, 1)
        assert driver.recv(100) == b""
    turns.close()
    channels.close()
