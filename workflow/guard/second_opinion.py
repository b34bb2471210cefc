"""A second opinion on the regenerated statement, from PostgreSQL's own parser.

Nothing here relies on what the first opinion found: the text that is about to run is parsed
again, and has to stand on its own.
"""

import re
from collections import Counter
from typing import Final

from workflow.guard import allowed
from workflow.guard.reading import Named, Node, Reading, read
from workflow.guard.scope import GuardScope

_OF_VALUES: Final = re.compile(r"column[0-9]+")
"""What PostgreSQL calls the columns of VALUES."""


def objection(sql: str, scope: GuardScope) -> str | None:
    """What is wrong with a regenerated statement, or None if nothing is."""
    reading = read(sql)
    if reading.unreadable is not None:
        return "it does not parse"
    if reading.kinds != ("SelectStmt",) or reading.statement is None:
        return "it is not one SELECT"
    if reading.strange:
        return f"it uses {reading.strange[0].name}"
    return (
        _relations(reading, scope)
        or _first(reading.functions, allowed.FUNCTIONS, "the function")
        or _first(reading.operators, allowed.OPERATORS, "the operator")
        or _first(reading.collations, allowed.COLLATIONS, "the collation")
        or _first(reading.clocks, allowed.CLOCKS, "the session fact")
        or _types(reading.types)
        or _columns(reading, scope)
        or _rows(reading, scope)
        or _cap(reading, scope)
    )


def _first(found: tuple[Named, ...], known: frozenset[str], what: str) -> str | None:
    for one in found:
        if one.name not in known:
            return f"it uses {what} {one.name}"
    return None


def _types(found: tuple[Named, ...]) -> str | None:
    for one in found:
        if one.name.startswith("("):
            size = one.name.strip("()")
            if not size.isdigit() or int(size) > allowed.MOST_TYPE_MODIFIER:
                return "it makes a type too wide"
        elif one.name not in allowed.TYPES:
            return f"it uses the type {one.name}"
    return None


def _relations(reading: Reading, scope: GuardScope) -> str | None:
    known = {
        tuple((relation.qualified or name).split(".")) for name, relation in scope.relations.items()
    }
    for one in reading.relations:
        if one.parts not in known:
            return f"it reads {'.'.join(one.parts)}"
    return None


def _columns(reading: Reading, scope: GuardScope) -> str | None:
    """Where every relation's columns are known, no column can have a name that is neither one of
    theirs nor given in the statement itself."""
    if not reading.relations:
        return None
    known = set(reading.names) | {"*"}
    by_name = {
        tuple((relation.qualified or name).split(".")): relation
        for name, relation in scope.relations.items()
    }
    for one in reading.relations:
        columns = by_name[one.parts].columns
        if columns is None:
            return None
        known |= columns
        known.add(by_name[one.parts].scope_column or "*")
    made = known | {function.name for function in reading.functions}
    for column in reading.columns:
        if column.name not in made and not _OF_VALUES.fullmatch(column.name):
            return f"it names the column {column.name}"
    return None


def _rows(reading: Reading, scope: GuardScope) -> str | None:
    """Every relation with a scope column stands alone in a FROM, under its restriction."""
    if scope.row_scope is None or reading.statement is None:
        return None
    restricted = {
        tuple((relation.qualified or name).split(".")): relation.scope_column
        for name, relation in scope.relations.items()
        if relation.scope_column is not None
    }
    read = Counter(one.parts for one in reading.relations if one.parts in restricted)
    kept: Counter[tuple[str, ...]] = Counter()
    pending: list[object] = [reading.statement]
    while pending:
        one = pending.pop()
        if isinstance(one, list):
            pending.extend(one)
        elif isinstance(one, dict):
            parts = _only_relation(one)
            column = restricted.get(parts) if parts is not None else None
            if parts is not None and column is not None:
                where = one.get("whereClause")
                kept[parts] += _is_restriction(where, column, scope.row_scope)
            pending.extend(one.values())
    return None if kept == read else "it reads rows outside the scope"


def _only_relation(statement: Node) -> tuple[str, ...] | None:
    match statement.get("fromClause"):
        case [{"RangeVar": {**table}}]:
            keys = ("catalogname", "schemaname", "relname")
            return tuple(part for key in keys if isinstance(part := table.get(key), str))
    return None


def _is_restriction(where: object, column: str, rows: tuple[int, ...]) -> bool:
    """Whether a condition is `column IN (1, 2)`, or FALSE where there are no rows to see."""
    match where:
        case {"A_Const": {"boolval": {**value}}}:
            return not rows and not value
        case {
            "A_Expr": {
                "kind": "AEXPR_IN",
                "name": [{"String": {"sval": "="}}],
                "lexpr": {"ColumnRef": {"fields": [{"String": {"sval": name}}]}},
                "rexpr": {"List": {"items": [*items]}},
            }
        }:
            return name == column and [_integer(one) for one in items] == list(rows)
    return False


def _integer(constant: object) -> int | None:
    match constant:
        case {"A_Const": {"ival": {**value}}}:
            number = value.get("ival", 0)
            return number if isinstance(number, int) else None
    return None


def _cap(reading: Reading, scope: GuardScope) -> str | None:
    match (reading.statement or {}).get("limitCount"):
        case {"A_Const": {"ival": {**value}}}:
            rows = value.get("ival", 0)
            if isinstance(rows, int) and rows <= scope.max_rows:
                return None
    return "it has no limit"
