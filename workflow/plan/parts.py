"""What the readers find in a question: typed pieces of a plan, with what is still open in them."""

from dataclasses import dataclass

from contracts.plan import Grain, Operator, Scalar
from workflow.plan.lexicon import Term
from workflow.plan.when import When


@dataclass(frozen=True, slots=True)
class FilterPart:
    """A condition; `options` holds the fields it can be about, each with its values."""

    operator: Operator
    options: tuple[tuple[str, tuple[Scalar, ...]], ...]
    text: str
    is_compared: bool = False


@dataclass(frozen=True, slots=True)
class TimePart:
    """Periods in the order of the question. `stamp` is the chunk just before the first, which
    may say which date is meant ("returned in July"); `field` is that date once it is settled."""

    whens: tuple[When, ...]
    is_compared: bool
    stamp: int | None
    is_joined: bool = True
    field: str | None = None


@dataclass(frozen=True, slots=True)
class DimensionPart:
    """Something to group by: the fields a phrase can mean, or a grain. `is_trend` leaves the
    grain to the length of the period."""

    terms: tuple[Term, ...] = ()
    grain: Grain | None = None
    is_trend: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class RankPart:
    """An order by the first metric, with how many rows; `is_assumed` when nobody said how many."""

    descending: bool
    limit: int | None
    target: DimensionPart | None
    is_assumed: bool = False


@dataclass(frozen=True, slots=True)
class MetricsPart:
    """The sets of metrics that the question can mean. With one and no `ask` it is settled.
    `ordered_by` is the one that "by" names, where the rows are ordered by it."""

    alternatives: tuple[tuple[str, ...], ...]
    ask: str | None = None
    ordered_by: str | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that was read."""

    filters: tuple[FilterPart, ...]
    time: TimePart | None
    rank: RankPart | None
    dimensions: tuple[DimensionPart, ...]
    metrics: MetricsPart
    is_compared: bool
    row_order: bool | None = None
