"""Who is asking, and what may they see."""

from uuid import UUID

from contracts.base import Wire


class UserContext(Wire):
    """Built by the gateway from verified claims, signed into the internal token, never in a body.

    `store_ids` is the row scope in force for this call: already narrowed when one store was
    asked for, and empty when `is_all_stores` is true.
    """

    user_id: UUID
    username: str
    org_id: UUID
    role: str
    permissions: tuple[str, ...]
    store_ids: tuple[int, ...]
    is_all_stores: bool
    allowed_views: tuple[str, ...]


class Permission:
    """What a role may do. A role without a permission is refused, whatever else it holds."""

    ASK = "ask"
    APPROVE = "approve"
    AUDIT = "audit"
    ADMIN = "admin"
