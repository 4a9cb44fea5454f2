"""Drive a program that talks to people: it gets a terminal of its own, and is asked line by line."""

from __future__ import annotations

import sys

from prx_actors import Command, Stdout, stream
from prx_actors.programs import PIPE, ProgramStream, Window

PROMPT = b">>> "


def answer(repl: ProgramStream) -> str:
    """Read until the prompt, and return what stands before it."""
    said = b""
    for event in repl:
        assert isinstance(event, Stdout), event
        said += event.data
        if said.endswith(PROMPT):
            break
    return said.removesuffix(PROMPT).decode().replace("\r\n", "\n")


def ask(repl: ProgramStream, line: str) -> str:
    """Type a line and return what comes after its echo."""
    repl.write(line + "\n")
    return answer(repl).partition("\n")[2].strip()


# -S -E and no readline: a prompt without colours on every machine.
command = Command(
    (sys.executable, "-q", "-S", "-E", "-i", "-c", "import sys; sys.ps1 = '>>> '"),
    stdin=PIPE,
    pty=Window(24, 200),
    env_update={"TERM": "dumb", "PYTHON_BASIC_REPL": "1"},
)
with stream(command) as repl:
    answer(repl)
    print(ask(repl, "6 * 7"))
    print(ask(repl, "import sys; sys.stdin.isatty()"))
    print(ask(repl, "open('/dev/tty').isatty()"))
    repl.write("raise SystemExit(3)\n")
    *_, end = repl
    print(end)
