"""run: what it returns, what it raises, and that it leaves nothing."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import interrupts as interrupts_module
from support.ends import WAIT, OsProcesses
from support.interrupts import Interrupts
from support.leaks import descendants

from prx_actors import (
    Command,
    ExitStatus,
    Stderr,
    Stdout,
    TermSig,
    exit_signal,
    prx,
    receive,
    run,
    spawn_monitor,
    stream,
)
from prx_actors.actors import Down
from prx_actors.programs import INHERIT, MERGE, NULL, RotatingFile
from prx_actors.programs.outlets import Outlets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def test_what_it_did_is_told() -> None:
    """Status, both outputs, apart, and the time."""
    done = run(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (done.status, done.signal, done.returncode, done.ok) == (3, None, 3, False)
    assert (done.stdout, done.stderr) == (b"out\n", b"err\n")
    assert 0 < done.duration < WAIT
    assert done.args == done.argv == ("sh", "-c", "echo out; echo err >&2; exit 3")


def test_a_signal_is_told() -> None:
    """As `subprocess` does, too."""
    done = run(["sh", "-c", "kill -KILL $$"])
    assert (done.status, done.signal, done.returncode, done.ok) == (None, signal.SIGKILL, -9, False)


def test_allowed_exit_codes_are_no_failure() -> None:
    """`grep` says 1 when it has found nothing."""
    command = Command(("sh", "-c", "exit 1"), exit_codes=(0, 1))
    assert run(command, check=True).ok
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run(command.replace(exit_codes=(0,)), check=True)
    assert caught.value.returncode == 1


@pytest.mark.parametrize(
    "options",
    [
        {"input": b"data"},
        {"input": "d\u00e4ta\r\n", "text": True},
        {"input": "d\u00e4ta", "encoding": "latin-1"},
        {"input": "data", "errors": "replace"},
        {"universal_newlines": True},
        {"stdout": subprocess.DEVNULL},
        {"stderr": subprocess.STDOUT},
        {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE},
        {"capture_output": True},
        {"cwd": "/"},
        {"env": {"A": "1"}},
        {"umask": 0o77},
        {"start_new_session": True},
    ],
    ids=str,
)
def test_the_keywords_of_subprocess_do_the_same(options: dict[str, Any]) -> None:
    """But for what is delivered when nothing is said."""
    argv = ["/bin/sh", "-c", "cat; pwd; umask; echo $A; echo error >&2"]
    streams = {"stdout", "stderr", "capture_output"} & set(options)
    usual = {} if streams == {"capture_output"} else {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    source = {} if "input" in options else {"stdin": subprocess.DEVNULL}
    theirs = subprocess.run(argv, **usual | source | options, check=False)
    ours = run(argv, **options)
    assert (ours.returncode, ours.stdout, ours.stderr) == (theirs.returncode, theirs.stdout, theirs.stderr)


def test_a_line_is_for_the_shell_where_that_is_said() -> None:
    """As a keyword, or by `Command.shell`."""
    assert run("echo a | tr a b", shell=True).stdout == b"b\n"  # noqa: S604 - what is shown
    assert run(Command.shell("echo a | tr a b")).stdout == b"b\n"


def test_keywords_that_exclude_each_other_are_refused() -> None:
    """And so are unknown ones."""
    with pytest.raises(ValueError, match="input"):
        run(["cat"], input=b"x", stdin=NULL)
    with pytest.raises(ValueError, match="capture_output"):
        run(["cat"], capture_output=True, stdout=NULL)
    with pytest.raises(TypeError, match="preexec_fn"):
        run(["cat"], preexec_fn=print)


def test_output_goes_to_a_function_a_file_or_a_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """And is not collected then."""
    pieces: list[bytes] = []
    done = run(["sh", "-c", "echo out; echo err >&2"], stdout=pieces.append, stderr=tmp_path / "err")
    assert (done.stdout, done.stderr) == (None, None)
    assert b"".join(pieces) == b"out\n"
    assert (tmp_path / "err").read_bytes() == b"err\n"
    with caplog.at_level(logging.INFO, "a program"):
        run(["printf", "one\\ntwo"], stdout=logging.getLogger("a program"))
    assert [record.getMessage() for record in caplog.records if record.name == "a program"] == ["one", "two"]


def test_a_log_gets_no_more_lines_a_second_than_allowed(caplog: pytest.LogCaptureFixture) -> None:
    """What is left out is counted."""
    with caplog.at_level(logging.INFO, "a program"):
        run(["seq", "100"], stdout=logging.getLogger("a program"), log_limit=10)
    messages = [record.getMessage() for record in caplog.records if record.name == "a program"]
    left_out = [int(message.split()[0]) for message in messages if "left out" in message]
    assert sum(left_out) + sum("left out" not in message for message in messages) == 100
    assert sum(left_out) >= 50


def test_a_file_rotates_and_no_piece_is_cut(tmp_path: Path) -> None:
    """The newest is the one without a number, and the oldest goes."""
    file = RotatingFile(tmp_path / "log", max_bytes=10, backups=2)
    for number in range(4):
        run(["echo", f"number {number}"], stdout=file)
    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == {"log": "number 3\n", "log.1": "number 2\n", "log.2": "number 1\n"}


def test_both_streams_go_to_one_file_that_rotates(tmp_path: Path) -> None:
    """Neither writes to what the other has put aside, or removed."""
    one = RotatingFile(tmp_path / "log", max_bytes=12, backups=0)
    same = RotatingFile(str(one.path), max_bytes=12, backups=0)
    outlets = Outlets(Command(("true",), stdout=one, stderr=same))
    with prx.fork() as task:
        for number in range(3):
            outlets.take(Stdout(task, b"out %d\n" % number))
            outlets.take(Stderr(task, b"err %d\n" % number))
    outlets.close()
    assert (tmp_path / "log").read_bytes() == b"out 2\nerr 2\n"


def test_an_exception_in_the_function_that_gets_output_ends_the_program() -> None:
    """It is raised where the program is run."""

    def refuse(_data: bytes) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        run(["sh", "-c", "echo ready; sleep 1000"], stdout=refuse)


def test_a_stream_is_inherited_without_being_collected() -> None:
    """Its end is not ours."""
    assert run(["true"], stdout=INHERIT, stderr=INHERIT).stdout is None


def test_stderr_comes_with_stdout_in_the_order_it_was_written() -> None:
    """One pipe is both."""
    done = run(["sh", "-c", "for i in 1 2 3; do echo out $i; echo err $i >&2; done"], stderr=MERGE)
    assert done.stdout == b"".join(b"out %d\nerr %d\n" % (n, n) for n in (1, 2, 3))
    assert done.stderr is None


def test_much_goes_in_and_out_at_once() -> None:
    """No pipe fills up for ever."""
    data = os.urandom(1 << 20) * 20
    assert run(["cat"], input=data).stdout == data


def test_an_iterable_is_input_as_well() -> None:
    """Also another program's output."""
    assert run(["cat"], input=(f"{n} " for n in range(3))).stdout == b"0 1 2 "
    assert run(["wc", "-l"], stdin=stream(["seq", "1000"])).stdout.strip() == b"1000"


