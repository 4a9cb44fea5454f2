"""What `/proc` says of processes, to everybody: proc_pid_stat(5), proc_pid_status(5)."""

from __future__ import annotations

from pathlib import Path

__all__ = ["children_as_seen_by", "is_alive", "is_stopped"]


def _state(pid: int) -> str:
    """Return the letter of a state, nothing when there is no such process."""
    try:
        # The name stands in parentheses and may hold any byte, parentheses too.
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1].decode()
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
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
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
    for line in Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name == "NSpid":
            return [int(one) for one in value.split()]
    return []
