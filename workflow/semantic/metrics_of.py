"""Read a metric's expression against the datasets it may use."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from workflow.semantic.expressions import (
    ExpressionError,
    aggregates,
    check_aggregate,
    column,
    guard_ratios,
    parse,
)
from workflow.semantic.index import sql_of
from workflow.semantic.language import check_language
from workflow.semantic.model import Dataset, FieldType, Relationship
from workflow.semantic.paths import reachable

Variants = Sequence[tuple[str, str]]
"""An expression as (dialect, text) pairs."""
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class ReadMetric:
    """`expression` has every column as `dataset.field`; `dataset` is the one it starts from."""

    dataset: str
    expression: str
    type: FieldType


class MetricReader:
    """`keys` are columns that a metric may use although they are not fields, by dataset.
    `metrics` has the expressions of all metrics, because one may be made of others: a bare name
    outside an aggregate is a metric's."""

    def __init__(
        self,
        datasets: Sequence[Dataset],
        relationships: Sequence[Relationship],
        keys: Mapping[str, Collection[str]],
        metrics: Mapping[str, Variants],
    ) -> None:
        self.metrics = {name.lower(): variants for name, variants in metrics.items()}
        self.names = {d.name.lower(): d.name for d in datasets}
        self.types: dict[tuple[str, str], FieldType] = {}
        self.columns: dict[str, dict[str, str]] = {}
        for d in datasets:
            self.columns[d.name] = {k.lower(): k for k in keys[d.name]}
            self.columns[d.name] |= {f.name.lower(): f.name for f in d.fields}
            self.types |= {(d.name, f.name): f.type for f in d.fields}
        self.reach = {d.name: reachable(d.name, relationships) for d in datasets}

    def read(self, variants: Variants, dataset: str | None) -> ReadMetric:
        """`dataset` is where a name without one belongs. Raises ExpressionError."""
        tree = self._expanded(parse(variants), ())
        check_aggregate(tree)
        check_language(tree)
        if dataset is not None and dataset not in self.columns:
            raise ExpressionError(f"there is no dataset called {dataset}")
        for node in list(tree.find_all(exp.Column)):
            self._resolve(node, dataset)
        named = [node.table for node in tree.find_all(exp.Column) if node.table]
        start = dataset or (named[0] if named else self._only())
        for unit in aggregates(tree):
            self._check_unit(unit)
        guard_ratios(tree, lambda node: self.types.get((node.table, node.name)) == "decimal")
        return ReadMetric(start, sql_of(tree), self._type(tree))

    def _expanded(self, tree: exp.Expr, within: tuple[str, ...]) -> exp.Expr:
        """The tree with every metric that it names replaced by that metric's expression."""
        if isinstance(tree, exp.AggFunc | exp.Filter | exp.WithinGroup):
            return tree
        name = tree.name.lower() if isinstance(tree, exp.Column) and not tree.table else ""
        if name in self.metrics:
            if name in within or len(within) > MAX_DEPTH:
                raise ExpressionError(f"{name} is made of itself")
            inner = self._expanded(parse(self.metrics[name]), (*within, name))
            return inner if isinstance(inner, exp.AggFunc) else exp.Paren(this=inner)
        for key, value in list(tree.args.items()):
            if isinstance(value, list):
                expanded = [
                    self._expanded(v, within) if isinstance(v, exp.Expr) else v for v in value
                ]
                tree.set(key, expanded)
            elif isinstance(value, exp.Expr):
                tree.set(key, self._expanded(value, within))
        return tree

    def _resolve(self, node: exp.Column, dataset: str | None) -> None:
        if node.args.get("db"):
            raise ExpressionError(f"{sql_of(node)} must be dataset.field")
        table = self.names.get(node.table.lower()) if node.table else None
        if node.table and table is None:
            raise ExpressionError(f"there is no dataset called {node.table}")
        if isinstance(node.this, exp.Star):
            node.set("table", column(table or "", "x").args["table"])
            return
        name = node.name.lower()
        if table is None:
            holders = [dataset] if dataset else [d for d in self.columns if name in self.columns[d]]
            if len(holders) > 1:
                raise ExpressionError(f"{node.name} is in {' and '.join(holders)}; say which")
            table = holders[0] if holders else None
        if table is None or name not in self.columns[table]:
            raise ExpressionError(f"{sql_of(node)} is not a field of {table or 'any dataset'}")
        node.replace(column(table, self.columns[table][name]))

    def _only(self) -> str:
        if len(self.columns) != 1:
            raise ExpressionError("the metric names no dataset; write COUNT(dataset.field)")
        return next(iter(self.columns))

    def _check_unit(self, unit: exp.Expr) -> None:
        call, columns = unit.find(exp.AggFunc), list(unit.find_all(exp.Column))
        types = {self.types.get((n.table, n.name)) for n in columns}
        if isinstance(call, exp.Min | exp.Max) and types & {"text", "boolean"}:
            raise ExpressionError(f"{sql_of(unit)} has no order to go by")
        used = list(dict.fromkeys(n.table for n in columns if n.table))
        for base in used:
            reach = self.reach[base]
            if all(o == base or (o in reach and not reach[o].is_ambiguous) for o in used):
                return
        if used:
            raise ExpressionError(
                f"{sql_of(unit)} mixes {' and '.join(used)}, which no one many-to-one path connects"
            )

    def _type(self, tree: exp.Expr) -> FieldType:
        if isinstance(tree, exp.Filter | exp.Paren):
            return self._type(tree.this)
        if isinstance(tree, exp.Count):
            return "integer"
        inner = tree.this
        if isinstance(tree, exp.Min | exp.Max | exp.Sum) and isinstance(inner, exp.Column):
            return self.types.get((inner.table, inner.name), "decimal")
        return "decimal"
