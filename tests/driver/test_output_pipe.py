"""What a process writes: read by the reactor, started and closed by any thread."""

from __future__ import annotations

import os
import threading

from prx_actors.driver.channels import Channels
from prx_actors.driver.pipes import OutputPipe
from prx_actors.driver.reactor import reactor
from prx_actors.system.native import lib

ROUNDS = 3000
WAIT = 30.0


def test_a_pipe_may_be_started_and_reach_its_end_at_the_same_time() -> None:
    """Whoever comes first: the fd is not used after it has been closed."""
    reactor.start()
    for _ in range(ROUNDS):
        channels, closed = Channels(), threading.Event()
        channels.c.stdout_fd, far = os.pipe()
        os.set_blocking(channels.c.stdout_fd, False)
        os.close(far)
        pipe = OutputPipe(channels, "stdout_fd", lambda: True, lambda _data: True, closed.set)
        reactor.call_soon(pipe.start)
        pipe.start()
        assert closed.wait(WAIT)
        assert channels.c.stdout_fd == -1
        lib.prx_channels_close(channels.c)
