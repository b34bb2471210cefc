"""A plan in plain words, for people and for the record."""

from datetime import date, datetime, timedelta

from contracts.plan import Dimension, Filter, FilterGroup, Plan, Scalar, TimeRange
from workflow.semantic.index import Index, index_of
from workflow.semantic.model import Dataset, Field, SemanticModel

_ONE_DAY = timedelta(days=1)
_COMPARED = {"lt": "under", "lte": "at most", "gt": "over", "gte": "at least"}
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
    if plan.time and (plan.time.start or plan.time.end):
        phrases.append(period_in_words(plan.time))
    return ", ".join(phrases + _ranking(index, dataset, plan))


def period_in_words(time: TimeRange) -> str:
    """Its label, or "May 2022", "2022", "1 May 2022", "1 May 2022 to 15 June 2022"."""
    start, end = time.start, time.end
    if time.label:
        return time.label
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
            if len(plan.metrics) > 1 and order.by in index.metrics:
                said += f" by {_lower(index.metrics[order.by].metric.label)}"
            phrases.append(said)
    if plan.limit is not None and plan.dimensions:
        is_ranked = first is not None and first.by not in dimensions
        word = ("top" if first and first.descending else "bottom") if is_ranked else "first"
        phrases.append(f"{word} {plan.limit}")
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
    inner = [_condition(index, dataset, part) for part in given.filters]
    joined = f" {given.operator} ".join(inner)
    return f"not ({joined})" if given.operator == "not" else f"({joined})"


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
