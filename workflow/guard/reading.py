"""What PostgreSQL's own parser makes of a text.

Used twice: on the statement as it came, before anything else reads it, and on the statement that
is to run, as a second opinion. It shares no code with the first one.
"""

from dataclasses import dataclass, field
from typing import Final

import orjson
from pglast.parser import ParseError, parse_sql_json

from workflow.guard.grammar import BARE, FORBIDDEN_VALUES, NODES

MOST_DEPTH: Final = 240
"""Levels of the parse tree: some eighty operators in a row, or forty nested queries."""

Node = dict[str, object]


@dataclass(frozen=True, slots=True)
class Named:
    """Something in a statement with a name, and where: `offset` in characters, -1 unknown."""

    name: str
    offset: int = -1


@dataclass(frozen=True, slots=True)
class NamedRelation:
    """A relation that is read: its name's parts, schema first."""

    parts: tuple[str, ...]
    offset: int = -1


@dataclass(frozen=True, slots=True)
class Reading:
    """A parsed text. `statement` is the parse tree of the only statement, where there is one.

    `unreadable` is the parser's message if it did not parse. `relations` leaves out names of
    common table expressions, resolved by scope.
    """

    unreadable: Named | None = None
    kinds: tuple[str, ...] = ()
    statement: Node | None = None
    strange: tuple[Named, ...] = ()
    relations: tuple[NamedRelation, ...] = ()
    functions: tuple[Named, ...] = ()
    operators: tuple[Named, ...] = ()
    types: tuple[Named, ...] = ()
    collations: tuple[Named, ...] = ()
    clocks: tuple[Named, ...] = ()
    columns: tuple[Named, ...] = ()
    names: frozenset[str] = frozenset()
    depth: int = 0


@dataclass(slots=True)
class _Seen:
    strange: list[Named] = field(default_factory=list)
    relations: list[NamedRelation] = field(default_factory=list)
    functions: list[Named] = field(default_factory=list)
    operators: list[Named] = field(default_factory=list)
    types: list[Named] = field(default_factory=list)
    collations: list[Named] = field(default_factory=list)
    clocks: list[Named] = field(default_factory=list)
    columns: list[Named] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    depth: int = 0


_Step = tuple[Node, str, frozenset[str], int]
_LEAVES: Final = frozenset({"A_Const", "A_Star", "Boolean", "Float", "Integer", "String"})
_NOTED: Final = frozenset({
    "A_Expr", "A_Indirection", "Alias", "CollateClause", "ColumnDef", "ColumnRef",
    "CommonTableExpr", "FuncCall", "RangeVar", "ResTarget", "SQLValueFunction", "SubLink",
    "TypeName",
})  # fmt: skip


def read(sql: str) -> Reading:
    """Parse and look through a text that `text.measure` found fit. Never raises."""
    try:
        parsed = orjson.loads(parse_sql_json(sql))
    except ParseError as error:
        offset = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], int) else -1
        return Reading(unreadable=Named(str(error.args[0]), offset))
    except orjson.JSONDecodeError:
        return Reading(unreadable=Named("too deep"), depth=MOST_DEPTH + 1)
    statements = [_only(one["stmt"]) for one in parsed.get("stmts", ())]
    kinds = tuple(kind for kind, _ in statements)
    if len(statements) != 1 or kinds != ("SelectStmt",):
        return Reading(kinds=kinds)
    seen = _Seen()
    _look_through(statements[0][1], seen)
    is_ascii = sql.isascii()
    raw = sql.encode() if not is_ascii else b""

    def placed(found: list[Named]) -> tuple[Named, ...]:
        if is_ascii:
            return tuple(found)
        return tuple(Named(one.name, _characters(raw, one.offset)) for one in found)

    return Reading(
        kinds=kinds,
        statement=statements[0][1],
        strange=placed(seen.strange),
        relations=tuple(
            one if is_ascii else NamedRelation(one.parts, _characters(raw, one.offset))
            for one in seen.relations
        ),
        functions=placed(seen.functions),
        operators=placed(seen.operators),
        types=placed(seen.types),
        collations=placed(seen.collations),
        clocks=placed(seen.clocks),
        columns=placed(seen.columns),
        names=frozenset(seen.names),
        depth=seen.depth,
    )


def _characters(raw: bytes, offset: int) -> int:
    return len(raw[:offset].decode(errors="ignore")) if offset >= 0 else offset


def _only(wrapped: Node) -> tuple[str, Node]:
    """A node as its type and its fields."""
    for kind, content in wrapped.items():
        return kind, content if isinstance(content, dict) else {}
    return "", {}


def _look_through(statement: Node, seen: _Seen) -> None:
    pending: list[_Step] = [(statement, "SelectStmt", frozenset(), 1)]
    while pending:
        node, kind, ctes, depth = pending.pop()
        if depth > seen.depth:
            seen.depth = depth
            if depth > MOST_DEPTH:
                return
        allowed = NODES.get(kind)
        if allowed is None:
            seen.strange.append(Named(kind, _first_offset(node)))
            continue
        if kind in _NOTED:
            _note(kind, node, ctes, seen)
        if kind == "WithClause":
            _queue_ctes(node, ctes, depth, pending)
            node = {key: value for key, value in node.items() if key != "ctes"}
        elif "withClause" in node:
            inner = ctes | _cte_names(node["withClause"])
            pending.append((_dict(node["withClause"]), "WithClause", ctes, depth))
            node = {key: value for key, value in node.items() if key != "withClause"}
            ctes = inner
        _look_at_fields(node, kind, allowed, seen)
        known = {name: value for name, value in node.items() if name in allowed}
        _queue_children(known, kind, (ctes, depth + 1), pending)


