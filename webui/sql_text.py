"""A statement laid out for reading: a line a clause, indented by depth, with what each piece is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

_KEYWORDS = frozenset({
    "ALL", "AND", "AS", "ASC", "BETWEEN", "BY", "CASE", "CAST", "COLLATE", "CROSS", "DESC",
    "DISTINCT", "ELSE", "END", "EXISTS", "FALSE", "FILTER", "FIRST", "FROM", "FULL", "GROUP",
    "HAVING", "ILIKE", "IN", "INNER", "IS", "JOIN", "LAST", "LEFT", "LIKE", "LIMIT", "NOT",
    "NULL", "NULLS", "OFFSET", "ON", "OR", "ORDER", "OUTER", "OVER", "PARTITION", "RIGHT",
    "SELECT", "THEN", "TRUE", "UNION", "USING", "WHEN", "WHERE", "WITH",
})  # fmt: skip
_CLAUSES = frozenset({
    "FROM", "GROUP", "HAVING", "LIMIT", "ORDER", "WHERE", "UNION", "LEFT", "INNER", "CROSS", "FULL",
})  # fmt: skip
_PIECE = re.compile(
    r"(?P<text>'(?:[^']|'')*')|(?P<name>\"(?:[^\"]|\"\")*\")"
    r"|(?P<scope>(?:\w+\.)?store_id IN \([\d, ]+\))"
    r"|(?P<number>\b\d+(?:\.\d+)?\b)|(?P<word>\w+)|(?P<space>\s+)|(?P<sign>.)",
    re.DOTALL,
)
_QUERY = re.compile(r"\s*(?:SELECT|WITH)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """`kind` is one of keyword, text, number, scope (the rows that the person may see), plain."""

    text: str
    kind: str


def laid_out(sql: str) -> tuple[Piece, ...]:
    """The same statement: but for white space between its pieces nothing is changed."""
    return tuple(
        Piece("".join(piece.text for piece in alike), kind)
        for kind, alike in groupby(_pieces(sql), attrgetter("kind"))
    )


def _pieces(sql: str) -> Iterator[Piece]:
    depth = 0
    is_call: list[bool] = []  # for each open bracket, whether its clauses stay on the line
    for match in _PIECE.finditer(sql):
        kind, text = match.lastgroup or "sign", match.group()
        if kind == "word":
            upper = text.upper()
            if upper in _CLAUSES and not (is_call and is_call[-1]):
                yield Piece("\n" + "  " * depth, "plain")
            yield Piece(text, "keyword" if upper in _KEYWORDS else "plain")
            continue
        if text == "(":
            opens = _QUERY.match(sql, match.end()) is None
            is_call.append(opens)
            depth += not opens
        elif text == ")" and is_call:
            depth -= not is_call.pop()
        yield Piece(text, kind if kind in ("text", "number", "scope") else "plain")
