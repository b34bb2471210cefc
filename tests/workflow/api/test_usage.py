"""What models used and the budgets, over HTTP."""

from typing import Any

import httpx
import psycopg
import pytest
from uuid_utils.compat import uuid7

from contracts.context import UserContext
from kit import internal_token
from tests.workflow.conftest import KEY
from workflow.audit.verify import verify
from workflow.settings import WorkflowSettings

ANN, BOB = uuid7(), uuid7()


@pytest.fixture
def settings(settings: WorkflowSettings) -> WorkflowSettings:
    budgets = {"model_tokens_per_person": 5, "model_tokens_per_organisation": 9}
    return settings.model_copy(update=budgets)


USE = "INSERT INTO model_use VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"


@pytest.fixture
def admin(app_url: str) -> UserContext:
    """Of an organisation that used models on two days, beside another."""
    one, two, talk = uuid7(), uuid7(), uuid7()
    with psycopg.connect(app_url, autocommit=True) as connection:
        for org in (one, two):
            connection.execute("INSERT INTO organisations VALUES (%s, %s)", (org, str(org)))
        for org, day, who, role, model, tokens, cost in [
            (one, "2026-03-01", ANN, "finance", "small", 10, "0.5"),
            (one, "2026-03-02", ANN, "admin", "large", 30, "2.5"),
            (one, "2026-03-02", BOB, "finance", "small", 5, "0.25"),
            (one, "2026-02-01", BOB, "finance", "small", 99, "9"),
            (two, "2026-03-01", BOB, "finance", "small", 99, "9"),
        ]:
            row = (org, day, who, 1, tokens, 1, cost, role, model)
            connection.execute(USE, row)
        connection.execute(
            "INSERT INTO conversations (conversation_id, org_id, user_id, title)"
            " VALUES (%s, %s, %s, 'x')",
            (talk, one, ANN),
        )
        for who, name, at in [
            (ANN, "ann", "2026-03-01 00:00:00+00"),
            (ANN, "ann", "2026-03-02 23:59:59+00"),
            (BOB, "bob", "2026-03-03 00:00:00+00"),
        ]:
            connection.execute(
                "INSERT INTO query_audit_logs VALUES (%s, %s, %s, %s, 'finance', %s, 'q', '{}',"
                " %s, 'h')",
                (uuid7(), one, who, name, talk, at),
            )
    return UserContext(
        user_id=ANN,
        username="ann",
        org_id=one,
        role="admin",
        permissions=("admin",),
        store_ids=(),
        is_all_stores=True,
        allowed_views=(),
    )


def call(url: str, who: UserContext, method: str, path: str, **options: Any) -> httpx.Response:
    headers = {internal_token.HEADER: internal_token.sign(who, KEY)}
    return httpx.request(method, f"{url}/admin/{path}", headers=headers, trust_env=False, **options)


def test_use_is_added_up_by_day_person_role_and_model(url: str, admin: UserContext) -> None:
    days = {"since": "2026-03-01", "until": "2026-03-02"}
    found = call(url, admin, "GET", "usage", params=days)
    assert found.status_code == 200, found.text
    body = found.json()

    def of(name: str) -> list[tuple[Any, ...]]:
        keys = ("name", "questions", "prompt_tokens", "cost")
        return [tuple(line[key] for key in keys) for line in body[name]]

    assert of("by_day") == [("2026-03-01", 1, 10, "0.5"), ("2026-03-02", 1, 35, "2.75")]
    assert of("by_person") == [("ann", 2, 40, "3.0"), ("bob", 0, 5, "0.25")]
    assert of("by_role") == [("admin", 0, 30, "2.5"), ("finance", 2, 15, "0.75")]
    assert of("by_model") == [("large", None, 30, "2.5"), ("small", None, 15, "0.75")]
    assert (body["total"]["questions"], body["total"]["calls"]) == (2, 3)
    assert body["today"] == 0


@pytest.mark.parametrize(
    ("days", "status"),
    [
        ({"since": "2026-03-02", "until": "2026-03-01"}, 409),
        ({"since": "2020-01-01", "until": "2026-01-01"}, 409),
        ({"since": "yesterday"}, 422),
        ({"from": "2026-03-01"}, 422),
    ],
)
def test_days_that_are_none_are_refused(
    url: str, admin: UserContext, days: dict[str, str], status: int
) -> None:
    assert call(url, admin, "GET", "usage", params=days).status_code == status


def test_budgets_are_set_recorded_and_not_altered_unseen(
    url: str, admin: UserContext, app_url: str
) -> None:
    shipped = call(url, admin, "GET", "budgets").json()
    assert (shipped["version"], shipped["person"], shipped["default_person"]) == (0, None, 5)
    wish = {"base_version": 0, "person": 100, "organisation": None, "roles": {"finance": 7}}
    made = call(url, admin, "PUT", "budgets", json=wish)
    assert (made.status_code, made.json()["version"]) == (200, 1), made.text
    late = call(url, admin, "PUT", "budgets", json={**wish, "person": 3})
    assert (late.status_code, "at version 1" in late.json()["detail"]) == (409, True)
    assert call(url, admin, "GET", "budgets").json() == made.json()
    for bad in ({"person": -1}, {"roles": {"No Role": 1}}, {"person": "many"}, {"cost": 1}):
        refused = call(url, admin, "PUT", "budgets", json={"base_version": 1, **bad})
        assert refused.status_code == 422
    again = call(url, admin, "PUT", "budgets", json={"base_version": 1})
    assert (again.json()["version"], again.json()["person"]) == (2, None)
    (newest, first) = call(url, admin, "GET", "changes", params={"kind": "budget"}).json()["items"]
    assert (first["before"], first["after"]["person"]) == (None, 100)
    assert (newest["before"], newest["after"]["roles"]) == (first["after"], {})

    def faults() -> list[str]:
        found = [str(fault) for fault in verify(app_url, lambda *_: None).faults]
        return [fault for fault in found if "model tokens" in fault]

    assert faults() == []
    with psycopg.connect(app_url) as connection:
        connection.execute("UPDATE model_budgets SET organisation = 0")
    assert faults() == ["change model tokens: is not what change 2 made it"]


def test_only_admins_see_and_set_them(url: str, admin: UserContext) -> None:
    for permissions in (("ask",), ("approve",), ("audit",)):
        other = admin.model_copy(update={"role": "other", "permissions": permissions})
        for method, path in (("GET", "usage"), ("GET", "budgets"), ("PUT", "budgets")):
            options = {"json": {"base_version": 0}} if method == "PUT" else {}
            assert call(url, other, method, path, **options).status_code == 403
