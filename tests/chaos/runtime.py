"""One runtime of the chaos: it does what it is told on stdin and tells of all ends on stdout, a JSON a line."""

from __future__ import annotations

import ctypes
import json
import logging
import os
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chaos.processes import mark, process, table
from chaos.trees import Leaf, Tree

from prx_actors import Down, NoProcess, current, exit_signal, monitor, prx, receive, send, shutdown, spawn
from prx_actors.driver.keeper import RUN_ID, is_own_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors import MonitorRef, Pid

leaves: dict[int, Leaf] = {}
trees: dict[str, Tree] = {}
writing = threading.Lock()


def say(**what: Any) -> None:
    """Write a line at once."""
    line = json.dumps(what) + "\n"
    with writing:
        os.write(1, line.encode())


# Ends.


def watch() -> None:
    """Tell of each task's end, and of what is left of it in that moment."""
    refs: dict[MonitorRef, Leaf] = {}
    while True:
        match receive():
            case Leaf() as leaf:
                refs[monitor(leaf.task)] = leaf
            case Down(ref, _, reason):
                leaf = refs.pop(ref)
                say(down=leaf.number, reason=repr(reason), left=left_of(leaf), program=leaf.program)
                leaves.pop(leaf.number, None)


def left_of(top: Leaf) -> list[str]:
    """List what is there of a task and of all below it."""
    numbers = {top.number}
    for leaf in list(leaves.values()):  # parents come before their children
        if leaf.parent in numbers:
            numbers.add(leaf.number)
    seen = [one for one in table().values() if is_of(one.pid, numbers)]
    # An exec or an end may have come between the two looks.
    again = [process(one.pid) for one in seen]
    return [
        f"{one} of {mark(one.pid)}" for one in again if one and not one.is_left_to_init() and is_of(one.pid, numbers)
    ]


def is_of(pid: int, numbers: set[int]) -> bool:
    """Whether a process has the mark of one of these tasks."""
    found = mark(pid)
    return found is not None and is_own_run(found.run) and found.task in numbers


# What an owner does.


def own(tree: Tree, known: Callable[[Leaf], None]) -> None:
    """Grow a tree and be its owner, as long as this process lives."""
    tree.owner = current()
    try:
        with suppress(NoProcess, OSError, TimeoutError):  # it may be a victim by now
            tree.grow()
    except Exception as error:
        tree.failure = repr(error)
        raise
    finally:
        say(grown=tree.name)
    while True:
        match receive():
            case ("probe", asker):
                send(asker, ("probed", [leaf.number for leaf in tree.leaves if not answers(leaf)]))


def answers(leaf: Leaf) -> bool:
    """Whether a driver does what it is asked, if it is one and lives; one that is ending has not been told of yet."""
    if not leaf.task.is_alive():
        return leaf.number not in leaves
    if leaf.program:
        return True
    try:
        with prx.timeout(20):
            return prx.getpid(leaf.task) > 0
    except Exception:  # noqa: BLE001 - any is an answer
        # Not its fault if it has ended meanwhile, by its program or by its parent.
        return leaf.number not in leaves


# What a runtime is told.


def grow(name: str, seed: str) -> None:
    """Make a tree, on a thread of its own: its end may come in the midst of that."""

    def known(leaf: Leaf) -> None:
        leaves[leaf.number] = leaf
        try:
            send(watcher, leaf)
        except BaseException:
            # Its owner was ended in between, and its end is nobody's to tell.
            leaves.pop(leaf.number)
            raise

    trees[name] = Tree(name, seed, known)
    spawn(own, trees[name], known)


def told() -> None:
    """Tell of all living tasks."""
    say(leaves=[leaf.told() | {"owner": owner_of(leaf)} for leaf in list(leaves.values())])


def owner_of(leaf: Leaf) -> str:
    """Describe the owner of a task."""
    tree = trees.get(leaf.tree)
    return "gone" if tree is None else f"{tree.owner} {tree.failure}".strip()


def probe() -> None:
    """Call every living driver."""
    silent: list[int] = []
    for tree in list(trees.values()):
        if tree.owner is not None and tree.owner.is_alive():
            send(tree.owner, ("probe", current()))
            silent += receive(lambda message: isinstance(message, tuple) and message[0] == "probed", timeout=60)[1]
    say(silent=silent)


def stop(number: int) -> None:
    """Stop a task, and tell when that is done."""
    leaf = leaves.get(number)
    if leaf:
        threading.Thread(target=leaf.task.stop, daemon=True).start()


def end_owner(name: str, reason: str) -> None:
    """End the owner of a tree."""
    owner: Pid | None = trees[name].owner
    if owner is not None:
        exit_signal(owner, reason)
    trees.pop(name)


def end_runtime(how: str) -> None:
    """End this program, with a forked worker that lives on or without, or only its OS processes."""
    if how == "shutdown":
        shutdown()
        say(shut=True)
        return
    forks: dict[str, Callable[[], int]] = {"os.fork": os.fork, "fork(3)": ctypes.PyDLL(None).fork}
    worker = forks[how]() if how in forks else None
    if worker == 0:
        time.sleep(1000)
    say(worker=worker)
    if how == "sys.exit":
        sys.exit(0)
    os._exit(0)


COMMANDS: dict[str, Callable[..., None]] = {
    "grow": grow,
    "told": told,
    "probe": probe,
    "stop": stop,
    "end_owner": end_owner,
    "end_runtime": end_runtime,
}

if __name__ == "__main__":
    logging.disable()
    watcher = spawn(watch)
    say(run=RUN_ID)
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        COMMANDS[command](*arguments)
