"""Each option of a command, as the kernel sees the program."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from prx_actors import Stdout, run, stream
from prx_actors.programs import MERGE, NULL, PIPE, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.unprivileged import Unprivileged

# It stays what it is: in the midst of an exec, /proc shows neither the old nor the new one in full.
SAYS_READY = ("sh", "-c", "echo ready; while :; do sleep 1; done")
NOBODY = 65534


@contextmanager
def running(*argv: str, **options: Any) -> Iterator[int]:
    """Run a program that says something, and give its pid."""
    with stream(argv or SAYS_READY, **options) as events:
        event = next(events)
        assert isinstance(event, Stdout), event
        pid = event.task.host_pid
        assert pid is not None
        yield pid


def status(pid: int) -> dict[str, str]:
    """Return the fields of `/proc/PID/status`."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def stat(pid: int) -> list[str]:
    """Return the fields of `/proc/PID/stat` from the third, the state, on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()


def limit(pid: int, name: str) -> tuple[str, str]:
    """Return a limit, soft and hard, as `/proc/PID/limits` has it."""
    line = next(one for one in Path(f"/proc/{pid}/limits").read_text().splitlines() if one.startswith(name))
    soft, hard = line[len("Max realtime timeout      ") :].split()[:2]
    return soft, hard


def fd(pid: int, number: int) -> str:
    """Return what an fd is open on."""
    return str(Path(f"/proc/{pid}/fd/{number}").readlink())


def test_argv_and_arg0_are_what_the_program_is_told() -> None:
    """The file is looked for by argv."""
    with running("sh", "-c", "echo ready; read line", arg0="another name", stdin=PIPE) as pid:
        assert Path(f"/proc/{pid}/cmdline").read_bytes() == b"another name\0-c\0echo ready; read line\0"
        assert Path(f"/proc/{pid}/exe").readlink() == Path("/bin/sh").resolve()


def test_env_replaces_and_env_update_adds_and_removes(monkeypatch: pytest.MonkeyPatch) -> None:
    """`/proc/PID/environ` has what the program began with."""
    monkeypatch.setenv("PRX_OLD", "old")
    monkeypatch.setenv("PRX_GONE", "gone")
    with running(env_update={"PRX_NEW": "new", "PRX_GONE": None}) as pid:
        environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        assert {b"PRX_OLD=old", b"PRX_NEW=new"} <= set(environ)
        assert b"PRX_GONE=gone" not in environ
    with running("/bin/sh", "-c", "echo ready; read line", env={"A": "1"}, stdin=PIPE) as pid:
        assert Path(f"/proc/{pid}/environ").read_bytes() == b"A=1\0"


def test_the_path_of_the_programs_own_environment_is_searched(tmp_path: Path) -> None:
    """As by execvp(3) in the program's place."""
    program = tmp_path / "prx-program"
    program.write_text("#!/bin/sh\necho found\n")
    program.chmod(0o755)
    path = f"/nosuch:{tmp_path}:/usr/bin:/bin"
    assert run(["prx-program"], env_update={"PATH": path}).stdout == b"found\n"
    with pytest.raises(FileNotFoundError) as caught:
        run(["prx-program"], env_update={"PATH": "/nosuch:/bin"})
    assert caught.value.filename == "prx-program"
    program.chmod(0o644)
    with pytest.raises(PermissionError):
        run(["prx-program"], env_update={"PATH": path})


def test_cwd_is_where_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default where this program is at that moment."""
    with running(cwd=tmp_path) as pid:
        assert Path(f"/proc/{pid}/cwd").readlink() == tmp_path
    monkeypatch.chdir(tmp_path)
    with running() as pid:
        assert Path(f"/proc/{pid}/cwd").readlink() == tmp_path
    with pytest.raises(FileNotFoundError):
        run(["true"], cwd="/no/such")


def test_each_stream_is_what_was_asked_for(tmp_path: Path) -> None:
    """Nothing at all, files, fds, each other."""
    (tmp_path / "in").write_text("input")
    with running(stdin=NULL, stderr=MERGE) as pid:
        assert fd(pid, 0) == "/dev/null"
        assert fd(pid, 1) == fd(pid, 2)
        assert fd(pid, 1).startswith("pipe:")
    with (tmp_path / "err").open("wb") as file, running(stdin=tmp_path / "in", stderr=file) as pid:
        assert (fd(pid, 0), fd(pid, 2)) == (str(tmp_path / "in"), str(tmp_path / "err"))
    with (tmp_path / "err").open("wb") as file, running(stdin=tmp_path / "in", stderr=file.fileno()) as pid:
        assert fd(pid, 2) == str(tmp_path / "err")


def test_a_program_has_no_other_fds() -> None:
    """Neither of the driver nor of this program."""
    with running() as pid:
        assert sorted(os.listdir(f"/proc/{pid}/fd")) == ["0", "1", "2"]  # noqa: PTH208 - names


def test_inherited_streams_are_those_of_this_program() -> None:
    """The very same: a shared offset, and a terminal stays one."""
    script = "from prx_actors import run; from prx_actors.programs import INHERIT; print('before', flush=True); "
    script += "run(['cat'], stdin=INHERIT, stdout=INHERIT, stderr=INHERIT); print('after')"
    done = subprocess.run([sys.executable, "-c", script], input=b"input\n", capture_output=True, check=True)
    assert done.stdout == b"before\ninput\nafter\n"


def test_a_pty_is_the_programs_terminal_and_has_that_size() -> None:
    """It controls the session, whose leader the program is."""
    with running("sh", "-c", "echo ready; read line", pty=Window(10, 20)) as pid:
        assert fd(pid, 0).startswith("/dev/pts/")
        assert {fd(pid, number) for number in (0, 1, 2)} == {fd(pid, 0)}
        terminal = Path(fd(pid, 0)).stat().st_rdev
        assert int(stat(pid)[4]) == (os.major(terminal) << 8 | os.minor(terminal))
    assert run(["stty", "size"], pty=Window(10, 20)).stdout == b"10 20\r\n"
    assert run(["stty", "size"], pty=True).stdout == b"24 80\r\n"


def test_every_program_has_a_session_of_its_own() -> None:
    """Nothing typed at this program's terminal reaches it."""
    with running() as pid:
        assert os.getsid(pid) == pid != os.getsid(0)
        assert stat(pid)[2:4] == [str(pid), str(pid)]


