"""What people keep of answers is asked again as whoever looks, and shows nobody another's rows."""

from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from uuid_utils.compat import uuid7

from contracts.context import UserContext
from kit import internal_token
from tests.workflow.conftest import KEY
from workflow.audit.verify import verify

QUESTION = "Revenue by category"
RISKY = "rentals by customer"


class Person:
    """Calls the workflow as one person."""

    def __init__(self, url: str, context: UserContext) -> None:
        headers = {internal_token.HEADER: internal_token.sign(context, KEY)}
        self.context = context
        unkept = httpx.Limits(max_keepalive_connections=0)  # so that there is nothing to close
        self.http = httpx.Client(
            base_url=url, headers=headers, trust_env=False, timeout=30, limits=unkept
        )

    def ask(self, question: str = QUESTION) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.post("/run", json={"question": question}).json()
        return answer

    def keep(self, run_id: str, widget: str = "table", **more: str) -> httpx.Response:
        return self.http.post("/artifacts", json={"run_id": run_id, "widget": widget, **more})

    def kept(self, question: str = QUESTION) -> str:
        found = self.keep(self.ask(question)["run_id"])
        assert found.status_code == 201, found.text
        return str(found.json()["artifact_id"])

    def change(self, artifact_id: str, **wanted: object) -> httpx.Response:
        return self.http.patch(f"/artifacts/{artifact_id}", json=wanted)

    def one(self, artifact_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"/artifacts/{artifact_id}").json()
        return found

    def refresh(self, artifact_id: str) -> httpx.Response:
        return self.http.post(f"/artifacts/{artifact_id}/refresh")

    def ids(self) -> list[str]:
        return [one["artifact_id"] for one in self.http.get("/artifacts").json()["items"]]


@pytest.fixture
def org_id(app_url: str) -> UUID:
    return new_organisation(app_url, "one")


def new_organisation(app_url: str, name: str) -> UUID:
    with psycopg.connect(app_url, autocommit=True) as connection:
        row = connection.execute(
            "INSERT INTO organisations (name) VALUES (%s) RETURNING org_id", [name]
        ).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def person(url: str, org_id: UUID, name: str, **more: object) -> Person:
    values: dict[str, object] = {
        "user_id": uuid7(),
        "username": name,
        "org_id": org_id,
        "role": "store_manager",
        "permissions": ("ask",),
        "store_ids": (1,),
        "is_all_stores": False,
        "allowed_views": ("v_payment_scoped", "v_rental_scoped"),
    }
    return Person(url, UserContext.model_validate({**values, **more}))


@pytest.fixture
def owner(url: str, org_id: UUID) -> Person:
    return person(url, org_id, "owner")


@pytest.fixture
def colleague(url: str, org_id: UUID) -> Person:
    return person(url, org_id, "colleague", store_ids=(2,))


@pytest.fixture
def reviewer(url: str, org_id: UUID) -> Person:
    return person(url, org_id, "reviewer", role="reviewer", permissions=("approve",), store_ids=())


def test_a_colleague_is_shown_their_own_rows_and_only_once_they_ask(
    owner: Person, colleague: Person, app_url: str
) -> None:
    answer = owner.ask()
    kept = owner.keep(answer["run_id"], "bar", title="  Where it comes from  ")
    assert kept.status_code == 201, kept.text
    artifact_id = kept.json()["artifact_id"]
    assert owner.one(artifact_id)["run_id"] == answer["run_id"]
    assert colleague.ids() == []
    assert owner.change(artifact_id, is_shared=True).json()["is_shared"] is True

    (seen,) = colleague.http.get("/artifacts").json()["items"]
    assert (seen["owner"], seen["is_owner"], seen["widget"]) == ("owner", False, "bar")
    assert (seen["run_id"], seen["refreshed_at"], seen["pending_run_id"]) == (None, None, None)
    told = colleague.http.get("/artifacts").text
    assert not any(str(row[1]) in told for row in answer["rows"])

    theirs = colleague.refresh(artifact_id).json()
    assert theirs["status"] == "completed"
    assert theirs["security"]["row_scope"] == [2]
    assert theirs["rows"] == colleague.ask()["rows"] != answer["rows"]
    assert colleague.one(artifact_id)["run_id"] == theirs["run_id"]
    assert owner.one(artifact_id)["run_id"] == answer["run_id"]
    assert owner.http.get(f"/runs/{theirs['run_id']}").status_code == 404
    assert colleague.http.get(f"/runs/{answer['run_id']}").status_code == 404

    mine = owner.refresh(artifact_id).json()
    assert (mine["rows"], mine["plan"]) == (answer["rows"], answer["plan"])
    assert owner.refresh(artifact_id).json()["conversation_id"] == mine["conversation_id"]
    assert not verify(app_url, lambda *_: None).faults

    assert owner.change(artifact_id, title="Another").json()["title"] == "Another"
    assert colleague.one(artifact_id)["title"] == "Another"
    owner.change(artifact_id, is_shared=False)
    assert colleague.ids() == []
    assert colleague.refresh(artifact_id).status_code == 404
    assert owner.http.delete(f"/artifacts/{artifact_id}").status_code == 204
    assert owner.ids() == []
    assert owner.http.get(f"/runs/{mine['run_id']}").status_code == 200


