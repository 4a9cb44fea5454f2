"""The messages that a `receive` has passed over, indexed so that they cost nothing.

Each one is filed under its exact class, under the value of each indexed field,
and under both together, so that a `receive` by class, by field or by both goes
straight to its first match however many others wait.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from prx_actors.actors.matching import MISSING, Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pykka._envelope import Envelope

__all__ = ["INDEXED_FIELDS", "SavedMessages"]

INDEXED_FIELDS: Final = ("task", "pid", "ref")

_UNHASHABLE = object()

_Key = tuple[type | None, str, object]
_ALL: Final[_Key] = (None, "", None)


class SavedMessages:
    """Envelopes in mailbox order, each under a number that only grows."""

    __slots__ = ("_buckets", "_subclasses", "added", "entries")

    def __init__(self) -> None:
        self.entries: OrderedDict[int, Envelope[Any]] = OrderedDict()
        self.added = 0
        self._buckets: dict[_Key, OrderedDict[int, None]] = {}
        self._subclasses: dict[type, list[type]] = {}

    def file(self, envelope: Envelope[Any], *, hidden: bool = False) -> None:
        """Enter an envelope under the number `added`, which the caller then raises.

        Doing it twice is harmless: a KeyboardInterrupt may cut it short.

        Args:
            envelope: what to keep
            hidden: whether `find` passes over it

        """
        self.entries[self.added] = envelope
        if not hidden:
            self._index(self.added, envelope.message)

    def discard(self, number: int) -> None:
        """Remove an envelope."""
        for key in _keys(self.entries[number].message):
            if (bucket := self._buckets.get(key)) is not None:
                bucket.pop(number, None)
                if not bucket:
                    self._buckets.pop(key, None)
        self.entries.pop(number, None)

    def restore(self, number: int, envelope: Envelope[Any], hidden: frozenset[type]) -> None:
        """Put an envelope back to where it was before `discard`."""
        self.entries[number] = envelope
        self.entries = OrderedDict(sorted(self.entries.items()))
        self._buckets.clear()
        for key, kept in self.entries.items():
            if type(kept.message) not in hidden:
                self._index(key, kept.message)

    def find(self, pattern: Pattern) -> tuple[int, Envelope[Any]] | None:
        """Return the first match and its number.

        Args:
            pattern: what is asked for; its predicates make the search linear

        """
        if not self.entries:
            return None
        firsts = [
            number
            for bucket, exact in self._candidates(pattern)
            if (number := self._first(bucket, None if exact else pattern)) is not None
        ]
        if not firsts:
            return None
        number = min(firsts)
        return number, self.entries[number]

    def _index(self, number: int, message: object) -> None:
        if (type(message), "", None) not in self._buckets:
            self._subclasses.clear()
        for key in _keys(message):
            bucket = self._buckets.get(key)
            if bucket is None:
                bucket = self._buckets[key] = OrderedDict()
            bucket[number] = None

    def _candidates(self, pattern: Pattern) -> Iterator[tuple[OrderedDict[int, None], bool]]:
        """Return buckets that hold all matches, and whether they hold nothing else."""
        classes: Iterable[type | None] = (None,)
        if pattern.types and not pattern.predicates:
            classes = {c for type_ in pattern.types for c in self._classes(type_)}
        field, value = _indexed_field(pattern)
        exact = not pattern.predicates and len(pattern.fields) == (1 if field else 0)
        for class_ in classes:
            if (bucket := self._buckets.get((class_, field, value))) is not None:
                yield bucket, exact
            if field and (odd := self._buckets.get((class_, field, _UNHASHABLE))):
                yield odd, False

    def _classes(self, type_: type) -> list[type]:
        """Return the classes in the index that are subclasses of that type."""
        classes = self._subclasses.get(type_)
        if classes is None:
            classes = [
                class_
                for class_, field, _ in self._buckets
                if class_ is not None and not field and issubclass(class_, type_)
            ]
            self._subclasses[type_] = classes
        return classes

    def _first(self, bucket: OrderedDict[int, None], pattern: Pattern | None) -> int | None:
        if pattern is None:
            return next(iter(bucket), None)
        # A copy, because predicates and comparisons are code of the user.
        for number in list(bucket):
            envelope = self.entries.get(number)
            if envelope is not None and pattern.matches(envelope.message):
                return number
        return None


def _indexed_field(pattern: Pattern) -> tuple[str, object]:
    for name in INDEXED_FIELDS:
        value = pattern.fields.get(name, MISSING)
        if value is not MISSING and _is_hashable(value):
            return name, value
    return "", None


def _is_hashable(value: object) -> bool:
    try:
        hash(value)
    except Exception:  # noqa: BLE001 -- __hash__ is code of the user
        return False
    return True


def _keys(message: object) -> list[_Key]:
    class_ = type(message)
    keys: list[_Key] = [_ALL, (class_, "", None)]
    for name in INDEXED_FIELDS:
        try:
            value = getattr(message, name, MISSING)
        except Exception:  # noqa: BLE001 -- a property is code of the user
            value = _UNHASHABLE
        if value is not MISSING:
            known = value if _is_hashable(value) else _UNHASHABLE
            keys += [(None, name, known), (class_, name, known)]
    return keys
