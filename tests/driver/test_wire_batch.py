"""A batch: several calls in one request, until one fails."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest
from support.wire import Wire, keeper

from prx_actors.driver.protocol import CALLS, codec, frame
from prx_actors.system.native import lib

if TYPE_CHECKING:
    from pathlib import Path

BATCH = lib.PRX_BATCH


def call(name: str, *args: object) -> bytes:
    """Make a request of a batch."""
    return codec().encode((CALLS[name].number, *args))


def perform(wire: Wire, *requests: object) -> list[object]:
    """Send a batch and return the errno and the value of its reply."""
    wire.call.send(frame(7, BATCH, *requests))
    number, *reply = wire.call.receive()
    assert number == 7
    return reply


def test_all_calls_of_a_batch_are_done_in_order(tmp_path: Path) -> None:
    """The value tells how many; what they return is dropped."""
    folder = str(tmp_path / "a")
    with keeper() as (wire, _), wire.fork(1) as task:
        requests = [call("mkdir", folder, 0o700), call("chdir", folder), call("mkdir", "b", 0o700), call("environ")]
        assert perform(task, *requests) == [0, [4, 0]]
        assert os.listdir(folder) == ["b"]  # noqa: PTH208
        assert task.request("getcwd") == [0, os.fsencode(folder)]


def test_a_batch_ends_at_the_first_error(tmp_path: Path) -> None:
    """What comes after it is not done, and the driver goes on."""
    after = tmp_path / "after"
    with keeper() as (wire, _), wire.fork(1) as task:
        requests = [call("getpid"), call("chdir", "/nowhere"), call("mkdir", str(after), 0o700)]
        assert perform(task, *requests) == [0, [1, errno.ENOENT]]
        assert not after.exists()
        assert perform(task) == [0, [0, 0]]


def test_an_exec_ends_a_batch_and_the_channel() -> None:
    """The program has what the calls before it have made."""
    with keeper() as (wire, _), wire.fork(1) as task:
        requests = [call("setenv", "STATUS", "7", 1), call("execvp", "sh", ["sh", "-c", "exit $STATUS"])]
        task.call.send(frame(7, BATCH, *requests))
        with pytest.raises(EOFError):
            task.call.receive()
        assert wire.event.receive()[:3] == [lib.PRX_EVENT_EXITED, 1, 7 << 8]


@pytest.mark.parametrize("name", ["fork", "clone", "reexec"])
def test_calls_that_make_another_driver_are_no_part_of_a_batch(name: str) -> None:
    """`EINVAL`: who would answer the rest?"""
    with keeper() as (wire, _), wire.fork(1) as task:
        assert perform(task, call(name), call("getpid")) == [0, [0, errno.EINVAL]]
        assert task.is_alive()


def test_a_batch_within_a_batch_is_no_call() -> None:
    """`ENOSYS`, as for any other number that is none."""
    with keeper() as (wire, _), wire.fork(1) as task:
        assert perform(task, codec().encode((BATCH, call("getpid")))) == [0, [0, errno.ENOSYS]]


def test_a_filter_holds_in_a_batch() -> None:
    """Each call is looked at; one that the batch itself refuses is refused to the rest of it."""
    with keeper() as (wire, _), wire.fork(1) as task:
        requests = [call("filter", [CALLS["getuid"].number], []), call("getpid"), call("getuid"), call("getpid")]
        assert perform(task, *requests) == [0, [2, errno.ENOSYS]]


@pytest.mark.parametrize(
    "requests",
    [
        (1,),
        ("no call",),
        (call("getpid"), None),
        (codec().encode(()),),
        (codec().encode("getpid"),),
        (call("getpid", 1),),
        (call("chdir", 1),),
        (call("getpid") + b"\0",),
    ],
    ids=repr,
)
def test_a_malformed_batch_ends_the_driver(requests: tuple[object, ...]) -> None:
    """With the status that says so."""
    with keeper() as (wire, _), wire.fork(1) as task:
        task.call.send(frame(7, BATCH, *requests))
        assert wire.event.receive()[:3] == [lib.PRX_EVENT_EXITED, 1, lib.PRX_EXIT_PROTOCOL << 8]


def test_a_value_that_fits_no_reply_does_not_end_a_batch(tmp_path: Path) -> None:
    """It is dropped, as all are."""
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(80 << 20)
    with keeper() as (wire, _), wire.fork(1) as task:
        assert task.request("open", str(big), os.O_RDONLY, 0) == [0, 3]
        requests = [call("read", 3, 60 << 20), call("lseek", 3, 0, 0)] * 2
        assert perform(task, *requests) == [0, [4, 0]]
