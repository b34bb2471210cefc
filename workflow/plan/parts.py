"""What the readers find in a question: typed pieces of a plan, with what is still open in them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from contracts.plan import Grain, Operator, Scalar, TimeRange, WidgetType
from workflow.plan.lexicon import Term
from workflow.plan.when import When


@dataclass(frozen=True, slots=True)
class FilterPart:
    """A condition; `options` holds the fields it can be about, each with its values. `first` and
    `last` are its places in the question. `is_or` joins it to the one before it by "or";
    `is_labelled` says that the field itself was named ("weekday Monday")."""

    operator: Operator
    options: tuple[tuple[str, tuple[Scalar, ...]], ...]
    text: str
    is_compared: bool = False
    first: int = -1
    last: int = -1
    is_or: bool = False
    is_labelled: bool = False


@dataclass(frozen=True, slots=True)
class TimePart:
    """Periods in the order of the question. `stamp` is the chunk just before the first, which
    may say which date is meant ("returned in July"); `field` is that date once it is settled.
    `settled` are the days, where a follow-up keeps those of before."""

    whens: tuple[When, ...]
    is_compared: bool
    stamp: int | None
    is_joined: bool = True
    field: str | None = None
    settled: TimeRange | None = None


@dataclass(frozen=True, slots=True)
class ComparisonPart:
    """Two periods side by side. `to` is `named` where the question says both, or only the other
    one (`when`, or `period` where it is kept from before); `step` is the grain of "month over
    month". `is_falling` and `is_rising` say which
    way it is said to go, `is_rate` that it is meant in percent."""

    to: Literal["named", "previous_period", "previous_year"]
    when: When | None = None
    period: TimeRange | None = None
    step: Grain | None = None
    is_change: bool = False
    is_falling: bool = False
    is_rising: bool = False
    is_rate: bool = False


@dataclass(frozen=True, slots=True)
class HavingPart:
    """A threshold on each group: any of `metrics` may be meant by `text`. `is_or` joins it to the
    one before it by "or"."""

    operator: Operator
    numbers: tuple[Decimal, ...]
    metrics: tuple[str, ...]
    text: str
    is_or: bool = False


@dataclass(frozen=True, slots=True)
class Extras:
    """What is worked out from the rows, and how they are shown. `is_of_total` says that
    it is the share of the whole that is meant, not a ratio; `is_picture` wants a picture of
    whatever kind."""

    is_share: bool = False
    is_of_total: bool = False
    is_running: bool = False
    with_ties: bool = False
    widget: WidgetType | None = None
    is_picture: bool = False


@dataclass(frozen=True, slots=True)
class DimensionPart:
    """Something to group by: the fields a phrase can mean, or a grain. `is_trend` leaves the
    grain to the length of the period; `is_asked` says that the question is which ones,
    `is_within` that shares start anew for each of it, `is_doubtful` that it
    may only be who did it ("rentals by customers in Canada"). `only` leaves rows out at the end,
    once shares of all of them are worked out."""

    terms: tuple[Term, ...] = ()
    grain: Grain | None = None
    is_trend: bool = False
    text: str = ""
    is_asked: bool = False
    is_within: bool = False
    is_doubtful: bool = False
    only: FilterPart | None = None


@dataclass(frozen=True, slots=True)
class RankPart:
    """An order by the first metric, with how many rows; `is_assumed` when nobody said how many,
    `is_both` when both ends were asked for."""

    descending: bool
    limit: int | None
    target: DimensionPart | None
    is_assumed: bool = False
    is_both: bool = False


@dataclass(frozen=True, slots=True)
class MetricsPart:
    """The sets of metrics that the question can mean. With one and no `ask` it is settled.
    `ordered_by` is the one that "by" names, where the rows are ordered by it; `is_open` says that
    the question named none, `is_assumed` that it did so by a word that is not quite its name."""

    alternatives: tuple[tuple[str, ...], ...]
    ask: str | None = None
    ordered_by: str | None = None
    is_open: bool = False
    is_assumed: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that was read. Rows go by their amount, down (`row_order` true) or up, or by what
    they are of, as in "newest first" (`group_order` true) and "alphabetically"."""

    filters: tuple[FilterPart, ...]
    time: TimePart | None
    rank: RankPart | None
    dimensions: tuple[DimensionPart, ...]
    metrics: MetricsPart
    is_compared: bool
    row_order: bool | None = None
    comparison: ComparisonPart | None = None
    having: tuple[HavingPart, ...] = ()
    extras: Extras = Extras()
    group_order: bool | None = None
