"""A role's part of a semantic model, arranged for looking names up."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from workflow.semantic.model import Dataset, Field, Metric, SemanticModel


@dataclass(frozen=True, slots=True, eq=False)
class RoleCatalog:
    """`fits` names, for each field, the datasets whose metrics it can group and filter: those
    that hold it, and those with a path to one that does, from many to one at every step, so
    that no row is counted twice."""

    metrics: Mapping[str, Metric]
    fields: Mapping[str, Field]
    fits: Mapping[str, frozenset[str]]
    datasets: Mapping[str, Dataset]

    @property
    def scope_fields(self) -> frozenset[str]:
        """The fields that the row scope restricts."""
        return frozenset(d.scope_field for d in self.datasets.values() if d.scope_field)


@lru_cache(maxsize=64)
def role_catalog(model: SemanticModel) -> RoleCatalog:
    """Worked out once for each version of the model and each set of views."""
    datasets = {dataset.name: dataset for dataset in model.datasets}
    fields: dict[str, Field] = {}
    fits: dict[str, set[str]] = {}
    for name in datasets:
        for reached in _reached(name, model):
            if reached not in datasets:
                continue
            for field in datasets[reached].fields:
                fits.setdefault(field.name, set()).add(name)
    for dataset in model.datasets:
        for field in dataset.fields:
            fields.setdefault(field.name, field)
    return RoleCatalog(
        metrics={metric.name: metric for metric in model.metrics},
        fields=fields,
        fits={name: frozenset(names) for name, names in fits.items()},
        datasets=datasets,
    )


def _reached(start: str, model: SemanticModel) -> frozenset[str]:
    reached = {start}
    waiting = [start]
    while waiting:
        here = waiting.pop()
        for edge in model.relationships:
            if edge.many == here and edge.one not in reached:
                reached.add(edge.one)
                waiting.append(edge.one)
    return frozenset(reached)
