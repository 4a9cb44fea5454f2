"""Processes that are threads: what they leave, and how their threads end."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import threading
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from support.calls import until

from prx_actors.actors import ProcessExit, current, exit, receive, spawn, spawn_link, spawn_monitor, threads
from prx_actors.actors.table import process_table
from prx_actors.actors.threads import current_process

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.actors import Pid, Process

WAIT = 10


def run_program(body: str) -> subprocess.CompletedProcess[str]:
    """Run a program of its own."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(body)], capture_output=True, text=True, check=False, timeout=30
    )


def test_a_thread_keeps_nothing_of_the_processes_that_it_has_been() -> None:
    """The main thread, whose process ends with it, neither."""
    assert threading.current_thread() is threading.main_thread()
    been: list[weakref.ref[Process]] = []
    for _ in range(10):
        been.append(weakref.ref(current_process()))
        with suppress(ProcessExit):
            exit("enough")
    gc.collect()
    assert [one() for one in been] == [None] * 10


def test_the_process_of_the_main_thread_ends_with_it_also_when_it_is_not_the_first() -> None:
    """As normal, before anything else is ended."""
    done = run_program("""
        from prx_actors.actors import ProcessExit, exit
        from prx_actors.actors.threads import current_process

        try:
            exit("enough")
        except ProcessExit:
            current_process()._on_exited(lambda _pid, reason: print(reason, flush=True))
    """)
    assert (done.stdout, done.stderr) == ("normal\n", "")


@pytest.mark.parametrize("start", [spawn, spawn_link, spawn_monitor])
def test_who_could_start_no_thread_keeps_nothing_of_it(
    start: Callable[[Callable[[], None]], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a link nor its half of a monitor; and no Down comes, nor a signal."""

    def refuse(_thread: threading.Thread) -> None:
        msg = "can't start new thread"
        raise RuntimeError(msg)

    process = current_process()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            start(receive)
    assert (process._prx_links, process._prx_monitors) == ({}, {})
    with pytest.raises(TimeoutError):
        receive(timeout=0)


def test_a_plain_thread_whose_process_has_been_ended_ends_quietly() -> None:
    """Also at the exit of the interpreter; any other exception is still told."""
    done = run_program("""
        import atexit, threading

        at_exit = []
        # Called after the end of all processes: their hook, which is registered by the import, goes before.
        atexit.register(lambda: [thread.join(10) for thread in at_exit])

        from prx_actors.actors import Pid, current, exit_signal, receive, send

        def work(main):
            send(main, current())
            receive()

        def fail():
            raise ValueError("told")

        def start(*args):
            thread = threading.Thread(target=args[0], args=args[1:], daemon=True)
            thread.start()
            return thread

        killed = start(work, current())
        exit_signal(receive(Pid), "enough")
        killed.join()
        start(fail).join()
        at_exit.append(start(work, current()))
        receive(Pid)
    """)
    assert done.returncode == 0
    assert "ValueError: told" in done.stderr
    assert "ProcessExit" not in done.stderr


def test_a_signal_handler_and_the_thread_that_it_interrupts_are_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it comes in the midst of the thread's becoming one."""
    seen: list[Pid] = []
    made = threads.ThreadProcess.__init__

    def make(process: threads.ThreadProcess) -> None:
        monkeypatch.undo()
        made(process)
        seen.append(current())  # as a handler does

    def become() -> None:
        monkeypatch.setattr(threads.ThreadProcess, "__init__", make)
        seen.append(current())

    before = len(process_table.processes())
    thread = threading.Thread(target=become)
    thread.start()
    thread.join()
    assert seen[0] is seen[1]
    until(lambda: len(process_table.processes()) == before, "nothing is left of it")
