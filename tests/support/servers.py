"""Servers that do what they are told, as the one of OTP's suites."""

from __future__ import annotations

from typing import Any

from prx_actors.actors import Down, Pid, exit, monitor, receive, send, trap_exit
from prx_actors.otp import From, GenServer, NoReply, Reply, Timeout

WAIT = 10


class Server(GenServer):
    """Does what it is told."""

    def init(self, then: Any = None) -> Any:
        """Return what the starter says."""
        self.waiting: Any = None
        return then

    def handle_call(self, request: Any, sender: From) -> Any:
        """Obey."""
        match request:
            case "started":
                return "ok"
            case "next_call":
                return self.waiting == "call_within"
            case ("delayed_answer", seconds):
                self.waiting = sender
                return NoReply(Timeout(seconds))
            case ("call_within", seconds):
                self.waiting = "call_within"
                return Reply("ok", Timeout(seconds))
        return _obey(request)

    def handle_cast(self, request: Any) -> Any:
        """Obey."""
        match request:
            case (Pid() as pid, "cast"):
                send(pid, "handled_cast")
                return None
            case (Pid() as pid, "delayed", seconds):
                self.waiting = pid
                return Timeout(seconds)
        return _obey(request)

    def handle_info(self, message: Any) -> Any:
        """Obey, or do what was put off."""
        if isinstance(message, Timeout):
            return self._do_what_waits()
        match message:
            case (Pid() as pid, "info"):
                send(pid, "handled_info")
                return None
            case (Pid() as pid, "delayed", seconds):
                self.waiting = pid
                return Timeout(seconds)
        return _obey(message)

    def _do_what_waits(self) -> None:
        if isinstance(self.waiting, From):
            self.reply(self.waiting, "delayed")
        elif isinstance(self.waiting, Pid):
            send(self.waiting, "delayed")
        self.waiting = None


def _obey(request: Any) -> Any:
    match request:
        case ("return", result):
            return result
        case ("exit", reason):
            exit(reason)
        case ("raise", error):
            raise error
        case "keep":
            return NoReply()
    return request


class Telling(GenServer):
    """Tells who started it what it gets besides calls, and how it terminates."""

    def init(self, starter: Pid, *, trapping: bool = False, password: str = "state") -> None:  # noqa: S107
        """Begin."""
        trap_exit(trapping)
        self.starter = starter
        self.password = password

    def handle_call(self, request: Any, sender: From) -> Any:
        """Obey."""
        return _obey(request)

    def handle_cast(self, request: Any) -> Any:
        """Obey."""
        return _obey(request)

    def handle_info(self, message: Any) -> Any:
        """Obey, or tell."""
        if isinstance(message, tuple):
            return _obey(message)
        send(self.starter, ("info", message))
        return None

    def terminate(self, reason: object) -> None:
        """Tell."""
        send(self.starter, ("terminate", reason))


def ended(pid: Pid) -> object:
    """Wait for the end of a server and return the reason."""
    return receive(Down, ref=monitor(pid), timeout=WAIT).reason


def nothing_waits() -> bool:
    """Look into the mailbox."""
    try:
        receive(timeout=0)
    except TimeoutError:
        return True
    return False
