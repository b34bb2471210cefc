"""Prompt packs: what an organisation tells a language model beside the fixed instructions."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field

from contracts.base import Wire, whole
from contracts.context import Name
from contracts.run import QuestionText, Source, StoreId

BlockText = Annotated[str, Field(max_length=4_000)]
NameOfBlock = Annotated[Name, Field(min_length=1)]
Reason = Annotated[
    str,
    Field(
        min_length=1,
        max_length=500,
        pattern=r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$",
    ),
]
PackNumber = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1), BeforeValidator(whole)]
Layer = Literal["organisation", "role", "user"]


class PromptBlocks(Wire):
    """Plain text by layer: for everybody, by role, by user name. An empty block says nothing.
    `{role}` and `{username}` in a text stand for those of the person who asks."""

    organisation: BlockText = ""
    roles: Annotated[dict[str, BlockText], Field(max_length=100)] = {}
    users: Annotated[dict[str, BlockText], Field(max_length=200)] = {}


class PromptPackProposal(Wire):
    """A new version, written from `base_version`. `note` says what it is for."""

    base_version: PackNumber
    blocks: PromptBlocks
    note: Reason


class FallenCase(Wire):
    """A case of the suite that is not answered as it has to be. `had_held` says that it was with
    what was in force; then it counts against the candidate by itself."""

    case_id: str
    role: str
    username: str = ""
    question: str
    wanted: str
    got: str
    had_held: bool


class Evaluation(Wire):
    """The suite, asked of the configured model with a version. `held`: no case fell that was right
    with what is in force; where that is not known, the share of right ones is at least
    `required`. `stopped`: nothing can be said, and `problem` says why."""

    evaluation_id: UUID
    version: int
    model: str
    status: Literal["running", "held", "fell", "stopped"]
    done: int = 0
    total: int = 0
    right: int = 0
    right_before: int | None = None
    required: float = 0.0
    fallen: tuple[FallenCase, ...] = ()
    problem: str = ""
    started_by: str
    started_at: datetime
    ended_at: datetime | None = None


class PackActivation(Wire):
    """That a version came into force, or is to: then a second admin has to confirm it, because no
    model was configured to test it with, and `in_force_from` is None."""

    version: int
    asked_by: str
    asked_at: datetime
    confirmed_by: str | None = None
    in_force_from: datetime | None = None
    is_rollback: bool = False


class PromptPackVersion(Wire):
    """A version without its text. 0 is what the service started with. `digest` is the SHA-256 of
    the fixed instructions and all blocks; `evaluation` is the newest by the model as configured
    now, over the suite as it is now."""

    version: int
    base_version: int | None
    digest: str
    note: str
    proposed_by: str | None
    proposed_at: datetime | None
    is_in_force: bool
    waiting: PackActivation | None = None
    evaluation: Evaluation | None = None


class PromptPackDetail(PromptPackVersion):
    """A version with its text, and the fixed rules that it stands behind."""

    blocks: PromptBlocks
    instructions: str


class PromptPackList(Wire):
    """Newest first. `model` is the one that is configured, `model_in_force` the one that may plan
    for the organisation; where they differ, none does until the suite held with the first."""

    items: tuple[PromptPackVersion, ...]
    in_force: int
    model: str | None
    model_in_force: str | None
    model_evaluation: Evaluation | None = None
    roles: tuple[str, ...]
    suite_cases: int
    history: tuple[PackActivation, ...] = ()


class DiffLine(Wire):
    """A line of a block: in both, only in the later version, or only in the earlier one."""

    kind: Literal["same", "added", "removed"]
    text: str


class BlockDiff(Wire):
    """A block that differs; `name` is a role's or a person's, empty for the organisation's."""

    layer: Layer
    name: str = ""
    lines: tuple[DiffLine, ...]


class PromptPackDiff(Wire):
    """What differs between two versions, block by block."""

    before: int
    after: int
    blocks: tuple[BlockDiff, ...]


class PreviewRequest(Wire):
    """A question, who would ask it, and by which version: `blocks` are a draft's, and count
    instead of those of a `version`; without either, the version in force."""

    question: QuestionText
    role: NameOfBlock
    username: Name = ""
    store_ids: Annotated[tuple[StoreId, ...], Field(max_length=1000)] = ()
    version: PackNumber | None = None
    blocks: PromptBlocks | None = None


class PromptMessage(Wire):
    """One message of a request to a model."""

    role: str
    content: str


class PromptPreview(Wire):
    """The prompt that the question would produce. Where `messages` is empty no model would be
    asked, and `instead` says what becomes of the question without one."""

    messages: tuple[PromptMessage, ...] = ()
    prompt_digest: str | None = None
    characters: int = 0
    sources: tuple[Source, ...] = ()
    instead: str = ""


class ActivationOutcome(Wire):
    """What came of asking for a version to come into force. `untested` says what could not be
    tested where a second admin has to confirm."""

    activation: PackActivation
    is_in_force: bool
    untested: str = ""


class RollBack(Wire):
    """Why what is in force must not stay."""

    reason: Reason
