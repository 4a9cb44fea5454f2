"""There are no file descriptors left, in the runtime or in a driver, at any step of what is asked for."""

from __future__ import annotations

import errno

import pytest
from support.calls import OWN_FDS
from support.scarce import run_scarce

from prx_actors import ExitStatus, prx, receive

FORKS = """
REACTOR = ["anon_inode"] * 2

def attempt(make, reset=lambda: None):
    "Make something with ever more fds, until it works: till then EMFILE, and nothing is left of it."
    before, processes = fds(), sorted(below(os.getpid()))
    for free in range(40):
        made = None
        with free_files(free):
            try:
                made = make()
            except OSError as error:
                assert error.errno == errno.EMFILE, repr(error)
        if made is not None:
            break
        reset()
        # The reactor, once it has come up, stays.
        wait_for(lambda: fds() in (before, sorted([*before, *REACTOR])), lambda: f"{free} free: {before} {fds()}")
        wait_for(lambda: sorted(below(os.getpid())) == processes, lambda: (free, processes, below(os.getpid())))
    assert 0 < free < 39
    return made
"""


@pytest.mark.parametrize("parent", ["None", "root"], ids=["the keeper", "a root"])
def test_a_fork_without_fds_fails_and_leaves_nothing(parent: str) -> None:
    """`EMFILE` at each of its steps; the same fork works as soon as there are enough."""
    run_scarce(f"""{FORKS}
with prx.fork() as root:
    task = attempt(lambda: prx.fork({parent}))
    assert prx.getpid(task) > 0
    prx.stop(task)
    echo({parent})
""")


def test_a_runtime_that_starts_without_fds_says_so_and_starts_later() -> None:
    """`EMFILE` at each step of the start, from the reactor's epoll to the first root."""
    run_scarce(f"""{FORKS}
with attempt(prx.fork, shutdown) as task:
    echo(task)
echo()
""")


def test_tasks_that_run_go_on_without_fds() -> None:
    """Calls, output, input, exits and stops need no new one."""
    run_scarce("""
with prx.fork() as root:
    task, program, killed = prx.fork(root), prx.fork(root), prx.fork(root)
    prx.execvp(program, ["cat"])
    prx.execvp(killed, ["sleep", "1000"])
    with free_files(0):
        assert prx.getcwd(task) == os.fsencode(os.getcwd())
        prx.stdin(program, bytes(1 << 20))
        prx.eof(program)
        size = 0
        while size < 1 << 20:
            size += len(receive(Stdout, task=program, timeout=PATIENCE).data)
        assert receive(ExitStatus, task=program, timeout=PATIENCE).status == 0
        prx.stop(killed)
        prx.stop(task)
echo()
""")


def test_a_shutdown_without_fds_ends_all() -> None:
    """It needs none."""
    run_scarce("""
task = prx.fork()
prx.execvp(prx.fork(task), ["sleep", "1000"])
with free_files(0):
    shutdown()
wait_for(lambda: not below(os.getpid()), lambda: below(os.getpid()))
echo()
""")


def test_a_program_without_fds_ends_all_at_its_end() -> None:
    """An exit of the interpreter with live tasks: no error, and `run_scarce` waits for the last of its pipes."""
    run_scarce("""
task = prx.fork()
prx.execvp(prx.fork(task), ["sleep", "1000"])
hold = free_files(0)
hold.__enter__()
""")


def test_a_driver_without_fds_forks_as_soon_as_it_has_them() -> None:
    """`EMFILE` at each step in the parent; a child that cannot come up ends with the status that says so."""
    with prx.fork() as task:
        prx.setrlimit(task, "rlimit_nofile", (OWN_FDS.stop, OWN_FDS.stop))
        fds = [prx.open(task, "/dev/null", "o_rdonly") for _ in range(3, OWN_FDS.start)]
        failures = 0
        while True:
            try:
                child = prx.fork(task)
            except OSError as error:
                assert error.errno == errno.EMFILE  # noqa: PT017 - the loop goes on
                failures += 1
            else:
                break
            prx.close(task, fds.pop())
        assert failures > 3
        assert prx.getpid(child) > 0
        prx.execvp(child, ["true"])
        assert receive(ExitStatus, task=child, timeout=30).status == 0
