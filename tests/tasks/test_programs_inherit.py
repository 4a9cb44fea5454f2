"""What a program inherits of its driver, and that a failed exec gives all of it back."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.calls import children, fails, outcome, until

from prx_actors import Down, Signal, Stdout, monitor, prx, receive
from prx_actors.driver.keeper import driver_path, keeper_for

if TYPE_CHECKING:
    from prx_actors import Task

PRCTL = """
import ctypes, json
libc, found = ctypes.CDLL(None), {}
for name, option in (("death signal", 2), ("subreaper", 37)):
    value = ctypes.c_int(-1)
    assert libc.prctl(option, ctypes.byref(value)) == 0
    found[name] = value.value
print(json.dumps(found))
"""


def start_cat(task: Task) -> int:
    """Turn a task into a `cat` that runs for sure, and return its pid."""
    prx.execvp(task, ["cat"])
    prx.stdin(task, "up")
    assert receive(Stdout, task=task, timeout=30).data == b"up"
    assert task.host_pid is not None
    return task.host_pid


def fds(pid: int | None) -> set[int]:
    """Return the fds of a process."""
    return {int(entry.name) for entry in Path(f"/proc/{pid}/fd").iterdir()}


def status(pid: int | None) -> dict[str, str]:
    """Return what `/proc` says of a process' signals."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    pairs = (line.split(":", 1) for line in lines)
    return {name: value.strip() for name, value in pairs if name in {"SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd"}}


def limit(pid: int | None, name: str) -> tuple[str, str]:
    """Return a soft and a hard limit of a process."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    soft, hard = next(line for line in lines if line.startswith(name))[len(name) :].split()[:2]
    return soft, hard


@pytest.mark.parametrize("depth", [0, 1, 4])
def test_a_program_has_three_fds_whatever_its_driver_had(depth: int) -> None:
    """In a root and below; with siblings of which some are programs."""
    with prx.fork() as root:
        task = root
        for _ in range(depth):
            prx.fork(task)
            start_cat(prx.fork(task))
            task = prx.fork(task)
        pid = start_cat(task)
        until(lambda: fds(pid) == {0, 1, 2}, "only 0, 1 and 2 are open")
        targets = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)]  # noqa: PTH115 -- a pipe is no path
        assert len({target for target in targets if target.startswith("pipe:")}) == 3


def test_a_program_gets_the_fds_that_were_opened_for_it(tmp_path: Path) -> None:
    """Not those that were opened close-on-exec; nor those of the other children."""
    (tmp_path / "file").write_text("the content")
    with prx.fork() as task:
        child, sibling = prx.fork(task), prx.fork(task)
        prx.open(sibling, "/dev/null", "o_rdonly")
        kept = prx.open(child, tmp_path / "file", "o_rdonly")
        prx.open(child, tmp_path / "file", ["o_rdonly", "o_cloexec"])
        also = prx.open(child, "/dev/null", "o_rdonly")
        prx.execvp(child, ["sh", "-c", f"cat <&{kept}; read line"])
        assert receive(Stdout, task=child, timeout=30).data == b"the content"
        until(lambda: fds(child.host_pid) == {0, 1, 2, kept, also}, "these are open")


def test_an_fd_opened_in_the_place_of_a_stream_is_the_program_s_stream(tmp_path: Path) -> None:
    """After stdin was closed and a file opened in its place."""
    (tmp_path / "file").write_text("from the file")
    with prx.fork() as task:
        prx.close(task, 0)
        assert prx.open(task, tmp_path / "file", "o_rdonly") == 0
        prx.execvp(task, ["cat"])
        assert outcome(task).stdout == b"from the file"


def test_dispositions_are_the_default_and_the_mask_is_empty() -> None:
    """Although Python ignores SIGPIPE and the driver catches and blocks nearly all."""
    assert signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN
    with prx.fork() as task:
        found = status(start_cat(prx.fork(task)))
    assert found["SigCgt"] == found["SigBlk"] == "0" * 16
    # 32 and 33 belong to the C library; whoever started Python may have had them ignored.
    assert int(found["SigIgn"], 16) & ~(3 << 31) == 0


def test_a_broken_pipe_ends_a_program_as_it_does_in_a_shell() -> None:
    """SIGPIPE has its default effect."""
    with prx.fork() as task:
        prx.execvp(task, ["sh", "-c", "{ yes; echo $? >&2; } | head -1; sleep 0"])
        ended = outcome(task)
    assert ended.stdout == b"y\n"
    assert ended.stderr.strip() == b"%d" % (128 + signal.SIGPIPE)


INHERITED = """
import json, resource, signal, sys
from pathlib import Path
from prx_actors import Stdout, prx, receive

