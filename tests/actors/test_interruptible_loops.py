"""No loop leaves a `with` or a `try` by its jump back.

From CPython 3.12 on, the jump back of `while condition`, and that of a filter in a loop, lies outside of the block
around the loop. Python handles signals at such a jump: a KeyboardInterrupt there would release no lock and run no
`finally`. `while True` and a loop in a function of its own do not have that.
"""

from __future__ import annotations

import ast
import dis
import sys
from importlib import resources
from types import CodeType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTS = ("actors", "driver", "tasks", "programs", "otp")
"""Where locks are held on threads that may be the main one."""

WITHOUT_HARM = {
    # On threads that no interrupt reaches, or where no lock is held and the owner's end releases the rest.
    "programs/feeder.py: Feeder._feed_all",
    "programs/launch.py: _streams",
    "programs/loop_program.py: LoopProgram._feed_all",
}


def codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a code object and those within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def escapes(code: CodeType) -> Iterator[int]:
    """Yield the lines of jumps back that are outside of the block to which they lead."""
    bytecode = dis.Bytecode(code)
    entries = bytecode.exception_entries  # type: ignore[attr-defined]

    def is_covered(offset: int) -> bool:
        return any(entry.start <= offset < entry.end for entry in entries)

    line = code.co_firstlineno
    before = ""
    for instruction in bytecode:
        if instruction.positions and instruction.positions.lineno:
            line = instruction.positions.lineno
        # Behind this one, in 3.12, an await goes on that an exception was thrown into: no loop.
        is_jump = instruction.opname == "JUMP_BACKWARD" and before != "CLEANUP_THROW"
        before = instruction.opname
        if is_jump and not is_covered(instruction.offset) and is_covered(instruction.argval):
            yield line


def protected(tree: ast.AST) -> set[int]:
    """Return the lines within `with` and `try`; a comprehension alone protects nothing."""
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.With | ast.Try)]
    return {line for node in blocks for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


def escaping(text: str, name: str) -> list[str]:
    """Return the functions of a module that have such a loop."""
    lines = protected(ast.parse(text))
    # A generator has a block of its own, which protects nothing of ours.
    found = [code for code in codes(compile(text, name, "exec")) if code.co_name != "<genexpr>"]
    return [f"{name}: {code.co_qualname}" for code in found if any(line in lines for line in escapes(code))]


@pytest.mark.parametrize("part", PARTS)
def test_no_loop_escapes_its_block(part: str) -> None:
    """By the code that this Python makes of it."""
    folder = resources.files("prx_actors") / part
    texts = {f"{part}/{file.name}": file.read_text() for file in folder.iterdir() if file.name.endswith(".py")}
    assert texts
    assert {one for name, text in texts.items() for one in escaping(text, name)} <= WITHOUT_HARM


def test_what_is_looked_for_is_found() -> None:
    """On a Python that has it."""
    text = "def loop(lock, items):\n    with lock:\n        while items:\n            items.pop()\n"
    assert escaping(text, "loop") == (["loop: loop"] if sys.version_info >= (3, 12) else [])
