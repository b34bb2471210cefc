"""Says a plan as a question that this planner reads as the same plan."""

from datetime import date
from decimal import Decimal

from contracts.plan import Dimension, Filter, FilterGroup, Plan
from workflow.plan.lexicon import Lexicon
from workflow.plan.shares import is_part, ratio_to_all
from workflow.plan.tokens import phrase
from workflow.plan.when import said, time_range

_COMPARISONS = {
    "gt": "over", "gte": "at least", "lt": "under", "lte": "at most", "eq": "exactly",
}  # fmt: skip


_CHANGES = ("_change", "_change_ratio")


def question_of(plan: Plan, lexicon: Lexicon) -> str:
    """The question. Not every plan can be said so that it reads back; the caller checks."""
    metrics = _calculated(plan, _and([_metric(name, lexicon) for name in plan.metrics]))
    conditions = _conditions(plan, lexicon)
    only = [f for f in plan.having if isinstance(f, Filter) and f.field in lexicon.fields]
    if only:  # a share of one value in the whole
        return f"What is the {metrics}{''.join(_filter(f, lexicon) for f in only)}{conditions}?"
    if plan.limit is not None and len(plan.dimensions) == 1 and plan.order:
        return _ranked(plan, metrics, conditions, lexicon)
    if plan.dimensions:
        is_doubtful = lexicon.other_date(plan.metrics[0]) is not None
        within = {
            name for made in plan.calculations if made.kind == "share" for name in made.within
        }
        groups = [d for d in plan.dimensions if d.field not in within]
        said_groups = _and([_dimension(d, lexicon, in_full=is_doubtful) for d in groups])
        if "share of " in metrics and _has_other_share(plan.metrics[0], lexicon):
            conditions += " as a share of the total"  # its share of all rows is another number
            metrics = metrics.replace("share of ", "")
        each = "".join(f" within each {lexicon.spoken('field', name)}" for name in sorted(within))
        return f"{metrics[:1].upper()}{metrics[1:]} by {said_groups}{each}{conditions}"
    return _plain(plan, metrics, lexicon, conditions)


def _has_other_share(metric: str, lexicon: Lexicon) -> bool:
    return is_part(lexicon.metrics[metric]) or ratio_to_all(lexicon, metric) is not None


def _calculated(plan: Plan, metrics: str) -> str:
    kinds = {made.kind for made in plan.calculations}
    share = "share of " if "share" in kinds else ""
    return f"{share}{'running total of ' if 'running_total' in kinds else ''}{metrics}"


def _conditions(plan: Plan, lexicon: Lexicon) -> str:
    single = tuple(f for f in plan.filters if isinstance(f, Filter))
    dated = _dated(single, lexicon)
    plain = [f for f in single if not (dated and lexicon.is_date(f.field) and f.values)]
    groups = [f for f in plan.filters if isinstance(f, FilterGroup)]
    texts = [
        *(_filter(f, lexicon) for f in plain),
        *(_group(g, lexicon) for g in groups),
        dated,
        _having(plan, lexicon),
        _time(plan, lexicon),
        _comparison(plan),
    ]
    return "".join(texts)


def _group(group: FilterGroup, lexicon: Lexicon) -> str:
    """Alternatives over different fields; what is nested cannot be said."""
    inner = [_filter(f, lexicon) for f in group.filters if isinstance(f, Filter)]
    return " or".join(inner)


def _having(plan: Plan, lexicon: Lexicon) -> str:
    said = []
    for condition in plan.having:
        held = condition.filters if isinstance(condition, FilterGroup) else (condition,)
        each = [
            f"{_metric(f.field, lexicon)} {_compared(f)}"
            for f in held
            if isinstance(f, Filter) and f.field in lexicon.metrics
        ]
        said += [" or ".join(each)] if each else []
    return f" with {_and(said)}" if said else ""


def _compared(condition: Filter) -> str:
    values = [f"{v:f}" if isinstance(v, Decimal) else str(v) for v in condition.values]
    if condition.operator == "between":
        return f"between {' and '.join(values)}"
    return f"{_COMPARISONS.get(condition.operator, condition.operator)} {_and(values)}"


def _comparison(plan: Plan) -> str:
    held = plan.comparison
    if held is None:
        return ""
    if held.period is not None:
        return f" compared with {held.period.label}"
    if held.to == "previous_year":
        return " compared with the same period last year"
    return " compared with the previous period"


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
    if plan.order[0].by.endswith(_CHANGES):
        rate = "percentage " if plan.order[0].by.endswith("_ratio") else ""
        metrics = f"{rate}change in {metrics}"
    thing = group.grain or lexicon.spoken("field", group.field)
    if plan.limit == 1 and lexicon.plural(plan.metrics[0]) is not None:
        return f"Which {thing} has the {'most' if descending else 'fewest'} {metrics}{conditions}?"
    if plan.limit == 1:
        return (
            f"Which {thing} has the {'highest' if descending else 'lowest'} {metrics}{conditions}?"
        )
    things = plural_of(thing)
    ties = " with ties" if plan.with_ties else ""
    return (
        f"{'Top' if descending else 'Bottom'} {plan.limit} {things} by {metrics}{ties}{conditions}"
    )


def _metric(name: str, lexicon: Lexicon) -> str:
    return lexicon.spoken("metric", name)


def _dimension(dimension: Dimension, lexicon: Lexicon, *, in_full: bool) -> str:
    if dimension.grain is None:
        return lexicon.spoken("field", dimension.field)
    if dimension.field in lexicon.usual_dates and not in_full:
        return dimension.grain
    return f"{dimension.grain} of {lexicon.spoken('field', dimension.field)}"


def _filter(condition: Filter, lexicon: Lexicon) -> str:
    label = lexicon.spoken("field", condition.field)
    values = [str(v) for v in condition.values]
    if condition.values and isinstance(condition.values[0], bool):
        return f" {'' if condition.values[0] else 'not '}{label}"
    label = plural_of(label) if len(values) > 1 else label
    if condition.operator == "is_null":
        return f" without {label}"
    if condition.operator in ("eq", "in"):
        return f" for {label} {_and(values)}"
    if condition.operator in ("ne", "not_in"):
        return f" excluding {label} {_and(values)}"
    return f" with {label} {_compared(condition)}"


def _dated(filters: tuple[Filter, ...], lexicon: Lexicon) -> str:
    """Conditions on a date as a period of that date."""
    ends: dict[str, date] = {}
    field = ""
    for condition in filters:
        value = condition.values[0] if condition.values else None
        if condition.operator not in ("gte", "lt"):
            continue
        if lexicon.is_date(condition.field) and isinstance(value, date):
            field = condition.field
            ends[condition.operator] = value
    if not ends:
        return ""
    period = time_range(ends.get("gte"), ends.get("lt"))
    return f" with {lexicon.spoken('field', field)} {said(period)}"


def _time(plan: Plan, lexicon: Lexicon) -> str:
    if plan.time is None:
        return ""
    dataset = lexicon.metrics[plan.metrics[0]].dataset
    is_doubtful = lexicon.other_date(plan.metrics[0]) is not None
    if (dataset.name in lexicon.entities or is_doubtful) and dataset.time_field is not None:
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