def test_a_stdin_that_nobody_writes_to_is_empty() -> None:
    """As for `subprocess`; and what only a loop can read is refused."""
    assert run(["cat"], stdin=subprocess.PIPE).stdout == b""

    async def source() -> AsyncIterator[bytes]:
        yield b"x"

    with pytest.raises(TypeError, match="aio"):
        run(["cat"], input=source())


def test_input_that_is_not_read_is_no_error() -> None:
    """As for `subprocess`."""
    assert run(["true"], input=b"x" * (1 << 20)).ok
    assert run(["true"], input=iter([b"x" * (1 << 20)] * 3)).ok


def test_a_start_of_more_than_a_socket_holds() -> None:
    """It is sent ahead of the fork as far as it goes, and the rest when there is somebody who reads."""
    names = [f"V{number}" for number in range(12)]
    value = "x" * 100_000
    done = run(["sh", "-c", "echo ${#V0} ${#V11}"], env_update=dict.fromkeys(names, value), no_new_privs=True)
    assert done.stdout == b"100000 100000\n"


def test_an_error_of_the_start_is_raised_and_nothing_is_left(tmp_path: Path) -> None:
    """Each with its errno and file."""
    with pytest.raises(FileNotFoundError, match="no/such/program"):
        run(["no/such/program"])
    with pytest.raises(PermissionError):
        run([tmp_path])
    with pytest.raises(FileNotFoundError):
        run(["cat"], stdin=tmp_path / "nothing")
    (tmp_path / "x").write_text("nonsense")
    (tmp_path / "x").chmod(0o755)
    with pytest.raises(OSError, match="Exec format"):
        run([tmp_path / "x"])


