"""Programs that nobody runs, with roots under sudo: `python sudo_programs.py NAME`, by test_sudo.py.

Each prints what it sees, a JSON value a line.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from support.calls import until
from support.leaks import descendants

from prx_actors import Down, ExitStatus, Stdout, Task, TermSig, monitor, prx, receive
from prx_actors.driver import keeper

NAMESPACES = ["net", "pid", "ipc", "uts", "mnt"]
STUBBORN = ["sh", "-c", "trap '' TERM; echo ready; exec sleep 1000"]


def say(value: object) -> None:
    """Print a value for the test."""
    print(json.dumps(value), flush=True)


def wait_for_test() -> None:
    """Wait until the test says to go on."""
    sys.stdin.readline()


def refused(pid: int | None) -> bool:
    """Say whether this program may not signal a process."""
    assert pid is not None
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    return False


def call_and_exec() -> None:
    """Call a root, have a child of it number a line and end."""
    os.environ["GREETING"] = "hello"
    with prx.fork() as task:
        say([os.getuid(), prx.getuid(task), prx.getuid(prx.fork(task))])
        names = {line.partition(b"=")[0].decode() for line in prx.environ(task)}
        say([name for name in ("SUDO_USER", "GREETING") if name in names])
        say(prx.getcwd(task).decode())
        child = prx.fork(task)
        prx.execvp(child, ["cat", "-n"])
        prx.stdin(child, "test\n")
        say(receive(Stdout, task=child, timeout=30).data.decode())
        prx.eof(child)
        say(receive(ExitStatus, task=child, timeout=30).status)


def namespaces() -> None:
    """Clone a child into new namespaces, and show which of them are not the root's."""
    with prx.fork() as task:
        child = prx.clone(task, [f"clone_new{name}" if name != "mnt" else "clone_newns" for name in NAMESPACES])
        say(prx.getpid(child))
        links = [_namespace_links(one) for one in (prx.fork(task), prx.fork(child))]
        say([name for name, ours, theirs in zip(NAMESPACES, *links, strict=True) if ours != theirs])


def _namespace_links(task: Task) -> list[str]:
    prx.execvp(task, ["readlink", *(f"/proc/thread-self/ns/{name}" for name in NAMESPACES)])
    output = b""
    while isinstance(message := receive(Stdout, ExitStatus, task=task, timeout=30), Stdout):
        output += message.data
    return output.decode().split()


def stop() -> None:
    """Stop a root and a child that are programs of root's."""
    task, parent = prx.fork(), prx.fork()
    child = prx.fork(parent)
    for one in (task, child):
        prx.execvp(one, ["sleep", "1000"])
        pid = one.host_pid
        say(refused(pid))
        started = time.monotonic()
        say(prx.stop(one))
        say(time.monotonic() - started < prx.getopt(parent, "killdelay") / 2)
        say(Path(f"/proc/{pid}").exists())
    say(prx.getuid(parent))
    prx.stop(parent)


def stop_stubborn() -> None:
    """Stop programs of root's that ignore SIGTERM."""
    task, parent = prx.fork(killdelay=0.5), prx.fork(killdelay=0.5)
    child = prx.fork(parent)
    for one in (task, child):
        prx.execvp(one, STUBBORN)
        receive(Stdout, task=one, timeout=30)
        pid = one.host_pid
        say(refused(pid))
        started = time.monotonic()
        prx.stop(one)
        say(0.5 <= time.monotonic() - started < 1.5)
        say(Path(f"/proc/{pid}").exists())
    prx.stop(parent)


def interrupt() -> None:
    """Let the terminal's Ctrl-C come: sudo stands in the same process group."""
    with prx.fork() as task:
        try:
            say("ready")
            time.sleep(30)
        except KeyboardInterrupt:
            say("interrupted")
        say(prx.getuid(task))


def serve() -> None:
    """Keep a tree until it ends; then show how, and start another one."""
    task = prx.fork()
    drivers = [task, prx.fork(task)]
    programs = [prx.fork(task), prx.fork()]
    for one in programs:
        prx.execvp(one, STUBBORN)
        receive(Stdout, task=one, timeout=30)
    refs = [monitor(one) for one in [*drivers, *programs]]
    say([one.host_pid for one in [*drivers, *programs]])
    wait_for_test()
    for ref in refs:
        receive(Down, ref=ref, timeout=30)
    with prx.fork() as again:
        say(prx.getuid(again))


def leave() -> None:
    """End with a tree alive: nothing is stopped but by the end itself."""
    task = prx.fork(killdelay=0.5)
    child = prx.fork(task)
    prx.execvp(child, STUBBORN)
    receive(Stdout, task=child, timeout=30)
    say([task.host_pid, child.host_pid])


def fail() -> None:
    """Show why a root does not come up."""
    try:
        prx.fork()
    except OSError as error:
        say([error.errno, error.strerror, error.filename])


def fail_to_end() -> None:
    """Start what is not the driver and runs on as root's; see it reaped when it ends at last."""
    keeper.START_LIMIT = 0.5
    try:
        prx.fork(progname=sys.argv[2])
    except OSError as error:
        say([error.errno, error.strerror])
    say(len(descendants(os.getpid())) > 0)
    wait_for_test()
    until(lambda: not descendants(os.getpid()), "it is reaped")


def killed() -> None:
    """Show what is told of a program of root's that root kills."""
    with prx.fork() as task:
        prx.execvp(task, ["sh", "-c", "kill -9 $$"])
        say(receive(TermSig, task=task, timeout=30).signal)


if __name__ == "__main__":
    prx.sudo()
    globals()[sys.argv[1]]()
