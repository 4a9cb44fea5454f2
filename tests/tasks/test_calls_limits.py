"""Resource limits, and the two that are not quite the kernel's: open files, and the one that holds the mark."""

from __future__ import annotations

import errno
import resource
import signal
from pathlib import Path

import pytest
from support.calls import OWN_FDS, children, fails, outcome, program, unprivileged
from support.features import require

from prx_actors import RLIM_INFINITY, NoProcess, Rlimit, Stdout, Task, TermSig, prx, receive
from prx_actors.tasks.rlimit import to_driver

RESOURCES = ["rlimit_as", "rlimit_core", "rlimit_cpu", "rlimit_data", "rlimit_fsize", "rlimit_memlock",
             "rlimit_msgqueue", "rlimit_nice", "rlimit_nofile", "rlimit_nproc", "rlimit_rss", "rlimit_rtprio",
             "rlimit_rttime", "rlimit_sigpending", "rlimit_stack"]  # fmt: skip
MARK = "Max realtime timeout"


def of_kernel(pid: int | None, name: str) -> tuple[str, str]:
    """Return a soft and a hard limit as `/proc` shows them, of a task that has answered a call: it is born then."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    soft, hard = next(line for line in lines if line.startswith(name))[len(name) :].split()[:2]
    return soft, hard


def unsigned(limits: tuple[int, int]) -> tuple[int, ...]:
    """Return limits of the standard library's, which has -1 for infinity, as a task has them."""
    return tuple(limit if limit >= 0 else RLIM_INFINITY for limit in limits)


def ulimits(task: Task) -> list[int]:
    """Return the limits of open files of a program that a child of the task becomes."""
    return [int(one) for one in program(prx.fork(task), ["sh", "-c", "ulimit -Sn; ulimit -Hn"]).split()]


@pytest.mark.parametrize("name", RESOURCES)
def test_a_task_has_the_limits_of_the_program_that_uses_it(name: str) -> None:
    """All of them, by either form of their name; infinity is the greatest number there is."""
    number = getattr(resource, name.upper())
    with prx.fork() as task:
        limit = prx.getrlimit(task, name)
        assert limit == prx.getrlimit(prx.fork(task), number)
        assert 0 <= limit.cur <= limit.max <= RLIM_INFINITY
        if name not in {"rlimit_nofile", "rlimit_rttime"}:
            assert limit == unsigned(resource.getrlimit(number))
    assert RLIM_INFINITY == 2**64 - 1


def test_a_limit_is_the_task_s_its_forks_and_programs() -> None:
    """And not its parent's."""
    with prx.fork() as task:
        child = prx.fork(task)
        before = prx.getrlimit(task, "rlimit_core")
        prx.setrlimit(child, "rlimit_core", Rlimit(cur=512, max=1024))
        assert prx.getrlimit(child, "rlimit_core") == prx.getrlimit(prx.fork(child), "rlimit_core") == (512, 1024)
        assert of_kernel(child.host_pid, "Max core file size") == ("512", "1024")
        assert program(prx.fork(child), ["sh", "-c", "ulimit -c"]) == b"1\n"
        assert prx.getrlimit(task, "rlimit_core") == before


@pytest.mark.parametrize(
    ("limit", "seen"),
    [
        (Rlimit(1, 2), (1, 2)),
        ([0, 0], (0, 0)),
        ((1, "rlim_infinity"), (1, RLIM_INFINITY)),
        (("RLIM_INFINITY", -1), (RLIM_INFINITY, RLIM_INFINITY)),
        ((2**63, RLIM_INFINITY), (2**63, RLIM_INFINITY)),
        ((2**63 - 1, 2**64 - 2), (2**63 - 1, 2**64 - 2)),
        (iter([3, 4]), (3, 4)),
    ],
    ids=str,
)
def test_a_limit_is_a_pair_of_64_bits_without_a_sign(limit: tuple[int, int], seen: tuple[int, int]) -> None:
    """As an `Rlimit`, a tuple or anything else that gives two; infinity has three names."""
    with prx.fork() as task:
        require(prx.getrlimit(task, "rlimit_fsize").max == RLIM_INFINITY, "no limit of the size of files")
        prx.setrlimit(task, "rlimit_fsize", limit)
        assert prx.getrlimit(task, "rlimit_fsize") == seen