def test_a_program_that_takes_longer_is_killed_with_all_below_it() -> None:
    """Whatever it ignores; the output that came until then is told."""
    started = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        run(["sh", "-c", "trap '' TERM; echo ready; (setsid sleep 1000 &); sleep 1000"], timeout=1, grace=60)
    assert caught.value.stdout == b"ready\n"
    assert time.monotonic() - started < WAIT
    assert [one for one in descendants(os.getpid()) if one.name == "sleep"] == []


def test_the_timeout_of_a_command_ends_it_gently_and_is_told() -> None:
    """What it does on its stop signal counts."""
    command = Command.shell("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done", timeout=1)
    ended = run(command)
    assert (ended.stdout, ended.status, ended.timed_out, ended.ok) == (b"up\nbye\n", 0, True, False)


def test_one_that_ignores_its_stop_signal_is_killed_after_its_grace() -> None:
    """Which begins with the timeout."""
    done = run(Command(("sh", "-c", "trap '' TERM; while :; do sleep 1; done"), timeout=0.5, grace=0.2))
    assert (done.signal, done.timed_out) == (signal.SIGKILL, True)


def test_prx_timeout_bounds_it() -> None:
    """As it does all that blocks."""
    with prx.timeout(0.5), pytest.raises(TimeoutError):
        run(["sleep", "1000"])


def test_what_a_program_leaves_behind_is_gone_on_return() -> None:
    """Daemons, too."""
    done = run(["sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & echo $!"])
    assert not Path(f"/proc/{int(done.stdout)}").exists()


def test_it_ends_with_the_process_that_runs_it() -> None:
    """As every task ends with its owner."""
    pid, ref = spawn_monitor(run, ["sleep", "1000"])
    deadline = time.monotonic() + WAIT
    while not (sleeps := [one.pid for one in descendants(os.getpid()) if one.name == "sleep"]):
        assert time.monotonic() < deadline
    with OsProcesses(sleeps) as found:
        exit_signal(pid, "kill")
        receive(Down, ref=ref, timeout=WAIT)
        assert found.left() == []


def test_threads_run_programs_at_the_same_time() -> None:
    """Each waits for its own."""
    results: dict[int, bytes] = {}

    def work(number: int) -> None:
        results[number] = run(["sh", "-c", f"echo {number}"]).stdout

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert results == {number: b"%d\n" % number for number in range(20)}


@pytest.mark.slow
def test_an_interrupt_at_any_point_leaves_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fixture looks for what is left."""
    monkeypatch.setattr(interrupts_module, "LATEST", 0.03)
    with Interrupts() as interrupts:
        for _ in range(20 if os.environ.get("CI") else 200):
            interrupts.strike(lambda: run(["sh", "-c", "echo a; sleep 1000"], timeout=WAIT))
    assert run(["echo", "on"]).stdout == b"on\n"


def test_what_a_program_has_used_is_told() -> None:
    """With the children that it has waited for: time and memory."""
    script = "bytearray([1]) * (200 << 20)\nimport time\nwhile time.process_time() < 0.3: pass"
    usage = run(["sh", "-c", f"{sys.executable} -c '{script}'"]).rusage
    assert usage is not None
    assert 0.2 < usage.user + usage.system < WAIT
    assert 200 << 20 < usage.max_rss < 400 << 20


def test_an_end_is_told_with_its_time_and_its_usage() -> None:
    """Both messages have them, by whatever the program ended."""
    before = time.time()
    for script in ("exit 3", "kill -KILL $$"):
        end = list(stream(["sh", "-c", script]))[-1]
        assert isinstance(end, ExitStatus | TermSig)
        assert end.rusage is not None
        assert before <= end.time <= time.time()


def test_a_core_is_told() -> None:
    """Where the kernel has written one, or has given it to a program that does."""
    done = run(["sh", "-c", "kill -SEGV $$"], rlimits={"core": 0})
    assert (done.signal, done.core_dumped) == (signal.SIGSEGV, False)


AT_THE_LAST = """
from prx_actors import run, stream
class Last:
    def __del__(self, run=run, stream=stream):
        for start in (run, lambda argv: next(stream(argv))):
            try:
                start(["true"])
            except RuntimeError as error:
                print(error)
last = Last()
"""
"""Runs a program when no thread can start it any more."""


def test_no_program_is_waited_for_that_cannot_start_any_more() -> None:
    """A finaliser that runs one as Python ends is refused, and does not wait for ever."""
    done = subprocess.run([sys.executable, "-c", AT_THE_LAST], capture_output=True, text=True, timeout=WAIT, check=True)
    assert done.stdout == "true: no program is started while Python ends\n" * 2
