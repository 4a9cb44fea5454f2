"""setcpid, getcpid: what a parent keeps for a child, and flow control that holds and lets go."""

from __future__ import annotations

import errno
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest
from support.calls import children, fails, until

from prx_actors import (
    ExitStatus,
    NoProcess,
    NotInCallState,
    NotOwner,
    Stderr,
    Stdout,
    TermSig,
    prx,
    receive,
)
from prx_actors.system.pidfd import input_waiting
from prx_actors.tasks.children import Child

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors import Task

WAIT = 30.0
LOOP = "while read line; do echo $line; done"


def silent(task: Task) -> bool:
    """Say whether a task sends no output for a while."""
    try:
        receive(Stdout, Stderr, task=task, timeout=0.1)
    except TimeoutError:
        return True
    return False


def waiting(task: Task, child: Task) -> int:
    """Return how many bytes of its output a program's pipe holds."""
    known = prx.cpid(task, child)
    assert isinstance(known, Child)
    return input_waiting(known.stdout)


def lines(task: Task, count: int) -> None:
    """Have a program that echoes lines write some, one at a time."""
    for number in range(count):
        prx.stdin(task, f"{number}\n")


def test_the_scenario_of_the_original() -> None:
    """One message, then none until one more is allowed."""
    with prx.fork() as task:
        prx.setopt(task, "flowcontrol", 1)
        child = prx.fork(task)
        assert prx.getcpid(child, "flowcontrol") == 1
        prx.execvp(child, ["cat"])
        prx.stdin(child, "test\n")
        assert receive(Stdout, task=child, timeout=WAIT).data == b"test\n"
        prx.stdin(child, "test\n")
        prx.stdin(child, "test\n")
        until(lambda: waiting(task, child) == len("test\ntest\n"), "both are in the pipe")
        assert silent(child)
        assert prx.getcpid(child, "flowcontrol") == 0
        assert prx.setcpid(child, "flowcontrol", 1)
        assert receive(Stdout, task=child, timeout=WAIT).data == b"test\ntest\n"
        prx.stdin(child, "test\n")
        assert silent(child)
        assert prx.setcpid(child, "flowcontrol", -1)
        for _ in range(3):
            assert receive(Stdout, task=child, timeout=WAIT).data == b"test\n"
            prx.stdin(child, "test\n")
        receive(Stdout, task=child, timeout=WAIT)


def test_a_child_starts_with_the_options_of_its_parent() -> None:
    """Those at the time of the fork, or those that the fork is given."""
    with prx.fork() as task:
        first = prx.fork(task)
        prx.setopt(task, "flowcontrol", 7)
        prx.setopt(task, "signaloneof", 2)
        second = prx.fork(task)
        third = prx.fork(task, flowcontrol=3, signaloneof=0)
        got = [(prx.getcpid(one, "flowcontrol"), prx.getcpid(one, "signaloneof")) for one in (first, second, third)]
        assert got == [(-1, 15), (7, 2), (3, 0)]
        assert [(one.flowcontrol, one.signaloneof) for one in children(task)] == got


def test_a_child_is_named_in_any_way() -> None:
    """By itself, by its pid, by what `cpid` tells, or as the task itself."""
    with prx.fork() as task:
        child = prx.fork(task)
        (known,) = children(task)
        names: tuple[Any, ...] = (child, known, prx.pidof(child))
        for value, name in enumerate(names):
            assert prx.setcpid(task, name, "flowcontrol", value) is True
            assert prx.getcpid(task, name, "flowcontrol") == value
            assert prx.getcpid(child, "flowcontrol") == value
        assert prx.setcpid(child, "signaloneof", 9) is True
        assert task.getcpid(child, "signaloneof") == child.getcpid("signaloneof") == 9


