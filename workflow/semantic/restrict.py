"""The part of a model that a role may use."""

from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache

from workflow.semantic.index import index_of
from workflow.semantic.model import SemanticModel


def restrict(model: SemanticModel, allowed_views: Collection[str]) -> SemanticModel:
    """The datasets whose view is allowed, and the relationships and metrics that need no other.

    The same arguments give the same object, so that what is derived from it can be kept.
    """
    return _part(model, frozenset(allowed_views))


@lru_cache(maxsize=256)
def _part(model: SemanticModel, allowed: frozenset[str]) -> SemanticModel:
    datasets = tuple(d for d in model.datasets if d.view in allowed)
    names = {d.name for d in datasets}
    bound = index_of(model).metrics
    return replace(
        model,
        unusable=(),
        datasets=datasets,
        relationships=tuple(r for r in model.relationships if {r.many, r.one} <= names),
        metrics=tuple(
            m
            for m in model.metrics
            if all({unit.dataset, *unit.others} <= names for unit in bound[m.name].units)
        ),
    )
