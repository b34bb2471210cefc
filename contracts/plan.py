"""What a planner produces: data, never code."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from contracts.base import Wire

Grain = Literal["day", "week", "month", "quarter", "year"]
Operator = Literal[
    "eq", "ne", "in", "not_in", "lt", "lte", "gt", "gte", "between", "contains",
    "is_null", "is_not_null",
]  # fmt: skip
Scalar = bool | int | Decimal | datetime | date | str


class Dimension(Wire):
    """A field to group by; `grain` truncates a time field (in UTC) and is only for those."""

    field: str
    grain: Grain | None = None


class Filter(Wire):
    """A condition on a field. `values` holds one value, two for `between` (both included), any
    number for `in` and `not_in`, none for the null tests."""

    field: str
    operator: Operator
    values: tuple[Scalar, ...] = ()


class TimeRange(Wire):
    """From `start` (included) to `end` (not included), midnights in UTC, on each metric's own
    time field. `label` is how a person would say it."""

    start: date | None = None
    end: date | None = None
    label: str = ""


class Order(Wire):
    """`by` is a metric or a dimension of the plan."""

    by: str
    descending: bool = False


class Plan(Wire):
    """A request over a semantic model. Filters are joined by AND."""

    metrics: tuple[str, ...]
    dimensions: tuple[Dimension, ...] = ()
    filters: tuple[Filter, ...] = ()
    time: TimeRange | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = Field(default=None, ge=1, le=200)


class MetricQuery(Wire):
    """The usual outcome: a plan."""

    kind: Literal["metric_query"] = "metric_query"
    plan: Plan


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
    """A complete reading of the question: asking `question` gives this reading."""

    label: str
    question: str


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
    MetricQuery | RawSql | Knowledge | Clarify | Refuse, Field(discriminator="kind")
]


class Planned(Wire):
    """A planner's output with its provenance.

    `confidence` is 0 to 1. `used_words` maps a word of the question to what it was read as;
    `unused_words` are content words that the reading left out. Tokens are 0 without a model.
    `notes` are sentences the narration must pass on ("last month counts from 31 July 2022, the
    newest day in the data").
    """

    output: PlannerOutput
    planner: Literal["builtin", "model", "verified"]
    model: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    confidence: float = 1.0
    used_words: dict[str, str] = {}
    unused_words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    fallback_reason: str | None = None
