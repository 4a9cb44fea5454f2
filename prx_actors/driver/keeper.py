"""The keeper: the first driver of a launcher, of which all its roots are forks."""

from __future__ import annotations

import errno
import os
import select
import socket
import subprocess
import threading
import time
from array import array
from contextlib import suppress
from functools import cache
from itertools import count
from typing import IO, TYPE_CHECKING

from prx_actors.driver.channels import Channels
from prx_actors.driver.driver import Driver
from prx_actors.driver.protocol import codec, frame
from prx_actors.driver.reactor import reactor
from prx_actors.system.exits import Stage, at_exit
from prx_actors.system.limits import raise_nofile
from prx_actors.system.native import lib
from prx_actors.system.pidfd import has_ended
from prx_actors.system.reporting import SafeLogger

if TYPE_CHECKING:
    from collections.abc import Callable

    from prx_actors.driver.listener import Stream

__all__ = ["Keeper", "driver_path", "is_own_run", "keeper_for", "shutdown"]

logger = SafeLogger("prx_actors")

RUN_ID_BITS = 36


def _new_run_id() -> int:
    return int.from_bytes(os.urandom(8), "little") & (1 << RUN_ID_BITS) - 1


RUN_ID = _new_run_id()
"""That of the first keeper; each one has its own, since it ends all that bears it when it ends itself."""
RUNS = 1 << 20
"""Keepers that one runtime may have."""
_keeper_numbers = count()
START_LIMIT = 30.0
"""Seconds that a launcher may take to bring the driver up."""
END_LIMIT = 5.0
"""Seconds that `shutdown` waits at most: the default killdelay and a second."""


def is_own_run(run_id: int, first: int | None = None) -> bool:
    """Say whether a run id is that of a keeper of this runtime, or of the one whose first keeper has the other."""
    return (run_id - (RUN_ID if first is None else first)) % (1 << RUN_ID_BITS) < RUNS


def driver_path() -> str:
    """Return the path of the driver: `$PRX_DRIVER`, or the one of this package."""
    return os.environ.get("PRX_DRIVER") or _own_driver_path()


@cache
def _own_driver_path() -> str:
    # Here, because it takes a tenth of the time that the import of the package does.
    from importlib import resources

    return str(resources.files("prx_actors.driver") / "prx-driver")


