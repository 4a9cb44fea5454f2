"""What the kernel does not end: `Exit` and `Down` come in bounded time all the same, and name it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import children
from support.ends import WAIT, OsProcesses, down_of, own, run_program
from support.features import require
from support.freezer import Freezer

from prx_actors import ExitStatus, Stdout, Task, exit_signal, monitor, prx, receive
from prx_actors.system.native import lib

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.unprivileged import Unprivileged

KILLDELAY = 0.5
NEVER = 1000.0
"""A killdelay that is not waited for."""

pytestmark = pytest.mark.root


@pytest.fixture
def freezer() -> Iterator[Freezer]:
    """Make a freezer for what a test starts."""
    with Freezer.made() as made:
        yield made


def pids_in(text: bytes) -> list[int]:
    """Return the numbers that stand in lines of their own."""
    return [int(pid) for pid in re.findall(rb"^(\d+)\n", text, re.MULTILINE)]


def with_daemon(task: Task, then: str = "read line; exit 3") -> int:
    """Turn a task into a program that leaves a daemon behind, and return that one's pid."""
    prx.execvp(task, ["sh", "-c", f"setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' & {then}"])
    return pids_in(receive(Stdout, task=task, timeout=WAIT).data)[0]


def test_a_frozen_program_is_named_and_goes_when_it_thaws(freezer: Freezer) -> None:
    """Its parent and its sibling go on."""
    with prx.fork(killdelay=KILLDELAY) as root:
        sibling = prx.fork(root)
        task = run_program(root)
        pid = task.host_pid
        with OsProcesses([pid]) as process:
            freezer.freeze(pid)
            ref = monitor(task)
            begun = time.monotonic()
            prx.stop(task)
            assert down_of(ref) == ("unkillable", (pid,))
            assert time.monotonic() - begun >= KILLDELAY
            assert process.left() == [pid]
            assert prx.getpid(root)
            assert prx.getpid(sibling)
            freezer.thaw()
            assert process.wait_gone(WAIT) == []
        assert [child.pid for child in children(root)] == [sibling.pidof()]


def test_kill_waits_for_no_deadline_either(freezer: Freezer) -> None:
    """The bound begins at once."""
    with prx.fork(killdelay=KILLDELAY) as root:
        task = run_program(root, killdelay=NEVER)
        pid = task.host_pid
        freezer.freeze(pid)
        ref = monitor(task)
        exit_signal(task, "kill")
        assert down_of(ref) == ("unkillable", (pid,))


def test_a_frozen_daemon_is_named_and_goes_when_it_thaws(freezer: Freezer) -> None:
    """The program ends by itself, and only what it has left does not."""
    with prx.fork(killdelay=KILLDELAY, drain=0.1) as root:
        task = prx.fork(root)
        daemon = with_daemon(task)
        with OsProcesses([daemon]) as process:
            freezer.freeze(daemon)
            ref = monitor(task)
            prx.stdin(task, "\n")
            assert receive(ExitStatus, task=task, timeout=WAIT).status == 3
            assert down_of(ref) == ("unkillable", (daemon,))
            assert prx.getpid(root)
            freezer.thaw()
            assert process.wait_gone(WAIT) == []


def test_all_that_a_frozen_program_has_started_is_named(freezer: Freezer) -> None:
    """What is below it no driver sees; the keeper does, and kills it."""
    with prx.fork(killdelay=KILLDELAY) as root:
        task = prx.fork(root)
        prx.execvp(task, ["sh", "-c", "sleep 1000 & echo $!; wait"])
        below = pids_in(receive(Stdout, task=task, timeout=WAIT).data)
        pids = sorted([task.host_pid or 0, *below])
        with OsProcesses(pids) as processes:
            freezer.freeze(*pids)
            ref = monitor(task)
            prx.stop(task)
            assert down_of(ref) == ("unkillable", tuple(pids))
            freezer.thaw()
            assert processes.wait_gone(WAIT) == []


def test_of_a_crowd_as_many_are_named_as_one_event_has_room_for(freezer: Freezer) -> None:
    """The parent driver and the keeper name some each."""
    count = 2 * lib.PRX_PIDS_MAX
    with prx.fork(killdelay=KILLDELAY, drain=0.1) as root:
        task = prx.fork(root)
        crowd = f"for i in $(seq {count}); do setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' & done"
        prx.execvp(task, ["sh", "-c", f"{crowd}; read line; exit 3"])
        text = b""
        while len(pids := pids_in(text)) < count:
            text += receive(Stdout, task=task, timeout=WAIT).data
        with OsProcesses(pids) as processes:
            freezer.freeze(*pids)
            ref = monitor(task)
            prx.stdin(task, "\n")
            match down_of(ref):
                case ("unkillable", tuple(named)):
                    assert set(named) <= set(pids)
                    assert len(named) >= lib.PRX_PIDS_MAX
                case other:
                    pytest.fail(f"ended with {other}")
            assert prx.getpid(root)
            freezer.thaw()
            assert processes.wait_gone(WAIT) == []


