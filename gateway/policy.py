"""What an identity may do. Pure decisions; a refusal is raised as Forbidden."""

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.context import UserContext
from gateway.auth.identity import Identity
from kit.problems import Forbidden

NOT_YOUR_ROLE = "Requested role is not one of yours"
OUTSIDE_SCOPE = "Requested store is outside your access scope"


@dataclass(frozen=True, slots=True)
class RowScope:
    """`store_ids` is empty when `is_all_stores`, and means no rows when it is not."""

    store_ids: tuple[int, ...]
    is_all_stores: bool


def choose_role(identity: Identity, requested: str | None) -> str:
    """The requested role if it is held, the first one held if none is requested."""
    if requested is None:
        return identity.roles[0]
    if requested not in identity.roles:
        raise Forbidden(NOT_YOUR_ROLE, kind="role-not-held")
    return requested


def narrow(
    identity: Identity, store_id: int | None, known_stores: frozenset[int] | None
) -> RowScope:
    """The identity's row scope, or one store of it.

    `known_stores` are the organisation's: a number that is none of them is in nobody's scope.
    None means that they are not on record.
    """
    if store_id is None:
        stores = () if identity.is_all_stores else identity.store_ids
        return RowScope(stores, identity.is_all_stores)
    is_held = identity.is_all_stores or store_id in identity.store_ids
    if not is_held or (known_stores is not None and store_id not in known_stores):
        raise Forbidden(OUTSIDE_SCOPE, kind="store-outside-scope")
    return RowScope((store_id,), is_all_stores=False)


def permitted(granted: Iterable[str], identity: Identity) -> tuple[str, ...]:
    """What the role grants, less what the token leaves out."""
    return tuple(p for p in granted if identity.permissions is None or p in identity.permissions)


def require(context: UserContext, permission: str) -> None:
    """Refuse a role without the permission."""
    if permission not in context.permissions:
        raise Forbidden(
            f"The role {context.role} does not have the {permission} permission.",
            kind="permission-missing",
        )


def require_any(context: UserContext, *permissions: str) -> None:
    """Refuse a role that has none of them."""
    if not set(permissions) & set(context.permissions):
        raise Forbidden(
            f"The role {context.role} does not have the {' or '.join(permissions)} permission.",
            kind="permission-missing",
        )
