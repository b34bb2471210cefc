"""Says a plan as a question that this planner reads as the same plan."""

from contracts.plan import Dimension, Filter, Plan
from workflow.plan.lexicon import Lexicon
from workflow.plan.tokens import phrase
from workflow.plan.when import said

_COMPARISONS = {"gt": "over", "gte": "at least", "lt": "under", "lte": "at most"}


def question_of(plan: Plan, lexicon: Lexicon) -> str:
    """The question. Not every plan can be said so that it reads back; the caller checks."""
    metrics = _and([_metric(name, lexicon) for name in plan.metrics])
    conditions = "".join(_filter(f, lexicon) for f in plan.filters) + _time(plan, lexicon)
    if plan.limit is not None and len(plan.dimensions) == 1 and plan.order:
        return _ranked(plan, metrics, conditions, lexicon)
    if plan.dimensions:
        groups = _and([_dimension(d, lexicon) for d in plan.dimensions])
        return f"{metrics[:1].upper()}{metrics[1:]} by {groups}{conditions}"
    return _plain(plan, metrics, lexicon, conditions)


def _plain(plan: Plan, metrics: str, lexicon: Lexicon, conditions: str) -> str:
    facts = lexicon.metrics[plan.metrics[0]]
    if len(plan.metrics) == 1 and facts.aggregate == "sum":
        is_said = metrics.lower().startswith("total")
        return f"What is {'' if is_said else 'total '}{metrics}{conditions}?"
    plural = lexicon.plural(plan.metrics[0]) if len(plan.metrics) == 1 else None
    if plural is not None:
        return f"How many {plural}{conditions}?"
    return f"What is {metrics}{conditions}?"


def _ranked(plan: Plan, metrics: str, conditions: str, lexicon: Lexicon) -> str:
    group = plan.dimensions[0]
    descending = plan.order[0].descending
    thing = group.grain or lexicon.spoken("field", group.field)
    if plan.limit == 1:
        return (
            f"Which {thing} has the {'highest' if descending else 'lowest'} {metrics}{conditions}?"
        )
    things = plural_of(thing)
    return f"{'Top' if descending else 'Bottom'} {plan.limit} {things} by {metrics}{conditions}"


def _metric(name: str, lexicon: Lexicon) -> str:
    return lexicon.spoken("metric", name)


def _dimension(dimension: Dimension, lexicon: Lexicon) -> str:
    if dimension.grain is None:
        return lexicon.spoken("field", dimension.field)
    if dimension.field in lexicon.usual_dates:
        return dimension.grain
    return f"{dimension.grain} of {lexicon.spoken('field', dimension.field)}"


def _filter(condition: Filter, lexicon: Lexicon) -> str:
    label = lexicon.spoken("field", condition.field)
    values = [str(v) for v in condition.values]
    if condition.values and isinstance(condition.values[0], bool):
        return f" {'' if condition.values[0] else 'not '}{label}"
    label = plural_of(label) if len(values) > 1 else label
    if condition.operator in ("eq", "in"):
        return f" for {label} {_and(values)}"
    if condition.operator in ("ne", "not_in"):
        return f" excluding {label} {_and(values)}"
    return (
        f" with {label} {_COMPARISONS.get(condition.operator, condition.operator)} {_and(values)}"
    )


def _time(plan: Plan, lexicon: Lexicon) -> str:
    if plan.time is None:
        return ""
    dataset = lexicon.metrics[plan.metrics[0]].dataset
    if dataset.name in lexicon.entities and dataset.time_field is not None:
        return f" with {lexicon.spoken('field', dataset.time_field)} {said(plan.time)}"
    return f" {said(plan.time)}"


def plural_of(thing: str) -> str:
    """The plural, where it is known to read back as the same thing; else the thing itself."""
    if thing.endswith("y") and thing[-2:-1] not in "aeiou":
        plural = f"{thing[:-1]}ies"
    else:
        plural = f"{thing}es" if thing.endswith(("s", "x", "ch", "sh")) else f"{thing}s"
    return plural if phrase(plural) == phrase(thing) else thing


def _and(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
