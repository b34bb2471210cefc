"""The scope of a role: what of a semantic model a person may touch in a statement."""

from functools import lru_cache

import sqlglot
from sqlglot import exp

from contracts.context import UserContext
from workflow.guard.scope import GuardScope, Relation
from workflow.guard.sources import folded
from workflow.semantic.model import Dataset, Metric, SemanticModel


def guard_scope(model: SemanticModel, context: UserContext, *, is_raw: bool) -> GuardScope:
    """The scope for one call: the model's views that the context allows, and its row scope.

    `model` may be the whole one or the role's part. `is_raw` says that the statement was not
    compiled from a plan.
    """
    row_scope = None if context.is_all_stores else context.store_ids
    return _scope(model, frozenset(context.allowed_views), row_scope, is_raw)


@lru_cache(maxsize=256)
def _scope(
    model: SemanticModel, allowed: frozenset[str], row_scope: tuple[int, ...] | None, is_raw: bool
) -> GuardScope:
    return GuardScope(
        relations={
            dataset.view: _relation(
                dataset, tuple(one for one in model.metrics if one.dataset == dataset.name)
            )
            for dataset in model.datasets
            if dataset.view in allowed
        },
        row_scope=row_scope,
        is_raw=is_raw,
    )


@lru_cache(maxsize=256)
def _relation(dataset: Dataset, metrics: tuple[Metric, ...]) -> Relation:
    """What of a view may be touched: the columns that the model speaks of, and no other."""
    shown: set[str] = set()
    personal: set[str] = set()
    names = {one.name: one for one in dataset.fields}
    for one in dataset.fields:
        columns = _columns(one.expression)
        shown |= columns
        if one.is_personal:
            personal |= columns
    for metric in metrics:
        shown |= {name for name in _columns(metric.expression) if name not in names}
    scope = dataset.scope_field
    if scope is not None and scope in names:
        scope = next(iter(_columns(names[scope].expression)), scope)
    return Relation(
        columns=frozenset(shown),
        personal=frozenset(personal),
        scope_column=scope,
        qualified=dataset.source,
    )


@lru_cache(maxsize=4096)
def _columns(expression: str) -> frozenset[str]:
    """The columns of an expression in PostgreSQL's dialect."""
    tree = sqlglot.parse_one(expression, dialect="postgres")
    return frozenset(
        folded(one.this)
        for one in tree.find_all(exp.Column)
        if isinstance(one.this, exp.Identifier)
    )
