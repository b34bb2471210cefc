"""A plan as a form: its metrics, grouping, period, filters and limit. What the form has no field
for stays as it is in the plan it began with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated

from fastapi import Form
from pydantic import JsonValue

from contracts.catalog import Catalog
from contracts.plan import Filter, Plan

OPERATORS: Mapping[str, str] = {
    "eq": "is",
    "ne": "is not",
    "in": "is one of",
    "not_in": "is none of",
    "lt": "is under",
    "lte": "is at most",
    "gt": "is over",
    "gte": "is at least",
    "between": "is between (first, last)",
    "contains": "contains",
    "is_null": "is missing",
    "is_not_null": "is there",
}
GRAINS = ("day", "week", "month", "quarter", "year")
_LISTS = frozenset({"in", "not_in", "between"})
_UNARY = frozenset({"is_null", "is_not_null"})
_ONE_DAY = timedelta(days=1)
_MOST_DIGITS = 18
Many = Annotated[list[str], Form(max_length=60)]
One = Annotated[str, Form(max_length=20)]


class Unusable(ValueError):
    """What was typed makes no plan; the text says what, for a person."""


@dataclass(frozen=True, slots=True)
class PlanForm:
    """What stands in the fields. `since` and `through` are both included."""

    metrics: tuple[str, ...] = ()
    groups: tuple[tuple[str, str], ...] = ()
    since: str = ""
    through: str = ""
    filters: tuple[tuple[str, str, str], ...] = ()
    limit: str = ""


def typed(
    metric: Many = [],  # noqa: B006 - FastAPI reads it
    group: Many = [],  # noqa: B006
    grain: Many = [],  # noqa: B006
    filter_field: Many = [],  # noqa: B006
    filter_operator: Many = [],  # noqa: B006
    filter_values: Annotated[list[str], Form(max_length=60)] = [],  # noqa: B006
    since: One = "",
    through: One = "",
    limit: One = "",
) -> PlanForm:
    """A dependency: what was sent, rows without a name left out."""
    return PlanForm(
        metrics=tuple(filter(None, metric)),
        groups=tuple((f, g) for f, g in zip(group, grain, strict=False) if f),
        since=since.strip(),
        through=through.strip(),
        filters=tuple(
            (name, operator, values)
            for name, operator, values in zip(
                filter_field, filter_operator, filter_values, strict=False
            )
            if name
        ),
        limit=limit.strip(),
    )


def form_of(plan: Plan) -> PlanForm:
    """What to begin with. Conditions joined by "or" or "not" have no field."""
    time = plan.time
    return PlanForm(
        metrics=plan.metrics,
        groups=tuple((d.field, d.grain or "") for d in plan.dimensions),
        since=str(time.start or "") if time else "",
        through=str(time.end - _ONE_DAY) if time and time.end else "",
        filters=tuple(
            (f.field, f.operator, ", ".join(_text(value) for value in f.values))
            for f in plan.filters
            if isinstance(f, Filter)
        ),
        limit=str(plan.limit or ""),
    )


def plan_of(form: PlanForm, base: Plan, catalog: Catalog) -> dict[str, JsonValue]:
    """`base` with what the form says, in the shape of a plan. Only what differs from what the form
    began with is changed. An order by something that is no more there goes with it. Raises
    Unusable."""
    began = form_of(base)
    made: dict[str, JsonValue] = base.model_dump(mode="json")
    types = {field.name: field.type for field in catalog.dimensions}
    if form.metrics != began.metrics:
        made["metrics"] = [*form.metrics]
    if form.groups != began.groups:
        made["dimensions"] = [_dimension(name, grain, types) for name, grain in form.groups]
    if (form.since, form.through) != (began.since, began.through):
        made["time"] = _time(form)
    if form.filters != began.filters:
        groups = [f.model_dump(mode="json") for f in base.filters if not isinstance(f, Filter)]
        made["filters"] = [*(_filter(*row, types) for row in form.filters), *groups]
    if form.limit != began.limit:
        made["limit"] = _limit(form.limit)
    gone = {*base.metrics, *(d.field for d in base.dimensions)}
    gone -= {*form.metrics, *(name for name, _ in form.groups)}
    made["order"] = [o.model_dump(mode="json") for o in base.order if o.by not in gone]
    return made


def _dimension(name: str, grain: str, types: Mapping[str, str]) -> JsonValue:
    is_time = types.get(name) in ("date", "timestamp")
    return {"field": name, "grain": (grain or None) if is_time else None}


def _time(form: PlanForm) -> JsonValue:
    if not form.since and not form.through:
        return None
    since, through = _day(form.since), _day(form.through)
    if since and through and through < since:
        raise Unusable("The period ends before it begins.")
    end = through + _ONE_DAY if through else None
    return {"start": str(since) if since else None, "end": str(end) if end else None}


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unusable(f"“{text}” is no day; days are written as 2022-06-30.") from None


def _limit(text: str) -> JsonValue:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 200):
        raise Unusable("A limit is 1 to 200 rows.")
    return int(text)


def _filter(name: str, operator: str, values: str, types: Mapping[str, str]) -> JsonValue:
    if operator not in OPERATORS:
        raise Unusable("That is no condition.")
    parts = values.split(",") if operator in _LISTS else [values]
    given = [] if operator in _UNARY else [part.strip() for part in parts if part.strip()]
    wanted = 0 if operator in _UNARY else 2 if operator == "between" else 1
    if len(given) < wanted or (operator == "between" and len(given) > 2):
        raise Unusable(f"“{name} {OPERATORS[operator]}” needs {_COUNT[wanted]}.")
    return {
        "field": name,
        "operator": operator,
        "values": [_value(text, types.get(name, "text")) for text in given],
    }


_COUNT = {1: "a value", 2: "two values, with a comma between"}


def _value(text: str, kind: str) -> JsonValue:
    if kind == "boolean":
        return text.casefold() in ("yes", "true", "1")
    if kind not in ("integer", "decimal"):
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise Unusable(f"“{text}” is no number that can be compared with.")
    return int(number) if number == number.to_integral_value() else str(number)


def _text(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def rows(form: PlanForm) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """The conditions with their numbers, and an empty one to add."""
    yield from enumerate((*form.filters, ("", "eq", "")), 1)