def test_umask() -> None:
    """As the mode that it takes away."""
    with running(umask=0o027) as pid:
        assert status(pid)["Umask"] == "0027"


def test_nice() -> None:
    """Higher than ours: that takes no privileges."""
    with running(nice=11) as pid:
        assert os.getpriority(os.PRIO_PROCESS, pid) == 11


def test_rlimits() -> None:
    """One number is both, the soft and the hard one; the program's own are not touched."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with running(rlimits={"nofile": 100, "RLIMIT_CORE": (0, 4096), "fsize": (1 << 20, 1 << 21)}) as pid:
        assert limit(pid, "Max open files") == ("100", "100")
        assert limit(pid, "Max core file size") == ("0", "4096")
        assert limit(pid, "Max file size") == ("1048576", "2097152")
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


@pytest.mark.parametrize("flag", [True, False])
def test_no_new_privs_is_on_unless_asked_otherwise(flag: bool) -> None:
    """Set-user-ID programs give none."""
    with running(no_new_privs=flag) as pid:
        assert status(pid)["NoNewPrivs"] == str(int(flag))
    with running() as pid:
        assert status(pid)["NoNewPrivs"] == "1"


@pytest.mark.root
def test_a_user_comes_with_all_of_its_groups_and_none_of_ours() -> None:
    """By name or number: real, effective, saved and file-system ids."""
    for user in ("nobody", NOBODY):
        with running(user=user) as pid:
            fields = status(pid)
            assert fields["Uid"].split() == [str(NOBODY)] * 4
            assert fields["Gid"].split() == [str(NOBODY)] * 4
            assert fields["Groups"].split() == [str(NOBODY)]
            assert fields["CapEff"] == "0" * 16


@pytest.mark.root
def test_a_user_that_nobody_knows_has_no_groups() -> None:
    """Ours are not inherited: they are root's."""
    with running(user=54321, group=54322) as pid:
        fields = status(pid)
        assert (fields["Uid"].split()[0], fields["Gid"].split()[0], fields["Groups"]) == ("54321", "54322", "")


@pytest.mark.root
def test_a_group_and_groups_may_be_chosen() -> None:
    """With a user or without."""
    with running(user="nobody", group="daemon", groups=["adm", 7]) as pid:
        fields = status(pid)
        assert (fields["Uid"].split()[0], fields["Gid"].split()[0]) == (str(NOBODY), "1")
        assert sorted(map(int, fields["Groups"].split())) == [4, 7]
    with running(group=1, groups=[]) as pid:
        fields = status(pid)
        assert (fields["Uid"].split()[0], fields["Gid"].split()[0], fields["Groups"]) == ("0", "1", "")


@pytest.mark.root
def test_a_better_priority_is_set_before_the_user() -> None:
    """What takes root is done as root."""
    with running(user="nobody", nice=-5) as pid:
        assert os.getpriority(os.PRIO_PROCESS, pid) == -5


@pytest.mark.root
def test_a_terminal_belongs_to_the_user() -> None:
    """Who may open it anew, as a login shell does."""
    with running("sh", "-c", "echo ready > $(tty); read line", user="nobody", pty=True) as pid:
        assert Path(fd(pid, 0)).stat().st_uid == NOBODY


@pytest.mark.root
def test_whom_we_may_not_become_we_do_not(unprivileged: Unprivileged) -> None:
    """The error is the kernel's."""
    done = unprivileged.run("-c", "from prx_actors import run; run(['true'], user='root')")
    assert "PermissionError: [Errno 1] Operation not permitted" in done.stderr


def test_a_stop_signal_asks_it_to_end() -> None:
    """And not another one."""
    script = "trap 'echo stopped; exit 5' USR1; echo ready; while :; do sleep 0.01; done"
    with stream(["sh", "-c", script], stop_signal=signal.SIGUSR1, timeout=1) as program:
        events = list(program)
    assert b"".join(event.data for event in events if isinstance(event, Stdout)) == b"ready\nstopped\n"
    assert events[-1].status == 5  # type: ignore[union-attr]