@pytest.mark.parametrize(
    ("limit", "error"),
    [
        (5, TypeError),
        ("12", TypeError),
        (b"12", TypeError),
        (None, TypeError),
        ((1,), TypeError),
        ((1, 2, 3), TypeError),
        ((1.0, 2), TypeError),
        ((None, 2), TypeError),
        ((1, "infinity"), ValueError),
        ((-2, 1), OverflowError),
        ((1, 2**64), OverflowError),
    ],
    ids=str,
)
def test_what_is_no_limit_is_refused(limit: tuple[int, int], error: type[Exception]) -> None:
    """Before anything is sent."""
    with pytest.raises(error):
        to_driver(limit)


def test_setrlimit_fails_with_the_errno_of_its_man_page() -> None:
    """`EINVAL`, `EPERM`; the limit stays."""
    with unprivileged() as task:
        prx.setrlimit(task, "rlimit_core", (1, 10))
        for limit, number in (((11, 10), errno.EINVAL), ((1, 11), errno.EPERM), ((1, -1), errno.EPERM)):
            with fails(number, note=f"of {task}"):
                prx.setrlimit(task, "rlimit_core", limit)
        for resource_ in (-1, 99, 1 << 32):
            with fails(errno.EINVAL):
                prx.setrlimit(task, resource_, (0, 0))
            with fails(errno.EINVAL):
                prx.getrlimit(task, resource_)
        assert prx.getrlimit(task, "rlimit_core") == (1, 10)


@pytest.mark.static
def test_limits_hold_in_the_driver_and_it_lives() -> None:
    """No fork, no large file, no memory for a large answer: errors, and the task goes on."""
    with unprivileged() as task:
        prx.setrlimit(task, "rlimit_nproc", (0, 0))
        with fails(errno.EAGAIN, note=f"fork of {task}"):
            prx.fork(task)
        prx.setrlimit(task, "rlimit_as", (8 << 20, 8 << 20))
        fd = prx.open(task, "/dev/zero", "o_rdonly")
        with fails(errno.ENOMEM):
            prx.read(task, fd, 32 << 20)
        assert prx.read(task, fd, 10) == bytes(10)


def test_a_request_beyond_the_memory_a_driver_may_have_ends_it() -> None:
    """It could not even take it in; everything below it is gone as ever."""
    task = prx.fork()
    child = prx.fork(task)
    prx.setrlimit(task, "rlimit_as", (8 << 20, 8 << 20))
    with pytest.raises(NoProcess):
        prx.write(task, 1, bytes(32 << 20))
    assert not prx.stop(child) or child.host_pid is None


def test_a_program_that_reaches_its_limit_is_told_so(tmp_path: Path) -> None:
    """A file that grows too large."""
    with prx.fork() as task:
        prx.setrlimit(task, "rlimit_fsize", (0, 0))
        child = prx.fork(task)
        prx.execvp(child, ["sh", "-c", f"ulimit -f; echo more >> {tmp_path}/file"])
        ended = outcome(child)
    assert (ended.stdout, ended.end) == (b"0\n", TermSig(child, signal.SIGXFSZ))
    assert (tmp_path / "file").read_bytes() == b""


# Open files.


def test_the_limit_of_open_files_is_the_one_that_programs_get() -> None:
    """The driver's own is raised to the hard one, which nobody sees."""
    with prx.fork() as task:
        limit = prx.getrlimit(task, "rlimit_nofile")
        assert ulimits(task) == list(limit)
        assert of_kernel(task.host_pid, "Max open files") == (str(limit.max), str(limit.max))


@pytest.mark.parametrize("soft", [6, 10, 63, 64, 65, 200])
def test_the_limit_of_open_files_that_is_set_is_seen_and_given_to_programs(soft: int) -> None:
    """Also below what the driver needs for itself; forks inherit it."""
    with prx.fork() as task:
        prx.setrlimit(task, "rlimit_nofile", Rlimit(soft, 256))
        child = prx.fork(task) if soft >= 12 else task
        for one in (task, child):
            assert prx.getrlimit(one, "rlimit_nofile") == (soft, 256)
            assert of_kernel(one.host_pid, "Max open files") == (str(max(soft, OWN_FDS.stop)), "256")
        prx.execvp(child, ["sh", "-c", "ulimit -Sn; ulimit -Hn"])
        assert outcome(child).stdout.split() == [b"%d" % soft, b"256"]


