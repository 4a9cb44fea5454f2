"""Signals that come late, when the tree has ended by itself, and starts that fail in odd ways, as real processes."""

from __future__ import annotations

import pytest
from support.programs import result_of

# The second run ends by itself; had it found a signal of the first one, it would prepare to stop.
TWICE = """
def brief(reason, stop):
    class Brief(Program):
        def start(self):
            return spawn_link(exit, reason)
        def stop(self, reason):
            super().stop(reason)
            stop()
    return Brief().run()
def signalled():
    os.kill(os.getpid(), {number})
code = brief({reason!r}, signalled)
say(brief("shutdown", lambda: None), signal.getsignal(signal.SIGINT) is signal.default_int_handler)
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("number", "reason", "code"),
    [
        ("signal.SIGTERM", "normal", 0),
        ("signal.SIGINT", "normal", 130),
        ("signal.SIGTERM", "failed", 1),
        ("signal.SIGINT", "failed", 1),
    ],
)
def test_a_signal_after_the_end_of_the_tree_makes_the_exit_code_and_is_forgotten(
    number: str, reason: str, code: int
) -> None:
    """A failure has more to say than the signal; the next run in the same program is not stopped by it."""
    ended, said, _ = result_of(TWICE.format(number=number, reason=reason))
    assert (ended, said) == (code, [f"stop {reason}", "stop shutdown", "0 True"])


def test_a_signal_while_the_handlers_are_restored_is_noted_too() -> None:
    """The handlers that are restored already stay so."""
    code, said, _ = result_of("""
def before(number, frame):
    say("handled")
signal.signal(signal.SIGTERM, before)
set_handler = signal.signal
def set_and_interrupt(number, handler):
    old = set_handler(number, handler)
    if handler is before:
        os.kill(os.getpid(), signal.SIGINT)
    return old
signal.signal = set_and_interrupt
class Brief(Program):
    def start(self):
        return spawn_link(exit, "normal")
code = Brief().run()
signal.signal = set_handler
os.kill(os.getpid(), signal.SIGTERM)
say(code, Brief().run(), signal.getsignal(signal.SIGINT) is signal.default_int_handler)
""")
    assert (code, said) == (0, ["stop normal", "handled", "stop normal", "130 0 True"])


def test_a_signal_during_a_start_that_fails_is_forgotten() -> None:
    """The next run in the same program is not stopped by it."""
    code, said, _ = result_of("""
class Broken(Program):
    def start(self):
        os.kill(os.getpid(), signal.SIGTERM)
        raise ValueError("broken")
class Brief(Program):
    def start(self):
        return spawn_link(exit, "normal")
say(Broken().run(), Brief().run())
""")
    assert (code, said) == (0, ["stop normal", "1 0"])


def test_a_tree_that_has_ended_in_order_when_a_signal_is_seen_has_not_failed() -> None:
    """Its reason is told, though it was gone before it could be watched."""
    code, said, _ = result_of("""
from prx_actors import Down, monitor
class Brief(Program):
    def start(self):
        os.kill(os.getpid(), signal.SIGTERM)
        pid = spawn_link(exit, "normal")
        receive(Down, ref=monitor(pid))
        return pid
say(Brief().run())
""")
    assert (code, said) == (0, ["prep_stop", "stop normal", "0"])


def test_an_exit_in_stop_is_a_failure_of_stop() -> None:
    """It ends the main thread's own process, but not the program."""
    code, said, logged = result_of("""
class Brief(Program):
    def start(self):
        return spawn_link(exit, "normal")
    def stop(self, reason):
        exit("nope")
say(Brief().run(), Brief().run())
""")
    assert (code, said) == (0, ["1 1"])
    assert "stop of Brief failed" in logged


ODD_STARTS = {
    "nothing": ("pass", "start returned None"),
    "no pid": ("return 'pid'", "start returned 'pid'"),
    "an exit": ("exit('nope')", "ProcessExit: nope"),
    "an exit signal to the main thread": ("exit_signal(current(), 'kill')", "ProcessExit: killed"),
    "an exit signal that start does not notice": (
        "spawn_link(kill, current()).actor_stopped.wait(); return spawn(receive)",
        "ProcessExit: killed",
    ),
}


@pytest.mark.parametrize("start", ODD_STARTS)
def test_a_start_that_gives_no_process_has_failed(start: str) -> None:
    """That is logged, with the cause; stop is not called, and what comes after the run is."""
    statement, cause = ODD_STARTS[start]
    code, said, logged = result_of(f"""
from prx_actors import current, exit_signal, spawn
def kill(pid):
    exit_signal(pid, "kill")
class Program(Program):
    def start(self):
        {statement}
code = Program().run()
say("after")
sys.exit(code)
""")
    assert (code, said) == (1, ["after"])
    assert "Program did not start" in logged
    assert cause in logged


def test_a_signal_that_start_receives_stops_the_tree_all_the_same() -> None:
    """The message only wakes the run."""
    code, said, _ = result_of("""
class Curious(Program):
    def start(self):
        os.kill(os.getpid(), signal.SIGTERM)
        receive()
        return super().start()
sys.exit(Curious().run())
""")
    assert (code, said[-3:]) == (0, ["terminate b shutdown", "terminate a shutdown", "stop shutdown"])


def test_an_exit_in_prep_stop_stops_the_tree_and_is_a_failure() -> None:
    """It ends the process of the main thread, which is the parent of the top supervisor: that stops in order."""
    code, said, logged = result_of("""
class Exiting(Program):
    def start(self):
        pid = super().start()
        os.kill(os.getpid(), signal.SIGTERM)
        return pid
    def prep_stop(self):
        exit("nope")
sys.exit(Exiting().run())
""")
    assert (code, said[-3:]) == (1, ["terminate b shutdown", "terminate a shutdown", "stop nope"])
    assert "the process of its main thread was ended: 'nope'" in logged


def test_a_main_thread_that_is_killed_stops_the_tree_and_is_a_failure() -> None:
    """As its parent's end does."""
    code, said, _ = result_of("""
from prx_actors import current, exit_signal, process_info, spawn
def kill_once_it_waits(main):
    while process_info(main, "status") != "waiting":
        time.sleep(0.001)
    exit_signal(main, "kill")
class Killed(Program):
    def start(self):
        pid, main = super().start(), current()
        spawn(kill_once_it_waits, main)
        return pid
sys.exit(Killed().run())
""")
    assert (code, said[-1]) == (1, "stop killed")
