"""Roots that a launcher starts: `exec`, `progname`, `prx.sudo`, and launchers that fail.

With sudo itself: test_sudo.py.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import until
from support.ends import OsProcesses
from support.features import require
from support.seccomp import launcher as filtered

from prx_actors import Down, ExitStatus, Stdout, Task, monitor, prx, receive, shutdown
from prx_actors.driver import keeper as keepers
from prx_actors.driver.keeper import driver_path
from prx_actors.system.seccomp import Argument, Rule, deny

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT = 30.0
GREETING = ["env", "GREETING=hello"]
VALGRIND = "valgrind -q --log-file=/dev/null"
SO_PEERPIDFD = 77


@pytest.fixture(autouse=True)
def no_keeper_left() -> Iterator[None]:
    """End the keepers of a test's launchers, and forget what `prx.sudo` has set."""
    yield
    prx.sudo("")
    shutdown()


def keeper_pid(root: Task) -> int:
    """Return the pid of the keeper that a root is a fork of."""
    status = Path(f"/proc/{root.host_pid}/status").read_text()
    found = re.search(r"^PPid:\s*(\d+)$", status, re.MULTILINE)
    assert found is not None
    return int(found[1])


def script(path: Path, *lines: str) -> list[str]:
    """Write a launcher in shell and return its argv."""
    path.write_text("\n".join(lines) + "\n")
    return ["sh", str(path)]


def refusal(launcher: str | list[str], progname: str | None = None) -> str:
    """Fork a root that does not come up, and return what the error says."""
    with pytest.raises(OSError, match="the driver does not start") as caught:
        prx.fork(exec=launcher, progname=progname)
    assert caught.value.errno == errno.ENOEXEC
    assert str(progname or driver_path()) in str(caught.value.filename)
    return str(caught.value)


# What a launcher is for.


def test_a_root_has_the_environment_that_its_launcher_gives_it() -> None:
    """`env` starts the driver, and what it has set is there, in the children too."""
    with prx.fork(exec=GREETING) as task, prx.fork() as other:
        assert b"GREETING=hello" in prx.environ(task)
        assert b"GREETING=hello" in prx.environ(prx.fork(task))
        assert b"GREETING=hello" not in prx.environ(other)


def test_a_launcher_may_be_written_as_a_shell_would_split_it() -> None:
    """A string is split with its quotes, and is the same launcher as its argv."""
    with prx.fork(exec="env 'GREETING=good day'") as task, prx.fork(exec=["env", "GREETING=good day"]) as same:
        assert b"GREETING=good day" in prx.environ(task)
        assert keeper_pid(task) == keeper_pid(same)


def test_one_keeper_serves_all_roots_of_a_launcher() -> None:
    """Roots of one launcher have one parent, those of another launcher or driver another one."""
    with prx.fork(exec=GREETING) as one, prx.fork(exec=GREETING) as two, prx.fork() as bare:
        with prx.fork(exec=["env", "GREETING=goodbye"]) as other:
            assert keeper_pid(one) == keeper_pid(two)
            assert len({keeper_pid(one), keeper_pid(bare), keeper_pid(other)}) == 3
        with prx.fork() as later:
            assert keeper_pid(later) == keeper_pid(bare)


