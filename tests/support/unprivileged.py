"""Programs run by nobody, who may start the driver as root through sudo(8) where a test has made a rule for that."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import prx_actors
from prx_actors.driver.keeper import driver_path

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Unprivileged", "sudo_rule"]

USER = "nobody"
GROUP = "nogroup"
KEPT = {"PATH", "TMPDIR", "LANG", "CI", "PRX_TEST_EXEC"}


@dataclass(frozen=True, slots=True)
class Unprivileged:
    """What nobody needs to use the package: an interpreter, and a copy of the package where every user can read it.

    The tests' own interpreter often lies below /root, and so does what they test.
    """

    python: str
    folder: Path

    @classmethod
    def find(cls, folder: Path) -> Unprivileged | None:
        """Copy the package to a folder and look for an interpreter that nobody can run.

        Args:
            folder: a new one
        """
        package = folder / "prx_actors"
        source = Path(prx_actors.__file__).parent
        shutil.copytree(source, package, ignore=shutil.ignore_patterns("__pycache__", "*.c", "*.h"))
        # An editable install has it in a folder of its build.
        extension = import_module("prx_actors.system._native").__file__
        assert extension is not None
        shutil.copy2(extension, package / "system")
        shutil.copy2(driver_path(), package / "driver" / "prx-driver")
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755)
        found = (cls(python, folder) for python in (sys.executable, "/usr/bin/python3"))
        return next((one for one in found if one._works()), None)

    @property
    def driver(self) -> str:
        """The path of the driver, for a rule of sudo."""
        return str(self.folder / "prx_actors" / "driver" / "prx-driver")

    def _works(self) -> bool:
        try:
            return self.run("-c", "import prx_actors").returncode == 0
        except PermissionError:
            return False

    def run(self, *argv: str, terminal: int | None = None) -> subprocess.CompletedProcess[str]:
        """Run Python as nobody until it ends.

        Args:
            argv: the interpreter's arguments
            terminal: an fd of the terminal that controls it; none has it without one
        """
        process = self.start(*argv, terminal=terminal)
        with process:
            out, err = process.communicate(timeout=45)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def start(self, *argv: str, terminal: int | None = None) -> subprocess.Popen[str]:
        """Run Python as nobody, with pipes to stdin, stdout and stderr, in a session of its own."""
        session = ["setsid"] if terminal is None else ["setsid", "--ctty"]
        return subprocess.Popen(
            [*session, self.python, "-X", "faulthandler", *argv],
            stdin=subprocess.PIPE if terminal is None else terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env=self._environment(),
            user=USER,
            group=GROUP,
            extra_groups=[],
        )

    def _environment(self) -> dict[str, str]:
        paths = [
            str(self.folder),
            str(Path(__file__).parent.parent),
            # All of them: an environment may take its packages from another one, by a `.pth` that PYTHONPATH ignores.
            *(path for path in sys.path if path.endswith("-packages")),
        ]
        # Not PRX_DRIVER: the copy is the one that a rule is for.
        kept = {name: value for name, value in os.environ.items() if name in KEPT}
        return kept | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}


@contextmanager
def sudo_rule(driver: str, *defaults: str) -> Iterator[None]:
    """Let nobody start the driver, and nothing else, as root without a password.

    Args:
        driver: its path
        defaults: settings of sudoers(5) for the driver
    """
    # sudo reads no file of this folder that has a dot in its name: it comes into force with the last step.
    rule = Path(f"/etc/sudoers.d/prx-tests-{os.getpid()}")
    draft = rule.with_suffix(".draft")
    lines = [f"{USER} ALL=(root) NOPASSWD: {driver}", *(f"Defaults!{driver} {default}" for default in defaults)]
    try:
        draft.write_text("".join(line + "\n" for line in lines))
        draft.chmod(0o440)
        subprocess.run(["visudo", "--check", "--quiet", f"--file={draft}"], check=True, timeout=30)
        draft.rename(rule)
        yield
    finally:
        draft.unlink(missing_ok=True)
        rule.unlink(missing_ok=True)