with prx.fork() as root:
    try:
        prx.execvp(root, ["/nosuch"])
    except FileNotFoundError:
        pass
    task = prx.fork(root)
    prx.execvp(task, ["cat"])
    prx.stdin(task, "up")
    receive(Stdout, task=task, timeout=30)
    found = [Path(f"/proc/{task.host_pid}/{name}").read_text() for name in ("status", "limits")]
    limits = Path(f"/proc/{root.host_pid}/limits").read_text()
print(json.dumps([*found, limits, resource.getrlimit(resource.RLIMIT_NOFILE)]))
"""


def in_a_program_of_its_own(*before: str) -> tuple[str, str, str, list[int]]:
    """Run the script in another Python, after some lines of preparation.

    Returns:
        the program's status and limits, its driver's limits, and the fd limits of that runtime
    """
    script = "\n".join(["import resource, signal", *before, INHERITED])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, timeout=30)
    found: tuple[str, str, str, list[int]] = json.loads(done.stdout)
    return found


def test_what_the_runtime_ignores_and_blocks_is_not_inherited() -> None:
    """Not even when it did so before it started the keeper."""
    text, *_ = in_a_program_of_its_own(
        "for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGUSR1):",
        "    signal.signal(number, signal.SIG_IGN)",
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, signal.SIGTERM, signal.SIGUSR2, signal.SIGRTMIN})",
    )
    found = dict(line.split(":\t", 1) for line in text.splitlines() if line.startswith("Sig") and ":\t" in line)
    assert int(found["SigBlk"], 16) == 0
    assert int(found["SigIgn"], 16) & ~(3 << 31) == 0


@pytest.mark.parametrize("soft", [256, 1000])
def test_a_program_has_the_soft_fd_limit_that_the_runtime_began_with(soft: int) -> None:
    """While runtime and driver go on with the hard one, the driver after a failed exec too."""
    _, program, driver, now = in_a_program_of_its_own(
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))"
    )
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert now == [hard, hard]
    found = [next(line for line in text.splitlines() if "open files" in line) for text in (program, driver)]
    assert [line.split()[3:5] for line in found] == [[str(soft), str(hard)], [str(hard), str(hard)]]


def test_programs_die_with_their_parent_and_are_no_subreapers() -> None:
    """As prctl(2) says in the program itself."""
    with prx.fork() as task:
        prx.execvp(task, [sys.executable, "-c", PRCTL])
        ended = outcome(task)
    assert json.loads(ended.stdout) == {"death signal": signal.SIGKILL, "subreaper": 0}


def mark(pid: int | None) -> tuple[int, int, int]:
    """Return the three parts of a process' mark."""
    soft, hard = limit(pid, "Max realtime timeout")
    assert hard == "unlimited"
    return int(soft) >> 62, (int(soft) >> 26) & (1 << 36) - 1, int(soft) & (1 << 26) - 1


def test_every_task_has_a_mark_that_its_daemons_inherit() -> None:
    """The run's and its own, in call state, as a program, and through setsid and an empty environment."""
    run_id = keeper_for((), driver_path()).run_id
    with prx.fork(exec="") as task:
        child = prx.fork(task)
        # An answer of its own says that it has come up; fork's is the parent's.
        assert [mark(prx.getpid(one)) for one in (task, child)] == [
            (1, run_id, one._process.driver.id) for one in (task, child)
        ]
        before = mark(child.host_pid)
        prx.execvp(child, ["sh", "-c", "env -i setsid sh -c 'echo $$; read line' <&0; read line"])
        daemon = int(receive(Stdout, task=child, timeout=30).data)
        assert mark(child.host_pid) == before
        assert mark(daemon) == before


