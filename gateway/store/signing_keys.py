"""`signing_keys`, the part that is public."""

import base64

from contracts.evidence import KeySet, PublicKey
from kit.database import Connection

PUBLIC = """
SELECT key_id, public_key, created_at, retired_at FROM signing_keys
ORDER BY created_at DESC, key_id
"""


async def public_keys(connection: Connection) -> KeySet:
    """Every key that ever signed, newest first."""
    cursor = await connection.execute(PUBLIC)
    return KeySet(
        keys=tuple(
            PublicKey(
                kid=key_id,
                x=base64.urlsafe_b64encode(public_key).rstrip(b"=").decode(),
                created_at=created_at,
                retired_at=retired_at,
            )
            for key_id, public_key, created_at, retired_at in await cursor.fetchall()
        )
    )