def test_an_option_of_a_child_is_not_its_own() -> None:
    """`setopt` of the child is for its forks, `setcpid` for itself."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.setcpid(child, "flowcontrol", 5)
        prx.setcpid(child, "signaloneof", 9)
        assert (prx.getopt(child, "flowcontrol"), prx.getopt(child, "signaloneof")) == (-1, 15)
        prx.setopt(child, "flowcontrol", 3)
        assert prx.getcpid(child, "flowcontrol") == 5
        assert prx.getcpid(prx.fork(child), "flowcontrol") == 3


def test_a_root_has_no_parent_that_could_keep_anything() -> None:
    """False and none, in call and in exec state; its options hold for itself."""
    with prx.fork() as task:
        assert prx.setcpid(task, "flowcontrol", 1) is False
        assert prx.getcpid(task, "flowcontrol") is None
        prx.setopt(task, "flowcontrol", 1)
        prx.execvp(task, ["sh", "-c", LOOP])
        prx.stdin(task, "one\n")
        assert receive(Stdout, task=task, timeout=WAIT).data == b"one\n"
        prx.stdin(task, "two\n")
        assert silent(task)
        assert prx.setcpid(task, "flowcontrol", -1) is False
        assert prx.getcpid(task, "flowcontrol") is None


def test_a_child_that_is_gone_has_nothing() -> None:
    """False and none, whoever asks and however it is named."""
    with prx.fork() as task:
        child = prx.fork(task)
        pid = prx.pidof(child)
        assert pid
        prx.stop(child)
        for name in (child, pid):
            assert prx.setcpid(task, name, "flowcontrol", 1) is False
            assert prx.getcpid(task, name, "flowcontrol") is None
        assert prx.setcpid(child, "flowcontrol", 1) is False
        assert prx.getcpid(child, "flowcontrol") is None


def test_what_is_no_child_of_the_task_is_none() -> None:
    """A grandchild, a stranger's child of maybe the same pid, the task itself, another process."""
    with prx.fork() as task, prx.fork() as other:
        child = prx.fork(task)
        grandchild = prx.fork(child)
        for wrong in (grandchild, prx.fork(other), task, other, 1, 0, -1, prx.getpid(task)):
            assert prx.setcpid(task, wrong, "flowcontrol", 1) is False
            assert prx.getcpid(task, wrong, "flowcontrol") is None
        assert prx.getcpid(grandchild, "flowcontrol") == -1


def test_who_may_ask() -> None:
    """The owner of the parent by naming the child, the owner of the child; nobody else."""
    with prx.fork() as task:
        child = prx.fork(task)
        raised: list[type[BaseException]] = []
        set_: list[bool] = []

        def other() -> None:
            asks: list[Callable[[], object]] = [
                lambda: prx.setcpid(child, "flowcontrol", 2),
                lambda: prx.setcpid(task, child, "flowcontrol", 2),
                lambda: prx.getcpid(child, "flowcontrol"),
                lambda: prx.getcpid(task, child, "flowcontrol"),
            ]
            for ask in asks:
                try:
                    ask()
                except NotOwner as error:
                    raised.append(type(error))
            own = prx.fork(task)
            set_.append(prx.setcpid(own, "flowcontrol", 4))
            set_.append(prx.getcpid(own, "flowcontrol") == 4)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert raised == [NotOwner] * 4
        assert set_ == [True, True]
        assert prx.getcpid(child, "flowcontrol") == -1


def test_wrong_options_of_a_child() -> None:
    """A name, a value, a type: nothing changes."""
    wrong: tuple[tuple[Any, Any, type[Exception]], ...] = (
        ("maxchild", 1, ValueError),
        ("nosuch", 1, ValueError),
        ("flowcontrol", "1", TypeError),
        ("flowcontrol", 1.5, TypeError),
        ("signaloneof", 1 << 64, OverflowError),
    )
    with prx.fork() as task:
        child = prx.fork(task)
        for name, value, error in wrong:
            with pytest.raises(error):
                prx.setcpid(child, name, value)
            with pytest.raises(error):
                prx.setcpid(task, child, name, value)
        for name, value in (("flowcontrol", -2), ("signaloneof", -1), ("signaloneof", 65)):
            with fails(errno.EINVAL, note=f"of {task}"):
                prx.setcpid(child, name, value)
        names: tuple[Any, ...] = ("exec", "nosuch", 5)
        for name in names:
            with pytest.raises(ValueError, match="no option"):
                prx.getcpid(child, name)
        with pytest.raises(TypeError):
            prx.getcpid(task, "child", "flowcontrol")
        assert [(one.flowcontrol, one.signaloneof) for one in children(task)] == [(-1, 15)]