class Keeper:
    """One running keeper; the listener of its own driver.

    Args:
        launcher: argv in front of the driver's path, often empty
        path: the driver
        run_id: that of another keeper, whose tasks this one is to search for

    """

    def __init__(self, launcher: tuple[str, ...], path: str, run_id: int | None = None) -> None:
        self._argv = launcher, path
        self.run_id = (RUN_ID + next(_keeper_numbers)) % (1 << RUN_ID_BITS) if run_id is None else run_id
        # A lock and not an event, whose own lock an interrupt may lose.
        self._living = threading.Lock()
        self._living.acquire()
        self.usable = run_id is None
        """Whether roots may still be forks of it."""
        self._left = {"driver", "launcher"}
        reactor.start()
        # A file and not a pipe: the launcher may write at any time, read or not. In no folder, where a SIGKILL
        # between its birth and its removal would leave it.
        with os.fdopen(os.memfd_create("prx-launcher-stderr"), "w+b") as complaints:
            self._start(launcher, path, complaints)
        _running.add(self)
        reactor.register(self._pidfd, select.EPOLLIN, self._on_launcher_ended)

    def _start(self, launcher: tuple[str, ...], path: str, complaints: IO[bytes]) -> None:
        limits = raise_nofile()
        near, far = socket.socketpair()
        events, far_events = socket.socketpair()
        with near, far, events, far_events:
            self._process = subprocess.Popen(
                [*launcher, path],
                stdin=far.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=complaints,
            )
            far.close()
            self._pidfd = self._open_launcher()
            try:
                self._greet(near, far_events, limits)
            except (OSError, ValueError) as failed:
                raise self._failed([*launcher, path], complaints, failed) from None
            except BaseException:
                self._end_launcher()
                raise
            channels = Channels()
            events.setblocking(False)
            channels.c.call = near.detach()
            channels.c.event = events.detach()
        self.driver = Driver(None, self, channels)
        self.driver.searches.succeed = self._succeed
        self.driver.searches.has_successor = self.usable
        self.driver.start()

    def _open_launcher(self) -> int:
        try:
            return os.pidfd_open(self._process.pid)
        except BaseException:
            # It sees the end of its socket; a driver that is another user's by now ends by that alone.
            with suppress(PermissionError, subprocess.TimeoutExpired):
                self._process.kill()
                self._process.wait(1)
            raise

    def _greet(self, near: socket.socket, far_events: socket.socket, limits: tuple[int, int]) -> None:
        hello = frame(lib.PRX_PROTOCOL_VERSION, self.run_id, *limits)
        runtime = os.pidfd_open(os.getpid())
        try:
            fds = array("i", [far_events.fileno(), runtime])
            # `socket.send_fds` ignores its flags.
            near.sendmsg([hello], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)], socket.MSG_NOSIGNAL)
        finally:
            os.close(runtime)
        near.settimeout(START_LIMIT)
        answer = near.recv(64)
        near.settimeout(None)
        if not answer:
            raise OSError(errno.EPIPE, "it ended at once")
        codec().decode(answer[4:])

    def _failed(self, argv: list[str], complaints: IO[bytes], failed: Exception) -> OSError:
        status = self._end_launcher()
        how = str(failed) if status is None else f"exit status {status}"
        complaints.seek(0)
        said = complaints.read(4096).decode(errors="replace").strip()
        return OSError(
            errno.ENOEXEC,
            f"the driver does not start ({how}): {said or 'no message'}",
            " ".join(argv),
        )

    def _end_launcher(self) -> int | None:
        """End a launcher that has failed, and return its exit status, none if it had to be killed."""
        try:
            status = self._process.wait(1)
        except subprocess.TimeoutExpired:
            status = None
            try:
                self._process.kill()
            except PermissionError:
                # It is another user's by now, as sudo is: it may take its time, and is reaped then.
                reactor.register(self._pidfd, select.EPOLLIN, lambda _events: self._reap_launcher())
                return None
        self._reap_launcher()
        return status

    def _reap_launcher(self) -> None:
        reactor.unregister(self._pidfd)
        self._close_pidfd()
        self._process.wait()

    def _close_pidfd(self) -> None:
        # Forgotten first: a fork in between shall not close the number again, which may be another's by then.
        pidfd, self._pidfd = self._pidfd, -1
        if pidfd >= 0:
            os.close(pidfd)

    # The listener.

    def wants_output(self) -> bool:
        """Nothing: a keeper has no output."""
        raise NotImplementedError

    def on_output(self, stream: Stream, data: bytes) -> bool:
        """Nothing: a keeper has no output."""
        raise NotImplementedError(stream, data)

    def on_signal(self, number: int, info: bytes) -> None:
        """Ignore signals to the keeper: it ends with the runtime."""

    def on_reaped(self, _status: int | None) -> None:
        """Close the channels: the keeper has ended."""
        self.usable = False
        if not self.driver.searches.over:
            _killed.add(self)
        self.driver.close()
        self._part_ended("driver")

    def on_closed(self) -> None:
        """Nothing: a keeper has no output."""

    def _on_launcher_ended(self, _events: int) -> None:
        """Reap the launcher; a keeper that survives it ends too."""
        if not has_ended(self._pidfd):
            return
        self._reap_launcher()
        self.usable = False
        self.driver.shut()
        self._part_ended("launcher")

    def _part_ended(self, part: str) -> None:
        self._left.discard(part)
        if not self._left:
            _running.discard(self)
            self._living.release()

    def wait_ended(self, timeout: float) -> bool:
        """Wait until nothing of the keeper and its launcher is left; say whether that is so.

        Args:
            timeout: seconds

        """
        if not self._living.acquire(timeout=timeout):
            return False
        self._living.release()
        return True

    def _succeed(self, then: Callable[[Driver | None], None]) -> None:
        """Start a keeper that searches in the stead of this one, which has ended; not on the reactor's thread."""

        def start() -> None:
            try:
                driver = Keeper(*self._argv, self.run_id).driver
            except OSError:
                logger.exception("No keeper searches for what was left by tasks of one that has ended")
                driver = None
            reactor.call_soon(lambda: then(driver))

        try:
            threading.Thread(target=start, name="prx-successor", daemon=True).start()
        except RuntimeError:  # the interpreter ends
            then(None)

    def end(self) -> threading.Lock:
        """End the keeper with all below it, even if it was killed before; from any thread.

        Returns:
            a lock that is held until that is done

        """
        self.usable = False
        under_way = threading.Lock()
        under_way.acquire()
        reactor.call_soon(lambda: self.driver.searches.end(END_LIMIT, under_way.release))
        return under_way

    def leave_to_parent(self) -> None:
        """Forget the launcher, in the child of an `os.fork()`."""
        self._process.returncode = 0
        self._close_pidfd()


