"""Expressions of a semantic model: parsed once, never joined as text."""

import re
from collections.abc import Callable, Iterator, Sequence

import sqlglot
from pglast import keywords
from sqlglot import exp
from sqlglot.errors import SqlglotError

POSTGRES = "postgres"
MAX_LENGTH = 10_000
# What a document calls its dialect, by what we read it with. ANSI SQL is read as PostgreSQL does;
# MDX, TABLEAU and MAQL are not SQL.
_READERS = {
    "ANSI_SQL": POSTGRES,
    "SNOWFLAKE": "snowflake",
    "DATABRICKS": "databricks",
    "BIGQUERY": "bigquery",
}
_AGGREGATES = (
    exp.Sum, exp.Count, exp.Avg, exp.Min, exp.Max,
)  # fmt: skip
_EXPRESSIONS = (exp.Condition, exp.Filter, exp.WithinGroup, exp.AtTimeZone, exp.Interval)
_FOREIGN = (exp.Query, exp.Table, exp.Window, exp.Placeholder, exp.Parameter, exp.Alias)
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_RESERVED = frozenset(keywords.RESERVED_KEYWORDS) | frozenset(keywords.TYPE_FUNC_NAME_KEYWORDS)


class ExpressionError(ValueError):
    """What is wrong with an expression, in a sentence without a capital or a full stop."""


def identifier(name: str) -> exp.Identifier:
    """The name as PostgreSQL must read it: quoted where it would be folded or is reserved."""
    plain = _PLAIN_NAME.fullmatch(name) is not None and name not in _RESERVED
    return exp.Identifier(this=name, quoted=not plain)


def column(table: str, name: str) -> exp.Column:
    """`table.name`."""
    return exp.Column(this=identifier(name), table=identifier(table))


def parse(variants: Sequence[tuple[str, str]]) -> exp.Expr:
    """The first expression of (dialect, text) pairs that can be read, as a tree; ANSI SQL is
    preferred to the dialects of vendors.

    Unquoted names are folded as PostgreSQL folds them. Raises ExpressionError for anything but
    one scalar or aggregate expression.
    """
    faults: list[ExpressionError] = []
    for dialect, reader in _READERS.items():  # in the order of preference
        for given, text in variants:
            if given == dialect:
                try:
                    return _parse(text, reader)
                except ExpressionError as error:
                    faults.append(error)
    if faults:
        raise faults[0]
    dialects = ", ".join(given for given, _ in variants)
    raise ExpressionError(f"none of its dialects ({dialects}) is SQL; add ANSI_SQL")


def _parse(text: str, dialect: str) -> exp.Expr:
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the expression is longer than {MAX_LENGTH:,} characters")
    try:
        trees = sqlglot.parse(text, dialect=dialect)
    except SqlglotError as error:
        details = getattr(error, "errors", None) or [{}]
        reason = str(details[0].get("description") or "it cannot be read")
        raise ExpressionError(f"the expression is not SQL: {reason.rstrip('.')}") from error
    except RecursionError as error:
        raise ExpressionError("the expression is nested too deeply") from error
    if not text.strip() or not trees or trees[0] is None:
        raise ExpressionError("the expression is empty")
    tree = trees[0]
    if len(trees) > 1 or not isinstance(tree, _EXPRESSIONS):
        raise ExpressionError("this is not one expression")
    for node in tree.walk():
        node.comments = None
        if isinstance(node, _FOREIGN):
            raise ExpressionError(f"an expression may not hold a {node.key}")
        if isinstance(node, exp.Identifier) and not node.args.get("quoted"):
            node.set("this", node.name.lower())
    return tree


def aggregates(tree: exp.Expr) -> Iterator[exp.Expr]:
    """The outermost aggregate calls, each with its FILTER or WITHIN GROUP."""
    if isinstance(tree, exp.AggFunc | exp.Filter | exp.WithinGroup):
        yield tree
        return
    for child in tree.iter_expressions():
        yield from aggregates(child)


def check_scalar(tree: exp.Expr) -> None:
    """Raises ExpressionError unless the tree has one value a row."""
    for node in tree.walk():
        if isinstance(node, exp.AggFunc):
            raise ExpressionError("a field may not aggregate; that is what a metric does")
        if isinstance(node, exp.Star):
            raise ExpressionError("a field must name its columns")


def check_aggregate(tree: exp.Expr) -> None:
    """Raises ExpressionError unless every column is inside exactly one known aggregate."""
    units = list(aggregates(tree))
    if not units:
        raise ExpressionError("a metric must aggregate, for example SUM(dataset.field)")
    inside: set[int] = set()
    for unit in units:
        calls = [node for node in unit.walk() if isinstance(node, exp.AggFunc)]
        for call in calls:
            if not isinstance(call, _AGGREGATES):
                raise ExpressionError(f"{call.sql_name()} is not an aggregate that can be used")
        if len(calls) != 1:
            raise ExpressionError("an aggregate may not hold another one")
        inside.update(id(node) for node in unit.walk())
    for node in tree.walk():
        if isinstance(node, exp.Column) and id(node) not in inside:
            raise ExpressionError(f"{node.sql(POSTGRES)} stands outside an aggregate")
        if isinstance(node, exp.Star) and not _is_counted(node):
            raise ExpressionError("only COUNT may take *")


def _is_counted(star: exp.Star) -> bool:
    parent = star.parent
    if isinstance(parent, exp.Column):
        parent = parent.parent
    return isinstance(parent, exp.Count)


def guard_ratios(tree: exp.Expr, is_decimal: Callable[[exp.Column], bool]) -> exp.Expr:
    """The tree with every division exact and safe: a whole numerator is made decimal, as two
    counts would otherwise lose the fraction, and a denominator of zero gives NULL."""
    for division in list(tree.find_all(exp.Div)):
        numerator, denominator = division.this, division.expression
        if not _is_exact(numerator, is_decimal):
            division.set("this", exp.Cast(this=numerator, to=exp.DataType.build("decimal")))
        if not isinstance(denominator, exp.Nullif) and not _is_nonzero(denominator):
            bare = denominator.this if isinstance(denominator, exp.Paren) else denominator
            zero = exp.Literal.number(0)
            division.set("expression", exp.Nullif(this=bare, expression=zero))
        division.set("typed", True)
        division.set("safe", False)
    return tree


def _is_nonzero(tree: exp.Expr) -> bool:
    return isinstance(tree, exp.Literal) and not tree.is_string and float(tree.name) != 0


def _is_exact(tree: exp.Expr, is_decimal: Callable[[exp.Column], bool]) -> bool:
    if isinstance(tree, exp.Cast | exp.Avg | exp.Round):
        return True
    if isinstance(tree, exp.Literal):
        return not tree.is_string and "." in tree.name
    if isinstance(tree, exp.Column):
        return is_decimal(tree)
    if isinstance(tree, exp.Sum | exp.Min | exp.Max | exp.Paren | exp.Filter | exp.Coalesce):
        return _is_exact(tree.this, is_decimal)
    if isinstance(tree, exp.Add | exp.Sub | exp.Mul | exp.Div):
        return _is_exact(tree.this, is_decimal) or _is_exact(tree.expression, is_decimal)
    return False
