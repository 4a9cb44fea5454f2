"""Programs with an Application, and programs that leave behaviours alive, as real processes."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from support.programs import PROGRAM, RUN, program, result_of, until

from prx_actors.otp.application import Application

if TYPE_CHECKING:
    from prx_actors import Pid

# The exit code.


@pytest.mark.parametrize("reason", ["'normal'", "'shutdown'", "('shutdown', 'all done')"])
def test_the_orderly_end_of_the_top_supervisor_is_exit_code_0(reason: str) -> None:
    """Stop is called with its reason; prep_stop is not."""
    code, said, _ = result_of(f"""
class Program(Program):
    def start(self):
        return spawn_link(exit, {reason})
{RUN}""")
    assert (code, said) == (0, [f"stop {reason}".replace("'", "") if reason[0] == "'" else f"stop {reason}"])


def test_the_failure_of_the_top_supervisor_is_exit_code_1() -> None:
    """Its reason is logged."""
    code, said, logged = result_of(f"""
class Program(Program):
    def start(self):
        return spawn_link(exit, "overheated")
{RUN}""")
    assert (code, said) == (1, ["stop overheated"])
    assert "Program ended: 'overheated'" in logged


def test_a_supervisor_that_gives_up_restarting_ends_the_program() -> None:
    """With the reason shutdown, as in OTP; its children have stopped."""
    code, said, _ = result_of(f"""
class Failing(Worker):
    def init(self, name):
        super().init(name)
        return Timeout(0)
    def handle_info(self, message):
        return Stop("failed")
class Program(Program):
    def start(self):
        return children((Worker, "a", {{}}), (Failing, "f", {{}}), intensity=0)
{RUN}""")
    assert (code, said[-2:]) == (0, ["terminate a shutdown", "stop shutdown"])


def test_a_start_that_fails_is_exit_code_1() -> None:
    """What was started before has been stopped; stop is not called."""
    code, said, logged = result_of(f"""
class Broken(Worker):
    def init(self, name):
        raise ValueError("broken")
class Program(Program):
    def start(self):
        return children((Worker, "a", {{}}), (Broken, "b", {{}}))
{RUN}""")
    assert (code, said) == (1, ["init a", "terminate a shutdown"])
    assert "Program did not start" in logged


# Signals.


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_stops_the_tree_in_reverse_order(number: signal.Signals, code: int) -> None:
    """SIGTERM is exit code 0; SIGINT is what shells expect of an interrupted program."""
    with program("-c", PROGRAM + RUN) as process:
        until(process, "ready")
        process.send_signal(number)
        said, _ = process.communicate(timeout=20)
    assert said.splitlines() == ["prep_stop", "terminate b shutdown", "terminate a shutdown", "stop shutdown"]
    assert process.returncode == code


def test_a_signal_during_the_start_takes_effect_after_it() -> None:
    """The start is not cut short."""
    code, said, _ = result_of(f"""
class Program(Program):
    def start(self):
        os.kill(os.getpid(), signal.SIGTERM)
        return super().start()
{RUN}""")
    assert (code, said[:4], said[-1]) == (0, ["init a", "init b", "ready", "prep_stop"], "stop shutdown")


def test_a_tree_that_exceeds_the_limit_is_killed_with_exit_code_1() -> None:
    """The program ends all the same."""
    script = """
class Program(Program):
    shutdown_time = 0.1
    def start(self):
        pid = children((Endless, "a", {"shutdown": "infinity"}))
        say("ready")
        return pid
"""
    with program("-c", PROGRAM + script + RUN) as process:
        until(process, "ready")
        process.terminate()
        said, logged = process.communicate(timeout=30)
    assert said.splitlines()[:2] == ["prep_stop", "terminate a shutdown"]
    assert said.splitlines()[-1] == "stop killed"
    assert "did not stop within 0.1 s" in logged
    assert process.returncode == 1


def test_a_second_signal_ends_the_program_at_once() -> None:
    """As it does without a handler, whatever the tree is doing."""
    script = """