_lock = threading.Lock()
_keepers: dict[tuple[tuple[str, ...], str], Keeper] = {}
_running: set[Keeper] = set()
"""Those that have not ended, be they usable or not."""
_killed: set[Keeper] = set()
"""Those that have not ended as they should, as long as what was below them may be there."""
_starting: dict[tuple[tuple[str, ...], str], threading.Lock] = {}
"""A lock for each launcher: one that hangs keeps nobody else waiting, least of all the reactor."""


def keeper_for(launcher: tuple[str, ...], path: str) -> Keeper:
    """Return the keeper of a launcher, started if there is none.

    Args:
        launcher: argv in front of the driver's path, often empty
        path: the driver

    Raises:
        OSError: it does not start, with what the launcher has said

    """
    key = launcher, path
    with _lock:
        starting = _starting.setdefault(key, threading.Lock())
    with starting:
        keeper = _keepers.get(key)
        if keeper is None or not keeper.usable:
            keeper = Keeper(launcher, path)
            with _lock:
                _keepers[key] = keeper
                _killed.difference_update(_over())
        return keeper


def _over() -> list[Keeper]:
    return [keeper for keeper in list(_killed) if keeper.driver.is_over()]


def shutdown() -> None:
    """End all OS processes of this runtime and wait until they are gone.

    Called by itself when the program ends. Tasks may be forked again
    afterwards.
    """
    deadline = time.monotonic() + END_LIMIT
    with _lock:
        keepers = {*_running, *_killed}
        _keepers.clear()
    for keeper, under_way in [(keeper, keeper.end()) for keeper in keepers]:
        if under_way.acquire(timeout=max(0.0, deadline - time.monotonic())):
            _killed.discard(keeper)
    # Successors are among them.
    for keeper in [keeper for keeper in list(_running) if not keeper.usable]:
        if not keeper.wait_ended(max(0.0, deadline - time.monotonic())):
            logger.warning("A keeper is late to end: %r", keeper)


def _after_fork_in_child() -> None:
    global RUN_ID, _lock  # noqa: PLW0603 -- the parent goes on with its own id, and may have held the lock
    RUN_ID = _new_run_id()
    _lock = threading.Lock()
    for keeper in _running:
        keeper.leave_to_parent()
    _running.clear()
    _killed.clear()
    _keepers.clear()
    _starting.clear()
    reactor.after_fork_in_child()
    Driver.leave_to_parent()


at_exit(Stage.OS_PROCESSES, shutdown)
os.register_at_fork(after_in_child=_after_fork_in_child)
