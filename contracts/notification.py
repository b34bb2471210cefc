"""News of approval requests, on its way out."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from contracts.base import Wire
from contracts.run import Page

NotificationStatus = Literal["waiting", "sent", "dead"]


class Notification(Wire):
    """One piece of news for one channel. A dead one was tried often enough; it can be replayed."""

    notification_id: UUID
    approval_id: UUID
    event: Literal["requested", "decided", "expiring"]
    channel: Literal["webhook", "mail"]
    status: NotificationStatus
    attempts: int
    next_at: datetime
    last_error: str
    created_at: datetime
    sent_at: datetime | None


class NotificationPage(Page):
    """Newest first."""

    items: tuple[Notification, ...]
