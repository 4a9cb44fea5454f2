"""Bytes through a program, against bare pipes read in the same process."""

from __future__ import annotations

import fcntl
import os
import queue
import select
import subprocess
import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from prx_actors import ExitStatus, StdinBlocked, Stdout, prx, receive

from .harness import compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prx_actors import Task

    from .harness import Comparison

__all__ = ["run"]

WAIT = 60.0
MIB = 1 << 20
OUTPUT = 1 << 31
ECHO = 1 << 30
CHUNK = 1 << 16
DEPTH = 8


def run(rounds: int) -> list[Comparison]:
    """Compare what a program writes, and what comes back from one."""
    rounds = min(rounds, 5)
    return [_output(rounds), _echo(rounds)]


def _rate(size: int, seconds: float) -> float:
    return seconds * 1000 / (size / MIB)


def _pipe_size() -> int:
    read, write = os.pipe()
    os.close(write)
    try:
        return fcntl.fcntl(read, fcntl.F_GETPIPE_SZ)
    finally:
        os.close(read)


def _head() -> list[str]:
    return ["head", "-c", str(OUTPUT), "/dev/zero"]


def _bare_output() -> float:
    with subprocess.Popen(_head(), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        start = time.perf_counter()
        fd, size = process.stdout.fileno(), 0
        while data := os.read(fd, CHUNK):
            size += len(data)
        assert size == OUTPUT
        return _rate(OUTPUT, time.perf_counter() - start)


def _relay(fd: int, chunks: queue.SimpleQueue[bytes]) -> None:
    while data := os.read(fd, CHUNK):
        chunks.put(data)
    chunks.put(b"")


def _relayed_output() -> float:
    chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    with subprocess.Popen(_head(), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        start = time.perf_counter()
        thread = threading.Thread(target=_relay, args=(process.stdout.fileno(), chunks))
        thread.start()
        size = 0
        while data := chunks.get():
            size += len(data)
        thread.join()
        assert size == OUTPUT
        return _rate(OUTPUT, time.perf_counter() - start)


def _task_output(depth: int) -> float:
    with prx.fork() as root:
        task = root
        for _ in range(depth):
            task = prx.fork(task)
        prx.execvp(task, _head())
        start = time.perf_counter()
        assert _read_all(task) == OUTPUT
        return _rate(OUTPUT, time.perf_counter() - start)


def _read_all(task: Task) -> int:
    size = 0
    while isinstance(message := receive(Stdout, ExitStatus, task=task, timeout=WAIT), Stdout):
        size += len(message.data)
    return size


def _output(rounds: int) -> Comparison:
    return compare(
        f"streams: {OUTPUT // MIB} MiB of stdout",
        "milliseconds per MiB",
        {
            "os.read, bare pipe": _bare_output,
            "os.read, queue.get": _relayed_output,
            "depth 1": partial(_task_output, 1),
            f"depth {DEPTH}": partial(_task_output, DEPTH),
        },
        rounds,
    )


def _bare_echo() -> float:
    received = 0

    def take(data: bytes) -> None:
        nonlocal received
        received += len(data)

    with _cat() as (into, out):
        start = time.perf_counter()
        _exchange(into, out, take)
        assert received == ECHO
        return _rate(ECHO, time.perf_counter() - start)


@contextmanager
def _cat() -> Iterator[tuple[int, int]]:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdin.fileno(), process.stdout.fileno()


def _exchange(into: int, out: int, take: Callable[[bytes], object]) -> None:
    os.set_blocking(into, False)
    os.set_blocking(out, False)
    poller = select.poll()
    poller.register(into, select.POLLOUT)
    poller.register(out, select.POLLIN)
    data, sent, received = bytes(CHUNK), 0, 0
    while received < ECHO:
        for fd, _ in poller.poll():
            if fd == out:
                chunk = os.read(out, CHUNK)
                received += len(chunk)
                take(chunk)
            else:
                sent += os.write(into, data[: ECHO - sent])
                if sent == ECHO:
                    poller.unregister(into)


def _echo_by_another() -> float:
    """What one thread that reads and writes, and a queue, make of it."""
    chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    with _cat() as (into, out):
        start = time.perf_counter()
        thread = threading.Thread(target=_exchange, args=(into, out, chunks.put))
        thread.start()
        received = 0
        while received < ECHO:
            received += len(chunks.get())
        thread.join()
        return _rate(ECHO, time.perf_counter() - start)


def _task_echo() -> float:
    with prx.fork() as root:
        task = prx.fork(root)
        prx.execvp(task, ["cat"])
        start = time.perf_counter()
        sent = received = 0
        data = bytes(MIB)
        while received < ECHO:
            while sent < ECHO and sent - received < 4 * MIB:
                prx.stdin(task, data)
                sent += MIB
            message = receive(Stdout, StdinBlocked, task=task, timeout=WAIT)
            if isinstance(message, Stdout):
                received += len(message.data)
        return _rate(ECHO, time.perf_counter() - start)


def _echo(rounds: int) -> Comparison:
    title = f"streams: {ECHO // MIB} MiB through cat, pipes of {_pipe_size() // 1024} KiB"
    sides = {"bare pipes": _bare_echo, "poll, queue.get": _echo_by_another, "stdin and Stdout": _task_echo}
    return compare(title, "milliseconds per MiB", sides, rounds)
