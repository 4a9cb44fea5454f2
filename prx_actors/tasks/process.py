"""The actor behind a task: it supervises one OS process and tells its owner what happens to it."""

from __future__ import annotations

import errno
import os
import time
from typing import TYPE_CHECKING, Any, Protocol, cast

import pykka

from prx_actors.actors.latches import Future
from prx_actors.actors.signals import outlived
from prx_actors.actors.table import process_table
from prx_actors.actors.threads import current_process
from prx_actors.driver.image import fill_image
from prx_actors.driver.protocol import CALLS, OPTIONS, Call
from prx_actors.driver.reactor import Timer, reactor
from prx_actors.driver.state import State
from prx_actors.driver.sweep import SIGKILL, UNTOLD
from prx_actors.driver.turn import ChannelClosedError, call_deadline
from prx_actors.system.reporting import SafeLogger
from prx_actors.tasks.arguments import convert
from prx_actors.tasks.errors import UndefinedCall
from prx_actors.tasks.execution import ExecutedProcess
from prx_actors.tasks.filters import Filter
from prx_actors.tasks.handing import Handing
from prx_actors.tasks.messages import ExitStatus, Signal, StdinBlocked, StreamClosed, TermSig, rusage, signal_number
from prx_actors.tasks.output import Output

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.actors import Pid, Process
    from prx_actors.driver.driver import Driver
    from prx_actors.driver.listener import Stream
    from prx_actors.tasks.handing import Hook
    from prx_actors.tasks.task import Task

__all__ = ["TaskProcess"]

logger = SafeLogger("prx_actors")


class Group(Protocol):
    """What holds a task's processes to limits; its methods are quick and do not raise."""

    def oom_killed(self) -> bool:
        """Say whether the out-of-memory killer has killed one of them."""

    def remove(self) -> None:
        """Remove it: they are gone."""


