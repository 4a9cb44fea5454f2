"""A store and a web server as one tree: ready in order, restarted when one is killed, stopped in reverse order.

The store is Redis where that is installed, and a few lines of Python where it is not.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from prx_actors import ChildSpec, Command, Down, Supervisor, monitor, receive
from prx_actors.programs.readiness import Line, Unix

if TYPE_CHECKING:
    from prx_actors import Pid

STORE = """
import socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
while True: server.accept()
"""

WEB = """
import http.server, os
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
print("serves as process", os.getpid(), flush=True)
server.serve_forever()
"""


def store(folder: Path) -> Command:
    """Return the command of the store, which is ready when it accepts."""
    path = str(folder / f"store-{os.getpid()}")
    redis = ("redis-server", "--port", "0", "--unixsocket", path, "--dir", str(folder), "--save", "")
    python = (sys.executable, "-c", STORE, path)
    return Command(redis if shutil.which("redis-server") else python, readiness=Unix(path), name="store")


def web(output: list[bytes]) -> Command:
    """Return the command of the web server, which says when it is ready."""
    return Command((sys.executable, "-c", WEB), readiness=Line("^serves"), stdout=output.append, name="web")


def children(supervisor: Pid) -> dict[object, Pid]:
    """Return what runs."""
    return {child.id: child.pid for child in Supervisor.which_children(supervisor) if child.pid}


# The supervisor reports the end that we bring about.
logging.getLogger("prx_actors").setLevel(logging.CRITICAL)

with tempfile.TemporaryDirectory() as name:
    output: list[bytes] = []
    tree = Supervisor.start([ChildSpec("store", store(Path(name))), ChildSpec("web", web(output))])
    before = children(tree)
    print("running:", *sorted(map(str, before)))

    ended = monitor(before["web"])
    os.kill(int(b"".join(output).split()[-1]), signal.SIGKILL)
    print("web has ended by", receive(Down, ref=ended, timeout=20).reason.signal.name)
    after = children(tree)
    assert after["web"] is not before["web"]
    assert after["store"] is before["store"]
    print("web is back")

    names = {monitor(pid): id for id, pid in after.items()}
    tree.stop()
    print("stopped:", *(names[receive(Down, timeout=20).ref] for _ in names))
