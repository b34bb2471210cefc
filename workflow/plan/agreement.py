"""Whether two plans mean the same, however they are written. Pure.

Two that do not are two readings of one question, and which was meant only the asker knows.
"""

from collections.abc import Collection, Iterable

from contracts.context import UserContext
from contracts.plan import Comparison, Filter, FilterGroup, Plan, TimeRange

Meaning = tuple[object, ...]


def is_same(plan: Plan, other: Plan, context: UserContext, scope_fields: Collection[str]) -> bool:
    """Whether both, their periods resolved, give the same rows. `scope_fields` are restricted to
    the person's stores anyway, so that naming all of these changes nothing."""
    return _meaning(plan, context, scope_fields) == _meaning(other, context, scope_fields)


def _meaning(plan: Plan, context: UserContext, scope_fields: Collection[str]) -> Meaning:
    filters = [
        one
        for one in plan.filters
        if not (isinstance(one, Filter) and _is_scope(one, context, scope_fields))
    ]
    is_cut = plan.limit is not None
    return (
        frozenset(plan.metrics),
        frozenset((one.field, one.grain) for one in plan.dimensions),
        _all_of(filters),
        _period(plan.time),
        _comparison(plan.comparison),
        frozenset((one.kind, one.metric, frozenset(one.within)) for one in plan.calculations),
        _all_of(plan.having),
        # without a limit the order is a matter of looks
        tuple((one.by, one.descending) for one in plan.order) if is_cut else (),
        plan.limit,
        plan.with_ties and is_cut,
    )


def _is_scope(condition: Filter, context: UserContext, scope_fields: Collection[str]) -> bool:
    return (
        condition.field in scope_fields
        and condition.operator in ("eq", "in")
        and not context.is_all_stores
        and set(condition.values) == set(context.store_ids)
    )


def _all_of(conditions: Iterable[Filter | FilterGroup]) -> frozenset[Meaning]:
    """Conditions joined by AND, in any order; an `and` among them changes nothing."""
    found: set[Meaning] = set()
    for one in conditions:
        if isinstance(one, FilterGroup) and one.operator == "and":
            found |= _all_of(one.filters)
        else:
            found.add(_condition(one))
    return frozenset(found)


def _condition(condition: Filter | FilterGroup) -> Meaning:
    if isinstance(condition, FilterGroup):
        if condition.operator == "not" and isinstance(condition.filters[0], Filter):
            turned = _NEGATIONS.get(condition.filters[0].operator)
            if turned is not None:
                return _single(condition.filters[0], turned)
        return (condition.operator, frozenset(_condition(one) for one in condition.filters))
    return _single(condition, condition.operator)


def _single(condition: Filter, operator: str) -> Meaning:
    values = frozenset(condition.values)
    if operator == "between":
        return (condition.field, operator, condition.values)
    if operator in ("eq", "ne"):
        operator = {"eq": "in", "ne": "not_in"}[operator]
    return (condition.field, operator, values)


_NEGATIONS = {
    "eq": "ne", "ne": "eq", "in": "not_in", "not_in": "in",
    "is_null": "is_not_null", "is_not_null": "is_null",
}  # fmt: skip
"""A missing value meets `ne` and `not_in`, and so what `not` turns round."""


def _period(time: TimeRange | None) -> Meaning:
    return () if time is None else (time.start, time.end, time.relative)


def _comparison(comparison: Comparison | None) -> Meaning:
    return () if comparison is None else (comparison.to, _period(comparison.period))
