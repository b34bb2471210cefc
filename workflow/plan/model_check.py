"""A model's plan held against the role's catalog: every name, type and value, or an objection.

Pure. What is returned is safe to compile; what is objected to goes back to the model once.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from rapidfuzz import process

from contracts.plan import Dimension, Filter, Order, Plan, Scalar, TimeRange
from workflow.plan.model_reply import DimensionReply, FilterReply, OrderReply, PlanReply, TimeReply
from workflow.plan.period_label import period_label
from workflow.plan.role_catalog import RoleCatalog
from workflow.semantic.model import DataProfile, Field

MAX_LIMIT = 200
MAX_TEXT_VALUE = 200
_NONE = frozenset({"is_null", "is_not_null"})
_MANY = frozenset({"in", "not_in"})
_RANGES = frozenset({"lt", "lte", "gt", "gte", "between"})
_TEXT_ONLY = frozenset({"contains"})
_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


class Objection(Exception):
    """One thing that is wrong, in words that a model can act on."""


class Objections(Exception):
    """All that is wrong with a plan."""

    def __init__(self, all_of_them: Sequence[str]) -> None:
        super().__init__("; ".join(all_of_them))
        self.all_of_them = tuple(all_of_them)


def checked_plan(reply: PlanReply, catalog: RoleCatalog, profile: DataProfile) -> Plan:
    """The plan that the reply says. Raises Objections."""
    objections: list[str] = []

    def each(given: Iterable[_Given], make: Callable[[_Given], _Made]) -> tuple[_Made, ...]:
        made: list[_Made] = []
        for one in given:
            try:
                made.append(make(one))
            except Objection as objection:
                objections.append(str(objection))
        return tuple(made)

    metrics = each(dict.fromkeys(reply.metrics), lambda name: _metric(name, catalog))
    homes = [catalog.metrics[name].dataset for name in metrics]
    dimensions = each(dict.fromkeys(reply.dimensions), lambda one: _dimension(one, catalog, homes))
    filters = each(reply.filters, lambda one: _filter(one, catalog, homes, profile))
    periods = each([reply.time] if reply.time else [], lambda one: _time_range(one, catalog, homes))
    named = {*reply.metrics, *(one.field for one in reply.dimensions)}
    order = each(reply.order, lambda one: _order(one, named))
    if len({one.field for one in dimensions}) < len(dimensions):
        objections.append("a field stands twice among the dimensions")
    if reply.limit is not None and reply.limit < 1:
        objections.append("limit must be 1 or more, or null")
    if objections:
        raise Objections(objections)
    # more than the cap is the same as no limit: the result then says that it was cut
    limit = reply.limit if reply.limit is not None and reply.limit <= MAX_LIMIT else None
    time = next((period for period in periods if period.start or period.end), None)
    return Plan(
        metrics=metrics,
        dimensions=dimensions,
        filters=filters,
        time=time,
        order=order,
        limit=limit,
    )


def _metric(name: str, catalog: RoleCatalog) -> str:
    if name not in catalog.metrics:
        raise Objection(f"there is no metric {_quoted(name)}{_nearest(name, catalog.metrics)}")
    return name


def _field(name: str, catalog: RoleCatalog, homes: Sequence[str]) -> Field:
    field = catalog.fields.get(name)
    if field is None:
        raise Objection(f"there is no field {_quoted(name)}{_nearest(name, catalog.fields)}")
    if not set(homes) <= catalog.fits[name]:
        raise Objection(f"the field {name} does not fit every metric of the plan")
    return field


def _dimension(reply: DimensionReply, catalog: RoleCatalog, homes: Sequence[str]) -> Dimension:
    field = _field(reply.field, catalog, homes)
    if reply.grain is not None and not field.is_time:
        raise Objection(f"{field.name} is not a time field, so its grain must be null")
    return Dimension(field=field.name, grain=reply.grain)


def _order(reply: OrderReply, named: set[str]) -> Order:
    if reply.by not in named:
        raise Objection(f"order by {_quoted(reply.by)}: not a metric or dimension of the plan")
    return Order(by=reply.by, descending=reply.descending)


def _filter(
    reply: FilterReply, catalog: RoleCatalog, homes: Sequence[str], profile: DataProfile
) -> Filter:
    field = _field(reply.field, catalog, homes)
    operator = reply.operator
    if operator in _TEXT_ONLY and field.type != "text":
        raise Objection(f"{operator} is for text, and {field.name} is {field.type}")
    if operator in _RANGES and field.type in ("text", "boolean"):
        raise Objection(f"{operator} is not for {field.type}, and {field.name} is {field.type}")
    wanted = 0 if operator in _NONE else 2 if operator == "between" else 1
    count = len(reply.values)
    if count < wanted or (operator not in _MANY and count > wanted):
        raise Objection(f"{operator} on {field.name} needs {wanted} value(s), and has {count}")
    values = tuple(_value(value, field) for value in reply.values)
    if field.is_indexed and operator in ("eq", "ne", "in", "not_in"):
        known = profile.values.get(field.name, ())
        values = tuple(_known(value, field, known) for value in values)
    return Filter(field=field.name, operator=operator, values=values)


def _value(value: bool | int | float | str, field: Field) -> Scalar:
    try:
        made = _converted(value, field)
    except (ValueError, InvalidOperation, OverflowError):
        made = None
    if made is None:
        raise Objection(f"{_quoted(value)} is not a value for {field.name}, which is {field.type}")
    return made


def _converted(value: bool | int | float | str, field: Field) -> Scalar | None:
    if isinstance(value, bool) or field.type == "boolean":
        word = str(value).lower()
        return word == "true" if field.type == "boolean" and word in ("true", "false") else None
    text = str(value).strip()
    match field.type:
        case "integer":
            number = Decimal(text)
            is_whole = number.is_finite() and abs(number) < 2**63 and number == int(number)
            return int(number) if is_whole else None
        case "decimal":
            number = Decimal(text)
            return number if number.is_finite() and abs(number) < Decimal(10) ** 30 else None
        case "date":
            return datetime.fromisoformat(text).date()
        case "timestamp":
            at = datetime.fromisoformat(text)
            return at if at.tzinfo else at.replace(tzinfo=UTC)
    is_clean = text and len(text) <= MAX_TEXT_VALUE and text.isprintable()
    return text if is_clean else None


def _known(value: Scalar, field: Field, known: Sequence[str]) -> Scalar:
    """A listed value, in its own spelling: another one would find nothing, and say zero."""
    if not isinstance(value, str) or not known or value in known:
        return value
    folded = value.casefold()
    for candidate in known:
        if candidate.casefold() == folded:
            return candidate
    raise Objection(f"{_quoted(value)} does not occur in {field.name}{_nearest(value, known)}")


def _time_range(reply: TimeReply, catalog: RoleCatalog, homes: Sequence[str]) -> TimeRange:
    try:
        start = date.fromisoformat(reply.start) if reply.start else None
        end = date.fromisoformat(reply.end) if reply.end else None
    except ValueError:
        raise Objection("start and end of time must be dates written YYYY-MM-DD") from None
    if start and end and start >= end:
        raise Objection("the start of time must come before its end, which is not included")
    if start or end:
        for home in homes:
            if catalog.datasets[home].time_field is None:
                raise Objection(f"the metrics of {home} have no time, so time must be null")
    return TimeRange(start=start, end=end, label=period_label(start, end))


def _nearest(name: str, names: Iterable[str]) -> str:
    hits = process.extract(name[:MAX_TEXT_VALUE], list(names), limit=4, score_cutoff=50)
    return f"; nearest: {', '.join(_quoted(hit) for hit, _, _ in hits)}" if hits else ""


def _quoted(value: bool | int | float | str) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "a number without end"
    return repr(str(value)[:60])