def test_a_program_and_the_dead_have_no_children_to_name() -> None:
    """The forms with a child are calls like all others."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.execvp(child, ["cat"])
        with pytest.raises(NotInCallState):
            prx.setcpid(child, 1, "flowcontrol", 1)
        with pytest.raises(NotInCallState):
            prx.getcpid(child, 1, "flowcontrol")
        prx.stop(child)
        with pytest.raises(NoProcess):
            prx.setcpid(child, 1, "flowcontrol", 1)
        with pytest.raises(NoProcess):
            prx.getcpid(child, 1, "flowcontrol")


def test_flow_control_of_a_live_program() -> None:
    """Held, let go for so many messages, held again, let go for good; what waits is not lost."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.execvp(child, ["sh", "-c", LOOP])
        prx.stdin(child, "a\n")
        assert receive(Stdout, task=child, timeout=WAIT).data == b"a\n"
        prx.setcpid(child, "flowcontrol", 0)
        lines(child, 3)
        assert silent(child)
        prx.setcpid(child, "flowcontrol", 2)
        got = b""
        while got.count(b"\n") < 3:
            got += receive(Stdout, task=child, timeout=WAIT).data
            if got.count(b"\n") < 3 and prx.getcpid(child, "flowcontrol") == 0:
                prx.setcpid(task, child, "flowcontrol", 1)
        assert got == b"0\n1\n2\n"
        prx.setcpid(child, "flowcontrol", -1)
        lines(child, 100)
        while got.count(b"\n") < 103:
            got += receive(Stdout, task=child, timeout=WAIT).data
        assert prx.getcpid(child, "flowcontrol") == -1


def test_both_streams_share_what_is_allowed() -> None:
    """One message, of either; then the other's."""
    with prx.fork() as task:
        child = prx.fork(task, flowcontrol=0)
        prx.execvp(child, ["sh", "-c", "echo out; echo err >&2; exec sleep 1000"])
        assert silent(child)
        seen = set()
        for _ in range(2):
            prx.setcpid(child, "flowcontrol", 1)
            seen.add(type(receive(Stdout, Stderr, task=child, timeout=WAIT)))
            assert silent(child)
        assert seen == {Stdout, Stderr}


def test_flow_control_counts_from_exec_on() -> None:
    """What the driver itself writes is not held; a failed exec changes nothing."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.setcpid(child, "flowcontrol", 0)
        prx.write(child, 1, "from the driver")
        assert receive(Stdout, task=child, timeout=WAIT).data == b"from the driver"
        with pytest.raises(FileNotFoundError):
            prx.execvp(child, ["/nosuch"])
        prx.write(child, 1, "again")
        assert receive(Stdout, task=child, timeout=WAIT).data == b"again"
        prx.execvp(child, ["echo", "hello"])
        # The end brings what waits, held or not.
        assert receive(Stdout, task=child, timeout=WAIT).data == b"hello\n"
        assert receive(ExitStatus, task=child, timeout=WAIT).status == 0


def test_letting_go_does_not_lift_back_pressure() -> None:
    """The mailbox is full: what flow control allows waits until the owner reads."""
    with prx.fork() as task:
        child = prx.fork(task, high_water=1, flowcontrol=0)
        prx.execvp(child, ["sh", "-c", "yes | head -c 300000; exec sleep 1000"])
        prx.setcpid(child, "flowcontrol", -1)
        until(lambda: child._process.output._unread.size, "the first message waits")
        for _ in range(20):
            prx.setcpid(child, "flowcontrol", -1)
        # One message is a pipe's content at most; a second one may be on its way.
        assert 0 < child._process.output._unread.size <= 2 * 65536
        got = 0
        while got < 300_000:
            got += len(receive(Stdout, task=child, timeout=WAIT).data)
        assert got == 300_000


def test_allowing_from_another_thread_loses_no_count() -> None:
    """Messages come while more are allowed: as many as were allowed last, and not one more."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.execvp(child, ["sh", "-c", "while :; do echo x; done"])
        for _ in range(50):
            prx.setcpid(child, "flowcontrol", 5)
        while (left := prx.getcpid(child, "flowcontrol")) is not None and left > 0:
            receive(Stdout, task=child, timeout=WAIT)
        while not silent(child):
            pass
        prx.setcpid(child, "flowcontrol", 3)
        for _ in range(3):
            receive(Stdout, task=child, timeout=WAIT)
        assert silent(child)


