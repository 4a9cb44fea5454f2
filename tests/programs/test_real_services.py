"""PostgreSQL, Redis and nginx as children of one supervision tree."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.ends import OsProcesses
from support.features import require
from support.supervised import pid_of, pids, start

from prx_actors import ChildSpec, Command, exit_signal, link, monitor, receive, run
from prx_actors.actors import Down, Exit
from prx_actors.actors.table import process_of
from prx_actors.programs import reload
from prx_actors.programs.readiness import Line, Notify, Tcp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prx_actors import Pid, Task
    from prx_actors.programs.readiness import Readiness, Waiting

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

WAIT = 60.0
"""Seconds for a database to start on a busy machine."""
NAMES = ["postgres", "redis", "nginx"]
USER = "nobody" if os.geteuid() == 0 else None
"""Whom the services run as: a database refuses to be root's."""
POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"))), Path("/nowhere"))

NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
worker_processes 2;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{text}"; }} }}
}}
"""


class Recorded:
    """A readiness that says when it was reached.

    Args:
        kind: what is waited for
        name: of the service
        order: gets the name then
    """

    def __init__(self, kind: Readiness, name: str, order: list[str]) -> None:
        self.kind = kind
        self.name = name
        self.order = order

    def begin(self) -> RecordedWaiting:
        """Begin to wait."""
        return RecordedWaiting(self.kind.begin(), self)


class RecordedWaiting:
    """Its wait for one start."""

    def __init__(self, waiting: Waiting, recorded: Recorded) -> None:
        self.waiting = waiting
        self.environment = waiting.environment
        self.close = waiting.close
        self.recorded = recorded

    def wait_ready(self, task: Task) -> None:
        """Wait, and say so."""
        self.waiting.wait_ready(task)
        self.recorded.order.append(self.recorded.name)


@dataclass
class Site:
    """The folders and the programs of the three."""

    folder: Path
    port: int
    order: list[str]

    def command(self, name: str, *argv: str, readiness: Readiness, **fields: Any) -> Command:
        """Return the command of a service."""
        recorded = Recorded(readiness, name, self.order)
        return Command(argv, user=USER, cwd=self.folder, name=name, grace=30.0, readiness=recorded, **fields)

    def specs(self) -> list[ChildSpec]:
        """Return the children, the first one first."""
        postgres = self.command(
            "postgres",
            str(POSTGRES / "postgres"),
            *("-D", str(self.folder / "data"), "-k", str(self.folder), "-c", "listen_addresses="),
            readiness=Notify(WAIT),
            stop_signal=signal.SIGINT,
        )
        redis = self.command(
            "redis",
            "redis-server",
            *("--port", "0", "--unixsocket", str(self.folder / "redis"), "--dir", str(self.folder)),
            *("--appendonly", "yes", "--appendfsync", "always", "--save", ""),
            readiness=Line("[Rr]eady to accept connections", timeout=WAIT),
        )
        nginx = self.command(
            "nginx",
            *("/usr/sbin/nginx", "-e", "stderr", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")),
            readiness=Tcp(self.port, timeout=WAIT),
            stop_signal=signal.SIGQUIT,
        )
        return [ChildSpec(command.name, command) for command in (postgres, redis, nginx)]

    def prepare(self) -> None:
        """Make the database and the configuration."""
        argv = (str(POSTGRES / "initdb"), "-D", str(self.folder / "data"), "-U", "prx", "--locale=C", "--no-sync")
        run(Command(argv, user=USER, cwd=self.folder), check=True, timeout=WAIT)
        self.serve("one")

    def serve(self, text: str) -> None:
        """Have nginx answer with a text once it reads its configuration."""
        written = NGINX.format(folder=self.folder, port=self.port, text=text)
        (self.folder / "nginx.conf").write_text(written)

    def sql(self, query: str) -> str:
        """Ask the database."""
        argv = (str(POSTGRES / "psql"), "-h", str(self.folder), "-U", "prx", "-d", "postgres", "-Atc", query)
        return said(Command(argv))

    def redis(self, *words: str) -> str:
        """Ask Redis."""
        return said(Command(("redis-cli", "-s", str(self.folder / "redis"), *words)))

    def page(self) -> str:
        """Ask nginx."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=WAIT) as answer:
            text: str = answer.read().decode()
            return text


