"""Expressions of a semantic model over columns of plain Python values, without eval or exec.

A column is a list; None is a missing value. Numbers are int and Decimal, exact; instants are in
UTC. Logic has three values, as in SQL.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext

from sqlglot import exp

from workflow.semantic.errors import PlanError

Value = bool | int | Decimal | str | date | datetime | None
Column = list[Value]
PRECISION = 60
"""Digits that a quotient or an average is kept with."""


@dataclass(frozen=True, slots=True)
class Rows:
    """`count` rows: columns by (dataset, name), and whole expressions that are known already,
    by the identity of their tree."""

    count: int
    columns: Mapping[tuple[str, str], Column]
    known: Mapping[int, Column] = field(default_factory=dict)


def evaluate(tree: exp.Expr, rows: Rows) -> Column:
    """The expression's value in each row. Raises PlanError for what it cannot compute."""
    if id(tree) in rows.known:
        return rows.known[id(tree)]
    if isinstance(tree, exp.Column):
        found = rows.columns.get((tree.table, tree.name))
        if found is None:
            raise PlanError(f"There is no column called {tree.name}.", field=tree.name)
        return found
    if isinstance(tree, exp.Literal | exp.Boolean | exp.Null):
        return [_constant(tree)] * rows.count
    if isinstance(tree, exp.Case):
        return _case(tree, rows)
    for kinds, compute in _FORMS:
        if isinstance(tree, kinds):
            parts = [evaluate(part, rows) for part in _parts(tree)]
            with localcontext(prec=PRECISION):
                return [compute(tree, values) for values in zip(*parts, strict=True)]
    raise PlanError(f"{tree.key} is not part of the expression language.")


def is_known(tree: exp.Expr) -> bool:
    """Whether `evaluate` computes this kind of node."""
    return isinstance(tree, _KNOWN)


def _parts(tree: exp.Expr) -> Sequence[exp.Expr]:
    """What the value is made of, in the order of the text."""
    if isinstance(tree, exp.Cast | exp.AtTimeZone):
        return [tree.this]
    return [*tree.iter_expressions()]


def _constant(tree: exp.Expr) -> Value:
    if isinstance(tree, exp.Boolean):
        return bool(tree.this)
    if isinstance(tree, exp.Null):
        return None
    if tree.is_string:
        return str(tree.this)
    return Decimal(tree.name) if "." in tree.name or "e" in tree.name.lower() else int(tree.name)


def _case(tree: exp.Case, rows: Rows) -> Column:
    result: Column = [None] * rows.count
    pending = [True] * rows.count
    subject = evaluate(tree.this, rows) if tree.this is not None else None
    branches = [(branch.this, branch.args["true"]) for branch in tree.args["ifs"]]
    for test, value in branches:
        met = evaluate(test, rows)
        if subject is not None:
            met = [_compare(exp.EQ, a, b) for a, b in zip(subject, met, strict=True)]
        values = evaluate(value, rows)
        for place, is_met in enumerate(met):
            if pending[place] and is_met is True:
                result[place], pending[place] = values[place], False
    if tree.args.get("default") is not None:
        values = evaluate(tree.args["default"], rows)
        result = [v if p else r for r, v, p in zip(result, values, pending, strict=True)]
    return result


def _same(_: exp.Expr, values: Sequence[Value]) -> Value:
    return values[0]


def _number(value: Value) -> int | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise PlanError(f"{value!r} is not a number to reckon with.")
    return value


def _arithmetic(tree: exp.Expr, values: Sequence[Value]) -> Value:
    if None in values:
        return None
    numbers = [_number(value) for value in values]
    if isinstance(tree, exp.Neg):
        return -numbers[0]
    left, right = numbers
    if isinstance(tree, exp.Div):
        return None if right == 0 else Decimal(left) / Decimal(right)
    operations: dict[type[exp.Expr], Callable[[], Value]] = {
        exp.Add: lambda: left + right,
        exp.Sub: lambda: left - right,
        exp.Mul: lambda: left * right,
    }
    return operations[type(tree)]()


def _comparison(tree: exp.Expr, values: Sequence[Value]) -> Value:
    return _compare(type(tree), values[0], values[1])


