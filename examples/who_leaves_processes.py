"""Which processes does a manager of processes leave behind?

A shell starts a sleep in its own process group, one in a session of its own, and a daemon (forked twice, in a session
of its own). It is run by each manager that is installed, three times: the manager is told to stop it, ends normally
without having done so, is killed by SIGKILL. Then this script looks for what lives on, and kills it.

    python examples/who_leaves_processes.py [MANAGER...]
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

TREE = """
echo direct $$ >>"$PIDS"
sh -c 'echo same group $$ >>"$PIDS"; exec sleep 1000' &
setsid sh -c 'echo own session $$ >>"$PIDS"; exec sleep 1000' &
(setsid sh -c 'sh -c "echo daemon \\$\\$ >>\\"$PIDS\\"; exec sleep 1000" & exit' &)
wait
"""
NAMES = ["direct", "same group", "own session", "daemon"]
ENDS = {"stop": "stop", "exit": "normal exit", "kill": "kill -9"}
COME_UP, GO = 30.0, 7.0
"""Seconds that the tree may take to be there, and to be gone: `killdelay`, a second, and two for a busy machine."""

# A program for each library: it starts the tree, waits for a line or the end of its stdin, and stops the tree when the
# line says so.
WAIT = "if sys.stdin.readline() == 'stop\\n':"
PROGRAMS = {
    "prx_actors": f"""
import sys
from prx_actors import prx
task = prx.fork()
prx.execvp(task, sys.argv[1:])
{WAIT}
    task.stop()
    sys.stdin.readline()
""",
    "subprocess": f"""
import subprocess, sys
program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
{WAIT}
    program.terminate()
    program.wait()
    sys.stdin.readline()
""",
    "asyncio": f"""
import asyncio, sys
async def main():
    program = await asyncio.create_subprocess_exec(*sys.argv[1:], stdin=asyncio.subprocess.DEVNULL)
    await asyncio.to_thread(wait, program)
    await asyncio.to_thread(sys.stdin.readline)
def wait(program):
    {WAIT}
        program.terminate()
asyncio.run(main())
""",
    "concurrent.futures": f"""
import subprocess, sys
from concurrent.futures import ProcessPoolExecutor
if __name__ == "__main__":
    pool = ProcessPoolExecutor(1)
    pool.submit(subprocess.run, sys.argv[1:], stdin=subprocess.DEVNULL)
    {WAIT}
        for worker in pool._processes.values():
            worker.terminate()
        sys.stdin.readline()
""",
    "trio": """
import functools, sys, trio
async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(functools.partial(trio.run_process, sys.argv[1:], stdin=None))
        line = await trio.to_thread.run_sync(sys.stdin.readline)
        nursery.cancel_scope.cancel()
    if line == "stop\\n":
        sys.stdin.readline()
trio.run(main)
""",
    "anyio": """
import anyio, anyio.to_thread, functools, sys
async def main():
    async with anyio.create_task_group() as group:
        group.start_soon(functools.partial(anyio.run_process, sys.argv[1:]))
        line = await anyio.to_thread.run_sync(sys.stdin.readline)
        group.cancel_scope.cancel()
    if line == "stop\\n":
        sys.stdin.readline()
anyio.run(main)
""",
    "psutil": f"""
import psutil, sys
program = psutil.Popen(sys.argv[1:])
{WAIT}
    for one in [*program.children(recursive=True), program]:
        one.kill()
    sys.stdin.readline()
