"""What each level of containment does about each kind of escape: the cells of the table in the docs."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from chaos.processes import process
from support.ends import WAIT, down_of
from support.features import require
from support.freezer import Freezer
from support.namespaces import need_user_namespaces, user_namespace

from prx_actors import Containment, ExitStatus, Stdout, Task, monitor, prx, receive, shutdown
from prx_actors.driver.keeper import is_own_run
from prx_actors.system.machine import SYSCALLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE = Path(__file__).parents[2] / "docs/explanation/containment.md"

NAMESPACE, CGROUP, SUBREAPER = Containment
GENERATIONS = 3000

# What starts an escapee, with WAITS in the place of what it does.
WAITS = "echo ready; exec sleep 1000 >/dev/null 2>&1"
ESCAPES = {
    "same process group": "sh -c 'WAITS' &",
    "own session": "setsid sh -c 'WAITS' &",
    "daemon, by two forks": "(setsid sh -c 'WAITS' &)",
    "stopped": "(setsid sh -c 'echo ready; kill -STOP $$; sleep 1000' &)",
    "ignores `SIGTERM`": """(setsid sh -c 'trap "" TERM; WAITS' &)""",
    "changed credentials": "(setsid setpriv --reuid=65534 --regid=65534 --clear-groups sh -c 'WAITS' &)",
    "setuid program": "(setsid $SETUID -c 'WAITS' &)",
    "login session": "(runuser -u nobody -- setsid sh -c 'WAITS' &)",
    "`setns` into another container": "nsenter -t $INTO -p sh -c '(setsid sh -c \"WAITS\" &)' || exit 3",
    "forks in a loop": "(setsid $COMET 0 &) ; echo ready",
    "new PID namespace": "(setsid $UNSHARE sh -c '(setsid sh -c \"WAITS\" &) ; exec sleep 1000 >/dev/null 2>&1' &)",
    "state D, by `vfork`": '(setsid $PYTHON -Ic "$VFORK" &)',
    "frozen cgroup of version 1": "(setsid sh -c 'WAITS' &)",
    "several killed at once": "(setsid sh -c 'WAITS' &)",
}
AS_ROOT = {
    *("changed credentials", "setuid program", "login session", "`setns` into another container"),
    "frozen cgroup of version 1",
}

GONE, REFUSED, SURVIVES, NAMED = "gone", "refused", "survives", "named"
TABLE = {escape: dict.fromkeys(Containment, GONE) for escape in ESCAPES}
TABLE["`setns` into another container"] = {NAMESPACE: REFUSED, CGROUP: GONE, SUBREAPER: SURVIVES}
TABLE["frozen cgroup of version 1"] = dict.fromkeys(Containment, NAMED)

# A parent that waits, in state D, for a child that never gets to exec; the child has memory of its own.
VFORK = """
import ctypes, os, signal, time
if ctypes.CDLL(None).syscall(NUMBER, 0x4000 | signal.SIGCHLD, 0, 0, 0, 0) == 0:
    os.write(1, b"ready\\n")
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    time.sleep(1000)
""".replace("NUMBER", str(SYSCALLS["clone"]))

UNSHARE = ["unshare --user --map-root-user --pid --fork", "unshare --pid --fork"]

# A launcher whose keeper finds no tree of version 2.
WITHOUT_GROUPS = ["unshare", "--mount", "sh", "-c", 'umount -a -t cgroup2; exec "$@"', "sh"]


@pytest.fixture(autouse=True)
def own_keepers() -> Iterator[None]:
    """End the keepers of a test's launchers."""
    yield
    shutdown()


def tree() -> Path | None:
    """Return where the tree of version 2 is that a keeper of ours would use, if it may."""
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines() if " - cgroup2 " in line]
    own = Path("/proc/self/cgroup").read_text().rpartition("0::/")[2].split("\n")[0]
    found = [Path(mount[4]) / own for mount in mounts]
    return next((path for path in found if os.access(path, os.W_OK)), None)


def groups() -> list[str]:
    """List the groups of this runtime's keepers."""
    path = tree()
    return (
        []
        if path is None
        else [one.name for one in path.glob("prx-actors-*-*") if is_own_run(int(one.name.split("-")[2], 16))]
    )


def launcher() -> list[str] | None:
    """Return what keeps a keeper from making groups; nobody cannot make any, as a rule."""
    return WITHOUT_GROUPS if os.geteuid() == 0 else None


