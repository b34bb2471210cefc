"""A result with what its columns mean: what the narrator, the checker and the widgets look at."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from pydantic import JsonValue

from contracts.catalog import NumberFormat
from contracts.plan import Grain, Plan, TimeRange
from contracts.result import ResultSet
from contracts.run import Heading
from kit import display
from kit.display import Shown
from workflow.semantic.model import ColumnKind, Compiled, OutputColumn, SemanticModel
from workflow.semantic.resolve import period_before

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
    """Numbers of a metric, at `index` of each row. `subject` is their name inside a sentence;
    `metric` is whose they are and `kind` which of its numbers: its value, or what a comparison or
    a calculation added. `is_additive` says that the values of groups add up to that of the whole,
    `is_share` that the values are shown in percent. `is_known` is false for a column of raw SQL,
    whose meaning nobody declared."""

    index: int
    name: str
    label: str
    subject: str
    unit: str | None
    is_additive: bool = False
    is_share: bool = False
    is_known: bool = True
    metric: str = ""
    kind: ColumnKind = "value"
    format: NumberFormat | None = None
    synonyms: tuple[str, ...] = ()

    @property
    def metric_name(self) -> str:
        """The metric, with the kind of its numbers where they are not its value."""
        return self.metric if self.kind == "value" else f"{self.metric}:{self.kind}"

    def show(self, value: Decimal) -> Shown:
        """A value of it, in its unit."""
        return display.show(value, self.unit, self.format, is_share=self.is_share)

    def show_with(self, value: Decimal, decimals: int) -> Shown:
        """The same with so many decimals."""
        style: Literal["percent", "number"] = "percent" if self.is_share else "number"
        given = self.format or NumberFormat(style=style)
        exact = given.model_copy(update={"decimals": decimals})
        return display.show(value, self.unit, exact, is_share=self.is_share)


@dataclass(frozen=True, slots=True)
class Shape:
    """The result. `is_compiled` tells a plan's from that of raw SQL; `before` is the period that
    a comparison without a grain is with; `read` keeps the columns that were read as numbers,
    `headed` the headings once they are made."""

    dimensions: tuple[Part, ...]
    metrics: tuple[Measure, ...]
    result: ResultSet
    is_compiled: bool
    before: TimeRange | None = None
    read: dict[int, tuple[Decimal | None, ...]] = field(default_factory=dict, compare=False)
    headed: list[tuple[Heading, ...]] = field(default_factory=list, compare=False)

    def measure(self, metric: str, kind: ColumnKind = "value") -> Measure | None:
        """A metric's numbers of a kind, if the result has them."""
        return next((m for m in self.metrics if (m.metric, m.kind) == (metric, kind)), None)

    def numbers(self, metric: Measure) -> tuple[Decimal | None, ...]:
        """The metric's column."""
        found = self.read.get(metric.index)
        if found is None:
            found = tuple(display.number(row[metric.index]) for row in self.result.rows)
            self.read[metric.index] = found
        return found

    def headings(self) -> tuple[Heading, ...]:
        """Of the result's columns, in their order. What raw SQL calls an id is a name."""
        if not self.headed:
            self.headed.append(self._headings())
        return self.headed[0]

    def _headings(self) -> tuple[Heading, ...]:
        found = {
            part.index: Heading(label=display.upper(part.label), grain=part.grain)
            for part in self.dimensions
        }
        for metric in self.metrics:
            found[metric.index] = Heading(
                label=display.upper(metric.label),
                is_measure=metric.is_known
                or (
                    metric.name not in ("id", "year") and not metric.name.endswith(("_id", "_year"))
                ),
                unit=metric.unit,
                format=metric.format,
                is_share=metric.is_share,
            )
        return tuple(found[place] for place in sorted(found))

    def key(self, row: Sequence[JsonValue]) -> str:
        """What a row is about."""
        return ", ".join(part.show(row[part.index]) for part in self.dimensions)


def of_plan(plan: Plan, compiled: Compiled, result: ResultSet, model: SemanticModel) -> Shape:
    """The shape of a compiled plan's result; columns pair up in order."""
    grains = iter([dimension.grain for dimension in plan.dimensions])
    synonyms = {metric.name: metric.synonyms for metric in model.metrics}
    parts: list[Part] = []
    measures: list[Measure] = []
    for place, column in enumerate(compiled.columns):
        if column.role == "dimension":
            parts.append(Part(place, column.name, column.label, column.type, next(grains, None)))
            continue
        measures.append(
            Measure(
                place,
                column.name,
                column.label,
                _subject(column.label, column.unit),
                column.unit,
                is_additive=column.is_additive,
                is_share=_is_share(column, result, place),
                metric=column.metric or column.name,
                kind=column.kind,
                format=column.format,
                synonyms=synonyms.get(column.metric, ()) if column.kind == "value" else (),
            )
        )
    return Shape(tuple(parts), tuple(measures), result, is_compiled=True, before=_before(plan))


def _before(plan: Plan) -> TimeRange | None:
    if plan.comparison is None or any(dimension.grain for dimension in plan.dimensions):
        return None
    return period_before(plan)


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


def _subject(label: str, unit: str | None) -> str:
    subject = display.lower(label)
    if unit != "count" or subject.startswith(("number of", "count of", "total ")):
        return subject
    return f"number of {subject}"


def _is_share(column: OutputColumn, result: ResultSet, place: int) -> bool:
    """What is a ratio and not said to be something else, is a share where it can be one."""
    if column.format is not None:
        return column.format.style == "percent"
    if column.unit != "ratio":
        return False
    numbers = [display.number(row[place]) for row in result.rows]
    return all(0 <= found <= 1 for found in numbers if found is not None)
