"""reexec: another image, the same task."""

from __future__ import annotations

import errno
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest
from support.calls import children, fails, outcome, program, until
from support.images import caught, fds, layout, of, stopped

from prx_actors import Down, ExitStatus, Signal, Stdout, TermSig, monitor, prx, receive

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from prx_actors import Task

pytestmark = [pytest.mark.static]

TIMES = 20


def test_reexec_replaces_the_image_and_keeps_the_pid() -> None:
    """Twenty times: another place in memory each time, which is random; a root and its child."""
    with prx.fork() as root:
        for task in (root, prx.fork(root)):
            pid, images = prx.getpid(task), set()
            for _ in range(TIMES):
                prx.reexec(task)
                images.add(layout(task))
                assert prx.getpid(task) == prx.pidof(task) == pid
            assert len(images) > TIMES // 2
            assert not prx.execed(task)


def test_replace_process_image_is_another_name_of_it() -> None:
    """With and without arguments."""
    with prx.fork() as task:
        before = layout(task)
        prx.replace_process_image(task)
        between = layout(task)
        prx.replace_process_image(task, ["title"], ["A=1"])
        assert len({before, between, layout(task)}) > 1
        assert prx.environ(task) == [b"A=1"]
        assert of(task, "cmdline").read_bytes() == b"title\0"


def test_the_title_is_as_asked_and_the_name_as_before() -> None:
    """In `/proc`, where ps(1) finds them."""
    with prx.fork() as task:
        prx.reexec(task)
        assert of(task, "cmdline").read_bytes() == b"prx-driver\0"
        prx.reexec(task, ["a title", b"\xff", ""])
        assert of(task, "cmdline").read_bytes() == b"a title\0\xff\0\0"
        assert of(task, "comm").read_text() == "prx-driver\n"


def test_the_environment_is_kept_or_replaced() -> None:
    """Also by an empty one; children and programs get it."""
    with prx.fork() as task:
        prx.setenv(task, "PRX_ONE", "1", True)
        before = prx.environ(task)
        prx.reexec(task)
        assert prx.environ(task) == before
        environments: list[list[str | bytes]] = [["A=1", b"B=\xff", "no equals sign"], []]
        for env in environments:
            prx.reexec(task, None, env)
            assert prx.environ(task) == [os.fsencode(one) for one in env]
            child = prx.fork(task)
            prx.execvp(child, ["/usr/bin/env", "-0"])
            assert outcome(child).stdout == b"".join(os.fsencode(one) + b"\0" for one in env)
        prx.reexec(task)
        assert prx.environ(task) == []


def test_options_and_working_directory_are_kept(tmp_path: Path) -> None:
    """All that `setopt` sets, for the task and what it forks later."""
    options: dict[str, Any] = {"maxchild": 3, "maxforkdepth": 5, "signaloneof": 2, "killdelay": 1.5, "flowcontrol": 7}
    with prx.fork(**options) as task:
        prx.chdir(task, tmp_path)
        prx.reexec(task)
        for one in (task, prx.fork(task)):
            assert {name: prx.getopt(one, name) for name in options} == options
            assert prx.getcwd(one) == bytes(tmp_path)
        prx.fork(task)
        prx.fork(task)
        with fails(errno.EAGAIN, note=f"fork of {task}"):
            prx.fork(task)


def test_fds_go_the_way_of_any_exec(tmp_path: Path) -> None:
    """Those opened close-on-exec are closed, the others stay; the driver's own have the numbers they had."""
    (tmp_path / "file").write_text("the content")
    with prx.fork() as task:
        kept = prx.open(task, tmp_path / "file", "o_rdonly")
        closed = prx.open(task, tmp_path / "file", ["o_rdonly", "o_cloexec"])
        before = fds(task)
        prx.reexec(task)
        assert fds(task) == before - {closed}
        assert prx.read(task, kept, 100) == b"the content"
        prx.close(task, kept)
        assert program(task, ["sh", "-c", "ls /proc/$$/fd"]).split() == [b"0", b"1", b"2"]


def test_a_closed_stdin_stays_closed() -> None:
    """Nothing takes its place."""
    with prx.fork() as task:
        prx.close(task, 0)
        prx.reexec(task)
        assert 0 not in fds(task)
        assert prx.open(task, "/dev/null", "o_rdonly") == 0


def test_streams_work_afterwards() -> None:
    """In both directions, when it becomes a program."""
    with prx.fork() as task:
        prx.reexec(task)
        prx.execvp(task, ["cat"])
        prx.stdin(task, "hello")
        prx.eof(task)
        assert outcome(task).stdout == b"hello"


def test_children_do_not_notice() -> None:
    """Drivers and programs: they are known as before, and their ends are told, those of later ones too."""
    with prx.fork() as task:
        obeys, runs, ends = prx.fork(task), prx.fork(task), prx.fork(task)
        prx.execvp(runs, ["cat"])
        prx.execvp(ends, ["sh", "-c", "read line; exit 3"])
        before = [child.pid for child in children(task)]
        for _ in range(TIMES):
            prx.reexec(task)
        later = prx.fork(task)
        assert [child.pid for child in children(task)] == [*before, prx.pidof(later)]
        prx.stdin(ends, "now\n")
        assert receive(ExitStatus, task=ends, timeout=30).status == 3
        prx.kill(task, prx.pidof(runs) or 0, "sigkill")
        assert receive(TermSig, task=runs, timeout=30).signal is signal.SIGKILL
        for one in (obeys, later):
            assert prx.getpid(one) == one.host_pid
            prx.reexec(one)
            assert program(one, ["echo", "fine"]) == b"fine\n"


