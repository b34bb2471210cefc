"""The demo's organisation, its roles and its people."""

from pathlib import Path
from typing import TypeVar
from uuid import UUID

import psycopg
import yaml
from pydantic import BaseModel, ConfigDict

from kit.canonical import canonical
from kit.passwords import HASHER

FOLDER = Path(__file__).parent / "pagila"
ModelT = TypeVar("ModelT", bound=BaseModel)


class _Seed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Role(_Seed):
    permissions: tuple[str, ...]
    allowed_views: tuple[str, ...]


class _Roles(_Seed):
    roles: dict[str, _Role]


class _User(_Seed):
    username: str
    password: str
    roles: tuple[str, ...]
    store_ids: tuple[int, ...] = ()
    is_all_stores: bool = False


class _People(_Seed):
    organisation: str
    stores: dict[int, str]
    users: tuple[_User, ...]


def seed_identity(url: str) -> None:
    """Bring the application's database (migrated, as its owner) to what `roles.yaml` and
    `users.yaml` say.

    Roles and stores are brought up to date; a user who exists is left as they are, whatever
    was changed since, and costs no password hash. Safe to call at every start.
    """
    policy = _read("roles.yaml", _Roles)
    people = _read("users.yaml", _People)
    with psycopg.connect(url) as connection:
        org_id = _organisation(connection, people.organisation)
        _roles(connection, org_id, policy)
        _stores(connection, org_id, people)
        rows = connection.execute("SELECT username FROM app_users").fetchall()
        known = {name for (name,) in rows}
        for user in people.users:
            if user.username not in known:
                _user(connection, org_id, user)


def _read(name: str, model: type[ModelT]) -> ModelT:
    return model.model_validate(yaml.safe_load((FOLDER / name).read_text(encoding="utf-8")))


def _organisation(connection: psycopg.Connection, name: str) -> UUID:
    connection.execute(
        "INSERT INTO organisations (name) VALUES (%(name)s) ON CONFLICT (name) DO NOTHING",
        {"name": name},
    )
    row = connection.execute(
        "SELECT org_id FROM organisations WHERE name = %(name)s", {"name": name}
    ).fetchone()
    if row is None:
        raise LookupError(f"The organisation {name!r} could not be made.")
    org_id: UUID = row[0]
    return org_id


def _roles(connection: psycopg.Connection, org_id: UUID, policy: _Roles) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO app_roles (org_id, role, permissions, allowed_views)
            VALUES (%(org_id)s, %(role)s, %(permissions)s, %(allowed_views)s)
            ON CONFLICT (org_id, role) DO UPDATE
            SET permissions = excluded.permissions, allowed_views = excluded.allowed_views
            """,
            [
                {
                    "org_id": org_id,
                    "role": name,
                    "permissions": list(role.permissions),
                    "allowed_views": list(role.allowed_views),
                }
                for name, role in policy.roles.items()
            ],
        )


def _stores(connection: psycopg.Connection, org_id: UUID, people: _People) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO app_stores (org_id, store_id, name)
            VALUES (%(org_id)s, %(store_id)s, %(name)s)
            ON CONFLICT (org_id, store_id) DO UPDATE SET name = excluded.name
            """,
            [
                {"org_id": org_id, "store_id": store_id, "name": name}
                for store_id, name in people.stores.items()
            ],
        )


def _user(connection: psycopg.Connection, org_id: UUID, user: _User) -> None:
    connection.execute(
        """
        WITH person AS (
            INSERT INTO app_users (org_id, username, password_hash, is_all_stores)
            VALUES (%(org_id)s, %(username)s, %(password_hash)s, %(is_all_stores)s)
            ON CONFLICT (username) DO NOTHING
            RETURNING user_id
        ), held AS (
            INSERT INTO app_user_roles (user_id, org_id, role, position)
            SELECT user_id, %(org_id)s, role, position
            FROM person, unnest(%(roles)s::text[]) WITH ORDINALITY AS given (role, position)
        ), scope AS (
            INSERT INTO app_user_store_access (user_id, store_id)
            SELECT user_id, store_id FROM person, unnest(%(store_ids)s::integer[]) AS store_id
        )
        SELECT record_change(%(org_id)s, NULL, 'seed', 'owner', 'user', user_id::text, 'added',
            NULL, %(on_record)s)
        FROM person
        """,
        {
            "org_id": org_id,
            "username": user.username,
            "password_hash": HASHER.hash(user.password),
            "is_all_stores": user.is_all_stores,
            "roles": list(user.roles),
            "store_ids": list(user.store_ids),
            "on_record": canonical(
                {
                    "username": user.username,
                    "is_active": True,
                    "is_all_stores": user.is_all_stores,
                    "roles": list(user.roles),
                    "store_ids": [*sorted(user.store_ids)],
                }
            ),
        },
    )
