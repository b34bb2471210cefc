"""What to offer when a question is only half understood: readings near it."""

from collections.abc import Sequence

from contracts.plan import Dimension, Filter, Order, Plan
from workflow.plan import calendar_words
from workflow.plan.grammar import Mark
from workflow.plan.lexicon import Lexicon
from workflow.plan.outcomes import Unclear
from workflow.plan.reading import Reading
from workflow.plan.value_index import Value

Left = tuple[tuple[int, str], ...]


def partly_named(reading: Reading, left: Left) -> list[Value]:
    """Values that a left-over word is a part of: "Jane" for "Jane Doe"."""
    chunks = (reading.chunks[at] for at, _ in left)
    stems = [
        stem
        for chunk in chunks
        if not (chunk.terms or chunk.marks or chunk.number is not None)
        for stem in chunk.stems
        if stem not in calendar_words.EDGES
    ]
    return [value for stem in stems for value in reading.values.containing(stem)]


def _split(plan: Plan, field: str) -> Plan:
    order = (Order(by=plan.metrics[0], descending=True),)
    return plan.model_copy(update={"dimensions": (Dimension(field=field),), "order": order})


def alternatives(plans: Sequence[Plan], lexicon: Lexicon) -> list[Plan]:
    """Readings near the last one, for a question back that would offer only that: the whole of
    what was split, or a split of the whole."""
    if not plans:
        return []
    plan = plans[-1]
    if plan.dimensions:
        return [plan.model_copy(update={"dimensions": (), "order": (), "limit": None})]
    home = {lexicon.metrics[name].dataset.name for name in plan.metrics}
    fields = [f.name for f in lexicon.fields.values() if f.is_indexed and not f.is_personal]
    return [_split(plan, f) for f in fields if lexicon.is_own(f, home)][1:2]


def restricted(plan: Plan, value: Value) -> Plan:
    """The plan for that value only."""
    condition = Filter(field=value.field, operator="eq", values=(value.text,))
    return plan.model_copy(update={"filters": (*plan.filters, condition)})


def about_unused(reading: Reading, plan: Plan, left: Left) -> Unclear:
    """Asks about words that were left over; a part of a value offers the whole value."""
    homes = {reading.lexicon.metrics[m].dataset.name for m in plan.metrics}
    plans = [
        restricted(plan, value)
        for value in partly_named(reading, left)
        if reading.lexicon.is_reachable(value.field, homes)
    ]
    plans += [
        _split(plan, term.name)
        for at, _ in left
        for term in reading.chunks[at].terms_of("field")[:1]
        if not plan.dimensions and reading.lexicon.is_reachable(term.name, homes)
    ]
    unknown = [
        text
        for at, text in left
        if not reading.chunks[at].marks or reading.chunks[at].has(Mark.NOT)
    ]
    words = ", ".join(f"“{text}”" for text in (unknown or [text for _, text in left])[:4])
    if any(reading.chunks[at].is_unreadable_time for at, _ in left):
        return Unclear(f"I cannot go by {words}. Do you want this instead?", (plan,))
    return Unclear(f"I did not understand {words}. Do you mean this?", (*plans[:3], plan))
