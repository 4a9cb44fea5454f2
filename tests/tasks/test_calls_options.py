"""setopt, getopt: ranges, inheritance, and what maxchild and maxforkdepth hold back."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

import pytest
from support.calls import children, fails

from prx_actors import Down, ExitStatus, Stdout, StreamClosed, TermSig, monitor, prx, receive, shutdown

if TYPE_CHECKING:
    from pathlib import Path

    from prx_actors import Task

DEFAULTS = {
    "maxchild": 64,
    "maxforkdepth": 16,
    "exit_status": 1,
    "termsig": 1,
    "flowcontrol": -1,
    "signaloneof": 15,
    "stdin_closed": 0,
    "stdout_closed": 0,
    "stderr_closed": 0,
    "killdelay": 4.0,
    "pipe_size": 0,
    "high_water": 16 << 20,
    "stdin_limit": 16 << 20,
    "drain": 1.0,
}


def test_every_option_starts_with_its_default() -> None:
    """In a root and in a child."""
    with prx.fork() as task:
        for one in (task, prx.fork(task)):
            assert {name: prx.getopt(one, name) for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize("name", DEFAULTS)
def test_an_option_is_inherited_by_later_forks_alone(name: str) -> None:
    """Not by earlier ones, nor by the parent."""
    with prx.fork() as task:
        child = prx.fork(task)
        earlier = prx.fork(child)
        prx.setopt(child, name, 3)
        later = prx.fork(prx.fork(child))
        assert [prx.getopt(one, name) for one in (child, later)] == [3, 3]
        assert [prx.getopt(one, name) for one in (task, earlier)] == [DEFAULTS[name]] * 2


@pytest.mark.parametrize("name", DEFAULTS)
def test_an_option_may_be_given_to_fork(name: str) -> None:
    """Of a root and of a child, which gets its parent's otherwise."""
    of_root: dict[str, Any] = {name: 5}
    of_child: dict[str, Any] = {name: 6}
    with prx.fork(**of_root) as task:
        child = prx.fork(task, **of_child)
        assert [prx.getopt(one, name) for one in (task, child, prx.fork(task))] == [5, 6, 5]


@pytest.mark.parametrize("name", DEFAULTS)
def test_an_option_out_of_range_is_refused(name: str) -> None:
    """`EINVAL`, and it stays what it was."""
    wrong = {"signaloneof": (65, -1), "maxchild": (1_000_001, -1)}.get(name, (-2,))
    with prx.fork() as task:
        for value in wrong:
            with fails(errno.EINVAL, filename=name, note=f"of {task}"):
                prx.setopt(task, name, value)
        assert prx.getopt(task, name) == DEFAULTS[name]


def test_seconds_may_have_a_fraction() -> None:
    """Microseconds are kept."""
    with prx.fork(killdelay=0.25) as task:
        prx.setopt(task, "drain", 1.000001)
        assert (prx.getopt(task, "killdelay"), prx.getopt(task, "drain")) == (0.25, 1.000001)


def test_maxchild_counts_the_children_that_live() -> None:
    """`EAGAIN` beyond it, from fork and clone alike; a place is free again when a child ends."""
    with prx.fork(maxchild=2) as task:
        first, second = prx.fork(task), prx.fork(task)
        for _ in range(3):
            with fails(errno.EAGAIN, note=f"fork of {task}"):
                prx.fork(task)
        with fails(errno.EAGAIN, note=f"clone of {task}"):
            prx.clone(task, 0)
        assert len(children(task)) == 2
        prx.stop(first)
        third = prx.fork(task)
        assert [prx.getpid(one) for one in (second, third)] == [one.pid for one in children(task)]
        # It is each driver's own count.
        prx.fork(third)
        prx.setopt(task, "maxchild", 3)
        prx.fork(task)


def test_maxchild_is_64_and_not_one_more() -> None:
    """The default is enforced."""
    with prx.fork() as task:
        for _ in range(64):
            prx.fork(task)
        with fails(errno.EAGAIN):
            prx.fork(task)


def test_maxchild_zero_allows_none() -> None:
    """Not even the first."""
    with prx.fork(maxchild=0) as task, fails(errno.EAGAIN):
        prx.fork(task)


def test_maxforkdepth_is_16_below_the_root_and_not_one_more() -> None:
    """`EAGAIN` at the tip; further up there is room."""
    with prx.fork() as root:
        tip = root
        for _ in range(16):
            above, tip = tip, prx.fork(tip)
        assert len(prx.pipeline(tip)) == 16
        with fails(errno.EAGAIN, note=f"fork of {tip}"):
            prx.fork(tip)
        assert prx.getpid(tip) == tip.host_pid
        prx.fork(above)
        prx.setopt(tip, "maxforkdepth", 17)
        prx.fork(tip)


