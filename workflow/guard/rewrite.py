"""The statement that runs: regenerated from the checked tree, in scope and within the cap."""

from dataclasses import dataclass
from typing import Final

from pglast.keywords import COL_NAME_KEYWORDS, RESERVED_KEYWORDS, TYPE_FUNC_NAME_KEYWORDS
from sqlglot import exp
from sqlglot.errors import ErrorLevel

from workflow.guard.collect import Tree
from workflow.guard.dialect import DIALECT
from workflow.guard.notes import StarToExpand, TableToReplace
from workflow.guard.scope import GuardScope
from workflow.guard.sources import folded

_KEYWORDS: Final = frozenset(COL_NAME_KEYWORDS | RESERVED_KEYWORDS | TYPE_FUNC_NAME_KEYWORDS)
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyz_0123456789")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The statement with its cap, and the one that counts what it would give without: None where
    no cap was imposed."""

    sql: str
    count_sql: str | None


def generate(root: exp.Expr, *, is_last: bool = False) -> str:
    """A tree as PostgreSQL's text, without comments. Raises sqlglot's UnsupportedError for what
    cannot be said in PostgreSQL. The generator wears its tree out: only the last text of a tree
    may be written without a copy of it."""
    return DIALECT.generate(
        root,
        copy=not is_last,
        comments=False,
        unsupported_level=ErrorLevel.RAISE,
        max_unsupported=1,
    )


def rewrite(tree: Tree, scope: GuardScope) -> Rewritten:
    """Bring a checked tree into scope and under the cap. Changes the tree."""
    for column in tree.qualified:
        column.set("db", None)
        column.set("catalog", None)
    for one in tree.renamed:
        one.node.replace(exp.Alias(this=one.node.copy(), alias=identifier(one.name)))
    for star in tree.stars:
        _expand(star)
    for table in tree.tables:
        _replace(table, scope)
    return _capped(tree.root, scope.max_rows)


def identifier(name: str) -> exp.Identifier:
    """A name as PostgreSQL knows it, quoted where it must be."""
    is_plain = not set(name) - _PLAIN and not name[:1].isdigit() and name not in _KEYWORDS
    return exp.Identifier(this=name, quoted=not is_plain)


def _expand(star: StarToExpand) -> None:
    pieces: list[exp.Expr] = []
    for table, name in star.columns:
        column = exp.Star() if name is None else identifier(name)
        owner = identifier(table) if table is not None else None
        pieces.append(exp.Column(this=column, table=owner) if owner is not None or name else column)
    projections: list[exp.Expr] = []
    for one in star.select.expressions:
        projections.extend(pieces if one is star.star else [one])
    star.select.set("expressions", projections)


def _replace(one: TableToReplace, scope: GuardScope) -> None:
    """Name the relation in full, within the columns that are used and the rows in scope."""
    table = one.table
    alias = table.args.get("alias")
    if alias is None:
        alias = exp.TableAlias(this=identifier(folded(table.this)))
    parts = [identifier(part) for part in one.name.split(".")]
    needs_alias = parts[-1].this != folded(table.this) or table.args.get("alias") is not None
    full = exp.Table(**dict(zip(("this", "db", "catalog"), reversed(parts), strict=False)))
    joins = table.args.get("joins")
    is_scoped = scope.row_scope is not None and one.relation.scope_column is not None
    if not is_scoped and one.relation.columns is None:
        full.set("alias", alias if needs_alias else None)
        full.set("joins", joins)
        table.replace(full)
        return
    inside = _columns_used(full, one)
    if is_scoped:
        inside.set("where", exp.Where(this=_restriction(one, scope.row_scope or ())))
    wrapped = exp.Subquery(this=inside, alias=alias)
    wrapped.set("joins", joins)
    table.replace(wrapped)


def _columns_used(table: exp.Table, one: TableToReplace) -> exp.Select:
    """The relation with those of its columns that are used. What is hidden is then not there to
    be met by accident: PostgreSQL looks for a name in the innermost FROM first, and in GROUP BY
    for a column before an alias, whether or not the role may read it."""
    columns: list[exp.Expr] = [exp.Star()]
    if one.relation.columns is not None:
        names = sorted(one.used) or sorted(one.relation.columns)[:1]
        columns = [exp.Column(this=identifier(name)) for name in names]
    return exp.Select(expressions=columns, from_=exp.From(this=table))


def _restriction(one: TableToReplace, row_scope: tuple[int, ...]) -> exp.Expr:
    """The condition that keeps the rows in scope."""
    if not row_scope:
        return exp.false()
    return exp.In(
        this=exp.Column(this=identifier(one.relation.scope_column or "")),
        expressions=[exp.Literal.number(number) for number in row_scope],
    )


def _capped(root: exp.Query, most: int) -> Rewritten:
    limit = root.args.get("limit")
    asked = _asked(limit)
    if asked is not None and asked <= most:
        return Rewritten(generate(root, is_last=True), None)
    uncapped = generate(root, is_last=limit is None)
    # What is counted was generated from the same tree, without comments: it closes in itself.
    count = f"SELECT COUNT(*) FROM ({uncapped}) AS counted"  # noqa: S608
    if limit is None:
        return Rewritten(f"{uncapped} LIMIT {most}", count)
    root.set("limit", exp.Limit(expression=exp.Literal.number(most)))
    return Rewritten(generate(root, is_last=True), count)


def _asked(limit: exp.Expr | None) -> int | None:
    """The number of rows that a statement asks for itself, where it is a literal."""
    if isinstance(limit, exp.Fetch):
        amount = limit.args.get("count")
    elif isinstance(limit, exp.Limit):
        amount = limit.expression
    else:
        return None
    if isinstance(amount, exp.Literal) and not amount.is_string and str(amount.this).isdigit():
        return int(amount.this)
    return None
