"""A plan in plain words, for people and for the record."""

from datetime import date, datetime, timedelta

from contracts.plan import (
    Calculation,
    Dimension,
    Filter,
    FilterGroup,
    Plan,
    RelativeTime,
    Scalar,
    TimeRange,
)
from workflow.semantic.errors import PlanError
from workflow.semantic.index import Index, index_of
from workflow.semantic.model import Dataset, Field, SemanticModel
from workflow.semantic.resolve import period_before

_ONE_DAY = timedelta(days=1)
_COMPARED = {"lt": "under", "lte": "at most", "gt": "over", "gte": "at least"}
_ADDED = {
    "": "{}", "_before": "{} before", "_change": "change of {}",
    "_change_ratio": "relative change of {}", "_share": "share of {}",
    "_running_total": "running total of {}",
}  # fmt: skip
_COMPARED_DATES = {"lt": "before", "lte": "up to", "gt": "after", "gte": "from"}


def plan_in_words(plan: Plan, model: SemanticModel) -> str:
    """Like "revenue by category, store 1 only, May 2022, highest first, top 5".

    Names that the model does not know are said as they stand; nothing is raised.
    """
    index = index_of(model)
    bound = [index.metrics.get(name) for name in plan.metrics]
    names = [
        _lower(b.metric.label) if b else name for b, name in zip(bound, plan.metrics, strict=True)
    ]
    dataset = next((b.metric.dataset for b in bound if b), None)
    phrases = [_listed(names, "and")]
    if plan.dimensions:
        by = [_dimension(index, dataset, d) for d in plan.dimensions]
        phrases[0] += f" by {_listed(by, 'and')}"
    phrases += [_condition(index, dataset, given) for given in plan.filters]
    if plan.time and (plan.time.start or plan.time.end or plan.time.relative):
        phrases.append(period_in_words(plan.time))
    if plan.comparison:
        phrases.append(_comparison(plan))
    phrases += [_calculation(index, dataset, plan, given) for given in plan.calculations]
    if plan.having:
        kept = [_condition(index, dataset, given) for given in plan.having]
        phrases.append(f"only rows where {_listed(kept, 'and')}")
    return ", ".join(phrases + _ranking(index, dataset, plan))


def _comparison(plan: Plan) -> str:
    assert plan.comparison is not None  # noqa: S101 - asked for only then
    to = plan.comparison.to
    grain = next((d.grain for d in plan.dimensions if d.grain), None)
    if grain is not None:
        beside = f"the {grain} before" if to == "previous_period" else "the same a year before"
        return f"compared with {beside}"
    try:
        return f"compared with {period_in_words(period_before(plan))}"
    except PlanError:
        return f"compared with {to.replace('_', ' ')}"


def _calculation(index: Index, dataset: str | None, plan: Plan, given: Calculation) -> str:
    bound = index.metrics.get(given.metric)
    metric = _lower(bound.metric.label) if bound else given.metric
    asked = {d.field: d for d in plan.dimensions}
    within = [_dimension(index, dataset, asked.get(n, Dimension(field=n))) for n in given.within]
    if given.kind == "share":
        of = f"the {metric} of each {_listed(within, 'and')}" if within else f"all {metric}"
        return f"share of {of}"
    anew = f" for each {_listed(within, 'and')}" if within else ""
    return f"running total of {metric}{anew}"


def period_in_words(time: TimeRange) -> str:
    """Its label, or "May 2022", "2022", "1 May 2022", "1 May 2022 to 15 June 2022"."""
    start, end = time.start, time.end
    if time.label or time.relative:
        return time.label or _relative(time.relative or RelativeTime(unit="day"))
    if start is None or end is None:
        if start is not None:
            return f"from {_day(start)}"
        return f"before {_day(end)}" if end is not None else "all time"
    if (start.month, start.day, end.month, end.day) == (1, 1, 1, 1) and end.year == start.year + 1:
        return str(start.year)
    months = (end.year - start.year) * 12 + end.month - start.month
    if start.day == end.day == 1 and months == 1:
        return f"{start:%B} {start.year}"
    last = end - _ONE_DAY if end > start else start
    return _day(start) if last == start else f"{_day(start)} to {_day(last)}"


