"""How often a query that reads itself goes round, where that can be seen.

Seen means: the second branch reads nothing but itself, keeps on only while a counter is below a
literal (`WHERE n < 10`), and raises the counter by a positive literal (`n + 1`) in the counter's
own column, where the first branch has a literal to start from.
"""

from typing import Final

from sqlglot import exp

from workflow.guard.sources import folded

_BELOW: Final = (exp.LT, exp.LTE)


def rounds(body: exp.SetOperation, name: str, columns: list[str]) -> int | None:
    """At most how many rounds, counted from zero; None where no bound can be seen.

    `columns` are the names of the query's own columns ("" where unknown).
    """
    again = body.expression
    if isinstance(body.args.get("limit"), exp.Limit):
        return _literal(body.args["limit"].expression)
    if not isinstance(again, exp.Select) or not _reads_only(again, name):
        return None
    where = again.args.get("where")
    pending = [where.this] if where is not None else []
    while pending:
        one = pending.pop()
        if isinstance(one, exp.And):
            pending.extend((one.this, one.expression))
        elif isinstance(one, exp.Paren):
            pending.append(one.this)
        elif isinstance(one, _BELOW) and isinstance(one.this, exp.Column):
            bound = _literal(one.expression)
            if bound is not None and _counts_up(body, folded(one.this.this), columns):
                return bound
    return None


def _reads_only(node: exp.Select, name: str) -> bool:
    clause = node.args.get("from_")
    if clause is None or node.args.get("joins"):
        return False
    table = clause.this
    return (
        isinstance(table, exp.Table)
        and isinstance(table.this, exp.Identifier)
        and not table.args.get("joins")
        and folded(table.this) == name
        and sum(1 for _ in node.find_all(exp.Table, exp.Unnest, exp.Lateral, exp.Values)) == 1
        and node.find(exp.ExplodingGenerateSeries, exp.Explode, exp.Anonymous) is None
    )


def _counts_up(body: exp.SetOperation, counter: str, columns: list[str]) -> bool:
    """Whether the counter starts at a literal, not below zero, and is raised in each round."""
    starts = body.this.expressions if isinstance(body.this, exp.Select) else []
    for index, (start, again) in enumerate(zip(starts, body.expression.expressions, strict=False)):
        own = columns[index] if index < len(columns) else ""
        value = again.this if isinstance(again, exp.Alias) else again
        if own not in ("", counter) or not isinstance(value, exp.Add):
            continue
        step = _literal(value.expression)
        is_counter = isinstance(value.this, exp.Column) and folded(value.this.this) == counter
        is_start = _literal(start.this if isinstance(start, exp.Alias) else start) is not None
        if is_counter and is_start and step is not None and step > 0:
            return True
    return False


def _literal(node: object) -> int | None:
    if isinstance(node, exp.Literal) and not node.is_string and str(node.this).isdigit():
        return int(node.this)
    return None
