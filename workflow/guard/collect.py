"""From a text that PostgreSQL reads as one SELECT to facts, and to what a rewriting needs."""

from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError

from workflow.guard.dialect import DIALECT
from workflow.guard.facts import Facts
from workflow.guard.notes import Notes, ProjectionToName, StarToExpand, TableToReplace, line_starts
from workflow.guard.queries import Queries
from workflow.guard.reading import Reading
from workflow.guard.scope import GuardScope
from workflow.guard.sources import Env, Output
from workflow.guard.text import Text


@dataclass(frozen=True, slots=True)
class Tree:
    """A parsed statement, with the places that a rewriting changes. The tree itself is sqlglot's
    and can be changed: it belongs to one check and is rewritten once."""

    root: exp.Query
    tables: tuple[TableToReplace, ...]
    stars: tuple[StarToExpand, ...]
    qualified: tuple[exp.Column, ...]
    renamed: tuple[ProjectionToName, ...]


class Unparsed(Exception):
    """sqlglot cannot read what PostgreSQL can: nothing can be regenerated."""


def parse(sql: str) -> exp.Query:
    """The one query of a text. Raises Unparsed."""
    try:
        statements = [
            one for one in DIALECT.parse(sql) if one is not None and type(one) is not exp.Semicolon
        ]
    except (SqlglotError, RecursionError) as error:
        raise Unparsed from error
    if len(statements) != 1:
        raise Unparsed
    root = _without_parentheses(statements[0])
    if not isinstance(root, exp.Query):
        raise Unparsed
    for clock in list(root.find_all(exp.CurrentTime)):
        if not clock.args.get("this"):  # sqlglot would write it as a call, which PostgreSQL refuses
            clock.replace(exp.Var(this="CURRENT_TIME"))
    return root


def _without_parentheses(node: exp.Expr) -> exp.Expr:
    """`(SELECT …) LIMIT 3` is `SELECT … LIMIT 3`, as PostgreSQL has it: it refuses a clause that
    is given twice, so none is lost by moving the outer ones in."""
    while isinstance(node, exp.Subquery) and not node.args.get("alias"):
        inner = node.this
        for name, argument in node.args.items():
            if name != "this" and argument:
                inner.set(name, argument)
        node = inner
    return node


def collect(
    sql: str, root: exp.Query, text: Text, original: Reading, scope: GuardScope
) -> tuple[Facts, Tree]:
    """All facts of a parsed statement against a scope."""
    notes = Notes(line_starts(sql), {one.offset: one.name for one in original.functions})
    queries = Queries(notes, scope)
    output = queries.query(root, Env())
    _note_shown(root, output, notes)
    facts = Facts(
        text=text,
        original=original,
        is_raw=scope.is_raw,
        syntax=tuple(notes.syntax),
        relations=tuple(notes.relations),
        columns=tuple(notes.columns),
        functions=tuple(notes.functions),
        casts=tuple(notes.casts),
        personal=tuple(notes.personal),
        natural_joins=tuple(notes.natural_joins),
        recursions=tuple(notes.recursions),
        series=tuple(notes.series),
        paddings=tuple(notes.paddings),
        patterns=tuple(notes.patterns),
        positional_stars=tuple(notes.positional_stars),
        names=tuple(notes.names),
        reads=output.reads,
        crosses=output.crosses,
        weight=notes.weight,
        starred=notes.starred,
    )
    tree = Tree(
        root=root,
        tables=tuple(notes.tables),
        stars=tuple(notes.stars),
        qualified=tuple(notes.qualified),
        renamed=tuple(notes.renamed),
    )
    return facts, tree


def _note_shown(root: exp.Query, output: Output, notes: Notes) -> None:
    """Note the personal data that the statement shows, at the expression that shows it."""
    expressions = root.expressions if isinstance(root, exp.Select) else []
    is_matched = len(expressions) == len(output.columns)
    for index, (_, value) in enumerate(output.columns):
        notes.personal_use(value.personal, "output", expressions[index] if is_matched else root)
    notes.personal_use(output.rest.personal, "output", root)
