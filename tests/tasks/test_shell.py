"""Commands that are run to their ends: cmd and sh."""

from __future__ import annotations

import errno

import pytest
from support.calls import children, fails

from prx_actors import NotInCallState, prx, receive


def test_a_command_returns_all_that_it_writes() -> None:
    """Stdout and stderr together, whatever the status; stdin is at its end."""
    with prx.fork() as task:
        assert prx.sh(task, "echo out; echo err >&2; exit 3") == b"out\nerr\n"
        assert prx.sh(task, "kill -9 $$") == b""
        assert len(prx.cmd(task, ["head", "-c", "3000000", "/dev/zero"])) == 3_000_000
        assert prx.cmd(task, ["cat"]) == b""
        assert children(task) == []
        with pytest.raises(TimeoutError):
            receive(timeout=0)


def test_interrupts_are_ignored_in_the_task_meanwhile_and_not_in_the_program() -> None:
    """SIGINT to both ends the program alone; afterwards all is as before."""
    with prx.fork() as task:
        prx.sigaction(task, "sigquit", "sig_dfl")
        assert prx.sh(task, "kill -QUIT $PPID; kill -INT $PPID; kill -INT $$; echo on") == b""
        assert [prx.sigaction(task, name) for name in ("sigint", "sigquit")] == ["sig_info", "sig_dfl"]


def test_a_command_that_is_late_is_gone() -> None:
    """The error comes when the program does not run any more, and nothing of it is in the mailbox."""
    with prx.fork(killdelay=0.3) as task:
        with pytest.raises(TimeoutError), prx.timeout(0.5):
            prx.sh(task, "trap '' TERM; echo on; sleep 1000")
        assert children(task) == []
        assert prx.sigaction(task, "sigint") == "sig_info"
        with pytest.raises(TimeoutError):
            receive(timeout=0)


def test_a_command_that_does_not_start_is_an_error() -> None:
    """The child is gone; a task that has called exec runs none."""
    with prx.fork() as task:
        with fails(2, filename=b"/no/such"):
            prx.cmd(task, ["/no/such"])
        assert children(task) == []
        prx.execvp(task, ["cat"])
        with pytest.raises(NotInCallState):
            prx.sh(task, "true")


def test_a_command_for_which_there_is_no_process_is_an_error() -> None:
    """What was sent ahead of the fork goes with it."""
    with prx.fork() as task:
        other = prx.fork(task)
        prx.setopt(task, "maxchild", 1)
        with fails(errno.EAGAIN, note=f"of {task}"):
            prx.cmd(task, ["true"])
        other.stop()
        assert prx.cmd(task, ["echo", "on"]) == b"on\n"


def test_a_command_beyond_all_bounds_is_an_error() -> None:
    """The kernel refuses what is too long, or before it the protocol; the task goes on."""
    with prx.fork() as task:
        with fails(errno.E2BIG, filename=b"true"):
            prx.cmd(task, ["true", "x" * (8 << 20)])
        with fails(errno.EMSGSIZE, note="execvp of"):
            prx.cmd(task, ["true", "x" * (65 << 20)])
        assert children(task) == []
        assert prx.cmd(task, ["echo", "on"]) == b"on\n"


@pytest.mark.parametrize("disposition", ["sig_dfl", "sig_ign", "sig_info"])
def test_dispositions_are_restored_however_a_command_ends(disposition: str) -> None:
    """After one that succeeds, fails, is killed, does not start, or is late."""
    names = ("sigint", "sigquit")
    with prx.fork() as task:
        for name in names:
            prx.sigaction(task, name, disposition)
        for command in ("true", "exit 3", "kill -9 $$"):
            prx.sh(task, command)
            assert [prx.sigaction(task, name) for name in names] == [disposition] * 2
        with fails(2, filename=b"/no/such"):
            prx.cmd(task, ["/no/such"])
        assert [prx.sigaction(task, name) for name in names] == [disposition] * 2
        with pytest.raises(TimeoutError), prx.timeout(0.3):
            prx.cmd(task, ["sleep", "1000"])
        assert [prx.sigaction(task, name) for name in names] == [disposition] * 2
