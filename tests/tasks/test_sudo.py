"""Roots that an unprivileged user starts through the real sudo(8).

The test is root, makes a rule for the driver and nothing else, and runs programs of support/sudo_programs.py as
nobody. With a terminal sudo puts the driver on a pseudo-terminal (Debian's `Defaults use_pty`), without one it does
not.
"""

from __future__ import annotations

import errno
import json
import os
import pty
import shutil
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import sudo_programs
from support.ends import OsProcesses
from support.features import require
from support.leaks import descendants
from support.unprivileged import sudo_rule

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from support.unprivileged import Unprivileged

pytestmark = [pytest.mark.root]

PROGRAMS = str(Path(sudo_programs.__file__))
WAIT = 30.0


@contextmanager
def terminal_of_nobody() -> Iterator[tuple[int, int]]:
    """Open a pseudo-terminal: what a user has at the keyboard, and what the program has."""
    keyboard, terminal = pty.openpty()
    try:
        os.fchmod(terminal, 0o666)
        yield keyboard, terminal
    finally:
        os.close(keyboard)
        os.close(terminal)


@pytest.fixture(params=[False, True], ids=["no terminal", "terminal"])
def terminal(request: pytest.FixtureRequest) -> Iterator[int | None]:
    """Run the test with a controlling terminal and without one."""
    if not request.param:
        yield None
        return
    with terminal_of_nobody() as (_keyboard, terminal):
        yield terminal


def seen(user: Unprivileged, name: str, terminal: int | None = None) -> list[Any]:
    """Run a program as nobody, which must end well, and return what it has seen."""
    done = user.run(PROGRAMS, name, terminal=terminal)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def next_seen(process: subprocess.Popen[str]) -> Any:
    """Wait for the next thing that a running program sees."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate(timeout=WAIT)[1]
    return json.loads(line)


def test_an_unprivileged_user_calls_roots_and_execs_below_them(sudoer: Unprivileged, terminal: int | None) -> None:
    """The root is root, with the environment that sudo gives it and the runtime's directory."""
    uids, variables, directory, output, status = seen(sudoer, "call_and_exec", terminal)
    assert uids == [65534, 0, 0]
    assert variables == ["SUDO_USER"]
    assert directory == "/"
    assert output == "     1\ttest\n"
    assert status == 0


def test_an_unprivileged_user_has_new_namespaces_made(sudoer: Unprivileged) -> None:
    """A clone of a root under sudo is pid 1, and in none of its root's namespaces."""
    assert seen(sudoer, "namespaces") == [1, sudo_programs.NAMESPACES]


def test_what_the_runtime_may_not_signal_ends_on_stop(sudoer: Unprivileged, terminal: int | None) -> None:
    """The parent driver is ordered to end a program of root's: it is gone when `stop` returns, and soon."""
    may_not, was_alive, soon, there = True, True, True, False
    assert seen(sudoer, "stop", terminal) == [may_not, was_alive, soon, there] * 2 + [0]


def test_what_the_runtime_may_not_signal_is_killed_at_the_deadline(sudoer: Unprivileged, terminal: int | None) -> None:
    """The order carries `killdelay`: a program of root's that ignores SIGTERM is gone then."""
    may_not, in_time, there = True, True, False
    assert seen(sudoer, "stop_stubborn", terminal) == [may_not, in_time, there] * 2


def test_the_end_of_a_program_of_root_is_told(sudoer: Unprivileged) -> None:
    """Its owner gets TermSig, whoever has killed it."""
    assert seen(sudoer, "killed") == [signal.SIGKILL]


def test_an_interrupt_from_the_terminal_harms_no_root(sudoer: Unprivileged) -> None:
    """Ctrl-C reaches the runtime, not the keeper: a root answers afterwards, and the terminal is as it was."""
    with terminal_of_nobody() as (keyboard, terminal):
        process = sudoer.start(PROGRAMS, "interrupt", terminal=terminal)
        with process:
            assert next_seen(process) == "ready"
            os.write(keyboard, b"\x03")
            assert next_seen(process) == "interrupted"
            assert next_seen(process) == 0
            assert process.communicate(timeout=WAIT) == ("", "")
        assert process.returncode == 0


