"""The parts of the plan before, with those of a follow-up in place of their like."""

from dataclasses import replace
from typing import Literal

from contracts.plan import TimeRange
from workflow.plan.lexicon import Lexicon
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
from workflow.plan.readers.follow_up import FollowUp
from workflow.plan.when import Point, Relative

_DAYS_OF_A_YEAR = 365


def revised(
    before: Parts, said: Parts, going_on: FollowUp, *, has_dropped: bool = False
) -> Parts | None:
    """None where nothing was said that changes the plan before; `has_dropped` where a part of it
    is gone already."""
    parts = Parts(
        filters=_filters(before.filters, said.filters, going_on),
        time=_time(before, said),
        rank=_rank(before, said, going_on),
        dimensions=_dimensions(before, said, going_on),
        metrics=_metrics(before, said, going_on),
        is_compared=said.is_compared,
        row_order=_row_order(before, said, going_on),
        group_order=_group_order(before, said),
        comparison=_comparison(before, said),
        having=_having(before, said, going_on),
        extras=_extras(before, said),
    )
    return parts if has_dropped or _says_something(said, going_on) else None


def of_all_rows(before: Parts, said: Parts, lexicon: Lexicon) -> Parts:
    """ "And the inactive?", after active customers, is of all customers: no active one is."""
    flags = {f for p in said.filters for f, values in p.options if values in ((True,), (False,))}
    names = before.metrics.alternatives[0]
    facts = lexicon.metrics[names[0]]
    rows = lexicon.row_counts.get(facts.dataset.name)
    is_of_flag = any(flag in facts.metric.expression for flag in flags)
    if rows is None or len(names) > 1 or facts.aggregate != "count" or not is_of_flag:
        return before
    return replace(before, metrics=MetricsPart(((rows,),)))


def _says_something(said: Parts, going_on: FollowUp) -> bool:
    return bool(
        said.filters or said.time or said.rank or said.dimensions or not said.metrics.is_open
        or said.comparison or said.having or said.extras != Extras() or going_on.flips
        or going_on.groups or going_on.unscoped or said.row_order is not None
        or said.group_order is not None
    )  # fmt: skip


def _time(before: Parts, said: Parts) -> TimePart | None:
    """A month without its year is of the year before it in the conversation."""
    held = before.time.settled if before.time is not None else None
    if said.time is None or held is None or held.start is None or len(said.time.whens) != 1:
        return said.time or before.time
    when = said.time.whens[0]
    first = when.first
    if not isinstance(first, Point) or first.unit == "year" or when.second is not None:
        return said.time
    if first.year is not None or first.year_offset is not None:
        return said.time
    dated = replace(when, first=replace(first, year=held.start.year))
    return replace(said.time, whens=(dated,))


def _filters(
    before: tuple[FilterPart, ...], said: tuple[FilterPart, ...], going_on: FollowUp
) -> tuple[FilterPart, ...]:
    """A new condition replaces those on the same field; one that excludes is added to them, and
    so is one that "too" goes with."""
    replaced = set(going_on.unscoped)
    joined: list[FilterPart] = []
    for part in said:
        fields = {field for field, _ in part.options}
        held = [b for b in before if fields & {f for f, _ in b.options} and b.operator == "in"]
        is_joined = going_on.adds or going_on.sets_beside
        if part.operator == "in" and is_joined and held:
            field, values = held[0].options[0]
            more = (v for v in dict(part.options)[field] if v not in values)
            options = ((field, (*values, *more)),)
            is_compared = part.is_compared or going_on.sets_beside
            joined.append(replace(part, options=options, is_compared=is_compared))
            replaced.add(field)
        else:
            joined.append(part)
            replaced |= fields if part.operator != "not_in" else set()
    kept = (b for b in before if not replaced & {field for field, _ in b.options})
    return (*kept, *joined)


