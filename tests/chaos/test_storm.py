"""Kills at random: nothing of what should be gone is left, `Down` comes after that, and siblings live."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from chaos.layers import driver_with_layers
from chaos.processes import Process, below, mark, namespace, now, process, table
from chaos.storm import ALLOWANCE, Violation, storm
from chaos.subject import Subject
from support.ends import LAG
from support.features import require
from support.namespaces import need_user_namespaces

from prx_actors.driver.keeper import driver_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARKED = """
import resource, sys
soft = 1 << 62 | int(sys.argv[1]) << 26 | int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_RTTIME, (soft, resource.RLIM_INFINITY))
print(flush=True)
sys.stdin.read()
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_is_left_by_two_hundred_kills() -> None:
    """Eight runtimes side by side, a kill in flight in each."""
    seed, allowance = int(os.environ.get("PRX_CHAOS_SEED", "1")), max(ALLOWANCE, 2 * LAG)
    report = storm(200, seed, runtimes=8, patience=3, seconds=400, allowance=allowance)
    print(report)
    assert report.violations == []
    assert report.blows.total() >= 200
    assert len(report.blows) > 10
    assert len(report.programs) > 10


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_with_all_layers_but_end_of_file_left_out_the_chaos_finds_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checker is not blind."""
    monkeypatch.setenv("PRX_DRIVER", str(driver_with_layers(tmp_path)))
    monkeypatch.setenv("PRX_LAYERS", "none")
    report = storm(200, seed=1, runtimes=4, seconds=200)
    assert any("left" in one.what or "gone" in one.what for one in report.violations), report


@pytest.fixture
def subject() -> Iterator[Subject]:
    """Start a runtime that has nothing yet."""
    driver_path()
    found = Subject()
    yield found
    found.close()


def sleeper(*arguments: object, source: str = MARKED) -> subprocess.Popen[bytes]:
    """Start a process that is no runtime's by its parentage."""
    argv = [sys.executable, "-c", source, *map(str, arguments)]
    started = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert started.stdout
    assert started.stdout.readline() == b"\n"
    return started


def end(started: subprocess.Popen[bytes]) -> None:
    """End it and all that was opened for it."""
    started.kill()
    started.communicate()


def test_a_process_is_known_by_its_mark_alone(subject: Subject) -> None:
    """Whoever is its parent; and one of another runtime is not taken for one of this."""
    mine, other = sleeper(subject.run, 7), sleeper(subject.run ^ 1 << 35, 7)
    seen = {one.process.pid: one for one in subject.seen()}
    assert mine.pid in seen
    assert other.pid not in seen
    assert seen[mine.pid].mark == (subject.run, 7)
    assert mark(os.getpid()) is None
    end(mine)
    end(other)


def test_a_process_is_known_by_its_cgroup_alone(subject: Subject) -> None:
    """Without a mark, and with a foreign parent."""
    require(subject.cgroup.exists, "a cgroup of our own")
    started = sleeper(source="import sys; print(flush=True); sys.stdin.read()")
    assert started.pid not in [one.process.pid for one in subject.seen()]
    subject.cgroup.add(started.pid)
    assert started.pid in [one.process.pid for one in subject.seen()]
    end(started)


def test_a_process_is_known_by_its_namespace_alone(subject: Subject) -> None:
    """Without a mark, with a foreign parent and in no cgroup of its own; one that others live in does not count."""
    need_user_namespaces("--pid", "--fork")
    unshare = ["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--pid", "--fork"]
    with subprocess.Popen([*unshare, "--kill-child", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        assert started.stdin
        assert started.stdout
        started.stdin.write(b"up\n")
        started.stdin.flush()
        assert started.stdout.readline() == b"up\n"
        [inside] = below(started.pid, table())
        apart = namespace(inside.pid)
        assert inside.pid not in [one.process.pid for one in subject.seen()]
        assert [one.process.pid for one in subject.left_in({apart, namespace(os.getpid())}, now())] == [inside.pid]
        assert subject.left_in({apart}, inside.start - 1) == []


def test_a_process_is_known_by_its_start_time_too() -> None:
    """A later one with the same pid is another one."""
    found = process(os.getpid())
    assert found is not None
    assert found.key != (found.pid, found.start + 1)


@pytest.mark.parametrize(("state", "parent", "left"), [("Z", 1, True), ("Z", 77, False), ("S", 1, False)])
def test_zombies_of_a_foreign_init_are_no_leftovers(state: str, parent: int, left: bool) -> None:
    """Those of any other parent are, and so is whatever runs."""
    assert Process(4711, 1, parent, state, "sleep").is_left_to_init() is left


def test_a_violation_says_how_to_see_it_again() -> None:
    """By the seed of its runtime."""
    assert str(Violation("1-3", "keeper", "this is left")) == "1-3: after keeper: this is left"