def test_the_soft_limit_of_open_files_may_go_up_again() -> None:
    """As far as the hard one, and not beyond; `maxchild` does not come back by itself."""
    with prx.fork() as task:
        prx.setrlimit(task, "rlimit_nofile", (64, 128))
        prx.setrlimit(task, "rlimit_nofile", (128, 128))
        assert prx.getrlimit(task, "rlimit_nofile") == (128, 128)
        assert prx.getopt(task, "maxchild") == 9
        for limit, number in (((129, 128), errno.EINVAL), ((128, 129), errno.EPERM)):
            if number == errno.EPERM and may_raise_limits():
                continue
            with fails(number):
                prx.setrlimit(task, "rlimit_nofile", limit)
        assert prx.getrlimit(task, "rlimit_nofile") == (128, 128)


def may_raise_limits() -> bool:
    """Say whether this user has CAP_SYS_RESOURCE."""
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("CapEff"))
    return bool(int(line.split()[1], 16) >> 24 & 1)


def test_a_failed_exec_leaves_the_limits_of_open_files_as_they_were() -> None:
    """The user's and the driver's."""
    with prx.fork() as task:
        for soft in (8, 100):
            prx.setrlimit(task, "rlimit_nofile", (soft, 256))
            with pytest.raises(FileNotFoundError):
                prx.execvp(task, ["/nosuch"])
            assert prx.getrlimit(task, "rlimit_nofile") == (soft, 256)
            assert of_kernel(task.host_pid, "Max open files") == (str(max(soft, OWN_FDS.stop)), "256")


def test_a_limit_below_an_open_file_is_refused() -> None:
    """`EINVAL`, as in prx; the driver's own fds do not count."""
    with prx.fork() as task:
        fds = [prx.open(task, "/dev/null", "o_rdonly") for _ in range(80)]
        highest = fds[-1]
        assert highest > OWN_FDS.stop
        for soft in (6, 64, highest):
            with fails(errno.EINVAL, note=f"of {task}"):
                prx.setrlimit(task, "rlimit_nofile", (soft, 256))
        prx.setrlimit(task, "rlimit_nofile", (highest + 1, 256))
        with fails(errno.EMFILE, filename="/dev/null"):
            prx.open(task, "/dev/null", "o_rdonly")
        for fd in fds:
            prx.close(task, fd)
        prx.setrlimit(task, "rlimit_nofile", (6, 256))


def test_a_hard_limit_below_the_driver_s_own_fds_is_refused() -> None:
    """It could not be undone, and the driver could not fork any more."""
    with prx.fork() as task:
        for limit in ((6, 63), (0, 0), (32, 32)):
            with fails(errno.EINVAL):
                prx.setrlimit(task, "rlimit_nofile", limit)
        prx.setrlimit(task, "rlimit_nofile", (64, 64))
        child = prx.fork(task)
        assert prx.getpid(prx.fork(child)) > 0
        assert ulimits(child) == [64, 64]


@pytest.mark.parametrize(
    ("maxchild", "soft", "seen"), [(8, 64, 8), (8, 32, 4), (64, 64, 9), (64, 390, 64), (64, 389, 63), (64, 6, 0)]
)
def test_maxchild_follows_the_limit_of_open_files_down(maxchild: int, soft: int, seen: int) -> None:
    """By six files for each child and six for the task, as in prx; forks beyond fail, and the task lives."""
    with prx.fork(maxchild=maxchild) as task:
        hard = prx.getrlimit(task, "rlimit_nofile").max
        prx.setrlimit(task, "rlimit_nofile", (soft, hard))
        assert prx.getopt(task, "maxchild") == seen
        if seen > 10:
            return
        first = [prx.fork(task) for _ in range(seen)]
        with fails(errno.EAGAIN, note=f"fork of {task}"):
            prx.fork(task)
        assert len(children(task)) == seen
        if first:
            assert prx.getopt(first[0], "maxchild") == seen
            prx.stop(first[0])
            assert prx.getpid(prx.fork(task)) > 0


