"""The record of governing changes, read: by whom, how searched, and that reading is recorded."""

import httpx
import psycopg
import pytest
from uuid_utils.compat import uuid7

from contracts.context import UserContext
from kit import internal_token
from tests.workflow.conftest import KEY

ANN, BOB = uuid7(), uuid7()


@pytest.fixture
def admin(app_url: str) -> UserContext:
    """Of an organisation with five changes, beside another that has one."""
    with psycopg.connect(app_url, autocommit=True) as connection:
        orgs = [
            connection.execute(
                "INSERT INTO organisations (name) VALUES (%s) RETURNING org_id", (name,)
            ).fetchone()
            for name in ("one", "two")
        ]
        one, two = (row[0] for row in orgs if row)
        for org_id, by, name, kind in [
            (one, ANN, "ann", "user"),
            (one, ANN, "ann", "budget"),
            (two, ANN, "ann", "user"),
            (one, BOB, "bob", "user"),
            (one, None, "seed", "user"),
            (one, BOB, "bob", "policy"),
        ]:
            connection.execute(
                "SELECT record_change(%s, %s, %s, 'admin', %s, 'x', 'changed', '1', '[2]')",
                (org_id, by, name, kind),
            )
    return UserContext(
        user_id=uuid7(),
        username="someone",
        org_id=one,
        role="admin",
        permissions=("admin",),
        store_ids=(),
        is_all_stores=True,
        allowed_views=(),
    )


def read(url: str, who: UserContext, **search: str | int) -> httpx.Response:
    token = internal_token.sign(who, KEY)
    headers = {internal_token.HEADER: token}
    return httpx.get(f"{url}/admin/changes", params=search, headers=headers, trust_env=False)


def seqs(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [item["seq"] for item in answer.json()["items"]]


def test_changes_are_found_by_kind_person_and_time(
    url: str, admin: UserContext, app_url: str
) -> None:
    whole = read(url, admin)
    assert seqs(whole) == [5, 4, 3, 2, 1]
    newest = whole.json()["items"][0]
    assert (newest["actor_name"], newest["actor_id"]) == ("bob", str(BOB))
    assert (newest["before"], newest["after"], newest["checkpoint"]) == (1, [2], None)
    assert newest["prev_hash"] == whole.json()["items"][1]["hash"]
    assert seqs(read(url, admin, kind="user")) == [4, 3, 1]
    assert seqs(read(url, admin, person="ann")) == [2, 1]
    assert seqs(read(url, admin, person=str(BOB), kind="user")) == [3]
    third = whole.json()["items"][2]["at"]
    assert seqs(read(url, admin, since=third)) == [5, 4, 3]
    assert seqs(read(url, admin, until=third)) == [2, 1]
    assert seqs(read(url, admin, subject="y")) == []
    first = read(url, admin, limit=2)
    assert (seqs(first), first.json()["next"]) == ([5, 4], "4")
    last = read(url, admin, limit=3, cursor="4")
    assert (seqs(last), last.json()["next"]) == ([3, 2, 1], "1")
    with psycopg.connect(app_url) as connection:
        rows = connection.execute(
            "SELECT username, query->>'person' FROM record_accesses WHERE what = 'changes'"
            " ORDER BY access_id"
        ).fetchall()
    assert ("someone", "ann") in rows
    assert len(rows) == 9


@pytest.mark.parametrize(
    "search",
    [{"kind": "nothing"}, {"cursor": "0"}, {"limit": "101"}, {"since": "yesterday"}, {"page": "2"}],
)
def test_a_search_that_is_none_is_refused(
    url: str, admin: UserContext, search: dict[str, str]
) -> None:
    assert read(url, admin, **search).status_code == 422


def test_only_who_governs_or_audits_reads_them(url: str, admin: UserContext) -> None:
    auditor = admin.model_copy(update={"role": "auditor", "permissions": ("audit",)})
    assert seqs(read(url, auditor)) == [5, 4, 3, 2, 1]
    for permissions in ((), ("ask",), ("approve",), ("ask", "approve")):
        other = admin.model_copy(update={"role": "other", "permissions": permissions})
        refused = read(url, other)
        assert (refused.status_code, "items" in refused.json()) == (403, False)
