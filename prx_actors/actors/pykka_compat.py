"""What is changed of Pykka itself, beyond its extension points.

Pykka keeps the references of all running actors in a list, from which each
actor that stops is removed by a search. Here the list is ordered and has a
removal whose cost does not grow.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

import pykka

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["ActorRefs", "install", "reset_registry"]

_Ref = pykka.ActorRef[Any]


class ActorRefs(list[_Ref]):
    """As much of a list as `ActorRegistry` uses, on top of an ordered dict.

    A subclass of list only because the registry says that it has one.
    """

    def __init__(self, refs: Iterable[_Ref] = ()) -> None:
        super().__init__()
        self._refs: dict[_Ref, None] = dict.fromkeys(refs)

    def append(self, ref: _Ref) -> None:
        """Add a reference at the end."""
        self._refs[ref] = None

    def remove(self, ref: _Ref) -> None:
        """Remove a reference.

        Raises:
            ValueError: when it is not there

        """
        try:
            del self._refs[ref]
        except KeyError:
            msg = f"{ref!r} is not in the registry"
            raise ValueError(msg) from None

    def clear(self) -> None:
        """Remove all references."""
        self._refs.clear()

    def __contains__(self, ref: object) -> bool:
        return ref in self._refs

    def __iter__(self) -> Iterator[_Ref]:
        return iter(list(self._refs))

    def __len__(self) -> int:
        return len(self._refs)

    @overload
    def __getitem__(self, index: SupportsIndex) -> _Ref: ...
    @overload
    def __getitem__(self, index: slice) -> list[_Ref]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> _Ref | list[_Ref]:
        return list(self._refs)[index]

    def __eq__(self, other: object) -> bool:
        return list(self._refs) == other

    __hash__ = None


def install() -> None:
    """Give Pykka's registry a list that scales; what is in it stays."""
    registry = pykka.ActorRegistry
    with registry._actor_refs_lock:
        if not isinstance(registry._actor_refs, ActorRefs):
            registry._actor_refs = ActorRefs(registry._actor_refs)


def reset_registry() -> None:
    """Empty the registry in the child of a fork, where its lock may be held."""
    pykka.ActorRegistry._actor_refs_lock = threading.RLock()
    pykka.ActorRegistry._actor_refs = ActorRefs()