def test_a_limit_below_what_the_children_count_for_is_refused() -> None:
    """`EINVAL`; it may be set when they are gone."""
    with prx.fork() as task:
        first, _ = prx.fork(task), prx.fork(task)
        for soft in (6, 12, 17):
            with fails(errno.EINVAL):
                prx.setrlimit(task, "rlimit_nofile", (soft, 256))
        prx.setrlimit(task, "rlimit_nofile", (18, 256))
        prx.stop(first)
        prx.setrlimit(task, "rlimit_nofile", (12, 256))
        assert prx.getopt(task, "maxchild") == 1


def test_a_driver_with_few_files_still_ends_all_that_is_below_it() -> None:
    """In time, with a program that is deaf."""
    with prx.fork(killdelay=0.3) as task:
        prx.setrlimit(task, "rlimit_nofile", (64, 64))
        for fd in range(3, OWN_FDS.start):
            assert prx.open(task, "/dev/null", "o_rdonly") == fd
        with fails(errno.EMFILE):
            prx.fork(task)
        prx.close(task, 3)
        with fails(errno.EMFILE):
            prx.fork(task)
        for fd in range(4, 20):
            prx.close(task, fd)
        child = prx.fork(task)
        prx.execvp(child, ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"])
        assert receive(Stdout, task=child, timeout=30).data == b"up\n"


# The mark.


def test_the_limit_that_holds_the_mark_shows_what_the_user_set() -> None:
    """At first none; a fork inherits it."""
    with prx.fork() as task:
        assert prx.getrlimit(task, "rlimit_rttime") == unsigned(resource.getrlimit(resource.RLIMIT_RTTIME))
        child = prx.fork(task)
        prx.setrlimit(child, "rlimit_rttime", (1000, 2000))
        assert prx.getrlimit(child, "rlimit_rttime") == prx.getrlimit(prx.fork(child), "rlimit_rttime") == (1000, 2000)
        assert prx.getrlimit(task, "rlimit_rttime").cur != 1000


def test_the_mark_outlasts_every_setrlimit() -> None:
    """In the driver, in a fork made afterwards, and in programs of either."""
    with prx.fork() as task:
        assert prx.getpid(task) == task.host_pid
        before = of_kernel(task.host_pid, MARK)
        assert int(before[0]) >> 62 == 1
        prx.setrlimit(task, "rlimit_rttime", (0, 0))
        assert of_kernel(task.host_pid, MARK) == before
        child = prx.fork(task)
        assert prx.getrlimit(child, "rlimit_rttime") == (0, 0)
        mark = of_kernel(child.host_pid, MARK)
        assert int(mark[0]) >> 26 == int(before[0]) >> 26
        grandchild = prx.fork(child)
        assert prx.getpid(grandchild) == grandchild.host_pid
        own = of_kernel(grandchild.host_pid, MARK)
        with pytest.raises(FileNotFoundError):
            prx.execvp(grandchild, ["/nosuch"])
        assert of_kernel(grandchild.host_pid, MARK) == own
        prx.execvp(grandchild, ["cat"])
        prx.stdin(grandchild, "up")
        receive(Stdout, task=grandchild, timeout=30)
        assert of_kernel(grandchild.host_pid, MARK) == own
        assert len({before, mark, own}) == 3


def test_the_limit_that_holds_the_mark_has_the_errors_of_any_other() -> None:
    """`EINVAL` above the hard one, `EPERM` for a hard one that goes up, for root too."""
    with prx.fork() as task:
        prx.setrlimit(task, "rlimit_rttime", (1, 10))
        for limit, number in (((11, 10), errno.EINVAL), ((1, 11), errno.EPERM), ((-1, -1), errno.EPERM)):
            with fails(number, note=f"of {task}"):
                prx.setrlimit(task, "rlimit_rttime", limit)
        prx.setrlimit(task, "rlimit_rttime", (10, 10))
        assert prx.getrlimit(task, "rlimit_rttime") == (10, 10)
