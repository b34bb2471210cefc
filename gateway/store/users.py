"""app_users, with the roles and stores of each."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row
from pydantic import JsonValue

from contracts import people
from kit.database import Connection


@dataclass(frozen=True, slots=True)
class User:
    """`roles` are ordered, the default first; `permissions` are those of all of them."""

    user_id: UUID
    org_id: UUID
    username: str
    password_hash: str
    is_active: bool
    is_all_stores: bool
    is_password_temporary: bool
    roles: list[str]
    permissions: list[str]
    store_ids: list[int]


def on_record(user: User | people.User) -> JsonValue:
    """What is recorded of a person, and `countersign audit verify` compares with what stands:
    never a password or its hash."""
    return {
        "username": user.username,
        "is_active": user.is_active,
        "is_all_stores": user.is_all_stores,
        "roles": list(user.roles),
        "store_ids": list(user.store_ids),
    }


_SELECT = """
    SELECT u.user_id, u.org_id, u.username, u.password_hash, u.is_active, u.is_all_stores,
        u.is_password_temporary,
        ARRAY(
            SELECT r.role FROM app_user_roles AS r
            WHERE r.user_id = u.user_id ORDER BY r.position, r.role
        ) AS roles,
        ARRAY(
            SELECT DISTINCT p.permission
            FROM app_user_roles AS r
            JOIN app_roles AS a ON a.org_id = r.org_id AND a.role = r.role
            CROSS JOIN unnest(a.permissions) AS p (permission)
            WHERE r.user_id = u.user_id ORDER BY p.permission
        ) AS permissions,
        ARRAY(
            SELECT s.store_id FROM app_user_store_access AS s
            WHERE s.user_id = u.user_id ORDER BY s.store_id
        ) AS store_ids
    FROM app_users AS u
"""


async def by_name(connection: Connection, username: str) -> User | None:
    """The user of that exact name."""
    async with connection.cursor(row_factory=class_row(User)) as cursor:
        await cursor.execute(_SELECT + "WHERE u.username = %(username)s", {"username": username})
        return await cursor.fetchone()


async def by_id(connection: Connection, user_id: UUID) -> User | None:
    """The user of that id."""
    async with connection.cursor(row_factory=class_row(User)) as cursor:
        await cursor.execute(_SELECT + "WHERE u.user_id = %(user_id)s", {"user_id": user_id})
        return await cursor.fetchone()


async def logged_in(
    connection: Connection, user_id: UUID, *, at: datetime, new_hash: str | None
) -> None:
    """Note a login, and a password hash made anew if there is one."""
    await connection.execute(
        """
        UPDATE app_users
        SET last_login_at = %(at)s, password_hash = coalesce(%(new_hash)s, password_hash)
        WHERE user_id = %(user_id)s
        """,
        {"user_id": user_id, "at": at, "new_hash": new_hash},
    )


async def set_own_password(connection: Connection, user_id: UUID, password_hash: str) -> None:
    """One that the person chose."""
    await connection.execute(
        """
        UPDATE app_users
        SET password_hash = %(password_hash)s, is_password_temporary = false,
            version = version + 1
        WHERE user_id = %(user_id)s
        """,
        {"user_id": user_id, "password_hash": password_hash},
    )