""",
}
COMMANDS = {
    "supervisord": ["supervisord", "-n", "-c", "{folder}/supervisord.conf"],
    "tini -g": ["tini", "-s", "-g", "--"],
    "dumb-init": ["dumb-init"],
    "bwrap": ["bwrap", "--dev-bind", "/", "/", "--unshare-pid", "--die-with-parent"],
    "unshare --kill-child": ["unshare", "--pid", "--fork", "--kill-child"],
    "systemd-run": ["systemd-run", "--scope", "--quiet"],
}
SUPERVISORD = """[supervisord]
logfile=/dev/null
logfile_maxbytes=0
pidfile={folder}/pid
[program:tree]
command=sh {folder}/tree.sh
stopasgroup=true
killasgroup=true
"""


def available() -> list[str]:
    """List the managers that are here, this package first."""
    libraries = [name for name in PROGRAMS if find_spec(name.partition(".")[0])]
    programs = [name for name, argv in COMMANDS.items() if shutil.which(argv[0]) and is_usable(name)]
    return libraries + programs


def is_usable(name: str) -> bool:
    """Say whether a program that is installed runs another one here."""
    if name == "supervisord":
        return True
    return subprocess.run([*COMMANDS[name], "true"], capture_output=True, check=False).returncode == 0


def command(manager: str, folder: Path) -> list[str]:
    """Return the command that has a manager run the tree."""
    tree = ["sh", str(folder / "tree.sh")]
    if manager in PROGRAMS:
        program = folder / "manager.py"
        program.write_text(PROGRAMS[manager])
        return [sys.executable, str(program), *tree]
    (folder / "supervisord.conf").write_text(SUPERVISORD.format(folder=folder))
    argv = [part.format(folder=folder) for part in COMMANDS[manager]]
    return argv if manager == "supervisord" else [*argv, *tree]


def pids_of(folder: Path) -> dict[str, int]:
    """Return the processes that have said who they are, by name, as they see themselves."""
    lines = (folder / "pids").read_text().splitlines()
    return {name: int(pid) for name, _, pid in (line.rpartition(" ") for line in lines)}


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until something is so; say whether it came to be."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def started(folder: Path) -> dict[int, dict[str, str]]:
    """Find all that the manager has started, and the manager: their environment has the path of the tree's file.

    Returns:
        what /proc/PID/status says, by host pid

    """
    found: dict[int, dict[str, str]] = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"PIDS={folder}/pids".encode() in (entry / "environ").read_bytes():
                lines = (entry / "status").read_text().splitlines()
                found[int(entry.name)] = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        except OSError:
            continue  # it has ended, or is somebody else's
    return found


def living(folder: Path) -> set[str]:
    """Name the processes of the tree that are there."""
    pids = {pid: name for name, pid in pids_of(folder).items()}
    found = [one for one in started(folder).values() if one["Name"] in {"sh", "sleep", "dash", "bash"}]
    # In a pid namespace they have given their inner pids.
    return {pids.get(int(one["NSpid"].split()[-1]), "") for one in found} - {""}


@contextmanager
def run(manager: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Have a manager run the tree; whatever lives on is killed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tree.sh").write_text(TREE)
        (folder / "pids").touch()
        environment = {**os.environ, "PIDS": f"{folder}/pids"}
        argv = command(manager, folder)
        program = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        try:
            yield program, folder
        finally:
            program.kill()
            for pid in started(folder):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            program.communicate()


def end(how: str, manager: str, program: subprocess.Popen[str]) -> None:
    """End the tree by its manager, or the manager."""
    assert program.stdin
    if how == "kill":
        program.kill()
    elif manager in COMMANDS:
        program.terminate()
    elif how == "stop":
        program.stdin.write("stop\n")
        program.stdin.flush()
    else:
        program.stdin.close()
        program.stdin = None


def survivors(manager: str, how: str) -> list[str]:
    """Say which processes live on after an end."""
    with run(manager) as (program, folder):
        if not wait_for(lambda: len(pids_of(folder)) == len(NAMES), COME_UP):
            return ["does not start"]
        end(how, manager, program)
        wait_for(lambda: not living(folder), GO)
        left = living(folder)
        return [name for name in NAMES if name in left]


def cell(manager: str, how: str) -> str:
    """Return what stands in the table."""
    # To a program, to stop what it runs and to end are the same.
    if how == "exit" and manager in COMMANDS:
        return ""
    left = survivors(manager, how)
    return "all four" if left == NAMES else ", ".join(left) or "–"  # noqa: RUF001 - a dash


def main(managers: list[str]) -> None:
    """Print the table, a line as soon as it is known."""
    print("| manager | " + " | ".join(f"after {end}" for end in ENDS.values()) + " |")
    print("|---" * (1 + len(ENDS)) + "|")
    for manager in managers:
        print(f"| {manager} | " + " | ".join(cell(manager, how) for how in ENDS) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or available())