def _relative(time: RelativeTime) -> str:
    units = f"{time.count} {time.unit}s" if time.count > 1 else time.unit
    if time.offset == 0:
        return f"{'the last' if time.count > 1 else 'this'} {units}"
    if time.offset == -1:
        return f"the last {units}"
    return f"{units} up to {-time.offset} {time.unit}s ago"


def _ranking(index: Index, dataset: str | None, plan: Plan) -> list[str]:
    phrases = []
    dimensions = {d.field for d in plan.dimensions}
    first = plan.order[0] if plan.order else None
    for order in plan.order:
        if order.by in dimensions:
            field = _find(index, dataset, order.by)
            if field and field.is_time:
                phrases.append("newest first" if order.descending else "oldest first")
            else:
                label = _label(index, dataset, order.by)
                phrases.append(f"by {label}{', descending' if order.descending else ''}")
        else:
            said = "highest first" if order.descending else "lowest first"
            if len(plan.metrics) > 1 or order.by not in plan.metrics:
                said += f" by {_label(index, dataset, order.by)}"
            phrases.append(said)
    if plan.limit is not None and plan.dimensions:
        is_ranked = first is not None and first.by not in dimensions
        word = ("top" if first and first.descending else "bottom") if is_ranked else "first"
        ties = " with ties" if plan.with_ties and is_ranked else ""
        phrases.append(f"{word} {plan.limit}{ties}")
    return phrases


def _dimension(index: Index, dataset: str | None, dimension: Dimension) -> str:
    label = _label(index, dataset, dimension.field)
    if dimension.grain is None:
        return label
    is_main = any(d.time_field == dimension.field for d in _known(index, dataset))
    return dimension.grain if is_main else f"{dimension.grain} of {label}"


def _condition(index: Index, dataset: str | None, given: Filter | FilterGroup) -> str:
    if isinstance(given, Filter):
        return _filter(index, dataset, given)
    inner = [_condition(index, dataset, part).removesuffix(" only") for part in given.filters]
    joined = f" {given.operator} ".join(inner)
    if given.operator == "not":
        return f"not {joined}" if isinstance(given.filters[0], FilterGroup) else f"not ({joined})"
    return f"({joined})" if len(inner) > 1 else joined


def _filter(index: Index, dataset: str | None, given: Filter) -> str:
    field = _find(index, dataset, given.field)
    label = _label(index, dataset, given.field)
    values = [_value(v) for v in given.values] or ["nothing"]
    if any(isinstance(v, bool) for v in given.values):
        return f"{label}: {'' if given.operator == 'eq' else 'not '}{values[0]}"
    texts = {
        "is_null": f"without {label}",
        "is_not_null": f"with {label}",
        "eq": f"{label} {values[0]} only",
        "in": f"{label} {_listed(values, 'or')} only",
        "ne": f"{label} not {values[0]}",
        "not_in": f"{label} not {_listed(values, 'or')}",
        "between": f"{label} from {_listed(values, 'to')}",
        "contains": f"{label} containing “{values[0]}”",
    }
    dated = field is not None and field.type in ("date", "timestamp")
    words = _COMPARED_DATES if dated else _COMPARED
    return texts.get(given.operator) or f"{label} {words[given.operator]} {values[0]}"


def _find(index: Index, dataset: str | None, name: str) -> Field | None:
    bare = name.rpartition(".")[2]
    for known in _known(index, dataset):
        for field in known.fields:
            if field.name in (name, bare):
                return field
    return None


def _known(index: Index, dataset: str | None) -> list[Dataset]:
    """All datasets, the one that the plan is about first."""
    return sorted(index.model.datasets, key=lambda d: d.name != dataset)


def _label(index: Index, dataset: str | None, name: str) -> str:
    """A field, a metric, or what a comparison or a calculation adds to one."""
    for metric, bound in index.metrics.items():
        added = name.removeprefix(metric)
        if added in _ADDED and (added or _find(index, dataset, name) is None):
            return _ADDED[added].format(_lower(bound.metric.label))
    field = _find(index, dataset, name)
    return _lower(field.label) if field else name


def _value(value: Scalar) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{_day(value)} {value:%H:%M}"
    return _day(value) if isinstance(value, date) else str(value)


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def _lower(label: str) -> str:
    is_acronym = len(label) > 1 and label[1].isupper()
    return label if is_acronym else label[:1].lower() + label[1:]


def _listed(words: list[str], last: str) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
