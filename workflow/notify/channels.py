"""Where news goes: a webhook, or mail. Both only to where the settings say."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Protocol

import httpx
import orjson

from workflow.notify.signature import signed_headers
from workflow.store.notifications import NotificationRow

SECONDS = 10.0


class NotDelivered(Exception):
    """The other side did not take it; the message names no secret and quotes no answer."""


class Deliver(Protocol):
    """A way out."""

    async def __call__(self, notification: NotificationRow) -> None:
        """Raises NotDelivered."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Posts the body, signed. Redirects are not followed and no proxy is used: the address in
    the settings is the only one that is ever called."""

    url: str
    secret: str

    async def __call__(self, notification: NotificationRow) -> None:
        """Raises NotDelivered for anything but an answer of 2xx."""
        body = notification.body.encode()
        now = datetime.now(UTC)
        headers = signed_headers(self.secret, str(notification.notification_id), now, body)
        try:
            async with httpx.AsyncClient(
                timeout=SECONDS, follow_redirects=False, trust_env=False
            ) as client:
                answer = await client.post(
                    self.url,
                    content=body,
                    headers={**headers, "Content-Type": "application/json"},
                )
        except httpx.HTTPError as error:
            raise NotDelivered(type(error).__name__) from error
        if not answer.is_success:
            raise NotDelivered(f"it answered {answer.status_code}")


@dataclass(frozen=True, slots=True)
class Mail:
    """Sends a short mail. `is_encrypted` asks for STARTTLS before anything else is said, of a
    server whose certificate is good."""

    host: str
    port: int
    sender: str
    recipients: tuple[str, ...]
    user: str = ""
    password: str = ""
    is_encrypted: bool = True

    async def __call__(self, notification: NotificationRow) -> None:
        """Raises NotDelivered."""
        try:
            await asyncio.to_thread(self._send, self._message(notification))
        except (OSError, smtplib.SMTPException) as error:
            raise NotDelivered(type(error).__name__) from error

    def _message(self, notification: NotificationRow) -> EmailMessage:
        data = orjson.loads(notification.body)["data"]
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = ", ".join(self.recipients)
        message["Subject"] = f"Countersign: approval {notification.event}"
        message["Message-ID"] = f"<{notification.notification_id}@countersign>"
        message.set_content(
            f"{_SAID[notification.event]}\n\n"
            f"Request: {data['approval_id']}\n"
            f"Asked by: {data['asker']}\n"
            f"Risk: {data['score']} of 100\n"
            f"Status: {data['status']}\n"
            f"Expires: {data['expires_at']}\n"
        )
        return message

    def _send(self, message: EmailMessage) -> None:
        with smtplib.SMTP(self.host, self.port, timeout=SECONDS) as server:
            if self.is_encrypted:
                server.starttls(context=ssl.create_default_context())
            if self.user:
                server.login(self.user, self.password)
            server.send_message(message)


_SAID = {
    "requested": "Something waits for your approval.",
    "decided": "An approval request was decided.",
    "expiring": "An approval request ends soon, and nobody has decided.",
}