def test_exit_status_and_termsig_off_mean_silence() -> None:
    """The end itself is seen all the same."""
    for argv, option, message in (
        (["sh", "-c", "echo out; exit 3"], "exit_status", ExitStatus),
        (["sh", "-c", "echo out; kill -9 $$"], "termsig", TermSig),
    ):
        options: dict[str, Any] = {option: 0}
        with prx.fork(**options) as task:
            ref = monitor(task)
            prx.execvp(task, argv)
            assert receive(Stdout, task=task, timeout=30).data == b"out\n"
            assert receive(Down, ref=ref, timeout=30).reason == "normal"
            with pytest.raises(TimeoutError):
                receive(message, task=task, timeout=0)


def test_signaloneof_is_what_a_program_is_asked_with() -> None:
    """Here SIGUSR1, to which the program answers."""
    with prx.fork(signaloneof=10) as task:
        child = prx.fork(task)
        prx.execvp(child, ["sh", "-c", "trap 'exit 9' USR1; trap '' TERM; echo up; while :; do sleep 0.01; done"])
        assert receive(Stdout, task=child, timeout=30).data == b"up\n"
        prx.exit(task, 0)
        assert receive(ExitStatus, task=child, timeout=30).status == 9


def test_flowcontrol_counts_messages_from_exec_on() -> None:
    """One message is allowed, the next waits in the pipe; the end brings all."""
    with prx.fork(flowcontrol=1) as task:
        prx.execvp(task, ["sh", "-c", "echo one; read line; echo two; read line; echo three; read line"])
        assert receive(Stdout, task=task, timeout=30).data == b"one\n"
        prx.stdin(task, "go\n")
        with pytest.raises(TimeoutError):
            receive(Stdout, task=task, timeout=0.1)
        prx.stdin(task, "go\n")
        prx.eof(task)
        ended = [receive(Stdout, ExitStatus, task=task, timeout=30) for _ in range(2)]
        assert ended == [Stdout(task, b"two\nthree\n"), ExitStatus(task, 1)]


def test_a_time_of_a_thousand_years_is_taken() -> None:
    """No clock of the runtime or of a driver overflows: what is asked to end does, and others go on."""
    with prx.fork(killdelay=3e10) as task:
        child = prx.fork(task)
        prx.execvp(child, ["cat"])
        prx.stop(child)
        prx.execvp(prx.fork(prx.fork(task)), ["cat"])
        with prx.fork() as other:
            assert prx.getpid(other) == other.host_pid


def news(task: Task) -> list[object]:
    """Return the kinds of what a task has told, up to its end, which a monitor sees."""
    ref = monitor(task)
    told: list[object] = []
    while True:
        message: Any = receive(timeout=30)
        if isinstance(message, Down):
            assert message.ref == ref
            return told
        told.append(message.stream if isinstance(message, StreamClosed) else type(message))


def test_the_parent_says_what_is_told_of_its_children() -> None:
    """Now, not when it forked them: as in the original, where it reaps them."""
    with prx.fork() as task:
        for value, expected in ((0, []), (1, [ExitStatus])):
            child = prx.fork(task)
            prx.setopt(task, "exit_status", value)
            prx.setopt(child, "exit_status", 1 - value)
            prx.execvp(child, ["true"])
            assert news(child) == expected


def test_what_a_fork_was_given_goes_before_what_its_parent_says() -> None:
    """For that child; its own children ask it."""
    with prx.fork(termsig=0) as task:
        child = prx.fork(task, termsig=1)
        prx.setopt(task, "termsig", 0)
        below = prx.fork(child)
        for one in (below, child):
            prx.execvp(one, ["sh", "-c", "kill -9 $$"])
            assert news(one) == [TermSig]


CLOSED = ("stdin", "stdout", "stderr")


@pytest.mark.parametrize("streams", [(), ("stdin",), ("stdout",), ("stderr",), CLOSED])
def test_the_end_of_a_stream_is_told_where_asked_for(streams: tuple[str, ...]) -> None:
    """Of output after all of it, of stdin before the status; by an option of the parent, or given to the fork."""
    given: dict[str, Any] = {f"{stream}_closed": 1 for stream in streams}
    with prx.fork() as task:
        children = [prx.fork(task, **given)]
        for name in given:
            prx.setopt(task, name, 1)
        children.append(prx.fork(task))
        for child in children:
            prx.execvp(child, ["sh", "-c", "echo out; exec >&-; read line; echo err >&2; exec 2>&-; read line"])
            told: list[object] = []
            if "stdout" in streams:
                told += [receive(Stdout, task=child, timeout=30).data, receive(StreamClosed, task=child, timeout=30)]
                assert told == [b"out\n", StreamClosed(child, "stdout")]
            prx.stdin(child, "go\n" * 2)
            rest = [kind for kind in news(child) if isinstance(kind, str)]
            assert rest == [stream for stream in ("stderr", "stdin") if stream in streams]


def test_a_stream_that_its_owner_has_closed_is_no_news() -> None:
    """`eof` is what the owner has done itself."""
    options: dict[str, Any] = {f"{stream}_closed": 1 for stream in CLOSED}
    with prx.fork(**options) as task:
        prx.execvp(task, ["sh", "-c", "cat >/dev/null; exit 0"])
        prx.eof(task, "stdout")
        prx.eof(task, "stderr")
        prx.eof(task)
        assert news(task) == [ExitStatus]


