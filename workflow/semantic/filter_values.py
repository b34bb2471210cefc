"""The conditions of a plan, checked against what they are put on, their values made exact.

A condition is met or not met, never unknown: a comparison with a missing value is not met, but
for `ne` and `not_in`, which a missing value meets: who has no value does not have that one. A
`not` is met where its condition is not. So `not` of `eq` is `ne`, with missing values too.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Literal

from contracts.plan import Filter, FilterGroup, Operator, Scalar
from workflow.semantic.errors import PlanError
from workflow.semantic.index import BoundField
from workflow.semantic.model import Field, FieldType, OutputColumn

MAX_DIGITS = 100
MAX_DEPTH = 8
Value = bool | Decimal | date | datetime | str
Subject = BoundField | OutputColumn
_ORDERED: frozenset[FieldType] = frozenset({"integer", "decimal", "date", "timestamp"})
_COUNTS: dict[Operator, tuple[int, int]] = {
    "in": (1, 1000), "not_in": (1, 1000), "between": (2, 2), "is_null": (0, 0),
    "is_not_null": (0, 0),
}  # fmt: skip
_KINDS: dict[FieldType, str] = {
    "text": "text",
    "integer": "a whole number",
    "decimal": "a number",
    "boolean": "true or false",
    "date": "a date such as 2022-05-31",
    "timestamp": "a date such as 2022-05-31",
}
_NUMBER = re.compile(r"[+-]?\d{1,100}(\.\d{1,100})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class BoundFilter:
    """One condition. Numbers are decimals, instants are in UTC. `is_by_day`: the subject is an
    instant and the values are days, so the instant's day in UTC is what is compared."""

    subject: Subject
    operator: Operator
    values: tuple[Value, ...]
    is_by_day: bool = False


@dataclass(frozen=True, slots=True)
class BoundGroup:
    """Conditions joined by `and` or `or`, or the one that `not` turns round."""

    operator: Literal["and", "or", "not"]
    parts: tuple["BoundFilter | BoundGroup", ...]


Condition = BoundFilter | BoundGroup


def bind(
    given: Sequence[Filter | FilterGroup], find: Callable[[str], Subject]
) -> tuple[Condition, ...]:
    """The conditions, on what `find` gives for the name in each.

    Raises PlanError when an operator does not fit its subject, a value its type, or a group
    what it joins.
    """
    return tuple(_bound(one, find, 1) for one in given)


def subjects_of(condition: Condition) -> tuple[Subject, ...]:
    """What a condition looks at."""
    if isinstance(condition, BoundFilter):
        return (condition.subject,)
    return tuple(subject for part in condition.parts for subject in subjects_of(part))


def _bound(given: Filter | FilterGroup, find: Callable[[str], Subject], depth: int) -> Condition:
    if isinstance(given, FilterGroup):
        if depth > MAX_DEPTH:
            raise PlanError(f"Conditions are nested more than {MAX_DEPTH} deep.")
        if given.operator == "not" and len(given.filters) != 1:
            raise PlanError("A “not” takes one condition; join several with “and” or “or” first.")
        parts = tuple(_bound(part, find, depth + 1) for part in given.filters)
        return BoundGroup(given.operator, parts)
    subject = find(given.field)
    field = subject.field if isinstance(subject, BoundField) else subject
    _check_shape(field, given)
    is_by_day = field.type == "timestamp" and all(_day_of(v) is not None for v in given.values)
    exact = _day if is_by_day else _EXACT[field.type]
    values = tuple(exact(field, value) for value in given.values)
    return BoundFilter(subject, given.operator, values, is_by_day and bool(values))


def _check_shape(field: Field | OutputColumn, given: Filter) -> None:
    least, most = _COUNTS.get(given.operator, (1, 1))
    if not least <= len(given.values) <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}"
        raise PlanError(
            f"The condition on {field.label} needs {wanted} values, not {len(given.values)}.",
            field=field.name,
        )
    if given.operator in ("lt", "lte", "gt", "gte", "between") and field.type not in _ORDERED:
        raise PlanError(f"{field.label} has no order to compare by.", field=field.name)
    if given.operator == "contains" and (field.type != "text" or not given.values[0]):
        raise PlanError(f"{field.label} is not a text that can be searched.", field=field.name)


def _wrong(field: Field | OutputColumn, value: Scalar) -> PlanError:
    shown = str(value)[:40]
    return PlanError(f"{field.label} is {_KINDS[field.type]}, not {shown!r}.", field=field.name)


def _text(field: Field | OutputColumn, value: Scalar) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise _wrong(field, value)
    try:
        value.encode()
    except UnicodeEncodeError as error:  # half of a surrogate pair
        raise _wrong(field, value) from error
    return value


def _number(field: Field | OutputColumn, value: Scalar) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise _wrong(field, value)
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise _wrong(field, value)
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise _wrong(field, value) from error
    if not number.is_finite() or not -MAX_DIGITS < number.adjusted() < MAX_DIGITS:
        raise _wrong(field, value)
    return number


def _whole(field: Field | OutputColumn, value: Scalar) -> Decimal:
    number = _number(field, value)
    if number != number.to_integral_value():
        raise _wrong(field, value)
    return number.to_integral_value()


def _boolean(field: Field | OutputColumn, value: Scalar) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        value = value.lower() == "true"
    if not isinstance(value, bool):
        raise _wrong(field, value)
    return value


def _day_of(value: Scalar) -> date | None:
    """The day, if the value is a date; JSON brings one as text."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def _day(field: Field | OutputColumn, value: Scalar) -> date:
    found = _day_of(value)
    if found is None:
        raise _wrong(field, value)
    return found


def _instant(field: Field | OutputColumn, value: Scalar) -> datetime:
    found = _day_of(value)
    try:
        if found is not None:
            return datetime(found.year, found.month, found.day, tzinfo=UTC)
        read = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(read, datetime):
            return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _wrong(field, value) from error
    raise _wrong(field, value)


_EXACT: dict[FieldType, Callable[[Field | OutputColumn, Scalar], Value]] = {
    "text": _text,
    "integer": _whole,
    "decimal": _number,
    "boolean": _boolean,
    "date": _day,
    "timestamp": _instant,
}