def _compare(kind: type[exp.Expr], left: Value, right: Value) -> bool | None:
    if left is None or right is None:
        return None
    if _kind(left) != _kind(right):
        raise PlanError(f"{left!r} and {right!r} cannot be compared.")
    if kind is exp.EQ or kind is exp.NEQ:
        return (left == right) is (kind is exp.EQ)
    if isinstance(left, bool):
        raise PlanError("True and false have no order.")
    is_less = left < right  # type: ignore[operator]  # of one kind
    if kind is exp.LT or kind is exp.GTE:
        return is_less is (kind is exp.LT)
    is_least = is_less or left == right
    return is_least is (kind is exp.LTE)


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | Decimal):
        return "number"
    return "timestamp" if isinstance(value, datetime) else type(value).__name__


def _between(_: exp.Expr, values: Sequence[Value]) -> Value:
    value, low, high = values
    return _and((_compare(exp.GTE, value, low), _compare(exp.LTE, value, high)))


def _in(_: exp.Expr, values: Sequence[Value]) -> Value:
    found = [_compare(exp.EQ, values[0], other) for other in values[1:]]
    return True if True in found else None if None in found else False


def _and(values: Sequence[Value]) -> Value:
    return False if False in values else None if None in values else True


def _logic(tree: exp.Expr, values: Sequence[Value]) -> Value:
    if any(value is not None and not isinstance(value, bool) for value in values):
        raise PlanError("Only conditions can be joined by AND, OR and NOT.")
    if isinstance(tree, exp.And):
        return _and(values)
    if isinstance(tree, exp.Or):
        return True if True in values else None if None in values else False
    return None if values[0] is None else not values[0]


def _is(_: exp.Expr, values: Sequence[Value]) -> Value:
    return values[0] is values[1]


def _coalesce(_: exp.Expr, values: Sequence[Value]) -> Value:
    return next((value for value in values if value is not None), None)


def _nullif(_: exp.Expr, values: Sequence[Value]) -> Value:
    return None if _compare(exp.EQ, values[0], values[1]) else values[0]


def _joined(_: exp.Expr, values: Sequence[Value]) -> Value:
    if None in values:
        return None
    if not all(isinstance(value, str) for value in values):
        raise PlanError("Only texts can be joined with ||.")
    return "".join(str(value) for value in values)


def _cast(tree: exp.Expr, values: Sequence[Value]) -> Value:
    value, wanted = values[0], tree.args["to"].this
    if value is None:
        return None
    if wanted == exp.DType.DECIMAL and not isinstance(value, str):
        return Decimal(_number(value))
    if not isinstance(value, str):
        return value  # a constant, cast to what it is
    readers: dict[exp.DType, Callable[[], Value]] = {
        exp.DType.TEXT: lambda: value,
        exp.DType.DATE: lambda: date.fromisoformat(value),
        exp.DType.TIMESTAMPTZ: lambda: datetime.fromisoformat(value).astimezone(UTC),
        exp.DType.DECIMAL: lambda: Decimal(value),
        exp.DType.BIGINT: lambda: int(value),
    }
    try:
        return readers[wanted]()
    except (ValueError, ArithmeticError, KeyError) as error:
        raise PlanError(f"{value!r} cannot be read as {tree.args['to'].sql()}.") from error


_FORMS: tuple[
    tuple[tuple[type[exp.Expr], ...], Callable[[exp.Expr, Sequence[Value]], Value]], ...
] = (
    ((exp.Paren, exp.AtTimeZone), _same),
    ((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg), _arithmetic),
    ((exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE), _comparison),
    ((exp.And, exp.Or, exp.Not), _logic),
    ((exp.Between,), _between),
    ((exp.In,), _in),
    ((exp.Is,), _is),
    ((exp.Coalesce,), _coalesce),
    ((exp.Nullif,), _nullif),
    ((exp.DPipe,), _joined),
    ((exp.Cast,), _cast),
)
_KNOWN = (
    *(kind for kinds, _ in _FORMS for kind in kinds),
    exp.Column, exp.Literal, exp.Boolean, exp.Null, exp.Case,
)  # fmt: skip
