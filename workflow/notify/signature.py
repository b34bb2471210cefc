"""The signature of a webhook, after the Standard Webhooks specification, version 1. Pure."""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

PREFIX = "whsec_"


def signed_headers(
    secret: str, notification_id: str, at: datetime, body: bytes
) -> Mapping[str, str]:
    """The three headers: id, time in seconds, and HMAC-SHA256 over `id.time.body`.

    A secret that starts with `whsec_` is base64, as the specification has it; any other is taken
    as it is.
    """
    timestamp = str(int(at.timestamp()))
    content = f"{notification_id}.{timestamp}.".encode() + body
    mac = hmac.new(_key(secret), content, sha256).digest()
    return {
        "webhook-id": notification_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


def _key(secret: str) -> bytes:
    if secret.startswith(PREFIX):
        return base64.b64decode(secret.removeprefix(PREFIX))
    return secret.encode()
