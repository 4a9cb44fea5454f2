"""The messages that a `receive` has passed over, indexed so that they cost nothing.

Each one is filed under its exact class, under the value of each indexed field,
and under both together, so that a `receive` by class, by field or by both goes
straight to its first match however many others wait.

Only the process itself searches; but a signal handler on its thread may receive,
too, in the midst of another `receive`, and a KeyboardInterrupt may end one there.
Python lets both in at calls and loops only. So an entry comes and goes by
statements without either, which whoever looks sees done or not done; the index is
what `entries` say: it follows them, and steps of it may be done twice.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from prx_actors.actors.matching import MISSING, Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pykka._envelope import Envelope

__all__ = ["INDEXED_FIELDS", "Entry", "SavedMessages", "head"]

INDEXED_FIELDS: Final = ("task", "pid", "ref")

_UNHASHABLE = object()

_Key = tuple[type | None, str, object]
_Bucket = OrderedDict[int, None]
_ALL: Final[_Key] = (None, "", None)


class Entry:
    """A message and where it is filed: its fields may change while it waits.

    Args:
        envelope: what to keep
        hidden: whether `find` passes over it

    """

    __slots__ = ("below", "envelope", "keys", "number")

    def __init__(self, envelope: Envelope[Any], *, hidden: bool = False) -> None:
        self.envelope: Envelope[Any] | None = envelope
        """None once it was taken, by which it is not kept."""
        self.keys: list[_Key] = [] if hidden else _keys(envelope.message)
        self.number = -1
        self.below: Entry | None = None
        """What was taken before it, and is still in the index."""


class SavedMessages:
    """Entries in mailbox order, each under a number that only grows."""

    __slots__ = ("_buckets", "_classes", "_indexed", "_subclasses", "_taken", "added", "entries")

    def __init__(self) -> None:
        self.entries: OrderedDict[int, Entry] = OrderedDict()
        self.added = 0
        """The number of the next entry; whoever adds one raises it."""
        self._indexed = 0
        """All before this one are in the index."""
        self._taken: Entry | None = None
        """The last one that was taken, and is still in the index."""
        self._buckets: dict[_Key, _Bucket] = {}
        self._classes: dict[type[Any], None] = {}
        """Those that have a bucket, in any order."""
        self._subclasses: dict[type, list[type[Any]]] = {}

    def take(self, number: int) -> Envelope[Any] | None:
        """Remove and return an envelope; none when it is gone."""
        if number not in self.entries:
            return None
        entry = self.entries[number]
        envelope = entry.envelope
        del self.entries[number]
        entry.envelope = None
        entry.below = self._taken
        self._taken = entry
        return envelope

    def find(self, pattern: Pattern) -> tuple[int, Envelope[Any]] | None:
        """Return the first match and its number.

        Args:
            pattern: what is asked for; its predicates make the search linear

        """
        if not self.entries and self._taken is None:
            return None
        self.follow()
        firsts = [self._first(bucket, pattern) for bucket in self._candidates(pattern)]
        entry = self.entries.get(min((number for number in firsts if number is not None), default=-1))
        return None if entry is None or entry.envelope is None else (entry.number, entry.envelope)

    def envelopes(self) -> list[Envelope[Any]]:
        """Return all that are kept, the first one first; callable from any thread."""
        entries = list(self.entries.values())  # one call of C: the owner takes from them meanwhile
        return [envelope for entry in entries if (envelope := entry.envelope) is not None]

    # The index.

    def follow(self) -> None:
        """Have the index hold what the entries are: nothing of those that were taken, and all others."""
        while True:
            if (taken := self._taken) is not None:
                self._remove(taken)
                if self._taken is taken:
                    self._taken = taken.below
            elif (number := self._indexed) < self.added:
                if (entry := self.entries.get(number)) is not None:
                    self._index(entry)
                if self._indexed == number:
                    self._indexed = number + 1
            else:
                return

    def _index(self, entry: Entry) -> None:
        for key in entry.keys:
            while True:  # A signal handler may remove a bucket that is empty still.
                bucket = self._buckets.setdefault(key, OrderedDict())
                bucket[entry.number] = None
                # From here on it is not empty, and stays.
                if self._buckets.get(key) is bucket and self._note_class(_class_of(key)):
                    break
        if entry.number not in self.entries:
            self._remove(entry)

    def _note_class(self, class_: type[Any] | None) -> bool:
        """Note that a class has a bucket; false when it is new, and that is to be looked at once more."""
        if class_ is None or class_ in self._classes:
            return True
        self._subclasses = {}
        self._classes[class_] = None
        return False

    def _remove(self, entry: Entry) -> None:
        for key in entry.keys:
            bucket = self._buckets.get(key)
            if bucket is None:
                continue
            class_ = _class_of(key)
            bucket.pop(entry.number, None)
            # No call from here on: a signal handler may file another one of that class.
            if not bucket and key in self._buckets and self._buckets[key] is bucket:
                del self._buckets[key]
                if class_ is not None and class_ in self._classes:
                    del self._classes[class_]

    def _candidates(self, pattern: Pattern) -> Iterator[_Bucket]:
        """Return buckets that hold all matches."""
        classes: Iterable[type | None] = (None,)
        if pattern.types and not pattern.predicates:
            classes = {c for type_ in pattern.types for c in self._classes_of(type_)}
        fields = _indexed_fields(pattern)
        for class_ in classes:
            yield from self._narrowest(class_, fields)

    def _narrowest(self, class_: type | None, fields: list[tuple[str, object]]) -> list[_Bucket]:
        """Return the buckets of a class that hold all messages with those fields, and few others."""
        if len(fields) <= 1:
            return self._of_field(class_, *(fields[0] if fields else ("", None)))
        choices = [self._of_field(class_, field, value) for field, value in fields]
        return min(choices, key=lambda buckets: sum(map(len, buckets)))

    def _of_field(self, class_: type | None, field: str, value: object) -> list[_Bucket]:
        found = [self._buckets.get((class_, field, value))]
        if field:
            found.append(self._buckets.get((class_, field, _UNHASHABLE)))
        return [bucket for bucket in found if bucket is not None]

    def _classes_of(self, type_: type) -> list[type[Any]]:
        """Return the classes in the index that are subclasses of that type."""
        known = self._subclasses  # it is another one as soon as there is another class
        classes = known.get(type_)
        if classes is None:
            classes = known[type_] = [class_ for class_ in list(self._classes) if issubclass(class_, type_)]
        return classes

    def _first(self, bucket: _Bucket, pattern: Pattern) -> int | None:
        first = head(bucket)
        if first is None or self._is_match(first, pattern):
            return first
        # A copy, because predicates and comparisons are code of the user.
        return next((number for number in list(bucket) if self._is_match(number, pattern)), None)

    def _is_match(self, number: int, pattern: Pattern) -> bool:
        entry = self.entries.get(number)
        envelope = None if entry is None else entry.envelope
        return envelope is not None and pattern.matches(envelope.message)


def head(numbers: Iterable[int]) -> int | None:
    """Return the first number, if there is one."""
    # No `next(iter(numbers))`: between the two calls a signal handler may change what they are in.
    for number in numbers:
        return number
    return None


def _class_of(key: _Key) -> type[Any] | None:
    """Return the class whose bucket has this key; none when it is the key of a field."""
    return None if key[1] else key[0]


def _indexed_fields(pattern: Pattern) -> list[tuple[str, object]]:
    named = [(name, pattern.fields[name]) for name in INDEXED_FIELDS if name in pattern.fields]
    return [(name, value) for name, value in named if _is_hashable(value)]


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
