"""Consent over the public API: what a reviewer is shown, how many people it takes, how it ends."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.e2e.test_ask import ask
from tests.stack import Demo

MONTHS = ("January", "February", "March", "April", "May")
CATEGORIES = ("Action", "Comedy", "Drama", "Family", "Games")
MASK = "•••"
MOST_ROWS, ENOUGH = 5, 5
COUNTRIES = """
SELECT y.country, count(DISTINCT r.customer_id), count(*)
FROM rental r JOIN inventory i USING (inventory_id) JOIN customer c USING (customer_id)
JOIN address USING (address_id) JOIN city USING (city_id) JOIN country y USING (country_id)
WHERE i.store_id = 1 GROUP BY y.country ORDER BY y.country
"""


def waiting(demo: Demo, asker: str, question: str) -> dict[str, Any]:
    """A request, as its asker hears of it, with its run."""
    answer = ask(demo.person(asker), question)
    assert answer["status"] == "needs_approval", answer["answer"]
    return {"run_id": answer["run_id"], **dict(answer["approval"])}  # type: ignore[call-overload]


def act(
    demo: Demo, username: str, request: dict[str, Any], what: str, version: int = 0, **body: object
) -> httpx.Response:
    return demo.person(username).post(
        f"/api/approvals/{request['approval_id']}/{what}",
        json=body,
        headers={"If-Match": f'"{version}"' if version else "*"},
    )


def seen(demo: Demo, username: str, request: dict[str, Any]) -> dict[str, Any]:
    found = demo.person(username).get(f"/api/approvals/{request['approval_id']}")
    assert found.status_code == 200, found.text
    return dict(found.json())


def ended(demo: Demo, asker: str, request: dict[str, Any]) -> dict[str, Any]:
    """The answer, once the run has ended by itself."""
    deadline = time.monotonic() + 20
    while True:
        answer = demo.person(asker).get(f"/api/runs/{request['run_id']}").json()
        if answer["status"] not in ("running", "needs_approval"):
            return dict(answer)
        assert time.monotonic() < deadline, "the run did not go on"
        time.sleep(0.05)


def kind(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["type"].rpartition(":")[2]


# -- what a reviewer is shown --------------------------------------------------------------------


def test_a_sample_shows_a_reviewer_nothing_that_tells_of_a_person(demo: Demo) -> None:
    request = waiting(demo, "manager_store1", "rentals by customer")
    sample = seen(demo, "admin_user", request)["evidence"]["sample"]
    assert [column["name"] for column in sample["columns"]] == ["customer_id", "rental_count"]
    assert sample["rows"] == [[MASK, MASK]] * MOST_ROWS  # each row stands for one person

    plan = {"metrics": ["rental_count"], "dimensions": [{"field": "customer_country"}]}
    assert act(demo, "reviewer_user", request, "edit", plan=plan, reason="r").status_code == 200
    sample = seen(demo, "admin_user", request)["evidence"]["sample"]
    with psycopg.connect(demo.settings["WAREHOUSE_URL"]) as connection:
        rows = connection.execute(COUNTRIES).fetchall()[:MOST_ROWS]
    assert all(row[0] == MASK for row in sample["rows"])
    assert [row[1] for row in sample["rows"]] == [
        MASK if people < ENOUGH else n for _, people, n in rows
    ]


@pytest.mark.parametrize("username", ["reviewer_user", "reviewer_two"])
def test_a_reviewer_without_the_views_is_shown_no_row(demo: Demo, username: str) -> None:
    request = waiting(demo, "manager_store1", "rentals by customer")
    sample = seen(demo, username, request)["evidence"]["sample"]
    assert sample["rows"] == []
    assert "may not see" in sample["note"]


def test_what_was_answered_before_is_for_reviewers_who_may_see_it_alone(demo: Demo) -> None:
    asker = demo.person("manager_store1")
    first = ask(asker, "What is total revenue?")
    conversation = {"conversation_id": first["conversation_id"]}
    answer = asker.post("/api/ask", json={"question": "rentals by customer", **conversation}).json()
    request = dict(answer["approval"])
    told = {"question": "What is total revenue?", "answer": first["answer"]}
    for username, before in (
        ("admin_user", told),  # who sees all stores, and payments
        ("manager_store1", told),
        ("reviewer_user", {**told, "answer": ""}),
        ("auditor_user", {**told, "answer": ""}),
    ):
        assert seen(demo, username, request)["evidence"]["conversation"] == [before], username


def test_an_asker_sees_no_estimate_and_no_sample_of_their_own(demo: Demo) -> None:
    request = waiting(demo, "manager_store1", "rentals by customer")
    evidence = seen(demo, "manager_store1", request)["evidence"]
    assert evidence["explained"] == []
    assert evidence["sample"]["rows"] == []
    assert evidence["reveals"]["row_estimate"] is None
    assert evidence["reveals"]["smallest_group"] == 1


# -- how many people it takes --------------------------------------------------------------------


@pytest.fixture(scope="module")
def many(demo: Demo) -> Iterator[list[dict[str, Any]]]:
    """The same, asked about one group of customers after another, by one person in one hour."""
    groups = [f"for {c} in {month} 2022" for month in MONTHS for c in CATEGORIES]
    yield [
        waiting(demo, "finance_user", f"average payment by customer {group}")
        for group in ("", *groups)
    ]


def test_answers_that_could_be_taken_from_one_another_need_a_second_approver(
    demo: Demo, many: list[dict[str, Any]]
) -> None:
    assert [one["approvers_needed"] for one in many] == [1] * 24 + [2] * 2
    scores = [seen(demo, "finance_user", one)["risk"]["score"] for one in many[20:]]
    assert [score - scores[0] for score in scores] == [0, 5, 10, 15, 20, 25]
    (factor,) = [
        f for f in seen(demo, "reviewer_user", many[-1])["risk"]["factors"]
        if f["name"] == "differences"
    ]  # fmt: skip
    assert factor["points"] == 25
    assert "25 other groups of people" in factor["reason"]
    again = waiting(demo, "finance_user", "average payment by customer for Action in January 2022")
    assert again["approvers_needed"] == 2  # nor does asking the first one again help


def test_two_approvals_are_two_people_and_neither_is_the_asker(
    demo: Demo, many: list[dict[str, Any]]
) -> None:
    request = many[-1]
    assert kind(act(demo, "finance_user", request, "approve")) == (403, "permission-missing")
    first = act(demo, "reviewer_user", request, "approve", 1, reason="fine")
    assert first.status_code == 200
    assert first.json()["status"] == "pending"
    assert kind(act(demo, "reviewer_user", request, "approve")) == (409, "already-approved")
    assert kind(act(demo, "reviewer_two", request, "approve", 1)) == (412, "precondition-failed")
    asker = demo.person("finance_user")
    assert asker.get(f"/api/runs/{request['run_id']}").json()["status"] == "needs_approval"
    second = act(demo, "reviewer_two", request, "approve", first.json()["version"])
    assert second.json()["status"] == "approved"
    assert ended(demo, "finance_user", request)["status"] == "completed"
    receipt = asker.get(f"/api/runs/{request['run_id']}/receipt").json()["receipt"]
    (approval,) = receipt["approvals"]
    names = [decision["username"] for decision in approval["decisions"]]
    assert names == ["reviewer_user", "reviewer_two"]
    late = act(demo, "admin_user", request, "approve")
    assert kind(late) == (409, "already-decided")
    assert "approved by reviewer_user and reviewer_two at" in late.json()["detail"]


# -- edits ---------------------------------------------------------------------------------------

REFUSED = {
    "DELETE FROM v_rental_scoped": "Only SELECT",
    "SELECT customer_id FROM v_customer_masked": "not among the views",
    "SELECT 1; SELECT 2": "Only one statement",
    "SELECT pg_sleep(3)": "“pg_sleep” is not allowed",
    "SELECT * FROM public.rental": "not",
    "SELECT nothing_like_it FROM v_rental_scoped": "nothing_like_it",
}


def test_an_edit_that_the_guardrails_refuse_is_told_and_changes_nothing(demo: Demo) -> None:
    request = waiting(demo, "manager_store1", "rentals by customer")
    before = seen(demo, "reviewer_user", request)
    for sql, why in REFUSED.items():
        refused = act(demo, "reviewer_user", request, "edit", 1, sql=sql, reason="r")
        assert kind(refused) == (403, "statement-refused"), sql
        assert why in refused.json()["detail"]
    for body in ({"reason": "r"}, {"sql": "SELECT 1"}, {"sql": "SELECT 1", "reason": " "}):
        assert act(demo, "reviewer_user", request, "edit", 1, **body).status_code in (400, 422)
    after = seen(demo, "reviewer_user", request)
    history = [one["action"] for one in after.pop("history")]
    before.pop("history")
    assert history[0] == "request"
    assert set(history[1:]) == {"refuse"}
    assert len(history) >= 1 + len(REFUSED)
    assert after == before


def test_written_sql_needs_two_people_who_did_not_write_it(demo: Demo) -> None:
    request = waiting(demo, "manager_store1", "rentals by customer")
    sql = "SELECT customer_id, count(*) AS n FROM v_rental_scoped GROUP BY customer_id"
    edited = act(demo, "reviewer_user", request, "edit", 1, sql=sql, reason="r")
    assert edited.status_code == 200, edited.text
    assert edited.json()["approvers_needed"] == 2
    assert kind(act(demo, "reviewer_user", request, "approve")) == (403, "own-edit")
    shown = seen(demo, "admin_user", request)["evidence"]
    assert shown["sample"]["rows"] == []  # what to mask in written SQL cannot be known
    for username in ("reviewer_two", "admin_user"):
        assert act(demo, username, request, "approve").status_code == 200
    answer = ended(demo, "manager_store1", request)
    assert answer["status"] == "completed"
    assert [column["name"] for column in answer["columns"]] == ["customer_id", "n"]
    assert "store_id IN (1)" in answer["sql"]  # in the asker's scope, whoever wrote it


# -- how it ends ---------------------------------------------------------------------------------


def test_what_nobody_decides_in_time_ends_and_says_so(demo: Demo) -> None:
    request = waiting(demo, "manager_store1", "rentals by customer")
    with psycopg.connect(demo.settings["DATABASE_URL"]) as connection:
        connection.execute(
            "UPDATE approval_requests SET expires_at = now() WHERE approval_id = %s",
            (request["approval_id"],),
        )
    late = act(demo, "reviewer_user", request, "approve")
    assert late.status_code == 409
    assert "expired" in late.json()["detail"]
    answer = ended(demo, "manager_store1", request)
    assert answer["status"] == "cancelled"
    assert "Nobody decided" in answer["answer"]
    assert answer["approval"]["status"] == "expired"
    assert seen(demo, "reviewer_user", request)["possible"] == ["comment"]


def test_a_decision_that_cannot_be_is_a_clear_answer(demo: Demo) -> None:
    request = waiting(demo, "manager_store1", "rentals by customer")
    for body in ({}, {"reason": ""}, {"reason": "  "}):
        refused = act(demo, "reviewer_user", request, "reject", 1, **body)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == "/reason"
    nothing = {"approval_id": str(uuid4())}
    for what, more in (("approve", {}), ("reject", {"reason": "r"}), ("comment", {"text": "t"})):
        assert kind(act(demo, "reviewer_user", nothing, what, **more)) == (404, "not-found")
    own = waiting(demo, "admin_user", "rentals by customer")
    assert kind(act(demo, "admin_user", own, "approve")) == (403, "own-request")
    assert kind(act(demo, "manager_store1", own, "approve")) == (404, "not-found")
    assert act(demo, "admin_user", own, "cancel").json()["status"] == "cancelled"
    assert ended(demo, "admin_user", own)["status"] == "cancelled"
    assert seen(demo, "reviewer_user", request)["version"] == 1
