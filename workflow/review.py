"""What a reviewer is shown of a statement: where its numbers come from, what it would reveal, and
how it differs from what was verified. Nothing here reads data."""

import difflib
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from contracts.approval import AskerScope, Lineage, Nearest, Reveal, RevealedColumn
from contracts.context import UserContext
from contracts.plan import MetricQuery, RawSql
from workflow.approve.in_force import Rules
from workflow.approve.likeness import nearest
from workflow.semantic.index import index_of
from workflow.semantic.model import SemanticModel
from workflow.stages import Checked, Prepared

MOST_LINES = 200
NOT_COUNTED = "How many people a row stands for was not counted: the SQL was written by hand."
NOT_NARROW = "The rows are not grouped or filtered by anything that describes a person."
UNKNOWN = "How many people a row stands for could not be counted in time."


def scope_of(context: UserContext) -> AskerScope:
    """What the asker may see."""
    return AskerScope(
        role=context.role,
        row_scope="all" if context.is_all_stores else context.store_ids,
        allowed_views=context.allowed_views,
    )


@lru_cache(maxsize=512)
def tables_of(sql: str) -> tuple[str, ...]:
    """The relations that the statement names."""
    try:
        tree = sqlglot.parse_one(sql, dialect="postgres")
    except (SqlglotError, RecursionError):
        return ()
    return tuple(dict.fromkeys(table.name for table in tree.find_all(exp.Table)))


def views_of(checked: Checked, context: UserContext) -> tuple[str, ...]:
    """The views that the statement reads."""
    return tuple(v for v in tables_of(checked.verdict.sql or "") if v in context.allowed_views)


def lineage(output: MetricQuery | RawSql, model: SemanticModel) -> tuple[Lineage, ...]:
    """From each metric of a plan to the fields and views that it is computed from."""
    if isinstance(output, RawSql):
        return ()
    index = index_of(model)
    found = []
    for name in output.plan.metrics:
        bound = index.metric(name)
        columns = {
            f"{column.table}.{column.name}" if column.table else column.name
            for unit in bound.units
            for column in unit.tree.find_all(exp.Column)
        }
        datasets = {n for unit in bound.units for n in (unit.dataset, *unit.others)}
        found.append(
            Lineage(
                metric=name,
                label=bound.metric.label,
                expression=bound.metric.expression,
                fields=tuple(sorted(columns)),
                views=tuple(sorted(index.datasets[n].source for n in datasets)),
            )
        )
    return tuple(found)


def revealed(prepared: Prepared, model: SemanticModel, row_estimate: int | None) -> Reveal:
    """The columns that would be shown, about how many rows, and the fewest people behind one."""
    checked = prepared.checked
    personal = {f.name for d in model.datasets for f in d.fields if f.is_personal}
    if checked.compiled is not None:
        shown = [(c.name, c.label) for c in checked.compiled.columns]
    else:
        shown = [(name, name) for name in output_names(checked.verdict.sql or "")]
    is_about_people = any(f.name == "smallest-group" for f in checked.risk.factors)
    note = ""
    if checked.smallest_group is None:
        note = UNKNOWN if is_about_people else NOT_NARROW
        note = note if checked.compiled is not None else NOT_COUNTED
    return Reveal(
        columns=tuple(
            RevealedColumn(name=name, label=label, is_personal=name in personal)
            for name, label in shown
        ),
        row_estimate=row_estimate,
        smallest_group=checked.smallest_group,
        note=note,
    )


@lru_cache(maxsize=512)
def output_names(sql: str) -> tuple[str, ...]:
    """The columns of a statement's result."""
    try:
        tree = sqlglot.parse_one(sql, dialect="postgres")
    except (SqlglotError, RecursionError):
        return ()
    return tuple(tree.named_selects) if isinstance(tree, exp.Query) else ()


def nearest_verified(
    output: MetricQuery | RawSql,
    sql: str,
    rules: Rules,
    context: UserContext,
    model_digest: str,
) -> Nearest | None:
    """The verified query with most in common, and the lines of SQL that differ."""
    found = nearest(output, rules.fitting(context, model_digest))
    if found is None:
        return None
    row, likeness = found
    lines = difflib.unified_diff(
        readable(row.sql), readable(sql), "verified", "this", lineterm="", n=1
    )
    return Nearest(
        verified_id=row.verified_id,
        question=row.question,
        likeness=round(likeness, 3),
        difference=tuple(lines)[:MOST_LINES],
    )


@lru_cache(maxsize=512)
def readable(sql: str) -> list[str]:
    """The statement in lines; the one line that it is, where it cannot be read."""
    try:
        return sqlglot.parse_one(sql, dialect="postgres").sql("postgres", pretty=True).splitlines()
    except (SqlglotError, RecursionError):
        return sql.splitlines()
