"""C programs that stand beside us, compiled for a benchmark."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["compiled"]


@contextmanager
def compiled(name: str, *options: str) -> Iterator[str]:
    """Compile a source beside this file.

    Args:
        name: its name without the ending
        options: the compiler's

    Yields:
        the program's path

    """
    source = Path(__file__).with_name(f"{name}.c")
    with tempfile.TemporaryDirectory(prefix="prx-bench-") as folder:
        program = str(Path(folder, name))
        subprocess.run([os.environ.get("CC", "cc"), "-O2", *options, "-o", program, source], check=True)
        yield program
