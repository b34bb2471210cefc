"""The plan's restrictions in words: period, filters and row scope, as they stand in a sentence."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from contracts.context import UserContext
from contracts.plan import Filter, FilterGroup, Grain, Plan, Scalar, TimeRange
from kit.display import clean, date_words, day_words, listed, lower, show, upper
from workflow.semantic.model import Dataset, Field, SemanticModel

_ONE_DAY = timedelta(days=1)
_RELATIVE = re.compile(
    r"\b(last|this|past|previous|current|today|yesterday|recent|ago|so far|to date|latest)\b", re.I
)
_COMPARED = {"lt": "below", "lte": "at most", "gt": "above", "gte": "at least"}
_COMPARED_DATES = {"lt": "before", "lte": "up to", "gt": "after", "gte": "from"}
_NAMED_STORES = 6
_ADDED = {
    "": "{}", "_before": "{} before", "_change": "change of {}",
    "_change_ratio": "relative change of {}", "_share": "share of {}",
    "_running_total": "running total of {}",
}  # fmt: skip


def datasets_of(plan: Plan, model: SemanticModel) -> tuple[Dataset, ...]:
    """The datasets that the plan's metrics come from."""
    wanted = {metric.dataset for metric in model.metrics if metric.name in plan.metrics}
    return tuple(dataset for dataset in model.datasets if dataset.name in wanted)


def field_of(name: str, model: SemanticModel) -> Field | None:
    """A field by its name, with or without its dataset's before it."""
    dataset_name, _, bare = name.rpartition(".")
    for dataset in model.datasets:
        if dataset_name in ("", dataset.name):
            for field in dataset.fields:
                if field.name == bare:
                    return field
    return None


def where(plan: Plan, context: UserContext, model: SemanticModel) -> str:
    """Like " in July 2022 for category Action, store 1, with revenue at least 100"; empty when
    nothing restricts."""
    restrictions = [part for part in (filters(plan, model), scope(plan, context, model)) if part]
    parts = [part for part in (period(plan.time),) if part]
    if restrictions:
        parts.append(f"for {', '.join(restrictions)}")
    if plan.having:
        parts.append(f"with {having(plan, model)}")
    return "".join(f" {part}" for part in parts)


def subtitle(plan: Plan, context: UserContext, model: SemanticModel) -> str:
    """The same for the line under a title: "July 2022 · category Action · store 1"."""
    when = re.sub(r"^(in|on) ", "", period(plan.time))
    parts = (when, filters(plan, model), scope(plan, context, model), having(plan, model))
    return " · ".join(upper(part) for part in parts if part)


def period(time: TimeRange | None) -> str:
    """With its preposition: "in July 2022", "on 5 July 2022", "since 1 May 2022"; the words of
    the question follow in brackets where they were relative."""
    if time is None or (time.start is None and time.end is None):
        return ""
    words = _span(time.start, time.end)
    label = clean(time.label)
    if _RELATIVE.search(label) and label.lower() not in words.lower():
        return f"{words} ({label})"
    return words


def _span(start: date | None, end: date | None) -> str:
    if start is None or end is None:
        return f"since {day_words(start)}" if start else f"before {day_words(end or date.min)}"
    last = end - _ONE_DAY if end > start else start
    if start == last:
        return f"on {day_words(start)}"
    if start.day != 1 or end.day != 1:
        return f"from {day_words(start)} to {day_words(last)}"
    return _months(start, last)


def _months(start: date, last: date) -> str:
    """Full months."""
    months = (last.year - start.year) * 12 + last.month - start.month + 1
    grains: dict[tuple[int, int], Grain] = {(1, 0): "month", (3, 0): "quarter", (12, 0): "year"}
    grain = grains.get((months, (start.month - 1) % months))
    if grain:
        return f"in {date_words(start, grain)}"
    return f"from {date_words(start, 'month')} to {date_words(last, 'month')}"