class TaskProcess(ExecutedProcess):
    """Supervises one OS process.

    It has no thread and takes no turns of the scheduler for its work: calls
    run on their callers' threads, news comes from the reactor.

    Args:
        owner: the process that may call the task, and with which it ends
        parent: the task that forks it; none for a root
        given: options that the fork is given, as the driver keeps them; the others are the parent's
        sink: who gets its output

    """

    def __init__(
        self,
        owner: Process,
        parent: TaskProcess | None,
        given: dict[str, int],
        sink: Process,
    ) -> None:
        super().__init__()
        self.owner = owner
        self.parent = parent
        self.options: dict[str, int] = (OPTIONS if parent is None else parent.options) | given
        self._given = given
        # `task.py` sees to it that our pids are tasks.
        self.task = cast("Task", self.actor_ref)
        self.output = Output(self.task, sink, self._resume_reading)
        self.output.high_water = self.options["high_water"]
        # What a parent has set for its child, or will: `setcpid`.
        self.output.messages_left = self.options["flowcontrol"]
        self.signaloneof = self.options["signaloneof"]
        self.filter = Filter()
        self.forks_filter = Filter()
        self._exit_called = False
        self._end_reason: object = None
        self._reported = False
        self._drain: Timer | None = None
        self.begun_at = time.monotonic()
        self.ended_at: float | None = None
        """When its OS process had; in `time.monotonic()`, as the line above."""
        self.at_exit: Hook | None = None
        """What `atexit` has set for the children."""
        self._handing: Handing | None = None
        self.group: Group | None = None
        """The control group of its own, if it has one."""

    def _start_actor_loop(self) -> None:
        process_table.add(self)
        self._prx_started = True
        # A turn only for what Pykka sends: stop, or a message nobody expects.
        self.actor_inbox.wake = self._request_turn

    # Birth.

    def begin(self, driver: Driver) -> None:
        """Take a driver whose fork is about to be asked for.

        The owner and the parent are responsible from here on: should the fork
        be cut short, nothing is left without somebody to end it.
        """
        self.driver = driver
        pykka.ActorRegistry.register(self.actor_ref)
        self._start_actor_loop()
        if self.parent is not None and not self.parent._adopt(self.actor_ref):
            raise self.parent.gone("fork")  # noqa: EM101 -- the name of the call
        if not self.owner._adopt(self.actor_ref):
            self.owner._check_running()

    def abort(self) -> None:
        """Undo a birth that failed, at whatever point."""
        if "driver" in self.__dict__:
            if self.driver.pid is None:
                self.driver.discard()
            self._terminate("killed")

    # Calls.

    def perform(self, call: Call, args: tuple[Any, ...], in_turn: Callable[[], None] | None = None) -> Any:
        """Make a call on the caller's own thread.

        Args:
            call: its row in the table
            args: its arguments, as the caller writes them
            in_turn: is called before it is sent, when nobody else's call is under way

        """
        driver = self.driver
        if driver.state is not State.CALL or current_process() is not self.owner:
            self.check_owner(call.name)
            self.check_call_state(call.name)
        converted = convert(call, args) if args or call.types else ()
        try:
            return driver.turns.call(call.number, converted, None, in_turn)
        except ChannelClosedError:
            self.owner._check_running()  # its end is what has ended the task
            raise self.gone(call.name) from None
        except OSError as error:
            raise self.explain(call, args, error) from None

    def reexec(self, args: tuple[Any, ...]) -> None:
        """Have the driver execute itself."""
        call = CALLS["reexec"]
        self.check_owner(call.name)
        self.check_call_state(call.name)
        convert(call, args)
        try:
            fill_image(self.driver)
        except ChannelClosedError:
            raise self.gone(call.name) from None
        self.perform(call, args)

    def exit(self, status: int) -> None:
        """Have the driver exit."""
        self.check_owner("exit")
        self.check_call_state("exit")
        self._exit_called = True
        try:
            self.perform(CALLS["exit"], (status,))
        except UndefinedCall:
            self._exit_called = False
            raise

    def set_option(self, name: str, value: int) -> None:
        """Follow an option that the driver has taken."""
        self.options[name] = value
        self.output.high_water = self.options["high_water"]
        # No parent keeps a root's own: what holds for its forks holds for itself.
        if self.parent is None and name in {"flowcontrol", "signaloneof"}:
            self.set_own(name, value)

    def set_own(self, name: str, value: int) -> None:
        """Set what a parent sets for its child."""
        if name == "flowcontrol":
            self.output.allow(value)
        else:
            self.signaloneof = value

    # In the parent's turn and in our own, so that no fork comes between the driver's filter and what is known of it.

    def inherit_filter(self, parent: TaskProcess) -> None:
        """Start with the filter that the parent has for its forks."""
        self.filter = parent.forks_filter.copy()
        self.forks_filter = parent.forks_filter.copy()

    def follow_filter(self, own: frozenset[str], of_forks: frozenset[str]) -> None:
        """Know what the driver is about to take, unless it refuses."""
        if not self.filter.refuses("filter"):
            self.filter.add(own)
            self.forks_filter.add(of_forks)

    def get_own(self, name: str) -> int:
        """Return what a parent has set for its child."""
        return self.output.messages_left if name == "flowcontrol" else self.signaloneof

    def _tells(self, option: str) -> bool:
        """Say whether news of this kind goes to the owner: the parent's to say, but for what its fork was given."""
        options = self.options if self.parent is None else self.parent.options
        return bool(self._given.get(option, options[option]))

    # What happens to the process: on the reactor's thread.

    def wants_output(self) -> bool:
        """Say whether flow control lets output be read; what waits at the end is read anyhow."""
        if self._handing is not None or (not self._prx_running and Handing.is_due(self.parent)):
            return False
        return not self.output.held or not self._prx_running or self.driver.state is State.GONE

    def on_output(self, stream: Stream, data: bytes) -> bool:
        """Deliver output, or its end; what a task writes after its end is asked for is dropped."""
        if not self._prx_running:
            return True
        if not data:
            self._on_closed(stream)
            return True
        return self.output.deliver(stream, data) or self.driver.state is State.GONE

    def _on_closed(self, stream: Stream) -> None:
        if self._tells(f"{stream}_closed"):
            self.tell_owner(StreamClosed(self.task, stream))

    def on_signal(self, signal: int, info: bytes) -> None:
        """Tell the owner of a signal, unless a function takes it."""
        if not self.caught(signal, info):
            self.tell_owner(Signal(self.task, signal_number(signal), info))

    def on_reaped(self, status: int | None) -> None:
        """Report the end, after all output there was."""
        self.ended_at = time.monotonic()
        if not self._prx_running:
            self._close_down()
            return
        self.driver.read_waiting()
        if self.driver.stdin.open:
            self._on_closed("stdin")
        self._end_reason = self._report(status)
        self._reported = True
        if self.driver.stdout.open or self.driver.stderr.open:
            # Somebody else holds a pipe: a grandchild that lives on.
            drain = self.options["drain"] / 1_000_000
            self._drain = reactor.call_later(drain, self._finish_end)
        else:
            self._finish_end()

    def on_closed(self) -> None:
        """Nothing more can be written: the end is complete."""
        if self._reported:
            self._finish_end()

    def _report(self, status: int | None) -> object:
        """Send ExitStatus or TermSig and return the exit reason."""
        ended = "shutdown" if self.parent else "normal"
        if status is None or (not status and not self.was_asked()):
            return "shutdown"
        oom_killed = self.group is not None and self.group.oom_killed()
        if os.WIFSIGNALED(status):
            signal = signal_number(os.WTERMSIG(status))
            if self._tells("termsig"):
                usage = rusage(self.driver.usage)
                self.tell_owner(TermSig(self.task, signal, os.WCOREDUMP(status), usage, oom_killed=oom_killed))
            return ended if self.driver.executed else ("termsig", signal)
        code = os.WEXITSTATUS(status)
        if self._tells("exit_status"):
            self.tell_owner(ExitStatus(self.task, code, rusage(self.driver.usage), oom_killed=oom_killed))
        return ended if self.was_asked() else ("exit_status", code)

    def was_asked(self) -> bool:
        """Say whether the process was free to exit: a program, or by `exit`."""
        return self.driver.executed or self._exit_called

    def _finish_end(self) -> None:
        self._terminate(self._end_reason)

    # The end, by whatever cause.

    def _exit_signal(self, _sender: Pid | None, reason: object, *, linked: bool, sent: bool = False) -> None:  # noqa: ARG002
        # A child's end only updates the table; everybody else's matters.
        if isinstance(reason, str) and reason == "normal":
            return
        killed = not linked and isinstance(reason, str) and reason == "kill"
        self._terminate("killed" if killed else reason)

    def _stop(self) -> None:
        self._terminate("normal")

    def _ending(self, _reason: object) -> None:
        driver = self.driver
        if self._handing is None and self.parent is not None and driver.state is not State.FORKED:
            self._handing = Handing.begin(self.parent, self)
        if driver.state in {State.GONE, State.FORKED}:
            reactor.call_soon(self._close_down)
            return
        at_once = self._at_once()
        signal = SIGKILL if at_once else self.signaloneof
        if self._handing is None:
            # A program that blocks in a write could not end by itself.
            driver.stdout.read_on()
            driver.stderr.read_on()
        driver.end(signal, 0 if at_once else self.options["killdelay"] / 1_000_000)
        if self._handing is None:
            # Not before: a program may end by this alone, and its parent is to be told first that it reaps it.
            driver.stdin.close()

    def _at_once(self) -> bool:
        reason = self._prx_final_reason
        return isinstance(reason, str) and reason in {"kill", "killed"}

    def _close_down(self) -> None:
        """Close all channels and let Exit and Down go out; on the reactor's thread."""
        if self._drain is not None:
            self._drain.cancel()
        if self._handing is not None and not self._handing.over(self._close_down):
            return
        sweep = self.driver.sweep
        deadline = self._deadline()
        sweep.end(SIGKILL if self._at_once() else self.signaloneof, deadline)
        self.driver.close()
        # Whoever restarts it on Down finds names, ports and locks free.
        sweep.when_over(deadline + UNTOLD, self._tell_end)

    def _deadline(self) -> float:
        """Return when SIGKILL is due: as the end was asked for, or from now on."""
        now = time.monotonic()
        if self._at_once():
            return now
        return self.driver.ends_at or now + self.options["killdelay"] / 1_000_000

    def _tell_end(self) -> None:
        left = self.driver.sweep.left()
        if self.group is not None:
            self.group.remove()
        if left:
            logger.warning("%r is announced as ended, but processes of it do not end: %s", self.task, left)
            self._ended(outlived(self, ("unkillable", left)))
        else:
            self._ended()

    # Streams.

    def write_stdin(self, data: bytes) -> None:
        """Write to the program, and tell the owner when it does not read."""
        self.check_exec_state("stdin")
        queued = self.driver.stdin.write(data, self.options["stdin_limit"])
        if queued:
            self.tell_owner(StdinBlocked(self.task, queued))

    def close_stream(self, stream: str) -> None:
        """Close the runtime's end of a stream."""
        if self.driver.state in {State.GONE, State.FORKED} or not self._prx_running:
            raise self.gone("eof")  # noqa: EM101 -- the name of the call
        if stream == "stdin":
            self.driver.stdin.finish()
        else:
            self.driver.close_output(stream)

    # Messages.

    def tell_owner(self, message: object) -> None:
        """Put a message into the owner's mailbox, unless the task is being ended."""
        if self._prx_running:
            self.output.tell(message)

    def stop_task(self, *, block: bool, timeout: float | None) -> Any:
        """End the task; Pykka's interface, see `Task.stop`."""
        self.check_forked("stop")
        was_alive = self._prx_running
        self._terminate("normal")
        future = self._exit_future(was_alive)
        if not block:
            return future
        if timeout is not None or (deadline := call_deadline()) is None:
            return future.get(timeout=timeout)
        try:
            return future.get(timeout=max(0.0, deadline - time.monotonic()))
        except pykka.Timeout:
            raise TimeoutError(errno.ETIMEDOUT, f"{self.task} takes longer than allowed to end") from None

    def _exit_future(self, was_alive: bool) -> pykka.Future[bool]:
        future = Future()
        self._on_exited(lambda _pid, _reason: future.set(was_alive))
        return future
