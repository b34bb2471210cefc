"""Filters as conditions: a value reaches the statement only as a literal of the field's type."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from sqlglot import exp

from contracts.plan import Filter, Operator, Scalar, TimeRange
from workflow.semantic.errors import PlanError
from workflow.semantic.model import Field, FieldType

MAX_DIGITS = 100
_DATE = exp.DataType.build("date")
_INSTANT = exp.DataType.build("timestamptz", dialect="postgres")
_ORDERED: frozenset[FieldType] = frozenset({"integer", "decimal", "date", "timestamp"})
_COMPARISONS: dict[str, type[exp.Binary]] = {
    "eq": exp.EQ, "ne": exp.NEQ, "lt": exp.LT, "lte": exp.LTE, "gt": exp.GT, "gte": exp.GTE,
}  # fmt: skip
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


def utc(tree: exp.Expr) -> exp.Expr:
    """An instant as the wall clock in UTC has it, whatever the session's time zone."""
    return exp.AtTimeZone(this=tree, zone=exp.Literal.string("UTC"))


def day(value: date) -> exp.Cast:
    """A date literal."""
    return exp.Cast(this=exp.Literal.string(value.isoformat()), to=_DATE.copy())


def instant(value: datetime) -> exp.Cast:
    """An instant; one without a zone is in UTC."""
    aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return exp.Cast(this=exp.Literal.string(aware.isoformat(sep=" ")), to=_INSTANT.copy())


def condition(tree: exp.Expr, field: Field, given: Filter) -> exp.Expr:
    """The condition that `given` puts on a field; `tree` is the field's expression, and is used
    up. A date compared with a timestamp means the whole day, in UTC. `ne` and `not_in` keep rows
    without a value: who has no value does not have that one.

    Raises PlanError when the operator does not fit the field, or a value its type.
    """
    operator = given.operator
    _check_shape(field, given)
    if operator in ("is_null", "is_not_null"):
        is_null = exp.Is(this=tree, expression=exp.Null())
        return is_null if operator == "is_null" else exp.Not(this=is_null)
    if operator == "contains":
        text = _text(field, given.values[0])
        escaped = re.sub(r"([\\%_])", r"\\\1", text)
        return exp.ILike(this=tree, expression=exp.Literal.string(f"%{escaped}%"))
    by_day = field.type == "timestamp" and all(_day_of(v) is not None for v in given.values)
    if by_day:
        tree = exp.Cast(this=utc(tree), to=_DATE.copy())
    literal = _day_literal if by_day else _LITERALS[field.type]
    values = [literal(field, value) for value in given.values]
    if operator == "between":
        return exp.And(
            this=exp.GTE(this=tree, expression=values[0]),
            expression=exp.LTE(this=tree.copy(), expression=values[1]),
        )
    if operator == "in":
        return exp.In(this=tree, expressions=values)
    if operator == "not_in":
        return _or_null(exp.Not(this=exp.In(this=tree, expressions=values)), tree)
    compared = _COMPARISONS[operator](this=tree, expression=values[0])
    return _or_null(compared, tree) if operator == "ne" else compared


def _or_null(test: exp.Expr, tree: exp.Expr) -> exp.Paren:
    is_null = exp.Is(this=tree.copy(), expression=exp.Null())
    return exp.Paren(this=exp.Or(this=test, expression=is_null))


def time_conditions(tree: exp.Expr, field: Field, time: TimeRange) -> list[exp.Expr]:
    """From `start`, included, to `end`, not included, on the field whose expression `tree` is."""
    conditions: list[exp.Expr] = []
    for bound, comparison in ((time.start, exp.GTE), (time.end, exp.LT)):
        if bound is not None:
            literal = (
                day(bound)
                if field.type == "date"
                else instant(datetime(bound.year, bound.month, bound.day, tzinfo=UTC))
            )
            conditions.append(comparison(this=tree.copy(), expression=literal))
    return conditions


def _check_shape(field: Field, given: Filter) -> None:
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


def _wrong(field: Field, value: Scalar) -> PlanError:
    shown = str(value)[:40]
    return PlanError(f"{field.label} is {_KINDS[field.type]}, not {shown!r}.", field=field.name)


def _text(field: Field, value: Scalar) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise _wrong(field, value)
    try:
        value.encode()
    except UnicodeEncodeError as error:  # half of a surrogate pair
        raise _wrong(field, value) from error
    return value


def _text_literal(field: Field, value: Scalar) -> exp.Expr:
    return exp.Literal.string(_text(field, value))


def _number(field: Field, value: Scalar) -> Decimal:
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


def _decimal_literal(field: Field, value: Scalar) -> exp.Expr:
    number = _number(field, value)
    digits = exp.Literal(this=format(number.copy_abs(), "f"), is_string=False)
    return exp.Neg(this=digits) if number < 0 else digits


def _integer_literal(field: Field, value: Scalar) -> exp.Expr:
    number = _number(field, value)
    if number != number.to_integral_value():
        raise _wrong(field, value)
    return _decimal_literal(field, number.to_integral_value())


def _boolean_literal(field: Field, value: Scalar) -> exp.Expr:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        value = value.lower() == "true"
    if not isinstance(value, bool):
        raise _wrong(field, value)
    return exp.Boolean(this=value)


def _day_of(value: Scalar) -> date | None:
    """The day, if the value is a date; JSON brings one as text."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def _day_literal(field: Field, value: Scalar) -> exp.Expr:
    found = _day_of(value)
    if found is None:
        raise _wrong(field, value)
    return day(found)


def _instant_literal(field: Field, value: Scalar) -> exp.Expr:
    found = _day_of(value)
    try:
        if found is not None:
            return instant(datetime(found.year, found.month, found.day, tzinfo=UTC))
        if isinstance(value, str):
            return instant(datetime.fromisoformat(value))
        if isinstance(value, datetime):
            return instant(value)
    except (ValueError, OverflowError) as error:
        raise _wrong(field, value) from error
    raise _wrong(field, value)


_LITERALS: dict[FieldType, Callable[[Field, Scalar], exp.Expr]] = {
    "text": _text_literal,
    "integer": _integer_literal,
    "decimal": _decimal_literal,
    "boolean": _boolean_literal,
    "date": _day_literal,
    "timestamp": _instant_literal,
}