def sudos_below(pid: int) -> list[int]:
    """List the processes of sudo, the one that was started first."""
    return [one.pid for one in descendants(pid) if one.name == "sudo"]


def test_a_killed_sudo_takes_its_roots_along(sudoer: Unprivileged) -> None:
    """After `kill -9` of sudo all below it is gone, stubborn programs too, and later roots have a new one."""
    with sudoer.start(PROGRAMS, "serve") as process, OsProcesses(next_seen(process)) as processes:
        (sudo,) = sudos_below(process.pid)
        os.kill(sudo, signal.SIGKILL)
        assert processes.wait_gone(WAIT) == []
        assert process.communicate("go on\n", timeout=WAIT) == ("0\n", "")


def test_a_killed_runtime_takes_its_roots_along(sudoer: Unprivileged) -> None:
    """After `kill -9` of the runtime all that it had started as root is gone, sudo too."""
    with sudoer.start(PROGRAMS, "serve") as process:
        pids = next_seen(process) + sudos_below(process.pid)
        with OsProcesses(pids) as processes:
            process.kill()
            assert processes.wait_gone(WAIT) == []


def test_a_runtime_that_ends_takes_its_roots_along(sudoer: Unprivileged, terminal: int | None) -> None:
    """Nothing of root's is left when the program has ended, although it has stopped nothing."""
    (pids,) = seen(sudoer, "leave", terminal)
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


# sudo that refuses.


def refusal(user: Unprivileged) -> str:
    """Run a program that cannot have a root, and return what the error says."""
    ((number, text, launched),) = seen(user, "fail")
    assert number == errno.ENOEXEC
    assert launched == f"sudo -n {user.driver}"
    return str(text)


def test_without_a_rule_the_error_is_in_the_words_of_sudo(unprivileged: Unprivileged) -> None:
    """Sudo would ask for a password, and says so."""
    require(shutil.which("sudo"), "sudo")
    assert "(exit status 1): sudo: a password is required" in refusal(unprivileged)


def test_a_rule_for_a_terminal_only_is_an_error_in_the_words_of_sudo(unprivileged: Unprivileged) -> None:
    """With `requiretty` and no terminal it says that there must be one."""
    require(shutil.which("sudo"), "sudo")
    with sudo_rule(unprivileged.driver, "requiretty"):
        assert "you must have a tty to run sudo" in refusal(unprivileged)


def test_a_sudo_that_logs_the_input_is_an_error_of_the_driver(unprivileged: Unprivileged, tmp_path: Path) -> None:
    """With `log_input` sudo stands between: fd 0 is a pipe, which the driver refuses."""
    require(shutil.which("sudo"), "sudo")
    with sudo_rule(unprivileged.driver, "log_input", f"iolog_dir={tmp_path}"):
        assert "(exit status 120): prx-driver: fd 0 is not the socket" in refusal(unprivileged)


# Without these sudo turns into the program that it starts, instead of staying beside it.
TURNS_INTO_IT = ["!use_pty", "!pam_session", "!pam_setcred"]


def test_a_program_of_root_that_hangs_is_an_error(unprivileged: Unprivileged, tmp_path: Path) -> None:
    """The runtime may not kill it: the fork fails in time all the same, and it is reaped when it ends."""
    require(shutil.which("sudo"), "sudo")
    hanging = tmp_path / "driver"
    hanging.write_text(f"#!/bin/sh\necho $$ >{tmp_path}/pid\nexec sleep 1000\n")
    hanging.chmod(0o755)
    with sudo_rule(str(hanging), *TURNS_INTO_IT), unprivileged.start(PROGRAMS, "fail_to_end", str(hanging)) as process:
        number, text = next_seen(process)
        assert number == errno.ENOEXEC
        assert "(timed out)" in text
        assert next_seen(process) is True
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        assert process.communicate("go on\n", timeout=WAIT) == ("", "")
