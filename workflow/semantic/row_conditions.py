"""Checked conditions over columns of plain values."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

from workflow.semantic import evaluate
from workflow.semantic.evaluate import Column
from workflow.semantic.filter_values import BoundFilter, Condition, Subject, Value


def is_met(given: Condition, column_of: Callable[[Subject], Column], count: int) -> list[bool]:
    """Whether each row meets the condition; a condition is met or it is not."""
    if isinstance(given, BoundFilter):
        return [_is_met(given, value) for value in column_of(given.subject)]
    parts = [is_met(part, column_of, count) for part in given.parts]
    if given.operator == "not":
        return [not met for met in parts[0]]
    join = all if given.operator == "and" else any
    return [join(row) for row in zip(*parts, strict=True)]


def folded(text: str) -> str:
    """Letters without their case, one for one, as databases fold them."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _is_met(given: BoundFilter, value: evaluate.Value) -> bool:
    operator, values = given.operator, given.values
    if operator in ("is_null", "is_not_null"):
        return (value is None) is (operator == "is_null")
    if value is None:
        return operator in ("ne", "not_in")
    if given.is_by_day and isinstance(value, datetime):
        value = value.astimezone(UTC).date()
    if operator in ("eq", "in"):
        return value in values
    if operator in ("ne", "not_in"):
        return value not in values
    if operator == "contains":
        return folded(str(values[0])) in folded(str(value))
    return _is_in_order(operator, value, values)


def _is_in_order(operator: str, value: evaluate.Value, values: tuple[Value, ...]) -> bool:
    ordered = (int, Decimal, date)
    assert isinstance(value, ordered)  # noqa: S101 - other types have no such operator
    first = values[0]
    tests: dict[str, Callable[[], bool]] = {
        "lt": lambda: value < first,  # type: ignore[operator]  # of one type
        "lte": lambda: value <= first,  # type: ignore[operator]
        "gt": lambda: value > first,  # type: ignore[operator]
        "gte": lambda: value >= first,  # type: ignore[operator]
        "between": lambda: first <= value <= values[1],  # type: ignore[operator]
    }
    return tests[operator]()
