"""Links, monitors and exit signals between processes.

Each side keeps its own half of a link or monitor under its own lock, and no
function holds two locks. A link is in force while both halves exist; a monitor
fires only while the watcher has its half.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from pykka._envelope import Envelope

from prx_actors.actors.ending import run_steps
from prx_actors.actors.messages import Down, Exit, MonitorRef
from prx_actors.actors.registry import whereis
from prx_actors.actors.table import process_of

if TYPE_CHECKING:
    from prx_actors.actors.pid import Pid
    from prx_actors.actors.process import Process

__all__ = [
    "add_link",
    "add_monitor",
    "announce",
    "deliver_exit",
    "is_reason",
    "link_child",
    "outlived",
    "remove_link",
    "remove_monitor",
]


def add_link(process: Process, other: Pid) -> None:
    """Link two processes; a dead one answers with the signal `"noproc"`."""
    pid = process.actor_ref
    if other is pid:
        return
    with process._prx_lock:
        if process._prx_exited:
            return
        linked = other in process._prx_links
        process._prx_links[other] = None
    peer = process_of(other)
    if peer is None or not _accept_link(peer, pid, linked=linked):
        process._exit_signal(other, "noproc", linked=True)
    elif process._prx_exited and peer is not None:
        # It ended between the two halves: as if it had not linked at all.
        with peer._prx_lock:
            peer._prx_links.pop(pid, None)


def link_child(starter: Process, process: Process) -> None:
    """Link a process to its starter; where that was killed and has exited meanwhile, it ends as by the link."""
    add_link(starter, process.actor_ref)
    reason = starter._prx_final_reason
    if starter._prx_exited and not is_reason(reason, "normal"):
        process._terminate(reason)


def _accept_link(peer: Process, pid: Pid, *, linked: bool) -> bool:
    # A process that is ending, but has not exited, still tells its new links; and one that has, its old ones.
    with peer._prx_lock:
        if peer._prx_exited:
            return linked and pid in peer._prx_links
        peer._prx_links[pid] = None
        return True


def remove_link(process: Process, other: Pid) -> None:
    """Unlink two processes; no signal from the other one comes afterwards."""
    with process._prx_lock:
        process._prx_links.pop(other, None)
    peer = process_of(other)
    if peer is not None:
        with peer._prx_lock:
            peer._prx_links.pop(process.actor_ref, None)


def add_monitor(process: Process, other: Pid | str) -> MonitorRef:
    """Watch a process; a dead one answers with `Down` and `"noproc"`.

    A name that no process has is as good as a dead process. Of its own end no
    process can be told: to monitor oneself does nothing, as in Erlang.
    """
    pid, ref = (whereis(other), MonitorRef(other)) if isinstance(other, str) else (other, MonitorRef())
    if pid is process.actor_ref:
        return ref
    with process._prx_lock:
        if process._prx_exited:
            return ref
        process._prx_monitors[ref] = pid
    target = None if pid is None else process_of(pid)
    if target is not None:
        with target._prx_lock:
            if not target._prx_exited:
                target._prx_watchers[ref] = process.actor_ref
                if process._prx_exited:  # between the two halves
                    target._prx_watchers.pop(ref, None)
                return ref
    _send_down(process, ref, pid, "noproc")
    return ref


def remove_monitor(process: Process, ref: MonitorRef) -> None:
    """Stop watching; no `Down` of it is put into the mailbox afterwards."""
    with process._prx_lock:
        other = process._prx_monitors.pop(ref, None)
    target = None if other is None else process_of(other)
    if target is not None:
        with target._prx_lock:
            target._prx_watchers.pop(ref, None)


def deliver_exit(process: Process, sender: Pid | None, reason: object, *, linked: bool, sent: bool) -> None:
    """Do what Erlang's table of exit signals says.

    Args:
        process: the receiver
        sender: where the signal comes from
        reason: why; compared only when it is a string
        linked: whether it comes through a link, which it uses up
        sent: whether it comes only while its sender may send

    """
    harmless = is_reason(reason, "normal") and (linked or sender is not process.actor_ref)
    signal = _Signal(sender, reason, linked=linked, sent=sent, kill=not linked and is_reason(reason, "kill"))
    if _is_averted(process, signal):
        return
    if harmless:
        _use_up(process, signal)
    else:
        # As a step, which is run again if an interrupt cuts it short between the death and what follows.
        run_steps(partial(_end_by_signal, process, signal))


class _Signal(NamedTuple):
    sender: Pid | None
    reason: object
    linked: bool
    sent: bool
    kill: bool


def _use_up(process: Process, signal: _Signal) -> None:
    if signal.linked and signal.sender is not None:
        with process._prx_lock:
            process._prx_links.pop(signal.sender, None)


def _is_averted(process: Process, signal: _Signal) -> bool:
    """Say whether a signal harms nobody: its link or its sender is no more, or it has become a message."""
    envelope = Envelope(Exit(signal.sender, signal.reason))
    with process._prx_lock:
        if signal.linked and signal.sender not in process._prx_links:
            return True
        if not process._prx_running:
            return False
        # Under the lock that the Down of the sender takes, too: nothing comes after that.
        if signal.sent and not _may_send(signal.sender):
            return True
        if signal.kill or not process._prx_trapping:
            return False
        if signal.linked and signal.sender is not None:
            process.actor_inbox.offer_for(envelope, process._prx_links, signal.sender)
        else:
            process.actor_inbox.offer(envelope)
        return True


def _may_send(sender: Pid | None) -> bool:
    process = None if sender is None else process_of(sender)
    return process is not None and process._may_send()


def _end_by_signal(process: Process, signal: _Signal) -> None:
    # Under one lock: who has returned from unlink or trap_exit does not die of it any more.
    with process._prx_lock:
        if _is_averted(process, signal):
            return
        process._die("killed" if signal.kill else signal.reason)
    process._terminate(process._prx_final_reason)
    if signal.kill:
        process._cut_end_short()
    # Last: an interrupted signal comes again, and goes by the link.
    _use_up(process, signal)


def is_reason(reason: object, name: str) -> bool:
    """Compare a reason, which may be an object with any kind of `__eq__`."""
    return isinstance(reason, str) and reason == name


def outlived(process: Process, reason: object) -> object:
    """Return the exit reason of a process that ends, or has not begun to, after the end of what belongs to it.

    Whatever its own reason, what could not be killed below it is told of.

    Args:
        process: the one above
        reason: that of what belongs to it, `("unkillable", pids)` or any other

    """
    own = process._prx_final_reason
    if process._prx_running or not _is_unkillable(reason):
        return own
    pids = {*reason[1], *(own[1] if _is_unkillable(own) else ())}
    return "unkillable", tuple(sorted(pids))


def _is_unkillable(reason: object) -> TypeGuard[tuple[str, tuple[int, ...]]]:
    match reason:
        case (str("unkillable"), tuple(pids)):
            return all(isinstance(pid, int) for pid in pids)
    return False


def announce(process: Process) -> None:
    """Tell links and monitors; what was told already tells nothing twice."""
    pid, reason = process.actor_ref, process._prx_final_reason
    for other in list(process._prx_links):
        run_steps(partial(_signal_link, pid, other, reason))
    for ref, watcher_pid in list(process._prx_watchers.items()):
        watcher = process_of(watcher_pid)
        if watcher is not None:
            run_steps(partial(_send_down, watcher, ref, pid, reason))
    for ref in list(process._prx_monitors):
        remove_monitor(process, ref)
    # Not before: until a link is told, its place here says that it will be.
    run_steps(process._prx_links.clear, process._prx_watchers.clear)


def _signal_link(pid: Pid, other: Pid, reason: object) -> None:
    peer = process_of(other)
    if peer is not None:
        peer._exit_signal(pid, reason, linked=True)


def _send_down(watcher: Process, ref: MonitorRef, pid: Pid | None, reason: object) -> None:
    # The half and the message change hands under one lock: after demonitor
    # nothing can come any more.
    with watcher._prx_lock:
        who = pid if ref.name is None else ref.name
        watcher.actor_inbox.offer_for(Envelope(Down(ref, who, reason)), watcher._prx_monitors, ref)
