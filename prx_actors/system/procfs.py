"""What `/proc` says of processes, to everybody: proc_pid_stat(5), proc_pid_status(5)."""

from __future__ import annotations

__all__ = ["children_as_seen_by", "is_alive", "is_stopped", "read_proc"]


def read_proc(path: str) -> str:
    """Return the text of a file in `/proc`.

    Raises:
        OSError: `ENOENT` and `ESRCH` when the process is gone

    """
    # Not by pathlib, whose import takes a thirtieth of the time that the import of the package does.
    with open(path, errors="replace") as file:  # noqa: PTH123
        return file.read()


def _state(pid: int) -> str:
    """Return the letter of a state, nothing when there is no such process."""
    try:
        # The name stands in parentheses and may hold any byte, parentheses too.
        return read_proc(f"/proc/{pid}/stat").rpartition(") ")[2][:1]
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    """Say whether there is such a process, and not a zombie."""
    return _state(pid) not in {"", "Z", "X"}


def is_stopped(pid: int) -> bool:
    """Say whether a process stands still: by a signal, or in a trace."""
    return _state(pid) in {"T", "t"}


def children_as_seen_by(pid: int) -> dict[int, int]:
    """Return the children of a process: our pid of each, by its pid in that process' own namespace."""
    try:
        children = read_proc(f"/proc/{pid}/task/{pid}/children").split()
        depth = len(_namespace_pids(pid)) - 1
    except OSError:
        return {}
    seen = {}
    for child in map(int, children):
        try:
            seen[_namespace_pids(child)[depth]] = child
        except (OSError, IndexError):
            continue
    return seen


def _namespace_pids(pid: int) -> list[int]:
    """Return the pids of a process, from our namespace down to its own."""
    for line in read_proc(f"/proc/{pid}/status").splitlines():
        name, _, value = line.partition(":")
        if name == "NSpid":
            return [int(one) for one in value.split()]
    return []