def test_only_its_owner_changes_it_and_only_its_role_sees_it(
    url: str, org_id: UUID, owner: Person, colleague: Person, app_url: str
) -> None:
    artifact_id = owner.kept()
    owner.change(artifact_id, is_shared=True)
    strangers = (
        person(url, org_id, "other", role="finance", allowed_views=("v_payment_scoped",)),
        person(url, org_id, "governs", role="auditor", permissions=("audit",), store_ids=()),
        person(url, new_organisation(app_url, "two"), "elsewhere"),
    )
    for other in (colleague, *strangers):
        assert other.change(artifact_id, title="Mine now").status_code == 404
        assert other.http.delete(f"/artifacts/{artifact_id}").status_code == 404
    for other in strangers:
        assert other.ids() == []
        assert other.http.get(f"/artifacts/{artifact_id}").status_code == 404
        assert other.refresh(artifact_id).status_code in (403, 404)
    assert owner.one(artifact_id)["title"] != "Mine now"
    mutes = person(url, org_id, "mute", permissions=())
    assert mutes.refresh(artifact_id).status_code == 403
    as_finance = owner.context.model_copy(update={"role": "finance"})
    assert Person(url, as_finance).refresh(artifact_id).status_code == 403


def test_what_cannot_be_kept_is_said(owner: Person, colleague: Person) -> None:
    run_id = owner.ask()["run_id"]
    assert colleague.keep(run_id).status_code == 404
    assert owner.keep(str(uuid7())).status_code == 404
    wrong = owner.keep(run_id, "pie")
    assert wrong.status_code == 409
    assert "not shown as a pie" in wrong.json()["detail"]
    assert owner.keep(run_id, "map").status_code == 422
    for title in ("", "   ", "a\u0000b", "two\nlines", "x" * 121):
        assert owner.keep(run_id, title=title).status_code == 422
    for question in ("delete all payments", RISKY, "How is revenue defined?"):
        found = owner.keep(owner.ask(question)["run_id"])
        assert (found.status_code, found.json()["detail"]) == (
            409,
            "There is no result in this answer to keep.",
        )
    first = owner.keep(run_id, title="One").json()
    assert owner.keep(run_id, title="Two").json() == first
    assert owner.ids() == [first["artifact_id"]]


def test_a_refresh_is_judged_for_who_asks_it(
    url: str, org_id: UUID, owner: Person, reviewer: Person
) -> None:
    """What was approved or verified once is not let through again for that."""
    waiting = owner.ask(RISKY)
    approval_id = waiting["approval"]["approval_id"]
    assert reviewer.http.post(f"/approvals/{approval_id}/approve", json={}).status_code == 200
    answer = _finished(owner, waiting["run_id"])
    artifact_id = owner.keep(answer["run_id"]).json()["artifact_id"]
    again = owner.refresh(artifact_id).json()
    assert again["status"] == "needs_approval"
    seen = owner.one(artifact_id)
    assert (seen["run_id"], seen["pending_run_id"]) == (answer["run_id"], again["run_id"])
    assert seen["pending_status"] == "needs_approval"

    owner.http.post(f"/runs/{again['run_id']}/cancel")
    remembered = reviewer.http.post(
        f"/approvals/{approval_id}/remember", json={"roles": ["store_manager"]}
    )
    assert remembered.status_code == 201, remembered.text
    verified = owner.refresh(artifact_id).json()
    assert (verified["status"], verified["explain"]["planner"]) == ("completed", "verified")
    assert owner.one(artifact_id)["pending_run_id"] is None
    verified_id = remembered.json()["verified_id"]
    assert reviewer.http.post(f"/verified-queries/{verified_id}/revoke").status_code == 204
    assert owner.refresh(artifact_id).json()["status"] == "needs_approval"


def test_what_the_role_may_not_read_any_more_is_blocked(
    url: str, org_id: UUID, owner: Person
) -> None:
    artifact_id = owner.kept()
    owner.change(artifact_id, is_shared=True)
    less = person(url, org_id, "less", allowed_views=("v_rental_scoped",))
    found = less.refresh(artifact_id).json()
    assert (found["status"], found["rows"]) == ("blocked", [])
    assert less.one(artifact_id)["run_id"] is None


def test_nothing_is_run_from_a_record_that_does_not_hold(owner: Person, app_url: str) -> None:
    artifact_id = owner.kept()
    with psycopg.connect(app_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE query_audit_events SET detail = replace(detail::text, 'category', 'rating')"
            "::json WHERE stage = 'llm_generation'"
        )
    found = owner.refresh(artifact_id)
    assert found.status_code == 409
    assert found.json()["type"].endswith("record-broken")
    assert len(owner.http.get("/runs").json()["items"]) == 1


def _finished(asker: Person, run_id: str) -> dict[str, Any]:
    """The answer, once the run has ended: the stream of its events does then."""
    asker.http.get(f"/runs/{run_id}/events")
    answer: dict[str, Any] = asker.http.get(f"/runs/{run_id}").json()
    assert answer["status"] == "completed", answer
    return answer
