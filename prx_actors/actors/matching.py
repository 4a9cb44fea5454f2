"""What a `receive` asks for: types, predicates and fields."""

from __future__ import annotations

from abc import ABCMeta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["ANYTHING", "MISSING", "Pattern"]

MISSING = object()


class Pattern:
    """Accepts an instance of one of the types, or what a predicate likes.

    Args:
        wanted: types and predicates; anything is accepted when there are none
        fields: attributes that the message must have, with their values

    Raises:
        TypeError: when something is neither a type nor callable

    """

    __slots__ = ("fields", "predicates", "types")

    def __init__(self, wanted: tuple[object, ...] = (), fields: Mapping[str, object] = {}) -> None:
        types: list[type] = []
        predicates: list[Callable[[object], object]] = []
        for item in wanted:
            if isinstance(item, type) and _decides_by_class(item):
                types.append(item)
            elif isinstance(item, type):
                predicates.append(_instance_of(item))
            elif callable(item):
                predicates.append(item)
            else:
                msg = f"{item!r} is neither a type nor a predicate"
                raise TypeError(msg)
        self.types = tuple(types)
        self.predicates = tuple(predicates)
        self.fields = fields

    def matches(self, message: object) -> bool:
        """Say whether this is a message that was asked for."""
        return (
            not (self.types or self.predicates)
            or isinstance(message, self.types)
            or any(predicate(message) for predicate in self.predicates)
        ) and (not self.fields or self.fields_match(message))

    def fields_match(self, message: object) -> bool:
        """Say whether the attributes have the values that were asked for."""
        return all(bool(getattr(message, name, MISSING) == value) for name, value in self.fields.items())


ANYTHING = Pattern()


def _decides_by_class(type_: type) -> bool:
    # Other metaclasses (protocols, say) may look at the instance: the index,
    # which only knows classes, cannot answer for them.
    metaclass = type(type_)
    return metaclass is ABCMeta or (metaclass.__instancecheck__ is type.__instancecheck__)


def _instance_of(type_: type) -> Callable[[object], bool]:
    return lambda message: isinstance(message, type_)
