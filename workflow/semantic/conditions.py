"""Checked conditions as SQL: a value reaches the statement only as a literal of its type."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlglot import exp

from workflow.semantic.filter_values import BoundFilter, Condition, Subject, Value
from workflow.semantic.model import FieldType

_DATE = exp.DataType.build("date")
_INSTANT = exp.DataType.build("timestamptz", dialect="postgres")
_COMPARISONS: dict[str, type[exp.Binary]] = {
    "eq": exp.EQ, "ne": exp.NEQ, "lt": exp.LT, "lte": exp.LTE, "gt": exp.GT, "gte": exp.GTE,
}  # fmt: skip


def utc(tree: exp.Expr) -> exp.Expr:
    """An instant as the wall clock in UTC has it, whatever the session's time zone."""
    return exp.AtTimeZone(this=tree, zone=exp.Literal.string("UTC"))


def as_date(tree: exp.Expr) -> exp.Cast:
    """Cut down to its day."""
    return exp.Cast(this=tree, to=_DATE.copy())


def joined(conditions: Sequence[exp.Expr], operator: type[exp.Connector] = exp.And) -> exp.Expr:
    """One condition of several."""
    tree = conditions[0]
    for following in conditions[1:]:
        tree = operator(this=tree, expression=following)
    return tree


def condition(given: Condition, tree_of: Callable[[Subject], exp.Expr]) -> exp.Expr:
    """A condition over the expressions that `tree_of` gives, a new one at each call. It is true
    where the condition is met; where not, it may be NULL."""
    if isinstance(given, BoundFilter):
        return _test(given, tree_of(given.subject))
    parts = [condition(part, tree_of) for part in given.parts]
    if given.operator == "not":
        met = exp.Is(this=exp.Paren(this=parts[0]), expression=exp.true())
        return exp.Not(this=met)
    tree = joined(parts, exp.And if given.operator == "and" else exp.Or)
    return exp.Paren(this=tree) if len(parts) > 1 else tree


def _test(given: BoundFilter, tree: exp.Expr) -> exp.Expr:
    operator = given.operator
    if operator in ("is_null", "is_not_null"):
        is_null = exp.Is(this=tree, expression=exp.Null())
        return is_null if operator == "is_null" else exp.Not(this=is_null)
    if operator == "contains":
        escaped = re.sub(r"([\\%_])", r"\\\1", str(given.values[0]))
        return exp.ILike(this=tree, expression=exp.Literal.string(f"%{escaped}%"))
    if given.is_by_day:
        tree = as_date(utc(tree))
    values = [literal(value) for value in given.values]
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


def time_conditions(
    tree: exp.Expr, type_: FieldType, start: date | None, end: date | None
) -> list[exp.Expr]:
    """From `start`, included, to `end`, not included, on an expression of a time type."""
    conditions: list[exp.Expr] = []
    for bound, comparison in ((start, exp.GTE), (end, exp.LT)):
        if bound is not None:
            moment = bound if type_ == "date" else datetime(*bound.timetuple()[:3], tzinfo=UTC)
            conditions.append(comparison(this=tree.copy(), expression=literal(moment)))
    return conditions


def literal(value: Value) -> exp.Expr:
    """A value, typed."""
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, Decimal):
        digits = exp.Literal(this=format(value.copy_abs(), "f"), is_string=False)
        return exp.Neg(this=digits) if value < 0 else digits
    if isinstance(value, datetime):
        text = exp.Literal.string(value.isoformat(sep=" "))
        return exp.Cast(this=text, to=_INSTANT.copy())
    if isinstance(value, date):
        return as_date(exp.Literal.string(value.isoformat()))
    return exp.Literal.string(value)
