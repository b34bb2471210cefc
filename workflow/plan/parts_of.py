"""A plan taken apart again, so that a follow-up can exchange some of its parts."""

from dataclasses import replace
from decimal import Decimal

from contracts.plan import Dimension, Filter, FilterGroup, Operator, Plan
from workflow.plan.lexicon import Lexicon, Term
from workflow.plan.parts import (
    ComparisonPart,
    DimensionPart,
    Extras,
    FilterPart,
    HavingPart,
    MetricsPart,
    Parts,
    RankPart,
    TimePart,
)

_MANY: dict[Operator, Operator] = {"eq": "in", "ne": "not_in"}


class Unspeakable(Exception):
    """The plan has something in it that no question of this planner's can say."""


def parts_of(plan: Plan, lexicon: Lexicon) -> Parts:
    """The parts of a plan over the lexicon's model. Raises Unspeakable."""
    having, only = _having(plan, lexicon)
    filters = [part for condition in plan.filters for part in _filters(condition)]
    dimensions = tuple(_dimension(d, lexicon) for d in plan.dimensions)
    if only and len(dimensions) == 1:  # the share of one value
        filters += [part for condition in only for part in _filters(condition)]
        dimensions = ()
    kinds = {made.kind for made in plan.calculations}
    return Parts(
        filters=tuple(filters),
        time=TimePart((), False, None, settled=plan.time) if plan.time is not None else None,
        rank=_rank(plan) if plan.limit is not None else None,
        dimensions=dimensions,
        metrics=MetricsPart((plan.metrics,)),
        is_compared=False,
        row_order=_row_order(plan),
        group_order=_group_order(plan),
        comparison=_comparison(plan),
        having=having,
        extras=Extras(
            is_share="share" in kinds,
            is_of_total="share" in kinds,
            is_running="running_total" in kinds,
            with_ties=plan.with_ties,
        ),
    )


def _filters(condition: Filter | FilterGroup) -> list[FilterPart]:
    if isinstance(condition, Filter):
        is_flag = any(isinstance(v, bool) for v in condition.values)
        operator = condition.operator
        if not is_flag:
            operator = _MANY.get(operator, operator)
        text = " ".join(map(str, condition.values))
        options = ((condition.field, condition.values),)
        return [FilterPart(operator, options, text, is_labelled=True)]
    if condition.operator != "or" or not all(isinstance(f, Filter) for f in condition.filters):
        raise Unspeakable
    parts = [part for one in condition.filters for part in _filters(one)]
    return [parts[0], *(_either(part) for part in parts[1:])]


def _either(part: FilterPart) -> FilterPart:
    return FilterPart(part.operator, part.options, part.text, is_or=True)


def _having(plan: Plan, lexicon: Lexicon) -> tuple[tuple[HavingPart, ...], list[Filter]]:
    thresholds: list[HavingPart] = []
    only: list[Filter] = []
    for condition in plan.having:
        if isinstance(condition, FilterGroup):
            thresholds += _either_threshold(condition, plan)
        elif condition.field in plan.metrics:
            thresholds.append(_threshold(condition))
        elif condition.field in lexicon.fields:
            only.append(condition)
    return tuple(thresholds), only


def _either_threshold(group: FilterGroup, plan: Plan) -> list[HavingPart]:
    held = [f for f in group.filters if isinstance(f, Filter) and f.field in plan.metrics]
    if group.operator != "or" or len(held) != len(group.filters):
        raise Unspeakable
    return [replace(_threshold(f), is_or=n > 0) for n, f in enumerate(held)]


def _threshold(condition: Filter) -> HavingPart:
    numbers = tuple(v for v in condition.values if isinstance(v, Decimal))
    text = " ".join(map(str, numbers))
    return HavingPart(condition.operator, numbers, (condition.field,), text)


def _dimension(dimension: Dimension, lexicon: Lexicon) -> DimensionPart:
    label = lexicon.labels.get(("field", dimension.field), dimension.field)
    if dimension.grain is not None and dimension.field in lexicon.usual_dates:
        return DimensionPart(grain=dimension.grain, text=dimension.grain)
    return DimensionPart((Term("field", dimension.field, 0),), dimension.grain, text=label)


def _rank(plan: Plan) -> RankPart | None:
    descending = plan.order[0].descending if plan.order else True
    return RankPart(descending, plan.limit, None)


def _row_order(plan: Plan) -> bool | None:
    first = plan.order[0] if plan.order else None
    return first.descending if first is not None and first.by in plan.metrics else None


def _group_order(plan: Plan) -> bool | None:
    """Only where it is not the usual one: dates go up."""
    first = plan.order[0] if plan.order else None
    group = next((d for d in plan.dimensions if first is not None and d.field == first.by), None)
    if first is None or group is None or (group.grain is not None and not first.descending):
        return None
    return first.descending


def _comparison(plan: Plan) -> ComparisonPart | None:
    held = plan.comparison
    if held is None:
        return None
    is_change = any(order.by.endswith(("_change", "_change_ratio")) for order in plan.order)
    is_rate = any(order.by.endswith("_change_ratio") for order in plan.order)
    to = "named" if held.to == "period" else held.to
    return ComparisonPart(to, period=held.period, is_change=is_change, is_rate=is_rate)
