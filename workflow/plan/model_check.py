"""A model's plan held against the role's catalog: every name, type and value, or an objection.

Pure. What is returned is safe to compile; what is objected to goes back to the model once.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from pydantic import ValidationError
from rapidfuzz import process

from contracts.plan import (
    Calculation,
    Comparison,
    Dimension,
    Filter,
    FilterGroup,
    Investigation,
    Order,
    Plan,
    RelativeTime,
    Scalar,
    TimeRange,
)
from workflow.plan.model_reply import (
    ComparisonReply,
    DimensionReply,
    EitherReply,
    FilterReply,
    InvestigationReply,
    PlanReply,
    TimeReply,
)
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
    """The plan that the reply says. Raises Objections. What only shows when a plan is compiled
    (a column that it does not have, a metric that does not add up) is left to the compiler."""
    notes = _Notes()
    metrics = notes.each(dict.fromkeys(reply.metrics), lambda name: _metric(name, catalog))
    homes = [catalog.metrics[name].dataset for name in metrics]
    dimensions = notes.each(
        dict.fromkeys(reply.dimensions), lambda one: _dimension(one, catalog, homes)
    )
    filters = notes.each(reply.filters, lambda one: _filter(one, catalog, homes, profile))
    either = notes.each(reply.either, lambda one: _either(one, catalog, homes, profile))
    time = notes.maybe(reply.time, lambda one: _time_range(one, catalog, homes))
    comparison = notes.maybe(reply.comparison, lambda one: _comparison(one, catalog, homes))
    calculations = notes.each(
        reply.calculations,
        lambda one: Calculation(
            kind=one.kind,
            metric=_metric(one.metric, catalog),
            within=tuple(_field(name, catalog, homes).name for name in one.within),
        ),
    )
    having = notes.each(reply.having, _having)
    if len({one.field for one in dimensions}) < len(dimensions):
        notes.objections.append("a field stands twice among the dimensions")
    if reply.limit is not None and reply.limit < 1:
        notes.objections.append("limit must be 1 or more, or null")
    notes.settle()
    # more than the cap is the same as no limit: the result then says that it was cut
    limit = reply.limit if reply.limit is not None and reply.limit <= MAX_LIMIT else None
    return Plan(
        metrics=metrics,
        dimensions=dimensions,
        filters=(*filters, *either),
        time=time,
        comparison=comparison,
        calculations=calculations,
        having=having,
        order=tuple(Order(by=one.by, descending=one.descending) for one in reply.order),
        limit=limit,
        with_ties=reply.with_ties and limit is not None,
    )


def checked_investigation(
    reply: InvestigationReply, catalog: RoleCatalog, profile: DataProfile
) -> Investigation:
    """The change, and the same change by each field. Raises Objections."""
    change = checked_plan(
        PlanReply(
            metrics=(reply.metric,),
            filters=reply.filters,
            time=reply.time,
            comparison=reply.comparison,
        ),
        catalog,
        profile,
    )
    notes = _Notes()
    homes = [catalog.metrics[reply.metric].dataset]
    fields = notes.each(
        dict.fromkeys(reply.breakdowns), lambda name: _field(name, catalog, homes).name
    )
    notes.settle()
    return Investigation(
        change=change,
        breakdowns=tuple(
            change.model_copy(update={"dimensions": (Dimension(field=name),)}) for name in fields
        ),
    )


class _Notes:
    """Objections, collected: the model is told all of them at once."""

    def __init__(self) -> None:
        self.objections: list[str] = []

    def each(self, given: Iterable[_Given], make: Callable[[_Given], _Made]) -> tuple[_Made, ...]:
        """What could be made of each; the others are objected to."""
        made: list[_Made] = []
        for one in given:
            try:
                made.append(make(one))
            except Objection as objection:
                self.objections.append(str(objection))
        return tuple(made)

    def maybe(self, given: _Given | None, make: Callable[[_Given], _Made | None]) -> _Made | None:
        """What could be made of it, if there is anything."""
        made = self.each([] if given is None else [given], make)
        return made[0] if made else None

    def settle(self) -> None:
        """Raises Objections, if there are any."""
        if self.objections:
            raise Objections(self.objections)


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
    times = {catalog.datasets[home].time_field for home in homes}
    is_common_time = reply.grain is not None and reply.field in times and None not in times
    field = _field(reply.field, catalog, () if is_common_time else homes)
    if reply.grain is not None and not field.is_time:
        raise Objection(f"{field.name} is not a time field, so its grain must be null")
    return Dimension(field=field.name, grain=reply.grain)


def _filter(
    reply: FilterReply, catalog: RoleCatalog, homes: Sequence[str], profile: DataProfile
) -> Filter:
    field = _field(reply.field, catalog, homes)
    operator = reply.operator
    if operator in _TEXT_ONLY and field.type != "text":
        raise Objection(f"{operator} is for text, and {field.name} is {field.type}")
    if operator in _RANGES and field.type in ("text", "boolean"):
        raise Objection(f"{operator} is not for {field.type}, and {field.name} is {field.type}")
    _check_count(reply)
    values = tuple(_value(value, field) for value in reply.values)
    if field.is_indexed and operator in ("eq", "ne", "in", "not_in"):
        known = profile.values.get(field.name, ())
        values = tuple(_known(value, field, known) for value in values)
    return Filter(field=field.name, operator=operator, values=values)


def _check_count(reply: FilterReply) -> None:
    wanted = 0 if reply.operator in _NONE else 2 if reply.operator == "between" else 1
    count = len(reply.values)
    if count < wanted or (reply.operator not in _MANY and count > wanted):
        name = _quoted(reply.field) if not reply.field.isidentifier() else reply.field
        raise Objection(f"{reply.operator} on {name} needs {wanted} value(s), and has {count}")


def _either(
    reply: EitherReply, catalog: RoleCatalog, homes: Sequence[str], profile: DataProfile
) -> Filter | FilterGroup:
    parts = tuple(
        FilterGroup(operator="not", filters=(made,)) if one.is_negated else made
        for one in reply.any_of
        for made in (_filter(one, catalog, homes, profile),)
    )
    return parts[0] if len(parts) == 1 else FilterGroup(operator="or", filters=parts)


def _having(reply: FilterReply) -> Filter:
    """On a column of the result: whether there is such a column, the compiler knows."""
    _check_count(reply)
    if not reply.field.isidentifier() or len(reply.field) > MAX_TEXT_VALUE:
        raise Objection(f"having {_quoted(reply.field)}: not a column of the result")
    return Filter(
        field=reply.field,
        operator=reply.operator,
        values=tuple(_number(value, reply.field) for value in reply.values),
    )


def _number(value: bool | int | float | str, name: str) -> Decimal:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or abs(number) >= Decimal(10) ** 30:
        raise Objection(f"{_quoted(value)} is not a number to hold {name} against")
    return number


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
            is_day = len(text) == len("2022-05-01")  # then it is the whole day that is meant
            return at.date() if is_day else at if at.tzinfo else at.replace(tzinfo=UTC)
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


def _time_range(reply: TimeReply, catalog: RoleCatalog, homes: Sequence[str]) -> TimeRange | None:
    try:
        start = date.fromisoformat(reply.start) if reply.start else None
        end = date.fromisoformat(reply.end) if reply.end else None
    except ValueError:
        raise Objection("start and end of time must be dates written YYYY-MM-DD") from None
    if start and end and start >= end:
        raise Objection("the start of time must come before its end, which is not included")
    if not (start or end or reply.relative):
        return None
    if reply.relative and (start or end):
        raise Objection("time has either start and end or relative, and the other is null")
    for home in homes:
        if catalog.datasets[home].time_field is None:
            raise Objection(f"the metrics of {home} have no time, so time must be null")
    if reply.relative is None:
        return TimeRange(start=start, end=end, label=period_label(start, end))
    try:
        relative = RelativeTime(
            unit=reply.relative.unit, offset=reply.relative.offset, count=reply.relative.count
        )
    except ValidationError:
        raise Objection("relative needs an offset of 0 or less and a count of 1 or more") from None
    return TimeRange(relative=relative)


def _comparison(reply: ComparisonReply, catalog: RoleCatalog, homes: Sequence[str]) -> Comparison:
    period = _time_range(reply.period, catalog, homes) if reply.period else None
    if (reply.to == "period") != (period is not None):
        raise Objection("comparison to a period needs that period, and any other has none")
    return Comparison(to=reply.to, period=period)


def _nearest(name: str, names: Iterable[str]) -> str:
    hits = process.extract(name[:MAX_TEXT_VALUE], list(names), limit=4, score_cutoff=50)
    return f"; nearest: {', '.join(_quoted(hit) for hit, _, _ in hits)}" if hits else ""


def _quoted(value: bool | int | float | str) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "a number without end"
    return repr(str(value)[:60])
