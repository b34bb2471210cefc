"""A model prepared for use: names looked up, expressions parsed, paths found. Made once a model.

Trees in here are shared: copy one before it goes into a statement.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from sqlglot import exp

from workflow.semantic.additive import is_additive
from workflow.semantic.errors import PlanError
from workflow.semantic.expressions import POSTGRES, aggregates, column, parse
from workflow.semantic.model import Dataset, Field, Metric, Relationship, SemanticModel
from workflow.semantic.paths import Reach, reachable


@dataclass(frozen=True, slots=True)
class BoundField:
    """A field with its dataset; the columns of `tree` are qualified by the dataset's name."""

    dataset: Dataset
    field: Field
    tree: exp.Expr


@dataclass(frozen=True, slots=True)
class Unit:
    """One aggregate call of a metric: it is computed over the rows of `dataset`, which each of
    `others` is joined to, and over nothing else."""

    dataset: str
    others: tuple[str, ...]
    tree: exp.Expr
    sql: str

    @property
    def is_count(self) -> bool:
        """Over no rows it is 0; any other aggregate is NULL."""
        return self.tree.find(exp.Count) is not None


@dataclass(frozen=True, slots=True)
class BoundMetric:
    """A metric: `tree` holds the trees of `units`, in order. `is_additive` says that the values
    of groups add up to that of the whole."""

    metric: Metric
    tree: exp.Expr
    units: tuple[Unit, ...]
    is_additive: bool


class Index:
    """Lookups over one model, or over a role's part of one."""

    def __init__(self, model: SemanticModel) -> None:
        self.model = model
        self.datasets: Mapping[str, Dataset] = {d.name: d for d in model.datasets}
        self.reach: Mapping[str, dict[str, Reach]] = {
            d.name: reachable(d.name, model.relationships) for d in model.datasets
        }
        self.fields: Mapping[tuple[str, str], BoundField] = {
            (d.name, f.name): BoundField(d, f, _qualified(d.name, f.expression))
            for d in model.datasets
            for f in d.fields
        }

    @cached_property
    def metrics(self) -> Mapping[str, BoundMetric]:
        """All metrics, by name."""
        return {m.name: self._bind(m) for m in self.model.metrics}

    def metric(self, name: str) -> BoundMetric:
        """Raises PlanError when there is none."""
        found = self.metrics.get(name)
        if found is None:
            hint = _nearest(name, self.metrics)
            raise PlanError(f"There is no metric called {name}.{hint}", field=name)
        return found

    def field(self, dataset: str, name: str) -> BoundField:
        """The field that a plan over `dataset` means by `name` (or by `dataset.field`): the
        dataset's own, else the one of the nearest dataset that it can be joined to.

        Raises PlanError when there is none, or when two are equally near.
        """
        own = self.fields.get((dataset, name))
        if own is not None:
            return own
        given, _, rest = name.partition(".")
        reach = self.reach[dataset]
        if rest and (given, rest) in self.fields and (given == dataset or given in reach):
            self._require_one_path(dataset, given, name)
            return self.fields[given, rest]
        near = [other for other in reach if (other, name) in self.fields]
        if not near:
            raise self._unknown(dataset, name)
        steps = len(reach[near[0]].steps)
        level = [other for other in near if len(reach[other].steps) == steps]
        if len(level) > 1:
            options = " or ".join(f"{other}.{name}" for other in level)
            raise PlanError(f"{name} could be {options}: which one?", field=name)
        self._require_one_path(dataset, near[0], name)
        return self.fields[near[0], name]

    def path(self, dataset: str, other: str) -> tuple[Relationship, ...]:
        """The joins from one dataset to another that `field` found."""
        return () if dataset == other else self.reach[dataset][other].steps

    def _require_one_path(self, dataset: str, other: str, name: str) -> None:
        if other != dataset and self.reach[dataset][other].is_ambiguous:
            raise PlanError(
                f"There is more than one way from {dataset} to {other}, so {name} is not clear.",
                field=name,
            )

    def _unknown(self, dataset: str, name: str) -> PlanError:
        label = self.datasets[dataset].label
        known = {field for _, field in self.fields}
        if name in known or name in self.metrics:
            what = "a metric" if name in self.metrics and name not in known else "a field"
            text = f"{name} is {what} that {label} cannot be grouped or filtered by."
        else:
            text = f"There is no field called {name}.{_nearest(name, known)}"
        return PlanError(text, field=name)

    def _bind(self, metric: Metric) -> BoundMetric:
        tree = parse([("ANSI_SQL", metric.expression)])
        units = []
        for unit in list(aggregates(tree)):
            datasets: dict[str, None] = {}
            for node in list(unit.find_all(exp.Column)):
                name = node.table or metric.dataset
                datasets[name] = None
                is_star = isinstance(node.this, exp.Star)
                node.replace(exp.Star() if is_star else self._value(name, node.name))
            base = self._base(tuple(datasets) or (metric.dataset,))
            others = tuple(d for d in datasets if d != base)
            units.append(Unit(base, others, unit, sql_of(unit)))
        return BoundMetric(metric, tree, tuple(units), is_additive(tree))

    def _value(self, dataset: str, name: str) -> exp.Expr:
        bound = self.fields.get((dataset, name))
        if bound is None:  # a key column that is not a field
            return column(dataset, name)
        return bound.tree.copy()

    def _base(self, datasets: tuple[str, ...]) -> str:
        """The dataset on the many side of all the others; `load` has made sure of one."""
        for name in datasets:
            if all(other == name or other in self.reach[name] for other in datasets):
                return name
        raise ValueError(f"no many-to-one path connects {', '.join(datasets)}")


def _qualified(dataset: str, expression: str) -> exp.Expr:
    tree = parse([("ANSI_SQL", expression)])
    if isinstance(tree, exp.Column):
        return column(dataset, tree.name)
    for node in list(tree.find_all(exp.Column)):
        node.replace(column(dataset, node.name))
    # OR and AND are functions to sqlglot, and bind as weakly as any operator
    is_closed = isinstance(tree, exp.Func | exp.Paren) and not isinstance(tree, exp.Binary)
    return tree if is_closed else exp.Paren(this=tree)


def _nearest(name: str, known: Mapping[str, BoundMetric] | set[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f" Did you mean {close[0]}?" if close else ""


@lru_cache(maxsize=256)
def index_of(model: SemanticModel) -> Index:
    """The model's index, made at its first use."""
    return Index(model)


def sql_of(tree: exp.Expr) -> str:
    """A tree as PostgreSQL text."""
    return tree.sql(dialect=POSTGRES, comments=False)
