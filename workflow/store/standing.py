"""What a person may see now, read where the gateway reads it."""

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from contracts.context import UserContext

NOW = """
SELECT u.is_active AND held.role IS NOT NULL, u.is_all_stores,
    ARRAY(SELECT store_id FROM app_user_store_access s WHERE s.user_id = u.user_id),
    r.permissions, r.allowed_views
FROM app_users u
LEFT JOIN app_user_roles held ON held.user_id = u.user_id AND held.role = %(role)s
LEFT JOIN app_roles r ON r.org_id = u.org_id AND r.role = held.role
WHERE u.user_id = %(user_id)s AND u.org_id = %(org_id)s
"""


async def standing(
    connection: AsyncConnection[TupleRow], context: UserContext
) -> UserContext | None:
    """The context as it would be if it were made now: the same where nothing was taken away, and
    None for somebody who may not log in any more or has lost the role. Who is in no table here
    is known to an outside issuer alone, and keeps what the token said."""
    cursor = await connection.execute(
        NOW, {"user_id": context.user_id, "org_id": context.org_id, "role": context.role}
    )
    row = await cursor.fetchone()
    if row is None:
        return context
    is_holding, is_all_stores, stores, permissions, views = row
    if not is_holding:
        return None
    kept = tuple(s for s in context.store_ids if is_all_stores or s in stores)
    is_all = context.is_all_stores and is_all_stores
    return context.model_copy(
        update={
            "permissions": tuple(p for p in context.permissions if p in permissions),
            "allowed_views": tuple(v for v in context.allowed_views if v in views),
            "is_all_stores": is_all,
            "store_ids": kept if not context.is_all_stores or is_all else tuple(sorted(stores)),
        }
    )
