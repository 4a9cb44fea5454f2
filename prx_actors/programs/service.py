"""Service, the child of a supervisor that stands for a program."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from prx_actors.actors import Down, monitor, receive, send_after
from prx_actors.actors.threads import current_process
from prx_actors.otp import GenServer, Stop
from prx_actors.programs.feeder import Failed, Feeder
from prx_actors.programs.health import Answer, HealthWatch, Tick
from prx_actors.programs.launch import launch
from prx_actors.programs.outlets import Outlets
from prx_actors.programs.program import untold
from prx_actors.programs.readiness import NotReady, Status
from prx_actors.tasks.messages import ExitStatus, Stderr, Stdout, TermSig

if TYPE_CHECKING:
    from prx_actors.actors import Pid
    from prx_actors.otp.calls import From
    from prx_actors.programs.command import Command
    from prx_actors.tasks.task import Task

__all__ = ["Reload", "Service"]


class _TimeIsOver:
    """The program has run for as long as its command allows."""


class Reload:
    """Asks a program to read its configuration again."""


class Service(GenServer):
    """Owns a program: logs what it says, and ends as it ends.

    Args:
        command: what to run

    """

    @classmethod
    def start_command(cls, command: Command) -> Pid:
        """Start a program as a child of the calling supervisor, and wait until it is ready.

        Raises:
            StartError: it does not start, or is not ready in time

        """
        pid = cls.start_link(command)
        # Owned, so that the supervisor leaves it the time that it bounds itself.
        current_process()._adopt(pid)
        return pid

    def init(self, command: Command) -> Stop | None:
        """Start the program, and wait until it is ready."""
        self.command = command
        self.logger = logging.getLogger(f"prx_actors.programs.{command.name}")
        self.outlets = Outlets(command, self.logger)
        waiting = None if command.readiness is None else command.readiness.begin()
        try:
            self._launch(command if waiting is None else command.with_env(waiting.environment))
            if waiting is not None:
                waiting.wait_ready(self.task)
                self._log_waiting()
            if command.health is not None:
                self.health = HealthWatch(command.health, self.task, self.actor_ref)
        except BaseException as error:
            if waiting is not None:
                waiting.close()
            self._log_waiting()
            end = error.end if isinstance(error, NotReady) else None
            if end is not None:
                self._log_last(end)
            self.outlets.close()
            if end is not None:
                return Stop(end)
            raise
        return None

    def _launch(self, command: Command) -> None:
        self.task: Task = launch(command)
        self.ref = monitor(self.task)
        self.feeder = Feeder(self, self.task, command) if Feeder.is_needed(command) else None
        if self.feeder is not None:
            self.feeder.begin()
        if command.timeout is not None:
            send_after(command.timeout, self.actor_ref, _TimeIsOver())

    def _log_waiting(self) -> None:
        """Log what it has said until now."""
        with suppress(TimeoutError):
            while True:
                self.outlets.take(receive(Stdout, Stderr, timeout=0))

    def handle_call(self, request: Any, sender: From) -> Any:
        """Reload: return what keeps it from that, if anything."""
        if not isinstance(request, Reload):
            return super().handle_call(request, sender)
        try:
            self.task._process.driver.tell(self.command.reload_signal)
        except OSError as error:
            return error
        return None

    def handle_info(self, message: Any) -> Any:
        """Log output, and end when the program has ended."""
        match message:
            case Stdout() | Stderr():
                self.outlets.take(message)
            case ExitStatus() | TermSig():
                return Stop(self._reason(message))
            case Down(ref=self.ref):
                return Stop(untold(self.command))  # it comes after what tells the end
            case Failed(error):
                return Stop(error)
            case Tick() | Answer():
                unhealthy = self.health.take(message)
                return None if unhealthy is None else Stop(unhealthy)
            case Status(_, text):
                self.logger.info("status: %s", text)
            case _TimeIsOver():
                self.task._process.driver.ask(self.command.stop_signal, self.command.grace)
            case _:
                return super().handle_info(message)
        return None

    def _reason(self, end: ExitStatus | TermSig) -> object:
        if not self.command.allows(end):
            self._log_last(end)
            return end
        failed_above = None if self.feeder is None else self.feeder.failure
        return "normal" if failed_above is None else failed_above

    def _log_last(self, end: ExitStatus | TermSig) -> None:
        if end.oom_killed:
            self.logger.error("%r\nthe out-of-memory killer has killed it: %s", end, self.command.limits)
        last = self.outlets.last_stderr()
        if last:
            self.logger.error("%r\nthe last lines of its stderr:\n%s", end, "\n".join(last))

    def terminate(self, _reason: object) -> None:
        """Log the last line."""
        self.outlets.close()
