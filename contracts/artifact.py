"""A widget that someone kept."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.base import Wire
from contracts.plan import WidgetType
from contracts.run import Page, RunStatus, StoreId

Title = Annotated[
    str,
    Field(
        min_length=1,
        max_length=120,
        pattern=r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f]"
        r"[^\u0000-\u001f\u007f-\u009f]*$",
    ),
]
"""One line with at least one visible character."""


class KeepRequest(Wire):
    """Keep a widget of the answer of a run of one's own. Without a `title` it is the widget's."""

    run_id: UUID
    widget: WidgetType
    title: Title | None = None


class ArtifactChange(Wire):
    """What is None stays as it is. Shared, it is shown to whoever holds its role in the same
    organisation."""

    title: Title | None = None
    is_shared: bool | None = None


class RefreshRequest(Wire):
    """Ask what was kept again, as oneself. `role` and `store_id` only ever narrow."""

    role: str | None = Field(default=None, min_length=1, max_length=64)
    store_id: StoreId | None = None


class Artifact(Wire):
    """As one person sees it. It holds no rows: `run_id` is the newest run of this person's own
    that refreshed it (or that it was kept from) to the end, and None until there is one.
    `pending_run_id` is a newer run of theirs that came to nothing, or waits: `pending_status` says
    which."""

    artifact_id: UUID
    title: str
    widget: WidgetType
    question: str
    role: str
    owner: str
    is_owner: bool
    is_shared: bool
    kept_at: datetime
    run_id: UUID | None = None
    refreshed_at: datetime | None = None
    pending_run_id: UUID | None = None
    pending_status: RunStatus | None = None


class ArtifactPage(Page):
    """Newest first."""

    items: tuple[Artifact, ...]
