"""How many instructions a driver takes for a call and for a byte of its argument, as callgrind counts them."""

from __future__ import annotations

import re
import shutil
from functools import partial
from typing import TYPE_CHECKING

import pytest
from support.features import require

from prx_actors import prx

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from prx_actors import Task

    Prepare = Callable[[Task], Callable[[], object]]

pytestmark = [pytest.mark.static, pytest.mark.usefixtures("one_processor")]

TIMES = 100
FORKS = 20
TOTAL = re.compile(r"^(?:summary|totals): (\d+)$", re.MULTILINE)


@pytest.fixture
def callgrind(tmp_path: Path) -> str:
    """Return a launcher under which each driver leaves its count in a file of its pid."""
    require(shutil.which("valgrind"), "valgrind")
    return f"valgrind -q --log-file=/dev/null --tool=callgrind --callgrind-out-file={tmp_path}/%p"


def instructions(launcher: str, folder: Path, prepare: Prepare, times: int = TIMES) -> float:
    """Return what a call takes: the difference between a root that is called often, and one that is twice as often."""
    few, many = (_in_all(launcher, folder, prepare, count) for count in (times, 2 * times))
    return (many - few) / times


def _in_all(launcher: str, folder: Path, prepare: Prepare, times: int) -> int:
    with prx.fork(exec=launcher) as root:
        counted = folder / str(root.host_pid)
        call = prepare(root)
        for _ in range(times):
            call()
    found = TOTAL.search(counted.read_text())
    assert found
    return int(found[1])


def test_a_call_takes_a_driver_so_many_instructions(callgrind: str, tmp_path: Path) -> None:
    """Some 1000 for getpid, from the wait to the reply; 350 more when the processors are counted."""
    taken = instructions(callgrind, tmp_path, lambda task: partial(prx.getpid, task))
    assert taken <= 1600, f"{taken:.0f} instructions for a getpid, 1000 to 1350 when this was written"


def test_a_byte_of_an_argument_takes_a_driver_no_instruction(callgrind: str, tmp_path: Path) -> None:
    """write(2) writes it from where it was received: 32 KiB take less than one copy of them would."""

    def write(data: bytes, task: Task) -> Callable[[], object]:
        return partial(prx.write, task, prx.open(task, "/dev/null", ["o_wronly"]), data)

    nothing, much = (instructions(callgrind, tmp_path, partial(write, bytes(size))) for size in (0, 1 << 15))
    assert much - nothing <= 1000, f"{nothing:.0f} instructions to write nothing, {much:.0f} to write 32 KiB"


def test_a_birth_and_an_end_take_a_parent_so_many_instructions(callgrind: str, tmp_path: Path) -> None:
    """Some 2250 for both: a child is forked, reaped and told of."""
    taken = instructions(callgrind, tmp_path, lambda task: lambda: prx.stop(prx.fork(task)), FORKS)
    assert taken <= 2700, f"{taken:.0f} instructions for a fork and a stop, 2250 when this was written"
