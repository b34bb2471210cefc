"""What a planner produces: data, never code."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from contracts.base import Wire, whole

Grain = Literal["day", "week", "month", "quarter", "year"]
Operator = Literal[
    "eq", "ne", "in", "not_in", "lt", "lte", "gt", "gte", "between", "contains",
    "is_null", "is_not_null",
]  # fmt: skip
WidgetType = Literal["table", "metric", "bar", "line", "pie"]
Scalar = bool | int | Decimal | datetime | date | str


class Dimension(Wire):
    """A field to group by; `grain` truncates a time field (in UTC) and is only for those."""

    field: str
    grain: Grain | None = None


class Filter(Wire):
    """A condition on a field. `values` holds one value, two for `between` (both included), any
    number for `in` and `not_in`, none for the null tests.

    It is met or not, never unknown: a missing value meets `ne`, `not_in` and `is_null`, and no
    other."""

    field: str
    operator: Operator
    values: tuple[Scalar, ...] = ()


class FilterGroup(Wire):
    """Conditions joined by `and` or `or`; `not` is met where its one condition is not. So `not` of
    `eq` is `ne`, for a missing value too. At most 8 deep."""

    operator: Literal["and", "or", "not"]
    filters: "tuple[Filter | FilterGroup, ...]" = Field(min_length=1)


class RelativeTime(Wire):
    """`count` whole `unit`s, the last of them `offset` units from the one that holds the as-of
    day: last month is (month, -1, 1), the last 30 days (day, 0, 30), this year (year, 0, 1).
    Weeks start on Monday."""

    unit: Grain
    offset: Annotated[int, Field(ge=-1000, le=0), BeforeValidator(whole)] = 0
    count: Annotated[int, Field(ge=1, le=1000), BeforeValidator(whole)] = 1


class TimeRange(Wire):
    """From `start` (included) to `end` (not included), midnights in UTC, on each metric's own
    time field; or `relative`, which is resolved to these before a plan is compiled. `label` is
    how a person would say it."""

    start: date | None = None
    end: date | None = None
    relative: RelativeTime | None = None
    label: str = ""


class Comparison(Wire):
    """Each metric beside its value in another period, with the change between the two.

    Without a grain among the dimensions the plan's whole period moves: back by its own length
    (`previous_period`: by months where it is whole months, else by days), by a year
    (`previous_year`), or to `period`; all have a first and a last day. With a grain, which must
    be on the metrics' own date, each row stands beside the one a grain earlier, or the same
    grain a year earlier (52 weeks, where the grain is a week), read from the data before the
    period too; `period` has no meaning then. What is not over is compared fairly: resolving
    ends a period with the as-of day, and cuts the other to as many days.

    Adds, after each metric, `<metric>_before`, `<metric>_change` (now minus before) and
    `<metric>_change_ratio` (change divided by before, where before is above zero). A group that
    only one period has keeps its row. Its change counts the other side as 0 where the metric
    adds up over groups and that side has any group at all, so that the changes of groups sum to
    the change of the whole; else it has none.
    """

    to: Literal["previous_period", "previous_year", "period"]
    period: TimeRange | None = None


class Calculation(Wire):
    """A column made of the result's rows, before `having` and `limit` leave any out.

    `share`, named `<metric>_share`: the metric divided by its sum over all rows, 0 to 1;
    `running_total`, named `<metric>_running_total`: its sum up to the row, in order of time.
    Both start anew for each combination of the dimensions in `within`. A share needs a dimension
    that is not in there, a running total exactly one of time, with all others in `within`. Only
    metrics that add up over groups (sums and counts, not of distinct values) have either.
    """

    kind: Literal["share", "running_total"]
    metric: str
    within: tuple[str, ...] = ()


class Order(Wire):
    """`by` is a column of the result: a metric, a dimension, or what a comparison or a
    calculation adds."""

    by: str
    descending: bool = False


class Plan(Wire):
    """A request over a semantic model. Filters are joined by AND, and so are those of `having`,
    whose fields are columns of the result: a condition there on a dimension leaves rows out after
    shares and totals are worked out over all of them. `with_ties` keeps the rows
    that are equal, in what `order` names, to the last one inside the limit. Relative periods are
    resolved (`workflow/semantic/resolve.py`) before a plan is compiled and recorded."""

    metrics: tuple[str, ...]
    dimensions: tuple[Dimension, ...] = ()
    filters: tuple[Filter | FilterGroup, ...] = ()
    time: TimeRange | None = None
    comparison: Comparison | None = None
    calculations: tuple[Calculation, ...] = ()
    having: tuple[Filter | FilterGroup, ...] = ()
    order: tuple[Order, ...] = ()
    limit: Annotated[int, Field(ge=1, le=200), BeforeValidator(whole)] | None = None
    with_ties: bool = False


class MetricQuery(Wire):
    """The usual outcome: a plan, and the widget that the person asked for, if any."""

    kind: Literal["metric_query"] = "metric_query"
    plan: Plan
    widget: WidgetType | None = None


class Investigation(Wire):
    """Why a metric moved: the change between two periods, then the same change by one dimension
    in each of `breakdowns`. `direction` is the one the question takes for granted, which the
    numbers may not bear out. The documents in `document_ids` bear on it."""

    kind: Literal["investigation"] = "investigation"
    change: Plan
    breakdowns: tuple[Plan, ...]
    direction: Literal["up", "down"] | None = None
    document_ids: tuple[str, ...] = ()


class RawSql(Wire):
    """Only where no plan can say it; always waits for a person."""

    kind: Literal["sql"] = "sql"
    sql: str
    reason: str = ""


class Knowledge(Wire):
    """Answered from documents alone; `document_ids` are those that bear on it."""

    kind: Literal["knowledge"] = "knowledge"
    document_ids: tuple[str, ...] = ()


class Choice(Wire):
    """A complete reading of the question: asking `question` gives this reading. `plan` is that
    reading where nothing else could be relied on to find it again; it holds for this choice,
    asked in this conversation."""

    label: str
    question: str
    plan: Plan | None = None


class Clarify(Wire):
    """One question back, with choices."""

    kind: Literal["clarify"] = "clarify"
    question: str
    choices: tuple[Choice, ...] = ()


class Refuse(Wire):
    """Why not, in a sentence, and the nearest questions that can be answered."""

    kind: Literal["refuse"] = "refuse"
    reason: str
    suggestions: tuple[str, ...] = ()


PlannerOutput = Annotated[
    MetricQuery | Investigation | RawSql | Knowledge | Clarify | Refuse,
    Field(discriminator="kind"),
]


class Planned(Wire):
    """A planner's output with its provenance.

    `prompt_digest` is of all that a model was told beside catalog and message; `cost`, in US
    dollars, is what its tokens cost, where prices are set. `confidence` is 0 to 1. `used_words`
    maps a word of the question to what it was read as; `unused_words` are content words that the
    reading left out. Tokens are 0 without a model. `notes` are sentences the narration must pass
    on ("last month counts from 31 July 2022, the newest day in the data").
    """

    output: PlannerOutput
    planner: Literal["builtin", "model", "verified"]
    model: str | None = None
    prompt_digest: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: Decimal | None = None
    confidence: float = 1.0
    used_words: dict[str, str] = {}
    unused_words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    fallback_reason: str | None = None
