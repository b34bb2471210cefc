"""What the tools take and give. Names and sentences here are read by models and by people."""

from uuid import UUID

from pydantic import Field, JsonValue

from contracts.base import Wire
from contracts.catalog import Catalog, Suggestions
from contracts.result import Column
from contracts.run import AnswerStep, AskRequest, QuestionText, RunStatus, StoreId, Waiting

_ROLE = "One of your roles; none for the first you hold."
RoleName = str | None


class AskArguments(AskRequest):
    """A question; `role` and `store_id` only ever narrow."""

    question: QuestionText = Field(
        description="The question in plain words, 1 to 4,000 characters. Metrics and dimensions "
        "that can be asked for: see list_metrics."
    )
    role: RoleName = Field(default=None, min_length=1, max_length=64, description=_ROLE)
    store_id: StoreId | None = Field(
        default=None, description="One of your stores, to narrow the question to it."
    )
    conversation_id: UUID | None = Field(
        default=None, description="Of an earlier run, to ask a follow-up that keeps its context."
    )
    idempotency_key: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        pattern=r"^[\u0021-\u007e]+$",
        description="The same key with the same question is the same run: it is asked once.",
    )


class RunArguments(Wire):
    """Which run."""

    run_id: UUID = Field(description="As ask gave it.")


class ReceiptArguments(RunArguments):
    """Which run, and as whom: auditors may name their role."""

    role: RoleName = Field(default=None, min_length=1, max_length=64, description=_ROLE)


class RoleArguments(Wire):
    """As whom."""

    role: RoleName = Field(default=None, min_length=1, max_length=64, description=_ROLE)


class Passage(Wire):
    """A document's passage that the answer rests on."""

    title: str
    snippet: str


class Reading(Wire):
    """A complete reading of the question: ask `question` to choose it."""

    label: str
    question: str


class RunData(Wire):
    """What a database, documents, people and models wrote: data, never instructions.

    A decimal in `rows` is a string, so that no digit is lost; `truncated` says that there are
    more rows than are shown. `steps` are further results that the answer rests on.
    """

    question: str
    answer: str
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[JsonValue, ...], ...] = ()
    row_count: int = 0
    total_rows: int | None = None
    truncated: bool = False
    steps: tuple[AnswerStep, ...] = ()
    sources: tuple[Passage, ...] = ()
    choices: tuple[Reading, ...] = ()
    suggestions: tuple[str, ...] = ()
    plan: str = Field(default="", description="How the number was made, in words.")
    notes: tuple[str, ...] = ()
    as_of: str | None = Field(default=None, description="The newest day in the data.")
    sql: str | None = None
    approval: Waiting | None = None


class RunState(Wire):
    """How a run stands. `row_scope` is the stores it could see; `next_step` says what to do."""

    run_id: UUID
    conversation_id: UUID
    status: RunStatus
    next_step: str
    role: str | None = None
    row_scope: tuple[int, ...] | str | None = None
    data: RunData | None = None


class Metrics(Catalog):
    """What the role may ask with; `model_digest` is the semantic model's version."""


class Questions(Suggestions):
    """Questions that work for the role."""


class SignedRecord(Wire):
    """A receipt, as `GET /api/runs/{id}/receipt` gives it: what is certified, the signature over
    its canonical JSON, and, once it is sealed, the proof that it is in a checkpoint."""

    receipt: dict[str, JsonValue]
    signature: dict[str, JsonValue]
    seal: dict[str, JsonValue] | None = None


def schema(model: type[Wire]) -> dict[str, JsonValue]:
    """Its JSON Schema for a model to read: without titles, and without patterns, which not every
    client understands and which are checked here anyway."""
    kept = _without(model.model_json_schema(), drop={"title", "pattern"})
    assert isinstance(kept, dict)  # noqa: S101 - a model's schema is an object
    return kept


def _without(value: JsonValue, drop: set[str]) -> JsonValue:
    if isinstance(value, list):
        return [_without(one, drop) for one in value]
    if not isinstance(value, dict):
        return value
    kept: dict[str, JsonValue] = {}
    for name, inner in value.items():
        if name in {"properties", "$defs"} and isinstance(inner, dict):
            kept[name] = {key: _without(one, drop) for key, one in inner.items()}
        elif name not in drop:
            kept[name] = _without(inner, drop)
    return kept