def said(command: Command) -> str:
    """Run a client, and return what it says."""
    done = run(command, check=True, timeout=WAIT)
    assert isinstance(done.stdout, bytes)
    return done.stdout.decode().strip()


@pytest.fixture
def site(temporary_folder: Path) -> Iterator[Site]:
    """Prepare the three, in a folder that their user may use."""
    require((POSTGRES / "postgres").exists(), "postgresql")
    require(shutil.which("redis-server"), "redis-server")
    require(Path("/usr/sbin/nginx").exists(), "nginx")
    with tempfile.TemporaryDirectory(prefix="site-", dir=temporary_folder) as name, socket.socket() as probe:
        folder = Path(name)
        if USER is not None:
            shutil.chown(folder, USER)
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        probe.close()
        site = Site(folder, port, [])
        site.prepare()
        yield site


def task_of(supervisor: Pid, name: str) -> Task:
    """Return the task of a service."""
    service: Any = process_of(pid_of(supervisor, name))
    task: Task = service.task
    return task


def kill(supervisor: Pid, name: str) -> None:
    """Kill a service, and wait until it is back: the supervisor answers when it has restarted it."""
    child, task = pid_of(supervisor, name), task_of(supervisor, name)
    link(child)
    assert task.host_pid is not None
    with OsProcesses.below(task) as processes:
        os.kill(task.host_pid, signal.SIGKILL)
        receive(Exit, pid=child, timeout=WAIT)
        assert processes.left() == []
    await_true(lambda: pids(supervisor)[name] is not None)
    assert task_of(supervisor, name) is not task


def await_true(condition: Callable[[], object]) -> None:
    """Ask until it is so."""
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_three_services_are_supervised_through_all_that_happens_to_them(site: Site) -> None:
    """Ready in order, killed, restarted, reloaded, stopped in reverse order, with their data and without a survivor."""
    supervisor = start(*site.specs(), intensity=9)
    assert site.order == NAMES
    fill(site)
    for name in NAMES:
        kill(supervisor, name)
        check(site)
    assert site.order == NAMES * 2

    site.sql("alter system set work_mem = '7MB'")
    site.serve("two")
    tasks = {name: task_of(supervisor, name) for name in NAMES}
    reload(pid_of(supervisor, "postgres"))
    reload(pid_of(supervisor, "nginx"))
    await_true(lambda: site.sql("show work_mem") == "7MB")
    await_true(lambda: site.page() == "two")
    assert {name: task_of(supervisor, name) for name in NAMES} == tasks

    refs = {monitor(pid_of(supervisor, name)): name for name in NAMES}
    with OsProcesses.below(*tasks.values()) as processes:
        assert len(processes) > len(NAMES)
        exit_signal(supervisor, "shutdown")
        downs = [receive(Down, timeout=WAIT) for _ in NAMES]
        assert [refs[down.ref] for down in downs] == NAMES[::-1]
        assert receive(Exit, pid=supervisor, timeout=WAIT).reason == "shutdown"
        assert processes.left() == []
    control = said(Command((str(POSTGRES / "pg_controldata"), str(site.folder / "data"))))
    assert "shut down" in control.split("Database cluster state:")[1].splitlines()[0]


def fill(site: Site) -> None:
    """Store something in each."""
    site.sql("create table prx as select generate_series(1, 1000) as n")
    assert site.redis("set", "key", "kept") == "OK"
    check(site)


def check(site: Site) -> None:
    """Find it again."""
    assert site.sql("select sum(n) from prx") == "500500"
    assert site.redis("get", "key") == "kept"
    assert site.page() == "one"


def test_when_the_first_dies_those_after_it_are_restarted_too(site: Site) -> None:
    """With the strategy rest_for_one, in order."""
    supervisor = start(*site.specs(), intensity=9, strategy="rest_for_one")
    fill(site)
    nginx = pid_of(supervisor, "nginx")
    kill(supervisor, "postgres")
    await_true(lambda: pids(supervisor)["nginx"] not in (None, nginx))
    assert site.order == NAMES * 2
    check(site)
    exit_signal(supervisor, "shutdown")
    assert receive(Exit, pid=supervisor, timeout=WAIT).reason == "shutdown"