def test_a_frozen_driver_is_named_and_what_is_below_it_is_gone(freezer: Freezer) -> None:
    """It hands no order down."""
    with prx.fork(killdelay=KILLDELAY) as root:
        middle = prx.fork(root)
        low = prx.fork(middle)
        program = run_program(middle)
        pid = middle.host_pid
        with OsProcesses([low.host_pid, program.host_pid]) as below:
            freezer.freeze(pid)
            ref = monitor(middle)
            prx.stop(middle)
            assert down_of(ref) == ("unkillable", (pid,))
            freezer.thaw()
            assert below.wait_gone(WAIT) == []


def test_the_tasks_above_name_it_too(freezer: Freezer) -> None:
    """Not only the one that it is of: whoever waits for an ancestor has to know as well."""
    root = prx.fork(killdelay=KILLDELAY)
    middle = prx.fork(root)
    task = run_program(middle)
    pid = task.host_pid
    freezer.freeze(pid)
    refs = [monitor(one) for one in (root, middle, task)]
    prx.stop(root)
    assert [down_of(ref) for ref in refs] == [("unkillable", (pid,))] * 3


def test_an_owner_that_dies_with_its_task_names_it_too(freezer: Freezer) -> None:
    """Its own reason gives way to that."""
    owner = own(lambda: run_program(None, killdelay=KILLDELAY))
    pid = owner.what.host_pid
    freezer.freeze(pid)
    exit_signal(owner.pid, "died")
    assert down_of(owner.ref) == ("unkillable", (pid,))


def test_pids_are_those_that_the_runtime_sees(freezer: Freezer) -> None:
    """Not those of the namespace whose first process is the parent."""
    with prx.fork(killdelay=KILLDELAY, drain=0.1) as root:
        init = prx.clone(root, ["clone_newpid", "clone_newns"])
        prx.mount(init, None, "/", None, ["ms_rec", "ms_private"], None)
        prx.mount(init, "proc", "/proc", "proc", 0, None)
        task = prx.fork(init)
        inner = with_daemon(task)
        namespaces = {int(line.split()[-1]): pid for pid, line in namespace_pids(init)}
        daemon = namespaces[inner]
        with OsProcesses([daemon]) as process:
            freezer.freeze(daemon)
            ref = monitor(task)
            prx.stdin(task, "\n")
            assert receive(ExitStatus, task=task, timeout=WAIT).status == 3
            assert down_of(ref) == ("unkillable", (daemon,))
            freezer.thaw()
            assert process.wait_gone(WAIT) == []


def namespace_pids(init: Task) -> list[tuple[int, str]]:
    """List the processes of a namespace: pid, and the line of its status that names all pids it has."""
    assert init.host_pid
    wanted = os.readlink(f"/proc/{init.host_pid}/ns/pid")  # noqa: PTH115 -- no path
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "ns" / "pid") == wanted:  # noqa: PTH115 -- no path
                text = (entry / "status").read_text()
                found.append((int(entry.name), next(line for line in text.splitlines() if line.startswith("NSpid"))))
        except OSError:
            continue
    return found


ROOTLESS = """
import json, sys
from prx_actors import ExitStatus, Stdout, monitor, receive, Down, prx

with prx.fork(killdelay=0.5, drain=0.1) as root:
    sibling = prx.fork(root)
    task = prx.fork(root)
    prx.execvp(task, ["sh", "-c", sys.argv[1]])
    pid = int(receive(Stdout, task=task, timeout=30).data)
    ref = monitor(task)
    if sys.argv[2] == "stop":
        prx.stop(task)
    else:
        prx.stdin(task, "\\n")
    reason = receive(Down, ref=ref, timeout=30).reason
    print(json.dumps([pid, reason, prx.getpid(sibling) > 0]))
"""

BECOME_ROOT = "{0} --reuid=0 --regid=0 --clear-groups sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1'"


@pytest.mark.parametrize("end", ["stop", "exit"])
def test_a_program_that_has_become_root_under_a_runtime_that_is_not(unprivileged: Unprivileged, end: str) -> None:
    """A setuid program that changes all its uids is out of reach: it is named, as it is or as a daemon."""
    setpriv = shutil.which("setpriv")
    require(setpriv, "setpriv")
    assert setpriv is not None
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        helper = Path(folder, "setpriv")
        shutil.copy(setpriv, helper)
        helper.chmod(0o4755)
        become = BECOME_ROOT.format(helper)
        script = f"exec {become}" if end == "stop" else f"setsid {become} & read line; exit 3"
        done = unprivileged.run("-c", ROOTLESS, script, end)
    assert done.returncode == 0, done.stderr
    pid, reason, sibling_lives = json.loads(done.stdout)
    with OsProcesses([pid]) as process:
        assert reason == ["unkillable", [pid]]
        assert sibling_lives
        assert process.left() == [pid]
        os.kill(pid, signal.SIGKILL)
        assert process.wait_gone(WAIT) == []