def _look_at_fields(node: Node, kind: str, allowed: frozenset[str], seen: _Seen) -> None:
    for name, value in node.items():
        if name not in allowed:
            if name != "location":
                seen.strange.append(Named(f"{kind}.{name}", _first_offset(value)))
        elif isinstance(value, str) and value in FORBIDDEN_VALUES and name != "sval":
            seen.strange.append(Named(value, _offset(node)))


def _queue_children(
    node: Node, kind: str, context: tuple[frozenset[str], int], pending: list[_Step]
) -> None:
    for name, value in node.items():
        if isinstance(value, dict):
            bare = BARE.get((kind, name))
            if bare is None:
                _queue(value, context, pending)
            elif bare not in _LEAVES:
                pending.append((value, bare, *context))
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, dict):
                    _queue(one, context, pending)


def _queue(value: Node, context: tuple[frozenset[str], int], pending: list[_Step]) -> None:
    """Queue a node that is written with its type; what is not so written is no type we know."""
    for kind, content in value.items():
        if kind not in _LEAVES:
            pending.append((_dict(content), kind if len(value) == 1 else "?", *context))


def _dict(value: object) -> Node:
    return value if isinstance(value, dict) else {}


def _cte_names(clause: object) -> frozenset[str]:
    queries = _dict(clause).get("ctes")
    return frozenset(
        name
        for query in (queries if isinstance(queries, list) else ())
        if isinstance(name := _only(query)[1].get("ctename"), str)
    )


def _queue_ctes(clause: Node, outer: frozenset[str], depth: int, pending: list[_Step]) -> None:
    """Queue the queries of a WITH, each with the names that it can see."""
    queries = clause.get("ctes")
    contents = [_only(query)[1] for query in (queries if isinstance(queries, list) else ())]
    names = [str(content.get("ctename")) for content in contents]
    for index, content in enumerate(contents):
        seen = names if clause.get("recursive") else names[:index]
        pending.append((content, "CommonTableExpr", outer | frozenset(seen), depth + 1))


def _offset(node: Node) -> int:
    location = node.get("location", 0)
    return location if isinstance(location, int) else -1


def _first_offset(value: object) -> int:
    """The first place inside a node that may have none of its own."""
    found: list[int] = []
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            location = one.get("location")
            found.extend([location] if isinstance(location, int) else [])
            pending.extend(one.values())
        elif isinstance(one, list):
            pending.extend(one)
    return min(found, default=-1)


def strings(value: object) -> tuple[str, ...]:
    """The strings of a list of String nodes: a name in its parts."""
    if not isinstance(value, list):
        return ()
    found = []
    for one in value:
        kind, content = _only(one) if isinstance(one, dict) else ("", {})
        text = content.get("sval") if kind == "String" else None
        if isinstance(text, str):
            found.append(text)
    return tuple(found)


_OWN_SPELLING = frozenset({"similar_to_escape", "like_escape"})
"""Functions that the grammar itself writes, for which it leaves no other sign."""


def function_name(node: Node) -> str:
    """A FuncCall's name: bare where the grammar wrote the schema, qualified where a person did."""
    parts = strings(node.get("funcname"))
    is_grammar = node.get("funcformat") == "COERCE_SQL_SYNTAX" or parts[-1:] in [
        (name,) for name in _OWN_SPELLING
    ]
    if is_grammar and parts[:1] == ("pg_catalog",):
        parts = parts[1:]
    return ".".join(parts)


def _note(kind: str, node: Node, ctes: frozenset[str], seen: _Seen) -> None:
    offset = _offset(node)
    match kind:
        case "RangeVar":
            keys = ("catalogname", "schemaname", "relname")
            parts = tuple(part for key in keys if isinstance(part := node.get(key), str))
            if len(parts) != 1 or parts[0] not in ctes:
                seen.relations.append(NamedRelation(parts, offset))
        case "FuncCall":
            seen.functions.append(Named(function_name(node), offset))
        case "A_Expr" | "SubLink":
            operator = strings(node.get("name") or node.get("operName"))
            if operator or kind == "A_Expr":
                seen.operators.append(Named(".".join(operator), offset))
        case "A_Indirection":
            if strings(node.get("indirection")) or "A_Star" in str(node.get("indirection")):
                seen.strange.append(Named("A_Indirection.field", _first_offset(node)))
        case "TypeName":
            _note_type(node, offset, seen)
        case "CollateClause":
            seen.collations.append(Named(".".join(strings(node.get("collname"))), offset))
        case "SQLValueFunction":
            seen.clocks.append(Named(str(node.get("op")), offset))
        case "ColumnRef":
            fields = node.get("fields")
            last = fields[-1] if isinstance(fields, list) and fields else None
            seen.columns.append(Named((strings([last]) or ("*",))[0], offset))
        case "Alias" | "ResTarget" | "CommonTableExpr" | "ColumnDef":
            _note_names(node, seen)


def _note_names(node: Node, seen: _Seen) -> None:
    for key in ("aliasname", "name", "ctename", "colname"):
        name = node.get(key)
        if isinstance(name, str):
            seen.names.add(name)
    for key in ("colnames", "aliascolnames"):
        seen.names.update(strings(node.get(key)))


def _note_type(node: Node, offset: int, seen: _Seen) -> None:
    parts = strings(node.get("names"))
    if parts[:1] == ("pg_catalog",):
        parts = parts[1:]
    seen.types.append(Named(".".join(parts), offset))
    modifiers = node.get("typmods") if parts != ("interval",) else None  # there, a set of fields
    for one in modifiers if isinstance(modifiers, list) else ():
        kind, content = _only(one)
        value = content.get("ival") if kind == "A_Const" else None
        size = value.get("ival", 0) if isinstance(value, dict) else None
        seen.types.append(Named(f"({size})", offset))
