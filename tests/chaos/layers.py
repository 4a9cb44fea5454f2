"""A driver from which layers of containment can be left out."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from support.features import require

__all__ = ["driver_with_layers"]

TOP = Path(__file__).parent.parent.parent
SOURCES = TOP / "prx_actors" / "driver" / "src"


def driver_with_layers(folder: Path) -> Path:
    """Build the driver that has only the layers which `PRX_LAYERS` names.

    Args:
        folder: where to

    Returns:
        its path

    """
    require(shutil.which("cc"), "a C compiler")
    driver = folder / "prx-driver"
    defined = ["-D_GNU_SOURCE", "-DPRX_LAYERS=1", '-DPRX_VERSION="layers"']
    defined += [f"-DHAVE_{name}=0" for name in ("PLEDGE", "UNVEIL", "CAP_ENTER", "JAIL", "PROCCTL")]
    sources = [*SOURCES.glob("*.c"), *SOURCES.glob("calls/*.c")]
    command = [
        "cc",
        "-std=gnu17",
        "-O1",
        "-static-pie",
        "-fPIE",
        f"-I{SOURCES}",
        *defined,
        "-o",
        str(driver),
        *map(str, sources),
    ]
    subprocess.run(command, check=True)
    return driver
