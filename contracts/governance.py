"""Changes of what people may see, and of the rules they ask by: who, what, before and after."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, JsonValue

from contracts.audit import Moment
from contracts.base import Wire
from contracts.run import Page

ChangeKind = Literal[
    "user",
    "policy",
    "verified_query",
    "budget",
    "document",
    "prompt_pack",
    "language_model",
    "semantic_model",
]
"""What can be changed. The stores of a person are part of the `user`."""


class NewChange(Wire):
    """A change to record. `subject` is the id of what changed within its kind; `before` is None
    for what is new, `after` for what is gone, and neither ever holds a secret."""

    kind: ChangeKind
    subject: str
    action: str
    before: JsonValue = None
    after: JsonValue = None


class ChangeSearch(Wire):
    """All that is given has to fit. `person` is the name or the id of who made the change, `since`
    is included, `until` is not."""

    kind: ChangeKind | None = None
    subject: Annotated[str | None, Field(max_length=128, pattern=r"^[^\u0000]*$")] = None
    person: Annotated[str | None, Field(max_length=128, pattern=r"^[^\u0000]*$")] = None
    since: Moment | None = None
    until: Moment | None = None
    cursor: Annotated[
        int | None,
        Field(ge=1, le=2**31 - 1, description="The `next` of the page before; none for the first."),
    ] = None
    limit: Annotated[int, Field(ge=1, le=100, description="Most items on a page.")] = 20


class Change(Wire):
    """A change as it is on record; `seq` counts those of the organisation. `prev_hash` and `hash`
    are its place in the organisation's chain, `checkpoint` the number of the one that seals it.
    What the owner of the database changed by command has no `actor_id`."""

    seq: int
    change_id: UUID
    at: datetime
    actor_id: UUID | None
    actor_name: str
    actor_role: str
    kind: str
    subject: str
    action: str
    before: JsonValue
    after: JsonValue
    prev_hash: str
    hash: str
    checkpoint: int | None


class ChangePage(Page):
    """Newest first."""

    items: tuple[Change, ...]