def test_the_streams_of_a_driver_end_with_it() -> None:
    """One that exits, and has never been a program."""
    options: dict[str, Any] = {f"{stream}_closed": 1 for stream in CLOSED}
    with prx.fork(**options) as task:
        child = prx.fork(task)
        prx.exit(child, 3)
        told = news(child)
        assert set(told[:2]) == {"stdout", "stderr"}
        assert told[2:] == ["stdin", ExitStatus]


def test_a_stream_that_somebody_else_holds_is_not_closed(tmp_path: Path) -> None:
    """Its end is told when the last one lets go, here after the status."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    with prx.fork(drain=30.0) as task:
        child = prx.fork(task, stdout_closed=1)
        prx.execvp(child, ["sh", "-c", f"(read line <{gate}; echo late) 2>&- & exit 0"])
        assert receive(ExitStatus, StreamClosed, task=child, timeout=30) == ExitStatus(child, 0)
        gate.write_text("go\n")
        told = [receive(Stdout, StreamClosed, task=child, timeout=30) for _ in range(2)]
        assert told == [Stdout(child, b"late\n"), StreamClosed(child, "stdout")]


def test_maxchild_is_not_below_the_children_there_are() -> None:
    """`EINVAL`; it may be as many as there are, and fewer when some have ended."""
    with prx.fork() as task:
        some = [prx.fork(task) for _ in range(3)]
        with fails(errno.EINVAL, filename="maxchild"):
            prx.setopt(task, "maxchild", 2)
        prx.setopt(task, "maxchild", 3)
        with fails(errno.EAGAIN):
            prx.fork(task)
        prx.stop(some[0])
        prx.setopt(task, "maxchild", 2)
        assert prx.getopt(task, "maxchild") == 2


def test_maxchild_is_not_above_what_is_left_of_the_fds() -> None:
    """Six of them a child, in the task whose limit was set and in its forks; a higher limit leaves room again."""
    with prx.fork() as task:
        _, hard = prx.getrlimit(task, "rlimit_nofile")
        prx.setrlimit(task, "rlimit_nofile", (120, hard))
        child = prx.fork(task)
        for one in (task, child):
            assert prx.getopt(one, "maxchild") == 19
            with fails(errno.EINVAL, filename="maxchild"):
                prx.setopt(one, "maxchild", 20)
            with fails(errno.EINVAL):
                prx.fork(one, maxchild=20)
            prx.setopt(one, "maxchild", 19)
        prx.setrlimit(task, "rlimit_nofile", (600, hard))
        assert prx.getopt(task, "maxchild") == 19
        prx.setopt(task, "maxchild", 99)
        with fails(errno.EINVAL, filename="maxchild"):
            prx.setopt(task, "maxchild", 100)


def levels(root: Task) -> int:
    """Return how many levels fit below a root."""
    tip, count = root, 0
    while True:
        try:
            tip = prx.fork(tip)
        except BlockingIOError:
            return count
        count += 1


LAUNCHERS: dict[str, list[str] | None] = {"none": None, "env": ["env", "A=b"], "nice": ["nice", "-n", "1"]}


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_root_may_take_itself_to_be_deep(launcher: str) -> None:
    """`maxforkdepth` counts from there; the keywords of a root go with every launcher."""
    for depth, fit in ((None, 5), (0, 5), (3, 2), (5, 0), (1000, 0)):
        with prx.fork(exec=LAUNCHERS[launcher], depth=depth, maxforkdepth=5, maxchild=2) as root:
            assert levels(root) == fit
            assert prx.getopt(root, "maxchild") == 2
            assert prx.pipeline(root) == []
    if launcher != "none":
        shutdown()


def test_a_wrong_depth_makes_no_root() -> None:
    """Nor does one make a child."""
    wrong: tuple[tuple[Any, type[Exception]], ...] = ((1.5, TypeError), ("1", TypeError), (1 << 70, OverflowError))
    for depth, error in wrong:
        with pytest.raises(error):
            prx.fork(depth=depth)
    for number in (-1, 1 << 31):
        with fails(errno.EINVAL, note="fork of the keeper"):
            prx.fork(depth=number)
    with prx.fork() as task, pytest.raises(ValueError, match="for roots"):
        prx.fork(task, depth=1)


@pytest.mark.parametrize("name", DEFAULTS)
def test_an_option_out_of_range_makes_no_task(name: str) -> None:
    """`EINVAL` of the fork: no process, and no place of `maxchild` is taken."""
    wrong: dict[str, Any] = {name: {"signaloneof": 65, "maxchild": 1_000_001}.get(name, -2)}
    with prx.fork(maxchild=1) as task:
        with fails(errno.EINVAL):
            prx.fork(task, **wrong)
        assert prx.cpid(task) == []
        prx.fork(task)