def test_a_child_is_asked_to_end_by_its_own_signal() -> None:
    """Its siblings by theirs, when their parent ends."""
    script = "trap 'exit 9' USR1; trap 'exit 8' TERM; echo up; while :; do sleep 0.01; done"
    with prx.fork() as task:
        first, second = prx.fork(task), prx.fork(task)
        prx.setcpid(first, "signaloneof", signal.SIGUSR1)
        for child in (first, second):
            prx.execvp(child, ["sh", "-c", script])
            assert receive(Stdout, task=child, timeout=WAIT).data == b"up\n"
        prx.exit(task, 0)
        assert receive(ExitStatus, task=first, timeout=WAIT).status == 9
        assert receive(ExitStatus, task=second, timeout=WAIT).status == 8


def test_the_signal_may_be_set_on_a_live_program() -> None:
    """And 0 means none: it is killed after `killdelay`."""
    with prx.fork(killdelay=0.2) as task:
        child = prx.fork(task)
        prx.execvp(
            child, ["sh", "-c", "trap 'echo usr1' USR1; trap 'echo term' TERM; echo up; while :; do sleep 0.01; done"]
        )
        assert receive(Stdout, task=child, timeout=WAIT).data == b"up\n"
        assert prx.setcpid(child, "signaloneof", 0)
        prx.exit(task, 0)
        assert receive(TermSig, task=child, timeout=WAIT).signal == signal.SIGKILL
        with pytest.raises(TimeoutError):
            receive(Stdout, task=child, timeout=0)


def test_stop_asks_by_the_signal_of_the_child() -> None:
    """The runtime's way to end a program, which needs no driver."""
    with prx.fork() as task:
        child = prx.fork(task, killdelay=1000.0)
        script = "trap 'echo usr1 >&2; exit 9' USR1; trap '' TERM; echo up; while :; do sleep 0.01; done"
        prx.execvp(child, ["sh", "-c", script])
        assert receive(Stdout, task=child, timeout=WAIT).data == b"up\n"
        prx.setcpid(task, child, "signaloneof", signal.SIGUSR1)
        assert prx.stop(child, timeout=WAIT)


def test_drv_is_the_same_for_all_tasks_of_a_root() -> None:
    """It is a key, anyone may ask, and it stays when all has ended."""
    with prx.fork() as task, prx.fork() as other:
        child = prx.fork(task)
        below = prx.fork(child)
        trees = {prx.drv(one): one for one in (task, child, below, other)}
        assert len(trees) == 2
        assert prx.drv(below) == prx.drv(task) == task.drv() != prx.drv(other)
        seen: list[object] = []
        thread = threading.Thread(target=lambda: seen.append(prx.drv(child)))
        thread.start()
        thread.join()
        assert seen == [prx.drv(task)]
        prx.execvp(below, ["cat"])
        assert trees[prx.drv(below)] is below
    assert prx.drv(child) == prx.drv(task) != prx.drv(other)
