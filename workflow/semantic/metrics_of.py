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
from workflow.semantic.model import Dataset, FieldType, Relationship
from workflow.semantic.paths import reachable


@dataclass(frozen=True, slots=True)
class ReadMetric:
    """`expression` has every column as `dataset.field`; `dataset` is the one it starts from."""

    dataset: str
    expression: str
    type: FieldType


class MetricReader:
    """`keys` are columns that a metric may use although they are not fields, by dataset."""

    def __init__(
        self,
        datasets: Sequence[Dataset],
        relationships: Sequence[Relationship],
        keys: Mapping[str, Collection[str]],
    ) -> None:
        self.names = {d.name.lower(): d.name for d in datasets}
        self.types: dict[tuple[str, str], FieldType] = {}
        self.columns: dict[str, dict[str, str]] = {}
        for d in datasets:
            self.columns[d.name] = {k.lower(): k for k in keys[d.name]}
            self.columns[d.name] |= {f.name.lower(): f.name for f in d.fields}
            self.types |= {(d.name, f.name): f.type for f in d.fields}
        self.reach = {d.name: reachable(d.name, relationships) for d in datasets}

    def read(self, variants: Sequence[tuple[str, str]], dataset: str | None) -> ReadMetric:
        """`dataset` is where a name without one belongs. Raises ExpressionError."""
        tree = parse(variants)
        check_aggregate(tree)
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
        used = list(dict.fromkeys(n.table for n in unit.find_all(exp.Column) if n.table))
        for base in used:
            reach = self.reach[base]
            if all(o == base or (o in reach and not reach[o].is_ambiguous) for o in used):
                return
        if used:
            raise ExpressionError(
                f"{sql_of(unit)} mixes {' and '.join(used)}, which no one many-to-one path connects"
            )

    def _type(self, tree: exp.Expr) -> FieldType:
        if isinstance(tree, exp.Filter):
            return self._type(tree.this)
        if isinstance(tree, exp.Count):
            return "integer"
        inner = tree.this
        if isinstance(tree, exp.Min | exp.Max | exp.Sum) and isinstance(inner, exp.Column):
            return self.types.get((inner.table, inner.name), "decimal")
        return "decimal"
