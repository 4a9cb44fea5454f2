"""Process a log: a pipeline of programs and Python, without a shell, that stops as soon as it has seen enough."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prx_actors import Stdout, pipe, stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

REQUEST = re.compile(rb'(\S+) .* "GET (\S+) HTTP/1.1" (\d+)')

# A server that logs for ever, ten lines at a time.
SERVER = """
while :; do
  for path in / /about / /missing / /style.css / /missing / /about; do
    case $path in /missing) status=404;; *) status=200;; esac
    echo "192.0.2.7 - - \\"GET $path HTTP/1.1\\" $status"
  done
done
"""


def paths(events: Iterable[object]) -> Iterator[bytes]:
    """Yield the paths of requests that went well."""
    for event in events:
        if isinstance(event, Stdout) and (found := REQUEST.match(event.data)) and found[3] == b"200":
            yield found[2] + b"\n"


log = stream(["sh", "-c", SERVER], lines=True)
first = pipe(paths(log), ["head", "-n", "800"])  # the server is ended when `head` has enough
counted = pipe(pipe(first, ["sort"]), ["uniq", "-c"])
for event in pipe(counted, ["sort", "-rn"], lines=True):
    if isinstance(event, Stdout):
        count, path = event.data.split()
        print(int(count), path.decode())