class Program(Program):
    shutdown_time = None
    def start(self):
        pid = children((Endless, "a", {"shutdown": "infinity"}))
        say("ready")
        return pid
"""
    with program("-c", PROGRAM + script + RUN) as process:
        until(process, "ready")
        process.terminate()
        until(process, "terminate a shutdown")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """As a shell wants it for a job in the background."""
    with program("-c", PROGRAM + "signal.signal(signal.SIGINT, signal.SIG_IGN)" + RUN) as process:
        until(process, "ready")
        process.send_signal(signal.SIGINT)
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 0


def test_handlers_and_trap_exit_are_as_before_after_the_run() -> None:
    """A program may go on."""
    code, said, _ = result_of("""
def before(number, frame):
    say("handled")
signal.signal(signal.SIGTERM, before)
class Program(Program):
    def start(self):
        return spawn_link(exit, "normal")
Program().run()
os.kill(os.getpid(), signal.SIGTERM)
say(signal.getsignal(signal.SIGINT) is signal.default_int_handler, trap_exit(False))
""")
    assert (code, said) == (0, ["stop normal", "handled", "True False"])


def test_a_failing_hook_is_logged_and_stops_nothing() -> None:
    """The tree stops in order; the exit code tells of a failing stop."""
    script = """
class Program(Program):
    def prep_stop(self):
        raise ValueError("prep")
    def stop(self, reason):
        raise ValueError("stop")
"""
    with program("-c", PROGRAM + script + RUN) as process:
        until(process, "ready")
        process.terminate()
        said, logged = process.communicate(timeout=20)
    assert said.splitlines() == ["terminate b shutdown", "terminate a shutdown"]
    assert "prep_stop of Program failed" in logged
    assert "stop of Program failed" in logged
    assert process.returncode == 1


def test_only_the_main_thread_runs_an_application() -> None:
    """No other thread gets signals."""

    class Unstarted(Application):
        def start(self) -> Pid:
            raise AssertionError

    errors: list[BaseException] = []

    def run() -> None:
        try:
            Unstarted().run()
        except ValueError as error:
            errors.append(error)

    thread = Thread(target=run)
    thread.start()
    thread.join()
    assert len(errors) == 1


def test_a_package_with_a_main_module_is_a_program(tmp_path: Path) -> None:
    """It runs by python -m."""
    package = tmp_path / "clock"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(PROGRAM + RUN)
    with program("-m", "clock", env={**os.environ, "PYTHONPATH": str(tmp_path)}) as process:
        until(process, "ready")
        process.terminate()
        said, _ = process.communicate(timeout=20)
    assert said.splitlines()[-1] == "stop shutdown"
    assert process.returncode == 0


def test_an_os_process_of_the_tree_is_gone_when_the_program_is() -> None:
    """A Task is a child as any other."""
    script = """
from prx_actors import prx
def task():
    child = prx.fork()
    say("pid", child.host_pid)
    return child
class Program(Application):
    def start(self):
        pid = Supervisor.start_link([ChildSpec("task", (task, ()))])
        say("ready")
        return pid
"""
    with program("-c", PROGRAM + script + RUN) as process:
        host_pid = int(until(process, "ready")[0].removeprefix("pid "))
        assert Path(f"/proc/{host_pid}").exists()
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 0
    assert not Path(f"/proc/{host_pid}").exists()


def test_a_signal_to_the_child_of_a_fork_does_not_stop_the_tree() -> None:
    """It ends the child as it does without a handler."""
    script = """
class Program(Program):
    def start(self):
        reader, writer = os.pipe()
        child = os.fork()
        while not child:
            os.write(writer, b"!")
            time.sleep(0.01)
        os.read(reader, 1)
        os.kill(child, signal.SIGTERM)
        say("child ended with", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        return super().start()
"""
    with program("-c", PROGRAM + script + RUN) as process:
        said = until(process, "ready")
        process.terminate()
        rest, _ = process.communicate(timeout=20)
    assert "child ended with -15" in said
    assert rest.splitlines()[-1] == "stop shutdown"
    assert process.returncode == 0
