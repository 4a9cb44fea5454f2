"""The user may have no more processes and threads: each step of what is asked for fails, and all goes on later."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support.scarce import run_scarce

if TYPE_CHECKING:
    from support.unprivileged import Unprivileged

pytestmark = pytest.mark.root

LIMITED = """
uid, driver = int(sys.argv[1]), sys.argv[2]
os.environ["PRX_DRIVER"] = driver
os.setgroups([])
os.setresgid(uid, uid, uid)
os.setresuid(uid, uid, uid)

def allow(count):
    "Let this user have so many processes and threads."
    resource.setrlimit(resource.RLIMIT_NPROC, (count, ALL))

ALL = resource.getrlimit(resource.RLIMIT_NPROC)[1]

def attempt(make):
    "Make something with ever more processes allowed, until it works."
    for count in range(1, 40):
        allow(count)
        made = None
        try:
            made = make()
        except BlockingIOError as error:
            assert error.errno == errno.EAGAIN, repr(error)
        except RuntimeError as error:
            assert "thread" in str(error), repr(error)
        allow(ALL)
        if made is not None:
            assert count > 1
            return made
        shutdown()
        wait_for(lambda: not below(os.getpid()), lambda: below(os.getpid()))
"""


def run_limited(unprivileged: Unprivileged, script: str) -> None:
    """Run a program as a user that nobody else is."""
    run_scarce(LIMITED + script, str(100_000 + os.getpid()), unprivileged.driver)


def test_a_runtime_without_processes_says_so_and_starts_later(unprivileged: Unprivileged) -> None:
    """`EAGAIN` from the kernel or no thread from Python; nothing is left of what came up by then."""
    run_limited(
        unprivileged,
        """
with attempt(prx.fork) as task:
    # It has the limit of its birth.
    prx.setrlimit(task, "rlimit_nproc", (ALL, ALL))
    echo(task)
shutdown()
echo()
""",
    )


def test_actors_without_threads_run_as_soon_as_there_are_some(unprivileged: Unprivileged) -> None:
    """A message that finds no thread to be handled on is not lost, nor is the actor."""
    run_limited(
        unprivileged,
        """
import logging
from prx_actors import Process

logging.disable()  # it says that it goes on with the threads it has

class Counter(Process):
    def on_receive(self, message):
        return message

actors = [Counter.start() for _ in range(20)]
allow(1)
failed = 0
for actor in actors:
    try:
        actor.tell(1)
    except RuntimeError:
        failed += 1
allow(ALL)
assert [actor.ask(n, timeout=PATIENCE) for n, actor in enumerate(actors)] == list(range(20))
for actor in actors:
    actor.stop()
""",
    )
