"""A result with what its columns mean: what the narrator, the checker and the widgets look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import sqlglot
from pydantic import JsonValue
from sqlglot import exp

from contracts.plan import Grain, Plan
from contracts.result import ResultSet
from workflow.narrate import display
from workflow.narrate.display import Shown
from workflow.semantic.model import Compiled, SemanticModel

_NUMBERS = frozenset({"integer", "decimal", "float"})
_TIMES = frozenset({"date", "timestamp"})


@dataclass(frozen=True, slots=True)
class Part:
    """A dimension, at `index` of each row."""

    index: int
    name: str
    label: str
    type: str
    grain: Grain | None = None

    @property
    def is_time(self) -> bool:
        """Whether it orders rows in time."""
        return self.type in _TIMES

    def show(self, value: JsonValue) -> str:
        """A value of it, as it stands in a sentence."""
        label = display.lower(self.label)
        if value is None:
            return f"(no {label})"
        if isinstance(value, bool):
            return f"{label}: {'yes' if value else 'no'}"
        if self.is_time:
            found = display.day(value)
            if found and (self.grain or self.type == "date"):
                return display.date_words(found, self.grain)
        if self.type in _NUMBERS:
            return f"{label} {value}"
        return display.clean(str(value)) or f"(an empty {label})"


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric, at `index` of each row. `subject` is its name inside a sentence. `is_additive`
    says that the values of groups add up to that of the whole; `is_share` that the values are
    shown in percent. `is_known` is false for a column of raw SQL, whose meaning nobody declared."""

    index: int
    name: str
    label: str
    subject: str
    unit: str | None
    is_additive: bool = False
    is_share: bool = False
    is_known: bool = True

    def show(self, value: Decimal) -> Shown:
        """A value of it, in its unit."""
        return display.show(value, self.unit, is_share=self.is_share)


@dataclass(frozen=True, slots=True)
class Shape:
    """The result. `is_compiled` tells a plan's from that of raw SQL."""

    dimensions: tuple[Part, ...]
    metrics: tuple[Measure, ...]
    result: ResultSet
    is_compiled: bool

    def numbers(self, metric: Measure) -> tuple[Decimal | None, ...]:
        """The metric's column."""
        return tuple(display.number(row[metric.index]) for row in self.result.rows)

    def key(self, row: Sequence[JsonValue]) -> str:
        """What a row is about."""
        return ", ".join(part.show(row[part.index]) for part in self.dimensions)


def of_plan(plan: Plan, compiled: Compiled, result: ResultSet, model: SemanticModel) -> Shape:
    """The shape of a compiled plan's result; columns pair up in order."""
    grains = iter([dimension.grain for dimension in plan.dimensions])
    metrics = {metric.name: metric for metric in model.metrics}
    parts: list[Part] = []
    measures: list[Measure] = []
    for place, column in enumerate(compiled.columns):
        if column.role == "dimension":
            parts.append(Part(place, column.name, column.label, column.type, next(grains, None)))
            continue
        metric = metrics.get(column.name)
        measures.append(
            Measure(
                place,
                column.name,
                column.label,
                _subject(column.label, column.unit),
                column.unit,
                is_additive=metric is not None and is_additive(metric.expression),
                is_share=column.unit == "ratio" and _is_share(result, place),
            )
        )
    return Shape(tuple(parts), tuple(measures), result, is_compiled=True)


def of_columns(result: ResultSet) -> Shape:
    """The shape of any result: numbers are measured, the rest says what they are about."""
    parts: list[Part] = []
    measures: list[Measure] = []
    for place, column in enumerate(result.columns):
        label = display.clean(column.name.replace("_", " "))
        if column.type in _NUMBERS:
            measures.append(Measure(place, column.name, label, label, None, is_known=False))
        else:
            parts.append(Part(place, column.name, label, column.type))
    return Shape(tuple(parts), tuple(measures), result, is_compiled=False)


@lru_cache(maxsize=1024)
def is_additive(expression: str) -> bool:
    """Whether groups add up: a sum or a count, and not of distinct values."""
    try:
        tree: exp.Expr = sqlglot.parse_one(expression, dialect="postgres")
    except sqlglot.ParseError:
        return False
    while isinstance(tree, exp.Paren | exp.Filter | exp.Cast):
        tree = tree.this
    if isinstance(tree, exp.Coalesce) and all(
        isinstance(other, exp.Literal) and other.this in ("0", "0.0", "0.00")
        for other in tree.expressions
    ):
        tree = tree.this
    return isinstance(tree, exp.Sum | exp.Count) and not isinstance(tree.this, exp.Distinct)


def _subject(label: str, unit: str | None) -> str:
    subject = display.lower(label)
    if unit != "count" or subject.startswith(("number of", "count of", "total ")):
        return subject
    return f"number of {subject}"


def _is_share(result: ResultSet, place: int) -> bool:
    numbers = [display.number(row[place]) for row in result.rows]
    return all(0 <= found <= 1 for found in numbers if found is not None)