def filters(plan: Plan, model: SemanticModel) -> str:
    """Like "category Action and rating PG"; empty without any."""
    return listed([_condition(given, model) for given in plan.filters])


def having(plan: Plan, model: SemanticModel) -> str:
    """What the groups had to have: "revenue at least 100"; empty without any."""
    return listed([_condition(_in_units(given, model), model) for given in plan.having])


def _in_units(given: Filter | FilterGroup, model: SemanticModel) -> Filter | FilterGroup:
    """Thresholds as the numbers they are compared with are shown."""
    if isinstance(given, FilterGroup):
        parts = tuple(_in_units(part, model) for part in given.filters)
        return given.model_copy(update={"filters": parts})
    metric = next((m for m in model.metrics if m.name == given.field), None)
    if metric is None or metric.format is None:
        return given
    shown = tuple(
        show(Decimal(value), metric.unit, metric.format).text
        if isinstance(value, int | Decimal) and not isinstance(value, bool)
        else value
        for value in given.values
    )
    return given.model_copy(update={"values": shown})


def _condition(given: Filter | FilterGroup, model: SemanticModel) -> str:
    if isinstance(given, Filter):
        return _filter(given, model)
    joined = f" {given.operator} ".join(_condition(part, model) for part in given.filters)
    return f"not ({joined})" if given.operator == "not" else f"({joined})"


def _filter(given: Filter, model: SemanticModel) -> str:
    label = _label_of(given.field, model)
    values = [scalar_words(value) for value in given.values] or ["nothing"]
    if any(isinstance(value, bool) for value in given.values):
        return f"{label}: {'' if given.operator == 'eq' else 'not '}{values[0]}"
    texts = {
        "eq": f"{label} {values[0]}",
        "in": f"{label} {listed(values, 'or')}",
        "ne": f"{label} other than {values[0]}",
        "not_in": f"{label} other than {listed(values, 'or')}",
        "between": f"{label} from {listed(values, 'to')}",
        "contains": f"{label} containing “{values[0]}”",
        "is_null": f"no {label}",
        "is_not_null": f"any {label}",
    }
    is_dated = any(isinstance(value, date) for value in given.values)
    compared = _COMPARED_DATES if is_dated else _COMPARED
    return texts.get(given.operator) or f"{label} {compared[given.operator]} {values[0]}"


def _label_of(name: str, model: SemanticModel) -> str:
    """The label of a field, or of a result's column: a metric, or what was added to it."""
    field = field_of(name, model)
    if field is not None:
        return lower(field.label)
    for metric in model.metrics:
        if name.startswith(metric.name):
            added = name.removeprefix(metric.name)
            if added in _ADDED:
                return _ADDED[added].format(lower(metric.label))
    return clean(name.rpartition(".")[2].replace("_", " "))


def scalar_words(value: Scalar) -> str:
    """A value of a filter."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{day_words(value.date())} {value:%H:%M}"
    return day_words(value) if isinstance(value, date) else clean(str(value))


def scope(plan: Plan, context: UserContext, model: SemanticModel) -> str:
    """The row scope that the numbers are of: "store 1", "stores 1 and 2", "all stores". Empty
    where no scope applies, or where a filter narrows it further and is said instead."""
    scoped = {item.scope_field for item in datasets_of(plan, model) if item.scope_field}
    if not scoped or any(
        isinstance(given, Filter)
        and given.field.rpartition(".")[2] in scoped
        and given.operator in ("eq", "in")
        for given in plan.filters
    ):
        return ""
    return scope_words(context)


def scope_words(context: UserContext) -> str:
    """A person's row scope."""
    if context.is_all_stores:
        return "all stores"
    ids = sorted(context.store_ids)
    if not ids:
        return "no store"
    if len(ids) > _NAMED_STORES:
        return f"{len(ids)} stores"
    return f"store{'s' if len(ids) > 1 else ''} {listed([str(one) for one in ids])}"
