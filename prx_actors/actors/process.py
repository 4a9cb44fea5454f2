"""Process, an actor with Erlang's semantics: the life of one, from start to end.

A process is *running*, then *ending* (dead for everyone else; its dependents
end), then *exited*: its links and monitors know. `_terminate` begins the end,
`_ended` says that nothing of the process itself is left, and when no dependent
is left either, the end is announced.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pykka

from prx_actors.actors import crashes, signals
from prx_actors.actors.context import context
from prx_actors.actors.ending import run_steps
from prx_actors.actors.envelopes import drop
from prx_actors.actors.exceptions import MailboxClosed, ProcessExit
from prx_actors.actors.latches import Future, Latch
from prx_actors.actors.mailbox import Mailbox
from prx_actors.actors.matching import ANYTHING, Pattern
from prx_actors.actors.pid import Pid
from prx_actors.actors.registry import release_name
from prx_actors.actors.starts import Starts
from prx_actors.actors.table import process_of, process_table
from prx_actors.system.reporting import SafeLogger, protected

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.actors.messages import MonitorRef

__all__ = ["Process"]

logger = SafeLogger("prx_actors")

_UNCHANGED = object()

ANCESTORS: Final = 32
"""As many are kept, lest a line of processes that each start the next one grows for ever."""


class Process(Starts):
    """An actor with a mailbox, links, monitors and exit signals.

    It is used as any Pykka actor. While it has no messages it holds no thread.

    Example:
        >>> from prx_actors.actors import Process
        >>> class Greeter(Process):
        ...     def on_receive(self, message):
        ...         return f"Hello, {message}"
        >>> greeter = Greeter.start()
        >>> greeter.ask("Joe")
        'Hello, Joe'
        >>> greeter.stop()
        True

    """

    pid_class: ClassVar[type[Pid]] = Pid
    """What `actor_ref` is made of."""

    _prx_name: str | None = None
    """The name it was last given; the registry knows whether it still has it."""

    _prx_death_hooks: dict[object, Callable[[], object]] | None = None

    _prx_parent: Pid | None = None
    """The process that started this one; none when plain code did."""

    _prx_ancestors: tuple[Pid, ...] = ()
    """The parent, its parent and so on, as far as they are kept."""

    _prx_children_ancestors: tuple[Pid, ...] | None = None

    actor_inbox: Mailbox
    _actor_ref: Pid

    @property
    def actor_ref(self) -> Pid:
        """The pid of this process."""
        return self._actor_ref

    @staticmethod
    def _create_actor_inbox() -> Mailbox:
        return Mailbox()

    @staticmethod
    def _create_future() -> pykka.Future[Any]:
        return Future()

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        # In place of Pykka's, which would make a random UUID for each.
        self.actor_urn = process_table.urn(next(process_table.numbers))
        self.actor_inbox = self._create_actor_inbox()
        self.actor_stopped = Latch()
        self._actor_ref = self.pid_class(self)
        self._prx_lock = self.actor_inbox.lock
        self._prx_sending = threading.RLock()
        self._prx_running = True
        self._prx_end_begun = False
        self._prx_exited = False
        self._prx_trapping = False
        self._prx_own_end_done = False
        self._prx_final_reason: object = None
        self._prx_links: dict[Pid, None] = {}
        self._prx_monitors: dict[MonitorRef, Pid | None] = {}
        self._prx_watchers: dict[MonitorRef, Pid] = {}
        self._prx_dependents: dict[Pid, None] = {}
        self._prx_exit_callbacks: list[Callable[[Pid, object], None]] = []
        self._init_turns()
        if (parent := context.process) is not None:
            self._prx_parent = parent.actor_ref
            self._prx_ancestors = parent._lineage()

    def _start_actor_loop(self) -> None:
        try:
            self._check_names()
        except TypeError as error:
            self._terminate(error)
            raise
        with self._prx_lock:
            if self._prx_running:  # its starter may have ended it through a link
                process_table.add(self)
        self._begin_turns()

    def _lineage(self) -> tuple[Pid, ...]:
        """Return the ancestors of a child, which its siblings share."""
        if self._prx_children_ancestors is None:
            self._prx_children_ancestors = (self._actor_ref, *self._prx_ancestors)[:ANCESTORS]
        return self._prx_children_ancestors

    # What the process does itself.

    def _check_running(self) -> None:
        """Raise ProcessExit when this process has been ended; not in the stop hook of one that ends by itself."""
        if not self._may_send():
            raise ProcessExit(self._prx_final_reason)

    def _receive(self, pattern: Pattern = ANYTHING, timeout: float | None = None) -> Any:
        """Take a message from the mailbox, as `receive` does."""
        try:
            return self.actor_inbox.receive(pattern, timeout)
        except MailboxClosed:
            pass
        self._check_running()
        raise ProcessExit(self._prx_final_reason)

    def _flush(self, *wanted: Any, **fields: object) -> None:
        """Remove all messages that match from the mailbox."""
        pattern = Pattern(wanted, fields)
        with suppress(TimeoutError):
            while True:
                self._receive(pattern, 0)

    def _exit(self, reason: object) -> None:
        """Unwind the code of this process, which is the caller."""
        raise ProcessExit(reason)

    # Links, monitors and signals.

    def _link(self, other: Pid) -> None:
        """Link this process, which is the caller, to another one."""
        signals.add_link(self, other)

    def _unlink(self, other: Pid) -> None:
        """Undo `_link`, from either side."""
        signals.remove_link(self, other)

    def _monitor(self, other: Pid | str) -> MonitorRef:
        """Have this process get a `Down` when the other one, by pid or name, exits."""
        return signals.add_monitor(self, other)

    def _demonitor(self, ref: MonitorRef) -> None:
        """Undo `_monitor`."""
        signals.remove_monitor(self, ref)

    def _exit_signal(self, sender: Pid | None, reason: object, *, linked: bool, sent: bool = False) -> None:
        """Receive an exit signal; may be overridden.

        Args:
            sender: the process that sends it, none when the runtime does
            reason: why
            linked: whether it comes through a link
            sent: whether code of the sender's sends it: nothing comes when that one has been ended meanwhile

        """
        signals.deliver_exit(self, sender, reason, linked=linked, sent=sent)

    # Dependents: processes that end with this one, and before it.

    def _adopt(self, pid: Pid) -> bool:
        """Make a process end with this one.

        It is released by itself when it exits.

        Returns:
            False when this process is ending, and it is too late

        """
        with self._prx_lock:
            if not self._prx_running:
                return False
            self._prx_dependents[pid] = None
        dependent = process_of(pid)
        if dependent is None:
            self._release(pid)
        else:
            dependent._on_exited(self._release)
        return True

    def _release(self, pid: Pid, reason: object = None) -> None:
        """Let a process live on; also what its exit does."""
        with self._prx_lock:
            self._prx_dependents.pop(pid, None)
            self._prx_final_reason = signals.outlived(self, reason)
        self._announce_when_gone()

    def _dependent_reason(self, reason: object) -> object:
        """Return the reason with which dependents end; may be overridden.

        None of them ends as `"normal"` only because its owner did.
        """
        return "shutdown" if signals.is_reason(reason, "normal") else reason

    # The end.

    def _terminate(self, reason: object) -> None:
        """Begin the end, once: dead at once for everyone else. Never blocks.

        Dependents are told to end, then `_ending` is called; both happen on
        this thread, but after the end of another process that causes this one.

        Args:
            reason: the exit reason

        """
        if context.ends is None:
            # As a step from here on: one that an interrupt cuts short is run again.
            run_steps(partial(self._terminate, reason))
        elif self._die(reason):
            with self._prx_lock:
                if not self._prx_end_begun:
                    run_steps(self._cease, self._end_dependents, partial(self._ending, self._prx_final_reason))
                    self._prx_end_begun = True

    def _die(self, reason: object) -> bool:
        """Take no more messages; say whether the rest of the end is still to be begun."""
        with self._prx_lock:
            if self._prx_end_begun:
                return False
            if self._prx_running:
                self._prx_final_reason = reason
                release_name(self)
                self._prx_running = False
            self.actor_inbox.close()
            return True

    def _cease(self) -> None:
        """Show everyone that this process has ended."""
        pykka.ActorRegistry.unregister(self._actor_ref)
        self.actor_stopped.set()
        self._run_death_hooks()
        if (handled := self._prx_handled) is not None and not self._prx_in_own_end:
            drop(handled)
        self.actor_inbox.finish_closing()
        self._wake_for_end()

    def _when_dead(self, key: object, hook: Callable[[], object]) -> bool:
        """Call back when this process has died, before anybody is told of that.

        Args:
            key: a later hook of the same key replaces this one
            hook: must not block, and bears to be called twice

        Returns:
            False when it is dead, and it is too late

        """
        with self._prx_lock:
            if not self._prx_running:
                return False
            if self._prx_death_hooks is None:
                self._prx_death_hooks = {}
            self._prx_death_hooks[key] = hook
            return True

    def _forget_when_dead(self, key: object) -> None:
        """Undo `_when_dead`."""
        if self._prx_death_hooks is not None:
            self._prx_death_hooks.pop(key, None)

    def _run_death_hooks(self) -> None:
        hooks = self._prx_death_hooks or {}
        for key in list(hooks):
            if (hook := hooks.get(key)) is not None:
                hook()
                hooks.pop(key, None)

    def _end_dependents(self) -> None:
        reason = self._dependent_reason(self._prx_final_reason)
        for pid in reversed(list(self._prx_dependents)):
            dependent = process_of(pid)
            if dependent is None:
                self._release(pid)
            else:
                dependent._terminate(reason)

    def _ending(self, reason: object) -> None:  # noqa: ARG002 -- for overriding
        """End what belongs to this process; may be overridden.

        Called once, after the dependents were told. An override must see to
        it that `_ended` is called, from any thread, sooner or later. Should a
        KeyboardInterrupt cut it short, it is called again on another thread.

        Args:
            reason: the exit reason

        """
        if not self._prx_in_own_end:
            self._ended()

    def _ended(self, reason: object = _UNCHANGED) -> None:
        """Say that nothing of the process itself is left; later calls do nothing.

        Args:
            reason: replaces the exit reason

        """
        with self._prx_lock:
            if self._prx_running:
                return
            if reason is not _UNCHANGED and not self._prx_own_end_done:
                self._prx_final_reason = reason
            self._prx_own_end_done = True
        self._announce_when_gone()

    def _cut_end_short(self) -> None:
        """Have a process that was killed while it ends by itself be gone, whatever its stop hook does.

        As any code of a process that computes, a hook that waits goes on until what it waits for has come.
        """
        if self._prx_in_own_end:
            self._ended("killed")

    def _announce_when_gone(self) -> None:
        if context.ends is None:
            run_steps(self._announce_when_gone)  # a step, as in `_terminate`
            return
        with self._prx_lock:
            if self._prx_own_end_done and not self._prx_dependents and not self._prx_exited:
                run_steps(partial(self._announce, self._prx_final_reason))
                self._prx_exited = True

    def _announce(self, reason: object) -> None:
        """Tell links, monitors and callbacks, then leave the process table."""
        with self._prx_sending:
            pass  # a message under way arrives first
        signals.announce(self)
        run_steps(partial(self._run_exit_callbacks, reason))

    def _run_exit_callbacks(self, reason: object) -> None:
        while self._prx_exit_callbacks:
            callback = self._prx_exit_callbacks[0]
            try:
                callback(self._actor_ref, reason)
            except Exception:
                logger.exception("A callback on the exit of %r failed", self._actor_ref)
            del self._prx_exit_callbacks[0]
        process_table.remove(self._actor_ref)

    def _on_exited(self, callback: Callable[[Pid, object], None]) -> None:
        """Call back after links and monitors were told; at once when they were.

        Args:
            callback: called with the pid and the reason; must not block

        """
        with self._prx_lock:
            if not self._prx_exited:
                self._prx_exit_callbacks.append(callback)
                return
        callback(self._actor_ref, self._prx_final_reason)

    def _crash_report(self, reason: object, status: dict[str, Any] | None = None) -> None:
        """Log what ends this process, unless the reason says that all is well."""
        protected(crashes.report, self, reason, status)

    def _initial_call(self) -> str:
        """Say what this process runs."""
        return f"{type(self).__module__}.{type(self).__qualname__}"