@contextmanager
def contained(level: Containment) -> Iterator[tuple[Task, Task]]:
    """Fork a task whose end counts, and one to run programs in, which may be the same."""
    if level is not NAMESPACE:
        if level is CGROUP:
            require(tree(), "a tree of control groups that may be written")
        with prx.fork(exec=launcher() if level is SUBREAPER else None, killdelay=0.5, drain=0.1) as task:
            yield task, task
        return
    need_user_namespaces("--pid", "--fork")
    with prx.fork(exec=launcher(), killdelay=0.5, drain=0.1) as root:
        first = (prx.clone if os.geteuid() == 0 else user_namespace)(root, ["clone_newpid"])
        yield first, prx.fork(first)


def with_token(token: str) -> list[int]:
    """List the processes that have a variable in their environment, be it through a fork in a loop."""
    found = set()
    for _ in range(10):
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and f"CELL={token}".encode() in (entry / "environ").read_bytes():
                    found.add(int(entry.name))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
    return sorted(pid for pid in found if Path(f"/proc/{pid}").exists())


@pytest.fixture
def token() -> Iterator[str]:
    """Make up a name for what a test starts, and end what is left of that."""
    name = uuid4().hex
    yield name
    for pid in with_token(name):
        if pid != os.getpid():
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def container() -> Iterator[int]:
    """Run another one's container; return the pid of its first process."""
    require(shutil.which("nsenter"), "nsenter")
    argv = ["unshare", "--pid", "--fork", "--kill-child", sys.executable, "-Ic", FIRST]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        [first] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield int(first)
        process.kill()


FIRST = "import signal, sys; signal.signal(17, signal.SIG_IGN); print('ready', flush=True); sys.stdin.read()"


def run(task: Task, escape: str, token: str, folder: Path, into: int) -> None:
    """Turn a task into a program that starts an escapee, and then waits for input."""
    comet = folder / "comet"
    comet.write_text(f'#!/bin/sh\n[ "$1" -lt {GENERATIONS} ] && setsid "$0" $(($1 + 1)) &\n')
    comet.chmod(0o755)
    script = ESCAPES[escape].replace("WAITS", WAITS)
    environment = {
        "PATH": os.environ["PATH"],
        "CELL": token,
        "COMET": comet,
        "INTO": into,
        "SETUID": folder / "setuid",
        "UNSHARE": UNSHARE[task.getuid() == 0],
        "PYTHON": sys.executable,
        "VFORK": VFORK,
    }
    variables = [f"{name}={value}" for name, value in environment.items()]
    prx.execve(task, ["/bin/sh", "-c", f"{script}\nread line"], variables)


def is_killed(task: Task) -> None:
    """Send SIGKILL, from outside."""
    assert task.host_pid
    os.kill(task.host_pid, signal.SIGKILL)


def parent_of(pid: int) -> int:
    """Return a process' parent."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("PPid:"))


def kill_all(task: Task) -> None:
    """Kill a task and the drivers above it up to the keeper, at once."""
    pids = [task.host_pid or 0]
    while Path(f"/proc/{parent_of(pids[-1])}/comm").read_text() == "prx-driver\n":
        pids.append(parent_of(pids[-1]))
    for kill in [partial(os.kill, pid, signal.SIGSTOP) for pid in pids]:
        kill()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def wait_until(holds: Callable[[], bool]) -> bool:
    """Wait for it as long as anything may take."""
    deadline = time.monotonic() + WAIT
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def cells() -> list[object]:
    """Name the cells as the docs do."""
    marks = {name: [pytest.mark.root] if name in AS_ROOT else [] for name in ESCAPES}
    return [
        pytest.param(
            escape,
            level,
            id=f"{escape}: {level.value}",
            marks=[*marks[escape], *([pytest.mark.root] * (level is CGROUP))],
        )
        for escape in ESCAPES
        for level in Containment
    ]


@pytest.mark.parametrize(("escape", "level"), cells())
def test_a_cell_of_the_table(
    escape: str, level: Containment, token: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """SIGKILL for the task, or for all drivers above it: what has escaped is as the table says."""
    outcome = TABLE[escape][level]
    into = request.getfixturevalue("container") if "setns" in escape else 0
    if escape == "new PID namespace" and os.geteuid() != 0:
        need_user_namespaces("--pid", "--fork")
    if escape == "login session":
        require(shutil.which("runuser"), "runuser")
    if escape == "setuid program":
        shutil.copy("/bin/sh", tmp_path / "setuid")
        os.chown(tmp_path / "setuid", 65534, 65534)
        (tmp_path / "setuid").chmod(0o4755)
    with contained(level) as (top, task):
        assert top.containment is task.containment is level
        run(task, escape, token, tmp_path, into)
        if outcome == REFUSED:
            assert receive(ExitStatus, task=task, timeout=WAIT).status == 3
            return
        assert receive(Stdout, task=task, timeout=WAIT).data == b"ready\n"
        if escape.startswith("state D"):
            assert wait_until(lambda: "D" in [state_of(pid) for pid in with_token(token)])
        if outcome == SURVIVES:
            # Until then it is a descendant as any other.
            assert wait_until(lambda: into in parents_of(with_token(token)))
        ref = monitor(top)
        if outcome == NAMED:
            with Freezer.made() as freezer:
                freezer.freeze(*(escaped := [pid for pid in with_token(token) if pid != task.host_pid]))
                # The first process of a namespace that somebody kills is no more dead than those that it waits for.
                (prx.stop if level is NAMESPACE else is_killed)(top)
                assert named_by(down_of(ref)) >= set(escaped)
                assert with_token(token) == escaped
            return
        (kill_all if escape == "several killed at once" else is_killed)(top)
        down_of(ref)
        assert len(with_token(token)) == (outcome == SURVIVES)


def parents_of(pids: list[int]) -> list[int]:
    """Return the parents of those that are there."""
    return [found.parent for found in map(process, pids) if found]


def state_of(pid: int) -> str:
    """Return a process' state, nothing when it is gone."""
    found = process(pid)
    return found.state if found else ""


