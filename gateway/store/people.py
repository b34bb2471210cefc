"""app_users with roles and stores, as the admins of an organisation read and change them."""

from uuid import UUID

from psycopg.rows import class_row, scalar_row

from contracts.people import Role, Store, User
from kit.database import Connection

_SELECT = """
SELECT u.user_id, u.username, u.is_active, u.is_all_stores, u.is_password_temporary,
    u.created_at, u.last_login_at, u.version,
    ARRAY(SELECT r.role FROM app_user_roles AS r
        WHERE r.user_id = u.user_id ORDER BY r.position, r.role) AS roles,
    ARRAY(SELECT s.store_id FROM app_user_store_access AS s
        WHERE s.user_id = u.user_id ORDER BY s.store_id) AS store_ids
FROM app_users AS u
WHERE u.org_id = %(org_id)s
"""


async def lock(connection: Connection, org_id: UUID) -> None:
    """Of the people of an organisation one change at a time, until the transaction ends: whether
    somebody is the last admin is true of no two changes at once."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('people of ' || %(org_id)s::text, 0))",
        {"org_id": org_id},
    )


async def page(
    connection: Connection, org_id: UUID, *, name: str, after: str | None, limit: int
) -> list[User]:
    """By name, from after the one called `after`; those whose name holds `name`."""
    async with connection.cursor(row_factory=class_row(User)) as cursor:
        await cursor.execute(
            _SELECT
            + """
            AND strpos(lower(u.username), lower(%(name)s)) > 0
            AND (%(after)s::text IS NULL OR u.username > %(after)s)
            ORDER BY u.username LIMIT %(limit)s
            """,
            {"org_id": org_id, "name": name, "after": after, "limit": limit},
        )
        return await cursor.fetchall()


async def get(connection: Connection, org_id: UUID, user_id: UUID) -> User | None:
    """That one, of that organisation."""
    async with connection.cursor(row_factory=class_row(User)) as cursor:
        await cursor.execute(
            _SELECT + "AND u.user_id = %(user_id)s", {"org_id": org_id, "user_id": user_id}
        )
        return await cursor.fetchone()


async def holding(
    connection: Connection, org_id: UUID, roles: tuple[str, ...], *, other_than: UUID, limit: int
) -> list[str]:
    """The names of the first active people, by name, who hold one of the roles."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            """
            SELECT username FROM app_users AS u
            WHERE org_id = %(org_id)s AND is_active AND user_id <> %(other_than)s
                AND EXISTS (SELECT FROM app_user_roles AS r
                    WHERE r.user_id = u.user_id AND r.role = ANY(%(roles)s))
            ORDER BY username LIMIT %(limit)s
            """,
            {"org_id": org_id, "roles": list(roles), "other_than": other_than, "limit": limit},
        )
        names: list[str] = await cursor.fetchall()
        return names


async def is_taken(connection: Connection, username: str) -> bool:
    """Whether anybody, anywhere, has a name that differs by no more than capitals."""
    cursor = await connection.execute(
        "SELECT EXISTS (SELECT FROM app_users WHERE lower(username) = lower(%(username)s))",
        {"username": username},
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def insert(
    connection: Connection, org_id: UUID, username: str, *, password_hash: str, is_all_stores: bool
) -> UUID:
    """The id of a new person, whose password works once. Raises UniqueViolation."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            """
            INSERT INTO app_users (org_id, username, password_hash, is_all_stores,
                is_password_temporary)
            VALUES (%(org_id)s, %(username)s, %(password_hash)s, %(is_all_stores)s, true)
            RETURNING user_id
            """,
            {
                "org_id": org_id,
                "username": username,
                "password_hash": password_hash,
                "is_all_stores": is_all_stores,
            },
        )
        [user_id] = await cursor.fetchall()
        made: UUID = user_id
        return made


async def update(
    connection: Connection, user_id: UUID, *, is_active: bool, is_all_stores: bool
) -> None:
    """The next version of a person."""
    await connection.execute(
        """
        UPDATE app_users
        SET is_active = %(is_active)s, is_all_stores = %(is_all_stores)s, version = version + 1
        WHERE user_id = %(user_id)s
        """,
        {"user_id": user_id, "is_active": is_active, "is_all_stores": is_all_stores},
    )


async def set_roles(
    connection: Connection, org_id: UUID, user_id: UUID, roles: tuple[str, ...]
) -> None:
    """These, in this order, and no others."""
    values = {"org_id": org_id, "user_id": user_id, "roles": list(roles)}
    await connection.execute("DELETE FROM app_user_roles WHERE user_id = %(user_id)s", values)
    await connection.execute(
        """
        INSERT INTO app_user_roles (user_id, org_id, role, position)
        SELECT %(user_id)s, %(org_id)s, role, place
        FROM unnest(%(roles)s::text[]) WITH ORDINALITY AS given (role, place)
        """,
        values,
    )


async def set_stores(connection: Connection, user_id: UUID, store_ids: tuple[int, ...]) -> None:
    """These, and no others."""
    values = {"user_id": user_id, "store_ids": list(store_ids)}
    await connection.execute(
        "DELETE FROM app_user_store_access WHERE user_id = %(user_id)s", values
    )
    await connection.execute(
        """
        INSERT INTO app_user_store_access (user_id, store_id)
        SELECT %(user_id)s, store_id FROM unnest(%(store_ids)s::integer[]) AS store_id
        """,
        values,
    )


async def set_password(connection: Connection, user_id: UUID, password_hash: str) -> None:
    """One that works once."""
    await connection.execute(
        """
        UPDATE app_users
        SET password_hash = %(password_hash)s, is_password_temporary = true, version = version + 1
        WHERE user_id = %(user_id)s
        """,
        {"user_id": user_id, "password_hash": password_hash},
    )


async def active_admins(connection: Connection, org_id: UUID) -> int:
    """How many people can govern the organisation."""
    cursor = await connection.execute(
        """
        SELECT count(DISTINCT u.user_id)
        FROM app_users AS u
        JOIN app_user_roles AS r USING (user_id, org_id)
        JOIN app_roles AS a ON a.org_id = r.org_id AND a.role = r.role
        WHERE u.org_id = %(org_id)s AND u.is_active AND 'admin' = ANY (a.permissions)
        """,
        {"org_id": org_id},
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def roles(connection: Connection, org_id: UUID) -> list[Role]:
    """Those of the organisation, by name."""
    async with connection.cursor(row_factory=class_row(Role)) as cursor:
        await cursor.execute(
            """
            SELECT role, permissions, allowed_views FROM app_roles
            WHERE org_id = %(org_id)s ORDER BY role
            """,
            {"org_id": org_id},
        )
        return await cursor.fetchall()


async def stores(connection: Connection, org_id: UUID) -> list[Store]:
    """Those of the organisation, by number."""
    async with connection.cursor(row_factory=class_row(Store)) as cursor:
        await cursor.execute(
            "SELECT store_id, name FROM app_stores WHERE org_id = %(org_id)s ORDER BY store_id",
            {"org_id": org_id},
        )
        return await cursor.fetchall()