FAILING = {errno.ENOENT: ["/nosuch"], errno.EACCES: ["/"], errno.E2BIG: ["true", "x" * 200_000]}


@pytest.mark.parametrize("number", FAILING, ids=errno.errorcode.__getitem__)
def test_a_failed_exec_gives_everything_back(number: int) -> None:
    """Signals, mask, limits, fds and mark are what they were."""
    with prx.fork() as task:
        child = prx.fork(task)

        def everything() -> object:
            pid = prx.getpid(child)
            until(lambda: int(status(pid)["SigBlk"], 16) == 0, "it waits for calls")
            limits = Path(f"/proc/{pid}/limits").read_text()
            return status(pid), limits, sorted(fds(pid)), mark(pid), prx.environ(child)

        before = everything()
        for _ in range(3):
            with fails(number, filename=FAILING[number][0].encode()):
                prx.execvp(child, FAILING[number])
            assert everything() == before


def test_after_a_failed_exec_signals_and_children_are_reported_as_before() -> None:
    """The driver's handlers and its mask work."""
    with prx.fork() as task:
        with fails(errno.ENOENT, filename=b"/nosuch"):
            prx.execvp(task, ["/nosuch"])
        prx.kill(task, prx.getpid(task), "sigusr1")
        assert receive(Signal, task=task, timeout=30).signal is signal.SIGUSR1
        child = prx.fork(task)
        prx.execvp(child, ["sh", "-c", "exit 7"])
        assert outcome(child).end.status == 7  # type: ignore[union-attr]
        until(lambda: children(task) == [], "the child is reaped")


def test_after_a_failed_exec_a_call_holds_signals_back_as_before(tmp_path: Path) -> None:
    """The mask in the middle of a call is the driver's again, not a program's empty one."""
    os.mkfifo(tmp_path / "fifo")
    with prx.fork() as task:
        fd = prx.open(task, tmp_path / "fifo", "o_rdwr")
        pid = prx.getpid(task)
        until(lambda: int(status(pid)["SigBlk"], 16) == 0, "it waits for calls")
        masks = []
        for _ in range(2):
            with pytest.raises(TimeoutError), prx.timeout(0.05):
                prx.read(task, fd, 10)
            until(lambda: int(status(pid)["SigBlk"], 16) != 0, "it reads")
            masks.append(int(status(pid)["SigBlk"], 16))
            (tmp_path / "fifo").write_bytes(b"go on")
            with fails(errno.ENOENT, filename=b"/nosuch"):
                prx.execvp(task, ["/nosuch"])
        assert masks[0] == masks[1] != 0


def test_after_a_failed_exec_a_driver_adopts_strangers_again() -> None:
    """The subreaper bit is back: a daemon of its program becomes its child, and may write until the drain is over."""
    with prx.fork(drain=30.0) as task:
        with fails(errno.ENOENT, filename=b"/nosuch"):
            prx.execvp(task, ["/nosuch"])
        child = prx.fork(task)
        prx.execvp(child, ["sh", "-c", "setsid sleep 60 & echo $!"])
        daemon = int(outcome(child).stdout)
        parent = Path(f"/proc/{daemon}/status").read_text().partition("PPid:")[2].split()[0]
        assert int(parent) == task.host_pid


def test_after_a_failed_exec_the_parent_s_death_does_not_kill_at_once(tmp_path: Path) -> None:
    """The driver ends by itself, and asks its program before it: the death signal is off again."""
    goodbye = tmp_path / "goodbye"
    with prx.fork() as root:
        middle = prx.fork(root)
        task = prx.fork(middle)
        with fails(errno.ENOENT, filename=b"/nosuch"):
            prx.execvp(task, ["/nosuch"])
        program = prx.fork(task)
        script = f"trap 'echo bye >{goodbye}; exit' TERM; echo up; while :; do sleep 0.01; done"
        prx.execvp(program, ["sh", "-c", script])
        assert receive(Stdout, task=program, timeout=30).data == b"up\n"
        ref = monitor(program)
        assert middle.host_pid is not None
        os.kill(middle.host_pid, signal.SIGKILL)
        receive(Down, ref=ref, timeout=30)
        until(goodbye.exists, "the program was asked to end")
