"""What PostgreSQL's own parser makes of a text.

Used twice: on the statement as it came, before anything else reads it, and on the statement that
is to run, as a second opinion. It shares no code with the first one.
"""

from collections.abc import Iterator
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


_Step = tuple[object, str, str, frozenset[str], int]


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
    pending: list[_Step] = [(statement, "SelectStmt", "", frozenset(), 1)]
    while pending:
        node, kind, _, ctes, depth = pending.pop()
        if not isinstance(node, dict):
            seen.strange.append(Named(kind))
            continue
        seen.depth = max(seen.depth, depth)
        allowed = NODES.get(kind)
        offset = _offset(node)
        if allowed is None:
            seen.strange.append(Named(kind, offset))
            continue
        _note(kind, node, offset, ctes, seen)
        if depth > MOST_DEPTH:
            return
        if kind == "SelectStmt" and "withClause" in node:
            ctes = _queue_ctes(node["withClause"], ctes, depth, pending)
        for name, value in node.items():
            if name == "location":
                continue
            if name not in allowed:
                seen.strange.append(Named(f"{kind}.{name}", offset))
            elif kind == "WithClause":
                continue  # its queries are queued already, each with the names it can see
            elif isinstance(value, str):
                if value in FORBIDDEN_VALUES and name != "sval":
                    seen.strange.append(Named(value, offset))
            elif isinstance(value, (dict, list)):
                pending.extend(_children(kind, name, value, ctes, depth + 1))


def _queue_ctes(
    clause: object, outer: frozenset[str], depth: int, pending: list[_Step]
) -> frozenset[str]:
    """Queue the queries of a WITH, each with the names it can see; return what the rest sees."""
    if not isinstance(clause, dict) or not isinstance(clause.get("ctes"), list):
        return outer
    queries = [content for _, content in map(_only, clause["ctes"])]
    names = [name for query in queries if isinstance(name := query.get("ctename"), str)]
    everything = outer | frozenset(names)
    for index, query in enumerate(queries):
        visible = everything if clause.get("recursive") else outer | frozenset(names[:index])
        pending.append((query, "CommonTableExpr", "", visible, depth + 1))
    return everything


def _children(
    kind: str, name: str, value: object, ctes: frozenset[str], depth: int
) -> Iterator[_Step]:
    if isinstance(value, list):
        for one in value:
            if isinstance(one, dict):
                yield from _children(kind, name, one, ctes, depth)
        return
    if not isinstance(value, dict) or not value:
        return
    bare = BARE.get((kind, name))
    if bare is not None:
        yield value, bare, name, ctes, depth
    elif len(value) == 1:
        inner, content = _only(value)
        yield content, inner, name, ctes, depth
    else:
        yield value, f"{kind}.{name}", name, ctes, depth


def _offset(node: Node) -> int:
    location = node.get("location", 0)
    return location if isinstance(location, int) else -1


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


def _note(kind: str, node: Node, offset: int, ctes: frozenset[str], seen: _Seen) -> None:
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
