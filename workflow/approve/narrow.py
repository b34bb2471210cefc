"""Questions that may show a few people: which they are, and how the fewest are counted. Pure.

A plan is narrow where it groups or filters by something that describes a person: a name, a
town, a customer number. Nothing is measured for any other plan.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from pydantic import JsonValue

from contracts.context import UserContext
from contracts.plan import Plan
from contracts.result import ResultSet
from kit.canonical import canonical, text_digest
from workflow.semantic.errors import PlanError
from workflow.semantic.filters import single_filters
from workflow.semantic.index import index_of
from workflow.semantic.model import Dataset, Field, Metric, SemanticModel

_PREFIX = "people_in_"


@dataclass(frozen=True, slots=True)
class Narrow:
    """A narrow plan. `shape` is what is computed and `cell` of whom: many cells of one shape are
    how somebody would find out about one person by taking answers from one another."""

    plan: Plan
    shape: str
    cell: str


def narrow(plan: Plan, model: SemanticModel) -> Narrow | None:
    """What to measure of a plan; None for one that shows nobody in particular."""
    datasets = _datasets(plan, model)
    names = {d.field for d in plan.dimensions} | {f.field for f in single_filters(plan.filters)}
    if not any(_describes_person(name, d.name, model) for name in names for d in datasets):
        return None
    counted = tuple(_PREFIX + d.name for d in datasets if _person_key(d) is not None)
    if not counted:
        return None
    shape: dict[str, JsonValue] = {
        "metrics": [*sorted(plan.metrics)],
        "by": [*sorted(d.field for d in plan.dimensions)],
    }
    cell = plan.model_dump(mode="json", include={"filters", "time", "having", "limit", "order"})
    return Narrow(
        plan=plan.model_copy(update={"metrics": (*plan.metrics, *counted)}),
        shape=text_digest(canonical(shape)),
        cell=text_digest(canonical(cell)),
    )


def cell_in(narrow: Narrow, context: UserContext) -> str:
    """Of whom, in this scope: the same asked in a store alone, and in all, is about others."""
    stores = "all" if context.is_all_stores else sorted(context.store_ids)
    return text_digest(f"{narrow.cell} {stores}")


@lru_cache(maxsize=64)
def with_people(model: SemanticModel) -> SemanticModel:
    """The model with a metric for each dataset about people: how many there are. Equal arguments
    give the same object, so that what is derived from it can be kept."""
    counts = tuple(
        Metric(
            name=_PREFIX + dataset.name,
            dataset=dataset.name,
            expression=f'COUNT(DISTINCT "{dataset.name}"."{key.name}")',
            label="People",
            type="integer",
        )
        for dataset in model.datasets
        if (key := _person_key(dataset)) is not None
    )
    return replace(model, metrics=(*model.metrics, *counts))


def smallest(result: ResultSet) -> int | None:
    """The fewest people behind a row; None where no row has any."""
    counts = [row[i] for row in result.rows for i in people_columns(result)]
    return min((n for n in counts if isinstance(n, int) and n > 0), default=None)


def people_columns(result: ResultSet) -> tuple[int, ...]:
    """Where the numbers of people are that were added to a narrow plan."""
    return tuple(i for i, c in enumerate(result.columns) if c.name.startswith(_PREFIX))


def _datasets(plan: Plan, model: SemanticModel) -> list[Dataset]:
    index = index_of(model)
    try:
        units = [unit for name in plan.metrics for unit in index.metric(name).units]
    except PlanError:
        return []
    return [index.datasets[name] for name in dict.fromkeys(unit.dataset for unit in units)]


def _describes_person(name: str, dataset: str, model: SemanticModel) -> bool:
    try:
        bound = index_of(model).field(dataset, name)
    except PlanError:
        return False
    return bound.field.is_personal or bound.field.describes_person


def _person_key(dataset: Dataset) -> Field | None:
    return next(_keys(dataset), None)


def _keys(dataset: Dataset) -> Iterator[Field]:
    return (f for f in dataset.fields if f.is_personal)