def _having(before: Parts, said: Parts, going_on: FollowUp) -> tuple[HavingPart, ...]:
    """A threshold was meant for the groups it was said of; a new one replaces those of its kind,
    so that "at most 32" stands beside "more than 30"."""
    if bool(said.dimensions or going_on.groups) and not going_on.adds:
        return said.having
    if said.having and any(b.is_or for b in before.having):
        return said.having
    new = {(part.metrics[0], part.operator[0]) for part in said.having}
    kept = (b for b in before.having if (b.metrics[0], b.operator[0]) not in new)
    return (*kept, *said.having)


def _dimensions(before: Parts, said: Parts, going_on: FollowUp) -> tuple[DimensionPart, ...]:
    new = (*said.dimensions, *going_on.groups)
    if new and going_on.adds:
        return (*before.dimensions, *new)
    if new:
        return new
    return () if said.rank is not None and said.rank.target is not None else before.dimensions


def _metrics(before: Parts, said: Parts, going_on: FollowUp) -> MetricsPart:
    if said.metrics.is_open:
        return before.metrics
    if going_on.adds and said.metrics.ask is None and not (said.dimensions or said.filters):
        names = dict.fromkeys((*before.metrics.alternatives[0], *said.metrics.alternatives[0]))
        return MetricsPart((tuple(names),))
    return said.metrics


def _rank(before: Parts, said: Parts, going_on: FollowUp) -> RankPart | None:
    """ "Top 5 only" counts what is there; a new split drops the count of the one before, unless
    it only names another thing ("what about countries?")."""
    rank = said.rank or before.rank
    if rank is not None and said.rank is None and said.dimensions:
        return None
    if said.rank is not None and said.rank.limit is None and before.rank is not None:
        return replace(said.rank, limit=before.rank.limit)  # "and the worst?" of the top 5
    if rank is not None and going_on.flips:
        return replace(rank, descending=not rank.descending)
    return rank


def _group_order(before: Parts, said: Parts) -> bool | None:
    """Kept as long as the rows are of the same things, in an order that nothing else says."""
    is_other = said.dimensions or said.rank is not None or said.row_order is not None
    return said.group_order if said.group_order is not None or is_other else before.group_order


def _row_order(before: Parts, said: Parts, going_on: FollowUp) -> bool | None:
    if said.group_order is not None:
        return None
    order = said.row_order if said.row_order is not None else before.row_order
    if going_on.flips and said.row_order is None:
        return not order if order is not None else True
    if said.dimensions and said.row_order is None:
        return None
    return order


def _comparison(before: Parts, said: Parts) -> ComparisonPart | None:
    part = said.comparison
    if part is None:
        is_fixed = before.comparison is not None and before.comparison.to == "named"
        return None if said.time is not None and is_fixed else before.comparison
    is_bare = part.is_change and part.to == "previous_period" and part.step is None
    if is_bare and said.time is None and before.comparison is not None:
        moved = before.comparison  # "which one grew more", of what was compared
        return replace(part, to=moved.to, when=moved.when, period=moved.period, step=moved.step)
    held = before.time.settled if before.time is not None else None
    if part.to == "named" and part.when is not None and said.time is None and held is not None:
        first = part.when.first
        if isinstance(first, Relative) and first.offset == -1:
            return replace(part, to=_step_back(held, first.unit), when=None)
    return part


def _step_back(held: TimeRange, unit: str) -> Literal["previous_period", "previous_year"]:
    """ "Compare with last year", of a month, is the same month a year before; "with last month" is
    the month before it."""
    if held.start is None or held.end is None:
        return "previous_period"
    is_shorter = (held.end - held.start).days < _DAYS_OF_A_YEAR
    return "previous_year" if unit == "year" and is_shorter else "previous_period"


def _extras(before: Parts, said: Parts) -> Extras:
    widget = said.extras.widget
    if widget is None and said.extras.is_picture:
        groups = said.dimensions or before.dimensions
        widget = "line" if any(d.grain or d.is_trend for d in groups) else "bar"
    is_share = said.extras.is_share and before.comparison is None  # there it is the change
    return Extras(
        is_share=is_share or (before.extras.is_share and not said.extras.is_running),
        is_running=said.extras.is_running
        or (before.extras.is_running and not said.extras.is_share),
        with_ties=said.extras.with_ties or before.extras.with_ties,
        widget=widget,
    )
