"""A model's answer as it came: its shape, nothing yet about its meaning."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from contracts.plan import Grain, Operator, WidgetType

LONGEST_TEXT = 64_000
_Text = Annotated[str, Field(max_length=8_000)]


class _Closed(BaseModel):
    """What was not asked for is an error: nothing rides along unseen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DimensionReply(_Closed):
    """A field to group by."""

    field: _Text
    grain: Grain | None = None


class FilterReply(_Closed):
    """A condition, its values still as the model wrote them."""

    field: _Text
    operator: Operator
    values: tuple[bool | int | float | _Text, ...] = Field(default=(), max_length=100)


class NegatableReply(FilterReply):
    """A condition that may be turned round."""

    is_negated: bool = False


class EitherReply(_Closed):
    """Conditions of which at least one is met."""

    any_of: tuple[NegatableReply, ...] = Field(min_length=1, max_length=20)


class RelativeReply(_Closed):
    """A period that counts from the newest day in the data."""

    unit: Grain
    offset: int = 0
    count: int = 1


class TimeReply(_Closed):
    """A period, its days still text."""

    start: _Text | None = None
    end: _Text | None = None
    relative: RelativeReply | None = None


class ComparisonReply(_Closed):
    """What a period is held against."""

    to: Literal["previous_period", "previous_year", "period"]
    period: TimeReply | None = None


class CalculationReply(_Closed):
    """A column made of the result's rows."""

    kind: Literal["share", "running_total"]
    metric: _Text
    within: tuple[_Text, ...] = Field(default=(), max_length=6)


class OrderReply(_Closed):
    """What to sort by."""

    by: _Text
    descending: bool = False


class PlanReply(_Closed):
    """A plan in the model's words."""

    metrics: tuple[_Text, ...] = Field(min_length=1, max_length=10)
    dimensions: tuple[DimensionReply, ...] = Field(default=(), max_length=6)
    filters: tuple[FilterReply, ...] = Field(default=(), max_length=20)
    either: tuple[EitherReply, ...] = Field(default=(), max_length=10)
    time: TimeReply | None = None
    comparison: ComparisonReply | None = None
    calculations: tuple[CalculationReply, ...] = Field(default=(), max_length=6)
    having: tuple[FilterReply, ...] = Field(default=(), max_length=10)
    order: tuple[OrderReply, ...] = Field(default=(), max_length=6)
    limit: int | None = None
    with_ties: bool = False
    widget: WidgetType | None = None


class InvestigationReply(_Closed):
    """Why a metric changed, in the model's words."""

    metric: _Text
    filters: tuple[FilterReply, ...] = Field(default=(), max_length=20)
    time: TimeReply
    comparison: ComparisonReply
    breakdowns: tuple[_Text, ...] = Field(min_length=1, max_length=8)


class SqlReply(_Closed):
    """A statement, not looked at here: that is the guardrails' work."""

    sql: _Text = Field(min_length=1)
    reason: _Text = ""


class KnowledgeReply(_Closed):
    """Documents that answer."""

    document_ids: tuple[_Text, ...] = Field(min_length=1, max_length=10)


class ChoiceReply(_Closed):
    """One reading."""

    label: _Text
    question: _Text


class ClarifyReply(_Closed):
    """A question back."""

    question: _Text
    choices: tuple[ChoiceReply, ...] = Field(min_length=2, max_length=8)


class RefuseReply(_Closed):
    """A reason."""

    reason: _Text
    suggestions: tuple[_Text, ...] = Field(default=(), max_length=8)


class UsedWordReply(_Closed):
    """How a word of the question was read."""

    word: _Text
    read_as: _Text


class Reply(_Closed):
    """The member named by `kind` is there; the others are not looked at."""

    kind: Literal["metric_query", "investigation", "sql", "knowledge", "clarify", "refuse"]
    metric_query: PlanReply | None = None
    investigation: InvestigationReply | None = None
    sql: SqlReply | None = None
    knowledge: KnowledgeReply | None = None
    clarify: ClarifyReply | None = None
    refuse: RefuseReply | None = None
    confidence: float = 0.5
    used_words: tuple[UsedWordReply, ...] = Field(default=(), max_length=60)
    unused_words: tuple[_Text, ...] = Field(default=(), max_length=60)

    @model_validator(mode="after")
    def _has_its_member(self) -> Self:
        if getattr(self, self.kind) is None:
            raise ValueError(f"kind is {self.kind}, but {self.kind} is null")
        return self


def parse(text: str) -> Reply | tuple[str, ...]:
    """The reply, or what is wrong with its shape. Thinking aloud before the JSON and a code
    fence around it are forgiven: models that no schema holds do both."""
    text = text.rpartition("</think>")[2]
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start or end - start > LONGEST_TEXT:
        return ("the answer is not one JSON object",)
    try:
        return Reply.model_validate_json(text[start : end + 1])
    except ValidationError as error:
        return tuple(
            f"{'.'.join(str(part) for part in item['loc'])[:100]}: {item['msg'][:200]}"
            for item in error.errors(include_url=False, include_input=False)[:8]
        )
