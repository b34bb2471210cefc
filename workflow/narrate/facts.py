"""What is known to be true, in the form that sentences are checked against."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Context, Decimal

from contracts.plan import Grain
from kit.display import EXACT
from workflow.semantic.model import ColumnKind

Rows = frozenset[int]
RATIOS = Context(prec=40)


@dataclass(frozen=True, slots=True)
class Column:
    """The numbers of one measure, a row each. `metric` is what it is a measure of, `kind` which
    of its numbers; `is_ratio` ones may be written in percent. `sign` is the currency's, in lower
    case."""

    metric: str
    kind: ColumnKind
    values: tuple[Decimal | None, ...]
    unit: str | None = None
    is_additive: bool = False
    is_ratio: bool = False
    sign: str = ""

    @property
    def name(self) -> str:
        """The metric, with the kind of its numbers where they are not its value."""
        return self.metric if self.kind == "value" else f"{self.metric}:{self.kind}"

    def of(self, rows: Iterable[int]) -> list[Decimal]:
        """The values that there are, in some rows."""
        return [value for row in rows if (value := self.values[row]) is not None]

    def total(self, rows: Rows) -> Decimal | None:
        """The sum over rows, where groups add up and none is missing."""
        found = self.of(rows)
        if len(rows) == 1 and found:
            return found[0]
        return total_of(found) if self.is_additive and found else None


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` to `end` (not included), as far as they are given."""

    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class Extent:
    """The first and the last day of the data that a result could be of, as far as is known."""

    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A result to be spoken of. `is_complete` says that its rows are all there are; else they
    are the first ones (`is_cut`), or those over a threshold, and `order` says by which metric they
    were chosen, and whether the highest come first. `primary` is the
    metric that is meant where none is named. `times` are the
    days of rows, where time is a dimension."""

    columns: tuple[Column, ...]
    row_count: int
    is_complete: bool
    is_cut: bool = False
    primary: str = ""
    order: tuple[str, bool] | None = None
    times: Mapping[int, date] = field(default_factory=dict)
    grain: Grain | None = None
    time_dimension: int | None = None
    cells: tuple[tuple[str, ...], ...] = ()
    period: Period = Period(None, None)
    before: Period | None = None

    def column(self, metric: str, kind: ColumnKind = "value") -> Column | None:
        """A metric's numbers of a kind, if the result has them. A name with a kind of its own
        ("revenue:share") is those numbers' wherever its value is asked for."""
        if ":" in metric:
            metric, _, own = metric.partition(":")
            kind = own if kind == "value" else kind  # type: ignore[assignment]  # one of them
        return next((c for c in self.columns if (c.metric, c.kind) == (metric, kind)), None)

    @property
    def everything(self) -> Rows:
        """All rows."""
        return frozenset(range(self.row_count))

    def earlier(self, row: int) -> int | None:
        """The row of the period right before, all else being equal."""
        day = self.times.get(row)
        if day is None:
            return None
        alike = [
            other
            for other, when in self.times.items()
            if when < day and self.cells[other] == self.cells[row]
        ]
        return max(alike, key=lambda other: self.times[other], default=None)


Names = dict[str, list[tuple[str, dict[int, Rows]]]]
"""Names by their first word, the longest first, each with the rows it stands for by dimension."""


@dataclass(frozen=True)
class Grounds:
    """Everything that is known to be true.

    `names` may be said; `keyed` numbers name rows after their word ("store 1"), `anchored` ones
    belong to the plan ("top 5") and `counted` ones stand before theirs ("16 categories"). `scope`
    holds the numbers of the row scope, all of which or none are said. `phrases` are the measures'
    names in words, `labels` those of dimensions. `words` claim nothing. Without a `table` there
    are `numbers` and `days` of texts that are taken as true, and nothing is read into them.
    """

    table: Table | None = None
    names: Names = field(default_factory=dict)
    keyed: dict[str, dict[Decimal, tuple[int, Rows]]] = field(default_factory=dict)
    anchored: dict[str, set[Decimal]] = field(default_factory=dict)
    counted: dict[str, set[Decimal]] = field(default_factory=dict)
    scope: frozenset[Decimal] = frozenset()
    scope_words: frozenset[str] = frozenset()
    is_every_store: bool = False
    phrases: dict[str, list[tuple[tuple[str, ...], str]]] = field(default_factory=dict)
    words: frozenset[str] = frozenset()
    ranks: int = 0
    numbers: tuple[tuple[Decimal, bool], ...] = ()
    days: frozenset[date] = frozenset()


def total_of(values: Iterable[Decimal]) -> Decimal:
    """A sum that loses no digit."""
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, value)
    return total
