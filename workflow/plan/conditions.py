"""Conditions joined to one another: "over 8 or under 2", and two that nobody wants both."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations, pairwise
from typing import TypeVar

from contracts.plan import Filter, FilterGroup
from workflow.plan.parts import FilterPart, HavingPart

Part = TypeVar("Part", bound=FilterPart | HavingPart)
_LOWER, _UPPER = ("gt", "gte", "eq", "between"), ("lt", "lte", "eq", "between")


def joined(conditions: Iterable[tuple[Filter, bool]]) -> list[Filter | FilterGroup]:
    """Each with whether an "or" joins it to the one before it; the others are joined by "and"."""
    found: list[Filter | FilterGroup] = []
    for condition, is_or in conditions:
        held = found[-1] if found else None
        if not is_or or held is None:
            found.append(condition)
        elif isinstance(held, FilterGroup):
            found[-1] = FilterGroup(operator="or", filters=(*held.filters, condition))
        else:
            found[-1] = FilterGroup(operator="or", filters=(held, condition))
    return found


def pair_at_odds(parts: Sequence[Part]) -> tuple[Part, Part] | None:
    """Two of the same numbers that are bounded twice from one side, or that none can meet."""
    alternatives = {id(p) for pair in pairwise(parts) if pair[1].is_or for p in pair}
    plain = [p for p in parts if id(p) not in alternatives and _numbers(p)]
    same = (pair for pair in combinations(plain, 2) if subject(pair[0]) == subject(pair[1]))
    return next((pair for pair in same if _are_at_odds(*pair)), None)


def one_or_either(parts: Sequence[Part], pair: tuple[Part, Part]) -> tuple[tuple[Part, ...], ...]:
    """All with only the first of the pair, with only the second, and with either where neither
    holds the other."""
    first, second = pair
    left: tuple[Part, ...] = tuple(p for p in parts if p is not first and p is not second)
    ways = ((*left, first), (*left, second))
    if first.operator[0] == second.operator[0] and first.operator[0] in "gl":
        return ways
    return (*ways, (*left, first, replace(second, is_or=True)))


def subject(part: FilterPart | HavingPart) -> str:
    """The field or the metric that it is about, the first of those that may be meant."""
    return part.options[0][0] if isinstance(part, FilterPart) else part.metrics[0]


def _numbers(part: FilterPart | HavingPart) -> tuple[Decimal, ...]:
    values = part.options[0][1] if isinstance(part, FilterPart) else part.numbers
    return tuple(v for v in values if isinstance(v, Decimal))


def _are_at_odds(first: FilterPart | HavingPart, second: FilterPart | HavingPart) -> bool:
    operators = (first.operator, second.operator)
    if not set(operators) <= {*_LOWER, *_UPPER}:
        return False
    low, high = {"gt", "gte"}, {"lt", "lte"}
    if set(operators) <= low or set(operators) <= high:
        return True
    parts = (first, second)
    least = max(min(_numbers(p)) for p in parts if p.operator in _LOWER)
    most = min(max(_numbers(p)) for p in parts if p.operator in _UPPER)
    is_open = any(p.operator in ("gt", "lt") and {least, most} & set(_numbers(p)) for p in parts)
    return least > most or (least == most and is_open)
