"""Aggregate calls over groups of rows, in exact numbers."""

from collections.abc import Sequence
from decimal import Decimal

from sqlglot import exp

from workflow.semantic.errors import PlanError
from workflow.semantic.evaluate import Column, Rows, Value, evaluate


def unit_values(
    tree: exp.Expr, rows: Rows, places: Sequence[int], numbers: Sequence[int], count: int
) -> Column:
    """The call's value in each of `count` groups: the rows at `places` belong to the groups in
    `numbers`. Over no values a count is 0 and any other None."""
    call, keep = tree, None
    if isinstance(tree, exp.Filter):
        call, keep = tree.this, evaluate(tree.expression.this, rows)
    argument = call.this
    is_distinct = isinstance(argument, exp.Distinct)
    if isinstance(argument, exp.Distinct):
        argument = argument.expressions[0]
    is_star = isinstance(argument, exp.Star)
    values: Column = [1] * rows.count if is_star else evaluate(argument, rows)
    grouped: list[list[Value]] = [[] for _ in range(count)]
    for place, number in zip(places, numbers, strict=True):
        value = values[place]
        if value is not None and (keep is None or keep[place] is True):
            grouped[number].append(value)
    if is_distinct:
        grouped = [list(dict.fromkeys(group)) for group in grouped]
    return [_aggregate(call, group) for group in grouped]


def _aggregate(call: exp.Expr, values: list[Value]) -> Value:
    if isinstance(call, exp.Count):
        return len(values)
    if not values:
        return None
    if isinstance(call, exp.Min | exp.Max):
        pick = min if isinstance(call, exp.Min) else max
        return pick(values)  # type: ignore[type-var]  # of one type, which the model declares
    numbers = [v for v in values if isinstance(v, int | Decimal) and not isinstance(v, bool)]
    if len(numbers) != len(values):
        raise PlanError("Only numbers can be added up.")
    total = sum(numbers)
    return total if isinstance(call, exp.Sum) else Decimal(total) / len(numbers)
