"""Who a verified token says is calling."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Identity:
    """`roles` are those held; the first is used when a request names none.

    `permissions` is the most that the token allows whatever the role says; None does not narrow.
    `token_keys` are the names under which the token can be revoked. `session_id` is absent for
    tokens of an outside issuer.
    """

    user_id: UUID
    username: str
    org_id: UUID
    roles: tuple[str, ...]
    permissions: frozenset[str] | None
    store_ids: tuple[int, ...]
    is_all_stores: bool
    token_keys: tuple[str, ...]
    session_id: UUID | None
    expires_at: float
