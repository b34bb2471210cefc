"""Who is asking, and what may they see."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from contracts.base import Wire

Name = Annotated[str, Field(max_length=128, pattern=r"^[^\u0000-\u001f\u007f-\u009f]*$")]
"""Of a person or a role: it is stored and shown, so it holds no control character."""

ScopeId = Annotated[int, Field(ge=1, le=2**31 - 1)]


class UserContext(Wire):
    """Built by the gateway from verified claims, signed into the internal token, never in a body.

    `store_ids` is the row scope in force for this call: already narrowed when one store was
    asked for, and empty when `is_all_stores` is true.
    """

    user_id: UUID
    username: Name
    org_id: UUID
    role: Name
    permissions: tuple[str, ...]
    store_ids: tuple[ScopeId, ...]
    is_all_stores: bool
    allowed_views: tuple[str, ...]

    @model_validator(mode="after")
    def _one_scope(self) -> Self:
        if self.is_all_stores and self.store_ids:
            raise ValueError("all stores and some stores: one of them is a mistake")
        return self


class Permission:
    """What a role may do. A role without a permission is refused, whatever else it holds."""

    ASK = "ask"
    APPROVE = "approve"
    AUDIT = "audit"
    ADMIN = "admin"
