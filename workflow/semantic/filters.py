"""The conditions of a plan, whatever groups they stand in."""

from collections.abc import Iterable, Iterator

from contracts.plan import Filter, FilterGroup


def single_filters(conditions: Iterable[Filter | FilterGroup]) -> Iterator[Filter]:
    """Every single filter, in order; what joins or negates them is left out."""
    for condition in conditions:
        if isinstance(condition, Filter):
            yield condition
        else:
            yield from single_filters(condition.filters)
