"""What the module prx of Erlang prx exports, each with what stands for it here: for its test, and for the docs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from prx_actors import prx

__all__ = ["Export", "exports"]

NAMES = Path(__file__).parent.parent / "prx_exports.txt"

RENAMED = {
    "start_link/1": ("fork", "a root of the caller's; the owner is changed by `controlling_process`"),
    "task/4": ("task", "`init` and `terminate` are keywords"),
    "prx_task:do/3": ("task", "what `prx:task/3` calls"),
    "prx_task:do/4": ("task", "what `prx:task/4` calls; `init` and `terminate` are keywords"),
    "prx_task:with/3": ("with_ops", "the operations are a list as for `task`"),
}
"""Exports that have another name here, or other arguments, and what is different."""

NOT_APPLICABLE = {
    "call_state/3": "a state function of gen_statem; here an enum that the package keeps to itself",
    "exec_state/3": "a state function of gen_statem; `execed` tells the state",
    "init/1": "a callback of gen_statem",
    "callback_mode/0": "a callback of gen_statem",
    "terminate/3": "a callback of gen_statem",
    "code_change/4": "a callback of gen_statem, for upgrades of running code",
}
"""Exports that a program in Erlang does not call, and why."""


@dataclass(frozen=True, slots=True)
class Export:
    """An exported function."""

    name: str
    """As Erlang writes it, `fork/1`."""

    arity: int
    """How many arguments it takes, the task included."""

    counterpart: str | None
    """What stands for it in `prx_actors.prx`, if anything does."""

    note: str
    """What differs, or why there is nothing."""

    @property
    def summary(self) -> str:
        """The first line of the counterpart's docstring."""
        docstring = getattr(prx, self.counterpart).__doc__ if self.counterpart else None
        return docstring.splitlines()[0] if docstring else ""


def exports() -> list[Export]:
    """Return the exports, in their order."""
    lines = NAMES.read_text().splitlines()
    return [_export(line) for line in lines if line and not line.startswith("#")]


def _export(name: str) -> Export:
    own, _, arity = name.partition("/")
    if name in NOT_APPLICABLE:
        return Export(name, int(arity), None, NOT_APPLICABLE[name])
    counterpart, note = RENAMED.get(name, (own, ""))
    return Export(name, int(arity), counterpart if counterpart in prx.__all__ else None, note)