def named_by(reason: object) -> set[int]:
    """Return the pids of what is not gone."""
    match reason:
        case ("unkillable", tuple(pids)):
            return set(pids)
    return set()


def test_the_table_of_the_docs_is_this_one() -> None:
    """Row by row, by the first words of each cell."""
    heading = "| what it does | `pid_namespace` | `cgroup` | `subreaper` |"
    lines = PAGE.read_text().partition(heading)[2].split("\n\n", 1)[0].splitlines()[2:]
    printed = {row[0]: row[1:] for row in ([cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines)}
    assert printed == {escape: [TABLE[escape][level] for level in Containment] for escape in ESCAPES}


@pytest.mark.root
def test_a_leaf_goes_with_its_root_and_the_group_with_its_keeper() -> None:
    """Even where the program has made groups in it, with processes in them."""
    path = tree()
    require(path, "a tree of control groups that may be written")
    assert path is not None
    with prx.fork() as other:
        task = prx.fork(killdelay=0.5, drain=0.1)
        below = f"{path}/{groups()[0]}/$(sed -n 's:^0\\:.*/::p' /proc/self/cgroup)/below"
        moved = f"setsid sleep 1000 >/dev/null & echo $! >{below}/cgroup.procs"
        prx.execvp(task, ["sh", "-c", f"mkdir {below}; {moved}; echo ready; read line"])
        assert receive(Stdout, task=task, timeout=WAIT).data == b"ready\n"
        [group] = groups()
        assert len(leaves(path / group)) == 2
        assert [one for leaf in leaves(path / group) for one in leaves(leaf)]
        ref = monitor(task)
        is_killed(task)
        down_of(ref)
        assert len(leaves(path / group)) == 1
        assert other.containment is CGROUP
    shutdown()
    assert groups() == []


def leaves(group: Path) -> list[Path]:
    """List the groups in a group."""
    return [one for one in group.iterdir() if one.is_dir()]


@pytest.mark.root
def test_only_groups_of_dead_keepers_are_removed() -> None:
    """By the next keeper, with what is in them; a living one's, and those with other names, stay."""
    path = tree()
    require(path, "a tree of control groups that may be written")
    assert path is not None
    names = ("prx-actors-0123456fe-1", "prx-actors-0123456ff-1", "prx-actors-x-1")
    dead, alive, other = (path / name for name in names)
    sleepers: list[subprocess.Popen[bytes]] = []
    locks: list[int] = []
    try:
        for group in (dead, alive, other):
            group.mkdir()
            # At once, the dead one's too until all is set up: keepers of other programs look for groups as well.
            locks.append(os.open(group, os.O_RDONLY))
            fcntl.flock(locks[-1], fcntl.LOCK_EX)
            (group / "7").mkdir()
            sleepers.append(subprocess.Popen(["sleep", "1000"]))
            (group / "7" / "cgroup.procs").write_text(str(sleepers[-1].pid))
        os.close(locks.pop(0))
        shutdown()
        with prx.fork():
            assert not dead.exists()
            assert sleepers[0].wait(WAIT) == -signal.SIGKILL
            assert [sleeper.poll() for sleeper in sleepers[1:]] == [None, None]
            assert (alive / "7").exists()
            assert (other / "7").exists()
    finally:
        for lock in locks:
            os.close(lock)
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait(WAIT)
        for group in (dead, alive, other):
            for folder in (group / "7", group):
                if folder.exists():
                    folder.rmdir()