def test_threads_that_start_roots_at_once_share_a_keeper(tmp_path: Path) -> None:
    """However many ask while it comes up, a launcher runs once."""
    launcher = script(tmp_path / "launcher", f"echo run >>{tmp_path}/runs", 'exec "$@"')
    ready = threading.Barrier(8)

    def fork_one() -> None:
        ready.wait(WAIT)
        with prx.fork(exec=launcher) as task:
            assert prx.getpid(task) == task.host_pid

    threads = [threading.Thread(target=fork_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert (tmp_path / "runs").read_text() == "run\n"


def test_sudo_sets_the_launcher_of_later_roots() -> None:
    """It holds for roots that say nothing else, until it is taken back."""
    with prx.fork() as before:
        prx.sudo(GREETING)
        assert b"GREETING=hello" not in prx.environ(prx.fork(before))
    with prx.fork() as task, prx.fork(exec="") as bare:
        assert b"GREETING=hello" in prx.environ(task)
        assert b"GREETING=hello" not in prx.environ(bare)
    prx.sudo("")
    with prx.fork() as task:
        assert b"GREETING=hello" not in prx.environ(task)


def test_progname_is_the_driver_of_a_root(tmp_path: Path) -> None:
    """A copy of the driver serves as well, with a keeper of its own."""
    copy = tmp_path / "my driver"
    shutil.copy2(driver_path(), copy)
    with prx.fork(progname=str(copy)) as task, prx.fork(progname=str(copy), exec=GREETING) as other:
        assert [Path(f"/proc/{root.host_pid}/exe").readlink() for root in (task, other)] == [copy, copy]


@pytest.mark.parametrize("option", [{"exec": "env"}, {"progname": "driver"}], ids=["exec", "progname"])
def test_a_child_has_no_launcher(option: dict[str, str]) -> None:
    """It is a fork of its parent: to ask for another driver is an error."""
    with prx.fork() as task, pytest.raises(ValueError, match="for roots"):
        prx.fork(task, exec=option.get("exec"), progname=option.get("progname"))


def test_a_launcher_that_stays_is_reaped_with_its_keeper(tmp_path: Path) -> None:
    """As sudo does, this one waits for the driver; both are gone after `shutdown`."""
    launcher = script(tmp_path / "launcher", f"echo $$ >{tmp_path}/pid", '"$@" <&0', "exit 0")
    task = prx.fork(exec=launcher)
    keeper = keeper_pid(task)
    pid = int((tmp_path / "pid").read_text())
    assert keeper != pid
    with OsProcesses([pid, keeper, task.host_pid]) as processes:
        ref = monitor(task)
        shutdown()
        assert processes.left() == []
    assert receive(Down, ref=ref, timeout=WAIT).pid is task


def test_a_killed_launcher_takes_its_roots_along(tmp_path: Path) -> None:
    """After `kill -9` of the launcher the programs below it are gone, and the next root has a new keeper."""
    launcher = script(tmp_path / "launcher", f"echo $$ >{tmp_path}/pid", '"$@" <&0', "exit 0")
    task = prx.fork(exec=launcher)
    child = prx.fork(task)
    prx.execvp(child, ["sleep", "1000"])
    refs = [monitor(task), monitor(child)]
    keeper = keeper_pid(task)
    with OsProcesses([keeper, task.host_pid, child.host_pid]) as processes:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        assert {receive(Down, ref=ref, timeout=WAIT).pid for ref in refs} == {task, child}
        assert processes.wait_gone(WAIT) == []
    with prx.fork(exec=launcher) as again:
        assert keeper_pid(again) != keeper


def test_a_killed_keeper_takes_its_roots_along() -> None:
    """After `kill -9` of a keeper its roots are gone, those of another one are not, and it is started anew."""
    with prx.fork() as other:
        task = prx.fork(exec=GREETING)
        prx.execvp(task, ["sleep", "1000"])
        ref = monitor(task)
        with OsProcesses([task.host_pid]) as processes:
            os.kill(keeper_pid(task), signal.SIGKILL)
            assert receive(Down, ref=ref, timeout=WAIT).pid is task
            assert processes.wait_gone(WAIT) == []
        assert prx.getpid(other) == other.host_pid
        with prx.fork(exec=GREETING) as again:
            assert b"GREETING=hello" in prx.environ(again)


def test_a_root_is_forked_at_the_very_moment_after_its_keeper_was_killed() -> None:
    """The runtime finds out by the fork itself, at times, and starts the keeper anew without a word."""
    for _ in range(20):
        with prx.fork(exec=GREETING) as task:
            keeper = keeper_pid(task)
        os.kill(keeper, signal.SIGKILL)
        with prx.fork(exec=GREETING) as again:
            assert keeper_pid(again) != keeper


# Launchers that fail.


def test_a_launcher_that_does_not_exist_is_an_error() -> None:
    """It names the launcher."""
    with pytest.raises(FileNotFoundError, match="/no/such/launcher"):
        prx.fork(exec="/no/such/launcher -n")


def test_a_driver_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    """Without a launcher the system says so; with one the launcher does, in its own words."""
    nowhere = str(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        prx.fork(progname=nowhere)
    assert re.search(r"\(exit status 127\): .*nowhere.*No such file", refusal("env", nowhere))


def test_a_driver_that_is_no_program_is_an_error(tmp_path: Path) -> None:
    """A file without its execute bit cannot be started."""
    (tmp_path / "text").write_text("text")
    with pytest.raises(PermissionError, match="text"):
        prx.fork(progname=str(tmp_path / "text"))


def test_a_launcher_that_refuses_is_quoted(tmp_path: Path) -> None:
    """It ends at once with a message: the error carries its words and its exit status."""
    launcher = script(tmp_path / "launcher", "echo 'not today' >&2", "exit 7")
    assert "(exit status 7): not today" in refusal(launcher)


def test_a_launcher_that_ends_without_a_word_is_an_error() -> None:
    """The error says that there is no message."""
    assert "(exit status 1): no message" in refusal("false")


def test_a_program_that_is_not_the_driver_is_an_error() -> None:
    """Nothing answers the runtime's greeting."""
    assert "(exit status 0): no message" in refusal("", shutil.which("true"))


def test_a_launcher_that_keeps_fd_0_to_itself_is_an_error(tmp_path: Path) -> None:
    """The driver itself says that it has not got the runtime's socket, with the status for it."""
    launcher = script(tmp_path / "launcher", 'exec "$@" </dev/null')
    assert "(exit status 120): prx-driver: fd 0 is not the socket" in refusal(launcher)


def test_a_step_of_the_start_that_fails_is_named() -> None:
    """Where the hard limit is below the driver's own fds, the error is that of the call that met it."""
    require(shutil.which("prlimit"), "prlimit")
    error = os.strerror(errno.EBADF)
    said = refusal("prlimit --nofile=32:32")
    assert f"(exit status 120): prx-driver: cannot start: dup3: {error} (errno {errno.EBADF})" in said


@pytest.mark.static
def test_a_launcher_without_pidfds_is_named_as_such() -> None:
    """Where neither the call nor a socket gives one the error says that, and not that fd 0 is to blame."""
    peer = Rule("getsockopt", (Argument(2, SO_PEERPIDFD, 0xFFFFFFFF),))
    said = refusal(filtered(deny(["pidfd_open", peer], errno.ENOSYS)))
    assert f"cannot start: pidfd_open: {os.strerror(errno.ENOSYS)} (errno {errno.ENOSYS})" in said


def test_a_launcher_that_has_failed_is_tried_again(tmp_path: Path) -> None:
    """A failure is not remembered: the next root starts the launcher anew."""
    launcher = script(tmp_path / "launcher", f"mkdir {tmp_path}/second 2>/dev/null && exit 1", 'exec "$@"')
    refusal(launcher)
    with prx.fork(exec=launcher) as task:
        assert prx.getpid(task) == task.host_pid


@pytest.fixture
def short_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give launchers a third of a second."""
    monkeypatch.setattr(keepers, "START_LIMIT", 0.3)


@pytest.mark.usefixtures("short_limit")
def test_a_launcher_that_hangs_is_ended() -> None:
    """After the limit it is killed, and the error says that it was late."""
    assert "(timed out)" in refusal(["sh", "-c", "echo waiting >&2; exec sleep 1000"])


def test_a_launcher_that_hangs_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    """Meanwhile roots of others are forked, and the end of another keeper reaches those who wait for it."""
    launcher = script(
        tmp_path / "launcher",
        f"echo $$ >{tmp_path}/pid.new",
        f"mv {tmp_path}/pid.new {tmp_path}/pid",
        "exec sleep 1000",
    )
    late = threading.Thread(target=refusal, args=[launcher])
    late.start()
    until((tmp_path / "pid").exists, "the launcher hangs")
    try:
        with prx.timeout(10), prx.fork(exec=GREETING) as doomed, prx.fork() as task:
            ref = monitor(doomed)
            os.kill(keeper_pid(doomed), signal.SIGKILL)
            assert receive(Down, ref=ref, timeout=30).pid is doomed
            prx.execvp(task, ["echo", "on"])
            assert receive(Stdout, task=task, timeout=30).data == b"on\n"
            assert receive(ExitStatus, task=task, timeout=30).status == 0
    finally:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        late.join(WAIT)
    assert not late.is_alive()


@pytest.mark.parametrize(
    "launcher",
    [
        pytest.param("setpriv --no-new-privs", id="setpriv"),
        pytest.param("nsenter --uts=/proc/self/ns/uts", id="nsenter", marks=pytest.mark.root),
        pytest.param(VALGRIND, id="valgrind", marks=pytest.mark.static),
    ],
)
def test_programs_below_a_launcher_exit_stop_and_take_their_daemons_along(launcher: str) -> None:
    """As they do below a bare driver."""
    require(shutil.which(launcher.split(maxsplit=1)[0]), launcher.split(maxsplit=1)[0])
    with prx.fork(exec=launcher) as task:
        assert prx.sh(task, "echo out; exit 3") == b"out\n"
        child = prx.fork(task)
        prx.execvp(child, ["sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & echo $!; exec sleep 1000"])
        daemon = int(receive(Stdout, task=child, timeout=WAIT).data)
        with OsProcesses([daemon, child.host_pid]) as processes:
            assert prx.stop(child)
            assert processes.left() == []
            assert prx.getpid(task) == task.pidof()


@pytest.fixture
def peer_pidfds() -> None:
    """Ask the kernel for sockets that give pidfds (Linux 6.5)."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        try:
            os.close(ours.getsockopt(socket.SOL_SOCKET, SO_PEERPIDFD))
        except OSError as error:
            require(error.errno != errno.ENOPROTOOPT, "SO_PEERPIDFD")
            raise


def ends_with_its_root(root: Task) -> None:
    """Kill a root that only its pidfd tells its children of, and wait for the end of the last of them."""
    child = prx.fork(prx.fork(root))
    ref = monitor(child)
    pid = root.host_pid
    assert pid is not None
    with OsProcesses([child.host_pid]) as processes:
        os.kill(pid, signal.SIGKILL)
        assert receive(Down, ref=ref, timeout=WAIT).pid is child
        assert processes.left() == []


@pytest.mark.static
@pytest.mark.usefixtures("peer_pidfds")
def test_without_pidfd_open_a_socket_gives_the_pidfd() -> None:
    """Some launchers know no pidfd_open(2): the children of a driver learn of its death all the same."""
    with prx.fork(exec=filtered(deny(["pidfd_open"], errno.ENOSYS))) as root:
        ends_with_its_root(root)


@pytest.mark.static
@pytest.mark.usefixtures("peer_pidfds")
def test_a_tree_below_valgrind_lives_and_ends_as_any_other() -> None:
    """Forks of forks, a new image, a namespace, a killed root."""
    require(shutil.which("valgrind"), "valgrind")
    with prx.fork(exec=VALGRIND) as root:
        child = prx.fork(root)
        pid = prx.getpid(child)
        prx.reexec(child)
        assert prx.getpid(child) == pid
        assert prx.getpid(prx.clone(root, ["clone_newuser", "clone_newpid"])) == 1
        ends_with_its_root(root)
