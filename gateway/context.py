"""From an identity to the user context that the workflow acts for."""

from contracts.context import UserContext
from gateway import policy
from gateway.auth.identity import Identity
from gateway.directory import Directory
from kit.problems import Forbidden


def user_context(
    identity: Identity,
    directory: Directory,
    *,
    role: str | None = None,
    store_id: int | None = None,
) -> UserContext:
    """The context of one call. `role` and `store_id` only ever narrow.

    Permissions and views are the role's as it is now, not as it was when the token was made.
    Raises Forbidden for a role not held, a store outside the scope, a role that is no more.
    """
    chosen = policy.choose_role(identity, role)
    scope = policy.narrow(identity, store_id, directory.stores.get(identity.org_id))
    granted = directory.roles.get((identity.org_id, chosen))
    if granted is None:
        raise Forbidden("Your role has no policy here. Ask an administrator.")
    return UserContext(
        user_id=identity.user_id,
        username=identity.username,
        org_id=identity.org_id,
        role=chosen,
        permissions=policy.permitted(granted.permissions, identity),
        store_ids=scope.store_ids,
        is_all_stores=scope.is_all_stores,
        allowed_views=granted.allowed_views,
    )