def test_an_end_of_a_child_meanwhile_is_told() -> None:
    """Of one that ends while its parent has the request and has not begun with it."""
    with prx.fork() as task:
        child = prx.fork(task)
        prx.execvp(child, ["cat"])
        with stopped(task):
            with pytest.raises(TimeoutError), prx.timeout(0.05):
                prx.reexec(task)
            prx.eof(child)
            until(lambda: "State:\tZ" in of(child, "status").read_text(), "the program has ended")
        assert receive(ExitStatus, task=child, timeout=30).status == 0
        assert prx.getpid(task) == task.host_pid


def test_ends_of_children_are_told_whatever_happens_to_their_parent() -> None:
    """Many that end while it executes itself again and again."""
    with prx.fork(maxchild=100) as task:
        ending = [prx.fork(task) for _ in range(40)]
        for number, child in enumerate(ending):
            prx.execvp(child, ["sh", "-c", f"read line; exit {number}"])
        for child in ending:
            prx.stdin(child, "\n")
            prx.reexec(task)
        for number, child in enumerate(ending):
            assert receive(ExitStatus, task=child, timeout=30).status == number
        until(lambda: children(task) == [], "none is left")


def send_ten(pid: int) -> None:
    """Send a process ten real-time signals."""
    for _ in range(10):
        os.kill(pid, signal.SIGRTMIN + 2)


def test_signals_meanwhile_are_not_lost() -> None:
    """Real-time ones, which are counted, from before to after."""
    with prx.fork() as task:
        pid = task.host_pid
        assert pid is not None
        sent = 0
        for _ in range(TIMES):
            sender = threading.Thread(target=send_ten, args=(pid,))
            sender.start()
            prx.reexec(task)
            sender.join()
            sent += 10
        for _ in range(sent):
            assert receive(Signal, task=task, timeout=30).signal == signal.SIGRTMIN + 2


def test_no_signal_that_comes_meanwhile_acts_by_its_default() -> None:
    """A flood of one that ends who has no handler for it."""
    with prx.fork() as root, prx.fork(root) as task:
        pid = task.host_pid
        assert pid is not None
        done = threading.Event()

        def flood() -> None:
            while not done.is_set():
                os.kill(pid, signal.SIGUSR2)

        sender = threading.Thread(target=flood)
        sender.start()
        try:
            for _ in range(TIMES):
                prx.reexec(task)
        finally:
            done.set()
            sender.join()
        assert prx.getpid(task) == pid
        assert receive(Signal, task=task, timeout=30).signal is signal.SIGUSR2


def test_handlers_mask_limits_and_mark_are_as_before() -> None:
    """As `/proc` shows them; signals go on to be news."""
    with prx.fork() as task:
        signals, limits = caught(task), of(task, "limits").read_text()
        prx.reexec(task)
        assert prx.getpid(task)
        assert (caught(task), of(task, "limits").read_text()) == (signals, limits)
        prx.kill(task, prx.getpid(task), "sigterm")
        assert receive(Signal, task=task, timeout=30).signal is signal.SIGTERM


def test_memory_is_that_of_a_fresh_driver() -> None:
    """Not counting the image, which all share; what its ancestors have left is gone."""

    def anonymous(task: Task) -> int:
        lines = of(task, "smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))

    with prx.fork() as root:
        tip = root
        for _ in range(5):
            tip = prx.fork(tip)
            prx.write(tip, prx.open(tip, "/dev/null", "o_wronly"), bytes(1 << 20))
        prx.reexec(tip)
        assert anonymous(tip) <= anonymous(root) + 64


@pytest.mark.parametrize("end", ["stop", "exit", "kill", "parent killed"])
def test_a_reexeced_tree_ends_as_any(end: str) -> None:
    """With all below it: a driver, a program that ignores SIGTERM, and a daemon of its."""
    with prx.fork(killdelay=0.2) as root:
        parent = prx.fork(root)
        prx.reexec(parent)
        task = prx.fork(parent)
        below = prx.fork(task)
        stubborn = prx.fork(below)
        prx.execvp(stubborn, ["sh", "-c", "trap '' TERM; setsid sleep 1000 & echo up; while :; do sleep 1; done"])
        assert receive(Stdout, task=stubborn, timeout=30).data == b"up\n"
        for one in (below, task, parent):
            prx.reexec(one)
        paths = [of(one, "") for one in (task, below, stubborn)]
        ref = monitor(task)
        ends: dict[str, Callable[[], object]] = {
            "stop": lambda: prx.stop(task),
            "exit": lambda: prx.exit(task, 3),
            "kill": lambda: os.kill(task.host_pid or 0, signal.SIGKILL),
            "parent killed": lambda: os.kill(parent.host_pid or 0, signal.SIGKILL),
        }
        ends[end]()
        assert receive(Down, ref=ref, timeout=30).pid is task
        assert not [path for path in paths if path.exists()]
        assert prx.getpid(root) == root.host_pid


def test_twenty_levels_deep() -> None:
    """Each a reexeced child of a reexeced parent; all end with the first."""
    with prx.fork(maxforkdepth=TIMES) as root:
        tasks = [root]
        for _ in range(TIMES):
            tasks.append(prx.fork(tasks[-1]))
            prx.reexec(tasks[-1])
        assert [prx.getpid(task) for task in tasks] == [task.host_pid for task in tasks]
        with fails(errno.EAGAIN, note=f"fork of {tasks[-1]}"):
            prx.fork(tasks[-1])
        paths = [of(task, "") for task in tasks]
    assert not [path for path in paths if path.exists()]
