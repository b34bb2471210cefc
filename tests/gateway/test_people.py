"""People and what they may see, as their admins change it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from uuid_utils.compat import uuid7

from kit.passwords import HASHER
from tests.gateway.conftest import LogIn, ManualClock, headers_of

USERS = "/api/admin/users"
PASSWORD = "correct horse battery"
Admin = Callable[..., Response]


@pytest.fixture
def admin(gateway: TestClient, log_in: LogIn) -> Admin:
    """Calls as admin_user."""
    headers = log_in("admin_user", "admin123")

    def call(method: str, path: str = "", seen: int | None = None, **options: Any) -> Response:
        more = {} if seen is None else {"If-Match": f'"{seen}"'}
        return gateway.request(method, USERS + path, headers={**headers, **more}, **options)

    return call


def person(admin: Admin, username: str) -> dict[str, Any]:
    (found,) = [u for u in admin("GET", "?limit=100").json()["items"] if u["username"] == username]
    return dict(found)


def recorded(database: psycopg.Connection, subject: str) -> list[tuple[Any, ...]]:
    return database.execute(
        "SELECT actor_name, action, before, after FROM governance_changes"
        " WHERE kind = 'user' AND subject = %s ORDER BY seq",
        (subject,),
    ).fetchall()


def log_in_as(gateway: TestClient, username: str, password: str, **more: str) -> Response:
    body = {"username": username, "password": password, **more}
    return gateway.post("/api/auth/login", json=body)


def test_people_are_listed_by_name_in_pages(admin: Admin) -> None:
    first = admin("GET", "?limit=2").json()
    assert [u["username"] for u in first["items"]] == ["admin_two", "admin_user"]
    assert first["next"] == "admin_user"
    following = admin("GET", "?limit=100&cursor=admin_user").json()
    assert following["items"][0]["username"] == "auditor_user"
    assert following["next"] is None
    found = admin("GET", "?name=MANAGER").json()["items"]
    assert [(u["username"], u["store_ids"]) for u in found] == [
        ("manager_multi", [1, 2]),
        ("manager_store1", [1]),
    ]
    assert "argon2" not in str(first) + str(following)


def test_a_person_is_added_with_a_password_that_works_once(
    gateway: TestClient, admin: Admin, database: psycopg.Connection
) -> None:
    body = {"username": "new.person", "roles": ["finance", "marketing"], "store_ids": [2]}
    made = admin("POST", json=body)
    assert made.status_code == 201, made.text
    assert made.headers["cache-control"] == "no-store"
    user, once = made.json()["user"], made.json()["one_time_password"]
    assert made.headers["location"] == f"{USERS}/{user['user_id']}"
    assert (user["roles"], user["store_ids"]) == (["finance", "marketing"], [2])
    assert user["is_password_temporary"]

    refused = log_in_as(gateway, "new.person", once)
    assert (refused.status_code, refused.json()["type"]) == (
        403,
        "urn:countersign:problem:password-change-needed",
    )
    same = log_in_as(gateway, "new.person", once, new_password=once)
    assert same.json()["type"].endswith("same-password")
    assert log_in_as(gateway, "new.person", once, new_password="short").status_code == 422
    assert log_in_as(gateway, "new.person", "wrong", new_password=PASSWORD).status_code == 401
    assert log_in_as(gateway, "new.person", once, new_password=PASSWORD).status_code == 200
    assert log_in_as(gateway, "new.person", once).status_code == 401
    me = gateway.get("/api/me", headers=headers_of(gateway, "new.person", PASSWORD)).json()
    assert (me["roles"], me["store_ids"]) == (["finance", "marketing"], [2])
    assert not person(admin, "new.person")["is_password_temporary"]

    changes = recorded(database, user["user_id"])
    assert [row[:2] for row in changes] == [
        ("admin_user", "added"),
        ("new.person", "password chosen"),
    ]
    assert changes[0][2] is None
    assert changes[0][3]["roles"] == ["finance", "marketing"]
    assert once not in str(changes) and PASSWORD not in str(changes)
    assert "argon2" not in str(changes)


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"username": "admin_user", "roles": ["finance"]}, 409, "name-taken"),
        ({"username": "ADMIN_USER", "roles": ["finance"]}, 409, "name-taken"),
        ({"username": "x", "roles": ["emperor"]}, 409, "not-a-role"),
        ({"username": "x", "roles": ["finance"], "store_ids": [7]}, 409, "not-a-store"),
        ({"username": "x", "roles": []}, 422, "invalid-payload"),
        ({"username": "x", "roles": ["finance", "finance"]}, 422, "invalid-payload"),
        ({"username": "", "roles": ["finance"]}, 422, "invalid-payload"),
        ({"username": "аdmin_user", "roles": ["finance"]}, 422, "invalid-payload"),
        ({"username": " x", "roles": ["finance"]}, 422, "invalid-payload"),
        ({"username": "x", "roles": ["finance"], "password": "short"}, 422, "invalid-payload"),
        ({"username": "x", "roles": ["finance"], "org_id": str(UUID(int=1))}, 422, None),
        (
            {"username": "x", "roles": ["finance"], "is_all_stores": True, "store_ids": [1]},
            409,
            "two-scopes",
        ),
    ],
)
def test_a_person_who_cannot_be_is_refused_and_nothing_is_added(
    admin: Admin, database: psycopg.Connection, body: dict[str, Any], status: int, kind: str | None
) -> None:
    count = "SELECT (SELECT count(*) FROM app_users), (SELECT count(*) FROM governance_changes)"
    before = database.execute(count).fetchone()
    refused = admin("POST", json=body)
    assert refused.status_code == status, refused.text
    if kind:
        assert refused.json()["type"].endswith(kind)
    assert database.execute(count).fetchone() == before


def test_less_access_holds_at_once_and_more_from_the_next_refresh(
    gateway: TestClient, admin: Admin, database: psycopg.Connection
) -> None:
    tokens = log_in_as(gateway, "manager_multi", "manager123").json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    user = person(admin, "manager_multi")
    path = f"/{user['user_id']}"

    more = admin("PATCH", path, json={"roles": ["store_manager", "finance"]}, seen=1)
    assert (more.status_code, more.headers["etag"]) == (200, '"2"')
    assert gateway.get("/api/me", headers=bearer).json()["roles"] == ["store_manager"]
    renewed = gateway.post("/api/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    bearer = {"Authorization": f"Bearer {renewed.json()['access_token']}"}
    assert gateway.get("/api/me", headers=bearer).json()["roles"] == ["store_manager", "finance"]

    less = admin("PATCH", path, json={"store_ids": [2]}, seen=2)
    assert less.json()["store_ids"] == [2]
    assert gateway.get("/api/me", headers=bearer).status_code == 401
    body = {"refresh_token": renewed.json()["refresh_token"]}
    assert gateway.post("/api/auth/refresh", json=body).status_code == 401
    again = headers_of(gateway, "manager_multi", "manager123")
    assert gateway.get("/api/me", headers=again).json()["store_ids"] == [2]

    rows = recorded(database, user["user_id"])
    assert [row[1] for row in rows][-2:] == ["changed", "changed"]
    assert (rows[-1][2]["store_ids"], rows[-1][3]["store_ids"]) == ([1, 2], [2])
    database.execute("SELECT 1")


def test_whoever_is_deactivated_is_out_and_may_come_back(
    gateway: TestClient, admin: Admin, database: psycopg.Connection
) -> None:
    bearer = headers_of(gateway, "finance_user", "finance123")
    user = person(admin, "finance_user")
    ended = admin("POST", f"/{user['user_id']}/deactivate", seen=1)
    assert (ended.status_code, ended.json()["is_active"]) == (200, False)
    assert gateway.get("/api/me", headers=bearer).status_code == 401
    assert log_in_as(gateway, "finance_user", "finance123").status_code == 401
    back = admin("PATCH", f"/{user['user_id']}", json={"is_active": True})
    assert back.json()["is_active"]
    assert gateway.get("/api/me", headers=bearer).status_code == 401
    assert log_in_as(gateway, "finance_user", "finance123").status_code == 200
    assert [row[1] for row in recorded(database, user["user_id"])][-2:] == [
        "deactivated",
        "activated",
    ]


def test_a_password_is_reset_and_every_session_ends(
    gateway: TestClient, admin: Admin, database: psycopg.Connection
) -> None:
    bearer = headers_of(gateway, "reviewer_user", "reviewer123")
    user = person(admin, "reviewer_user")
    reset = admin("POST", f"/{user['user_id']}/password", json={})
    assert (reset.status_code, reset.headers["cache-control"]) == (200, "no-store")
    once = reset.json()["one_time_password"]
    assert len(once) >= 16
    assert gateway.get("/api/me", headers=bearer).status_code == 401
    assert log_in_as(gateway, "reviewer_user", "reviewer123").status_code == 401
    assert log_in_as(gateway, "reviewer_user", once, new_password=PASSWORD).status_code == 200
    given = admin("POST", f"/{user['user_id']}/password", json={"password": PASSWORD + "!"})
    assert given.json()["one_time_password"] is None
    answer = log_in_as(gateway, "reviewer_user", PASSWORD + "!")
    assert answer.json()["type"].endswith("password-change-needed")
    rows = recorded(database, user["user_id"])
    assert [row[1] for row in rows][-3:] == ["password reset", "password chosen", "password reset"]
    assert rows[-1][2] == rows[-1][3]


def test_nobody_widens_their_own_access(admin: Admin, database: psycopg.Connection) -> None:
    user = person(admin, "admin_user")
    path = f"/{user['user_id']}"
    refused = admin("PATCH", path, json={"roles": ["admin", "auditor"]})
    assert (refused.status_code, refused.json()["type"].endswith("own-access")) == (403, True)
    assert admin("POST", f"{path}/password", json={}).json()["type"].endswith("own-password")
    assert admin("PATCH", path, json={"is_all_stores": False, "store_ids": [1]}).status_code == 200
    assert person_after_login(admin, path) == 401  # their own token is of before


def person_after_login(admin: Admin, path: str) -> int:
    return admin("GET", path).status_code


def test_the_last_admin_stays(
    gateway: TestClient, admin: Admin, database: psycopg.Connection
) -> None:
    own, other = person(admin, "admin_user"), person(admin, "admin_two")
    assert admin("POST", f"/{other['user_id']}/deactivate").status_code == 200
    refused = admin("PATCH", f"/{own['user_id']}", json={"is_active": False})
    assert (refused.status_code, refused.json()["type"].endswith("last-admin")) == (409, True)
    assert person(admin, "admin_user")["version"] == 1


def test_of_two_who_decide_by_the_same_version_the_second_is_told(admin: Admin) -> None:
    path = f"/{person(admin, 'finance_user')['user_id']}"
    assert admin("GET", path).headers["etag"] == '"1"'
    assert admin("PATCH", path, json={"store_ids": [2]}, seen=1).status_code == 200
    late = admin("PATCH", path, json={"store_ids": []}, seen=1)
    assert (late.status_code, "changed meanwhile" in late.json()["detail"]) == (412, True)
    assert admin("POST", f"{path}/password", json={}, seen=1).status_code == 412
    assert admin("POST", f"{path}/deactivate", seen=1).status_code == 412
    assert person(admin, "finance_user")["store_ids"] == [2]


def test_what_changes_nothing_is_not_recorded(admin: Admin, database: psycopg.Connection) -> None:
    user = person(admin, "finance_user")
    before = recorded(database, user["user_id"])
    same = admin("PATCH", f"/{user['user_id']}", json={"roles": ["finance"], "store_ids": [1]})
    assert (same.status_code, same.json()["version"]) == (200, 1)
    assert admin("PATCH", f"/{user['user_id']}", json={}).status_code == 422
    assert recorded(database, user["user_id"]) == before


def test_another_organisations_people_are_not_there(
    admin: Admin, database: psycopg.Connection
) -> None:
    other, user_id = uuid7(), uuid7()
    database.execute(
        "INSERT INTO organisations (org_id, name) VALUES (%s, %s)", (other, str(other))
    )
    database.execute(
        "INSERT INTO app_users (user_id, org_id, username, password_hash) VALUES (%s, %s, %s, %s)",
        (user_id, other, f"of_{user_id}", HASHER.hash("x")),
    )
    assert f"of_{user_id}" not in admin("GET", "?limit=100").text
    for method, path, body in [
        ("GET", "", None),
        ("PATCH", "", {"roles": ["finance"]}),
        ("POST", "/deactivate", None),
        ("POST", "/password", {}),
    ]:
        assert admin(method, f"/{user_id}{path}", json=body).status_code == 404
    row = database.execute(
        "SELECT version, is_active FROM app_users WHERE user_id = %s", (user_id,)
    )
    assert row.fetchone() == (1, True)


def test_what_people_can_be_given_is_told(gateway: TestClient, log_in: LogIn) -> None:
    found = gateway.get("/api/admin/access", headers=log_in("admin_user", "admin123")).json()
    assert [s["store_id"] for s in found["stores"]] == [1, 2]
    assert [r["role"] for r in found["roles"]][:2] == ["admin", "auditor"]


def test_a_refused_change_of_many_at_once_leaves_one_admin(
    gateway: TestClient, admin: Admin, clock: ManualClock
) -> None:
    """Each admin takes the other's role away, at the same time."""
    from concurrent.futures import ThreadPoolExecutor

    two = headers_of(gateway, "admin_two", "admin123")
    own, other = person(admin, "admin_user"), person(admin, "admin_two")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(admin, "PATCH", f"/{other['user_id']}", json={"roles": ["finance"]})
        second = pool.submit(
            gateway.patch,
            f"{USERS}/{own['user_id']}",
            json={"roles": ["finance"]},
            headers=two,
        )
        statuses = sorted([first.result().status_code, second.result().status_code])
    assert statuses in ([200, 401], [200, 409])
