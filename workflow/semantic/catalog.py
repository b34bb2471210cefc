"""A model as the list of what can be asked with."""

from functools import lru_cache

from contracts.catalog import Catalog, CatalogDimension, CatalogMetric
from workflow.semantic.errors import PlanError
from workflow.semantic.index import Index, index_of
from workflow.semantic.model import Dataset, Field, Metric, SemanticModel


@lru_cache(maxsize=256)
def catalog(model: SemanticModel) -> Catalog:
    """Metrics and dimensions of the model, or of a role's part of it.

    Fields of one name are one dimension: its label is that of the first dataset that has it, its
    views are all that have it, and its metrics all that can be grouped by it, through a
    many-to-one relationship too.
    """
    index = index_of(model)
    by_name: dict[str, list[tuple[Dataset, Field]]] = {}
    for dataset in model.datasets:
        for field in dataset.fields:
            by_name.setdefault(field.name, []).append((dataset, field))
    return Catalog(
        model=model.name,
        model_digest=model.digest,
        metrics=tuple(_metric(index, metric) for metric in model.metrics),
        dimensions=tuple(_dimension(index, name, found) for name, found in by_name.items()),
    )


def _metric(index: Index, metric: Metric) -> CatalogMetric:
    return CatalogMetric(
        name=metric.name,
        label=metric.label,
        description=metric.description,
        synonyms=metric.synonyms,
        view=index.datasets[metric.dataset].view,
        unit=metric.unit,
        format=metric.format,
        is_additive=index.metrics[metric.name].is_additive,
        is_cumulative=metric.is_cumulative,
    )


def _dimension(index: Index, name: str, found: list[tuple[Dataset, Field]]) -> CatalogDimension:
    first = found[0][1]
    synonyms = dict.fromkeys(word for _, field in found for word in field.synonyms)
    return CatalogDimension(
        name=name,
        label=first.label,
        description=first.description,
        synonyms=tuple(synonyms),
        type=first.type,
        is_time=first.is_time,
        is_personal=any(field.is_personal for _, field in found),
        unit=first.unit,
        format=first.format,
        views=tuple(dict.fromkeys(dataset.view for dataset, _ in found)),
        metrics=tuple(
            metric
            for metric, bound in index.metrics.items()
            if metric != name and all(_fits(index, unit.dataset, name) for unit in bound.units)
        ),
    )


def _fits(index: Index, dataset: str, field: str) -> bool:
    try:
        index.field(dataset, field)
    except PlanError:
        return False
    return True
