"""From the reading of a "why" to what is computed for it: the change, and its breakdowns."""

from contracts.plan import Dimension, Filter, Investigation, Order, Plan, Planned
from workflow.plan.ground import Ground
from workflow.plan.intent import Change
from workflow.semantic.index import Index, index_of
from workflow.semantic.model import Dataset

_MOST_GROUPS = 120
"""A breakdown has to fit a result whole, or its parts would not add up to the change."""
_MOST_BREAKDOWNS = 6
_SURE, _ASSUMED = 1.0, 0.85


def plan_of(change: Change, ground: Ground) -> Planned:
    """The investigation of a change, by each dimension of the metric's own data that has a few
    harmless values and is not settled by a filter."""
    fields = breakdown_fields(change, ground)
    order = (Order(by=f"{change.metric}_change"),)
    notes = change.notes
    if change.is_assumed and change.period.start is not None:
        notes = (*notes, f"No period was named; this is about {change.period.start:%B %Y}.")
    return Planned(
        output=Investigation(
            change=change.plan,
            breakdowns=tuple(_by(change.plan, field, order) for field in fields),
            direction=change.direction,
        ),
        planner="builtin",
        confidence=_ASSUMED if change.is_assumed or change.unused_words else _SURE,
        used_words={"why": "the change, and what it is made of"},
        unused_words=change.unused_words,
        notes=notes,
    )


def breakdown_fields(change: Change, ground: Ground) -> tuple[str, ...]:
    """Names of fields, the row scope's first. None that is personal data."""
    context, values = ground.context, ground.profile.values
    index = index_of(ground.model)
    settled = {
        given.field.rpartition(".")[2]
        for given in change.filters
        if isinstance(given, Filter) and given.operator == "eq"
    }
    found: list[str] = []
    dataset = _home(index, change.metric)
    for field in dataset.fields:
        is_scope = field.name == dataset.scope_field
        if field.is_personal or field.is_time or field.name in settled:
            continue
        if is_scope and (context.is_all_stores or len(context.store_ids) > 1):
            found.insert(0, field.name)
        elif field.is_indexed and 2 <= len(values.get(field.name, ())) <= _MOST_GROUPS:
            found.append(field.name)
    return tuple(found[:_MOST_BREAKDOWNS])


def _home(index: Index, metric: str) -> Dataset:
    return index.datasets[index.metrics[metric].units[0].dataset]


def _by(plan: Plan, field: str, order: tuple[Order, ...]) -> Plan:
    return plan.model_copy(update={"dimensions": (Dimension(field=field),), "order": order})
