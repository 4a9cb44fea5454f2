"""Programs that do what they can not to end with their task; shell text, for `sh -c`.

Each writes "pid N" for a process of it that is to live as long as the task, and "ok" once all of them run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache

__all__ = ["OF_OTHERS", "OUTRUN", "available"]

LAST = "echo pid $$; echo ok; exec sleep 1000"
DAEMON = f"setsid sh -c '{LAST} >/dev/null 2>&1' <&- &"
DEAF = "trap '' TERM HUP INT QUIT;"
INNER = LAST.replace("$", r"\$")
NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups"
STAY = "echo pid $$; exec sleep 1000"

PROGRAMS = {
    "sleeps": LAST,
    "reads": "echo pid $$; echo ok; exec cat",
    "is deaf": f"{DEAF} {LAST}",
    "is deaf, as a shell": f"{DEAF} echo pid $$; echo ok; while :; do sleep 1000; done",
    # The first process of a namespace is not stopped by its own.
    "stops itself": "echo pid $$; echo ok; kill -STOP $$; exec sleep 1000",
    "leaves a child behind": "sh -c 'echo ok; exec sleep 1000' & sleep 0.2",
    "has a daemon": f"{DAEMON} {STAY}",
    "leaves a daemon": "setsid sh -c 'echo ok; exec sleep 1000 >/dev/null 2>&1' <&- & sleep 0.2",
    "forks twice": f"(setsid sh -c '(setsid sh -c \"{INNER}\" >&3 &)' 3>&1 >/dev/null &); {STAY}",
    "has a deaf daemon": f"{DEAF} {DAEMON} {STAY}",
    "has a daemon without environment": f"env -i PATH=\"$PATH\" setsid sh -c '{LAST}' & {STAY}",
    "has a stopped daemon": f"setsid sh -c 'echo pid $$; echo ok; kill -STOP $$' & {STAY}",
    "holds its stdio open below": f"(setsid sleep 1000 & setsid sleep 1000 &) ; {LAST}",
    "has a crowd": f"for i in 1 2 3 4 5 6; do setsid sleep 1000 & done; {LAST}",
    "forks in a loop": "echo pid $$; echo ok; while :; do setsid sleep 0.05 & sleep 0.02; done",
    "is a comet": 'export c=\'sleep 0.01; setsid sh -c "$c" &\'; echo ok; sh -c "$c"; exec sleep 1000',
    "is a comet alone": 'export c=\'setsid sh -c "$c" &\'; echo ok; sleep 0.05; exec sh -c "$c"',
    "fails": "echo ok; exit 3",
    "dies": "echo ok; kill -SEGV $$",
}

OUTRUN = {"is a comet", "is a comet alone"}
"""Those that are gone before anybody but their own driver can look at them."""

IN_NAMESPACES = {
    "has a namespace": "UNSHARE sh -c 'setsid sleep 1000 & echo ok; exec sleep 1000' & STAY",
    "has a deaf namespace": f"{DEAF} setsid UNSHARE sh -c 'setsid sleep 1000 & echo ok; exec sleep 1000' & STAY",
    "has a namespace in a namespace": (
        "UNSHARE sh -c 'UNSHARE sh -c \"setsid sleep 1000 & echo ok; exec sleep 1000\" & exec sleep 1000' & STAY"
    ),
    "has a crowd in a namespace": (
        "UNSHARE sh -c 'for i in 1 2 3 4 5 6; do setsid sleep 1000 & done; echo ok; exec sleep 1000' & STAY"
    ),
    "forks in a loop in a namespace": (
        "UNSHARE sh -c 'echo ok; while :; do setsid sleep 0.05 & sleep 0.02; done' & STAY"
    ),
    "leaves a namespace": (
        "setsid UNSHARE sh -c 'setsid sleep 1000 & echo ok; exec sleep 1000 >/dev/null 2>&1' <&- & sleep 0.2"
    ),
}
"""Those whose strays live in PID namespaces; none of these writes pids from inside, which are no host's."""

OF_ROOT = {
    "has a daemon of nobody's": f"{NOBODY} setsid sh -c '{LAST}' & {STAY}",
    "is nobody's": f"exec {NOBODY} sh -c 'trap \"\" TERM HUP; {LAST}'",
    "has a session of nobody's": f"runuser -u nobody -- setsid sh -c '{LAST}' & {STAY}",
}


OF_OTHERS = {*OF_ROOT, *IN_NAMESPACES}
"""Those for which a task needs the rights of the runtime."""


@cache
def _unshare() -> str:
    """Return what makes a PID namespace here, nothing if this user may not."""
    command = "unshare --pid --fork" if os.geteuid() == 0 else "unshare --user --map-root-user --pid --fork"
    done = subprocess.run([*command.split(), "true"], check=False, capture_output=True)
    return command if done.returncode == 0 else ""


def available() -> dict[str, str]:
    """Return the programs that run here, by name."""
    found = dict(PROGRAMS)
    if _unshare():
        found |= {k: text.replace("UNSHARE", _unshare()).replace("STAY", STAY) for k, text in IN_NAMESPACES.items()}
    if os.geteuid() == 0:
        found |= {name: text for name, text in OF_ROOT.items() if shutil.which(text.removeprefix("exec ").split()[0])}
    return found
