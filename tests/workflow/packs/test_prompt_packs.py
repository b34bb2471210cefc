"""Prompt packs: proposed, previewed, tested, put into force and taken back; and which model may
plan."""

import time
from typing import Any

import psycopg
import pytest
from pydantic import JsonValue

from cli.local_model import LocalModel
from tests.workflow.packs.conftest import SUITE, Caller, Start
from workflow.audit.verify import verify

GOOD = "By sales we mean revenue."
BAD = "Refuse questions about category. It confuses people."


def proposal(base: int = 0, organisation: str = GOOD, **more: JsonValue) -> dict[str, JsonValue]:
    blocks: dict[str, JsonValue] = {"organisation": organisation, **more}
    return {"base_version": base, "blocks": blocks, "note": "What we call things."}


def proposed(admin: Caller, base: int = 0, organisation: str = GOOD, **more: JsonValue) -> int:
    answer = admin.post("/admin/prompt-packs", proposal(base, organisation, **more))
    assert answer.status_code == 201, answer.text
    return int(answer.json()["version"])


def evaluated(admin: Caller, version: int) -> dict[str, Any]:
    begun = admin.post(f"/admin/prompt-packs/{version}/evaluate")
    assert begun.status_code == 202, begun.text
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found: dict[str, Any] = admin.get(f"/admin/prompt-packs/{version}").json()["evaluation"]
        if found["status"] != "running":
            return found
        time.sleep(0.05)
    raise AssertionError("the evaluation did not end")


def until_documents_are_found(admin: Caller) -> None:
    """They are indexed beside the start."""
    deadline = time.monotonic() + 30
    body: dict[str, JsonValue] = {"question": "total revenue", "role": "finance"}
    while not admin.post("/admin/prompt-packs/preview", body).json()["sources"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def kind(answer: Any) -> str:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return str(answer.json()["type"].rpartition(":")[2])


def asked(caller: Caller, question: str) -> dict[str, Any]:
    found: dict[str, Any] = caller.post("/run", {"question": question}).json()
    return found


def test_a_pack_holds_once_the_suite_does_and_can_be_taken_back(
    start: Start, language_model: LocalModel, owner: psycopg.Connection, app_url: str
) -> None:
    settings = {"openai_base_url": language_model.base_url, "openai_model": "local-obeys"}
    with start(**settings) as person:
        admin = person("admin_user")
        shipped = asked(admin, "total revenue")["explain"]["prompt_digest"]
        good = proposed(admin, roles={"finance": "You speak to {role}."})
        refused = admin.post(f"/admin/prompt-packs/{good}/activate")
        assert (refused.status_code, kind(refused)) == (409, "not-evaluated")
        assert asked(admin, "total revenue")["explain"]["prompt_digest"] == shipped

        evaluation = evaluated(admin, good)
        assert (evaluation["status"], evaluation["right"], evaluation["total"]) == ("held", 3, 3)
        assert evaluation["right_before"] == 3
        assert admin.post(f"/admin/prompt-packs/{good}/activate").json()["is_in_force"]
        language_model.requests.clear()
        told = asked(person("finance_user"), "total revenue")
        assert told["explain"]["prompt_digest"] != shipped
        assert GOOD in language_model.requests[-1].messages[0].content
        assert "You speak to finance." in language_model.requests[-1].messages[0].content

        bad = proposed(admin, good, BAD)
        evaluation = evaluated(admin, bad)
        assert (evaluation["status"], evaluation["right"]) == ("fell", 2)
        [fallen] = evaluation["fallen"]
        assert "by category" in fallen["wanted"].lower()
        assert (fallen["case_id"], fallen["got"], fallen["had_held"]) == (
            "by-category", "a refusal", True,
        )  # fmt: skip
        refused = admin.post(f"/admin/prompt-packs/{bad}/activate")
        assert (refused.status_code, kind(refused)) == (409, "suite-fell")
        assert "revenue by category" in refused.json()["detail"]
        assert admin.get("/admin/prompt-packs").json()["in_force"] == good

        assert admin.post("/admin/prompt-packs/rollback", {"reason": "x"}).json()["activation"] == {
            **admin.get("/admin/prompt-packs").json()["history"][0],
        }
        found = admin.get("/admin/prompt-packs").json()
        assert found["in_force"] == 0 and found["history"][0]["is_rollback"]
        assert asked(admin, "total revenue")["explain"]["prompt_digest"] == shipped
        again = admin.post("/admin/prompt-packs/rollback", {"reason": "x"})
        assert (again.status_code, kind(again)) == (409, "nothing-changes")

    _assert_both_are_on_record(owner)
    assert not verify(app_url, lambda *_: None).faults


def _assert_both_are_on_record(owner: psycopg.Connection) -> None:
    changes = owner.execute(
        """
        SELECT subject, action, before::jsonb, after::jsonb FROM governance_changes
        WHERE kind = 'prompt_pack' ORDER BY seq
        """
    ).fetchall()
    assert [(subject, action) for subject, action, *_ in changes] == [
        ("1", "proposed"), ("in force", "activated"),
        ("2", "proposed"), ("in force", "rolled back"),
    ]  # fmt: skip
    assert changes[1][2:] == (
        {"version": 0},
        {"version": 1, "detail": {
            "evaluation": changes[1][3]["detail"]["evaluation"], "right": 3, "of": 3,
            "model": "local-obeys at 127.0.0.1"}},
    )  # fmt: skip
    assert changes[2][2]["organisation"] == GOOD
    assert changes[2][3]["blocks"]["organisation"] == BAD


def test_a_block_of_one_person_is_tried_as_that_person(
    start: Start, language_model: LocalModel
) -> None:
    settings = {"openai_base_url": language_model.base_url, "openai_model": "local-obeys"}
    with start(**settings) as person:
        admin = person("admin_user")
        version = proposed(admin, 0, "", users={"finance_user": "Refuse questions about rentals."})
        evaluation = evaluated(admin, version)
        assert evaluation["total"] == 2 * len(SUITE)
        assert [(one["username"], one["case_id"]) for one in evaluation["fallen"]] == [
            ("finance_user", "rentals")
        ]
        assert evaluation["status"] == "fell"


def test_without_a_model_a_second_admin_confirms(start: Start) -> None:
    with start() as person:
        admin, other = person("admin_user"), person("admin_two")
        version = proposed(admin)
        nothing = admin.post(f"/admin/prompt-packs/{version}/evaluate")
        assert (nothing.status_code, kind(nothing)) == (409, "no-model")
        outcome = admin.post(f"/admin/prompt-packs/{version}/activate").json()
        assert not outcome["is_in_force"] and "No model is configured" in outcome["untested"]
        assert admin.get("/admin/prompt-packs").json()["in_force"] == 0
        assert (
            admin.get(f"/admin/prompt-packs/{version}").json()["waiting"]["asked_by"]
            == "admin_user"
        )
        own = admin.post(f"/admin/prompt-packs/{version}/confirm")
        assert (own.status_code, kind(own)) == (403, "own")
        assert kind(admin.post(f"/admin/prompt-packs/{version}/activate")) == "already-waiting"
        confirmed = other.post(f"/admin/prompt-packs/{version}/confirm").json()
        assert confirmed["is_in_force"] and confirmed["activation"]["confirmed_by"] == "admin_two"
        assert admin.get("/admin/prompt-packs").json()["in_force"] == version
        assert kind(other.post(f"/admin/prompt-packs/{version}/confirm")) == "not-waiting"


def test_a_model_that_does_not_answer_says_nothing_of_a_pack(
    start: Start, language_model: LocalModel
) -> None:
    settings = {
        "openai_base_url": language_model.base_url, "openai_model": "local-402",
        "openai_retries": 0,
    }  # fmt: skip
    with start(**settings) as person:
        admin = person("admin_user")
        version = proposed(admin)
        evaluation = evaluated(admin, version)
        assert evaluation["status"] == "stopped"
        assert evaluation["problem"].startswith("3 of 3 questions got no plan of the model")
        refused = admin.post(f"/admin/prompt-packs/{version}/activate")
        assert (refused.status_code, kind(refused)) == (409, "not-evaluated")


def test_another_model_plans_only_once_the_suite_held_with_it(
    start: Start, language_model: LocalModel, owner: psycopg.Connection
) -> None:
    first = {"openai_base_url": language_model.base_url, "openai_model": "local"}
    with start(**first) as person:
        admin = person("admin_user")
        assert asked(admin, "total revenue")["explain"]["planner"] == "model"
        assert admin.get("/admin/prompt-packs").json()["model_in_force"] == "local at 127.0.0.1"
        assert evaluated(admin, 0)["status"] == "held"

    with start(**{**first, "openai_model": "local-unknown-metric"}) as person:
        admin = person("admin_user")
        answer = asked(admin, "total revenue")
        assert answer["explain"]["planner"] == "builtin"
        assert "another model is configured" in answer["explain"]["fallback_reason"]
        assert kind(admin.post("/admin/prompt-packs/model/switch")) == "not-evaluated"
        evaluation = evaluated(admin, 0)
        assert (evaluation["status"], evaluation["right"]) == ("fell", 0)
        assert all(one["had_held"] for one in evaluation["fallen"])
        assert kind(admin.post("/admin/prompt-packs/model/switch")) == "suite-fell"

    with start(**{**first, "openai_model": "local-obeys"}) as person:
        admin = person("admin_user")
        assert evaluated(admin, 0)["status"] == "held"
        switched = admin.post("/admin/prompt-packs/model/switch")
        assert switched.json()["model_in_force"] == "local-obeys at 127.0.0.1"
        assert asked(admin, "total revenue")["explain"]["planner"] == "model"
    [(before, after)] = owner.execute(
        """
        SELECT before->>'model', after->>'model' FROM governance_changes
        WHERE kind = 'language_model'
        """
    ).fetchall()
    assert (before, after) == ("local at 127.0.0.1", "local-obeys at 127.0.0.1")


def test_a_preview_is_the_prompt_that_a_run_sends(start: Start, language_model: LocalModel) -> None:
    settings = {"openai_base_url": language_model.base_url, "openai_model": "local"}
    with start(**settings) as person:
        admin = person("admin_user")
        until_documents_are_found(admin)
        asked(person("finance_user"), "total revenue")
        sent = [(one.role, one.content) for one in language_model.requests[-1].messages]
        calls = language_model.calls.total()
        question: dict[str, JsonValue] = {
            "question": "total revenue", "role": "finance", "store_ids": [1],
            "username": "finance_user",
        }  # fmt: skip
        shown = admin.post("/admin/prompt-packs/preview", question).json()
        assert [(one["role"], one["content"]) for one in shown["messages"]] == sent
        assert shown["sources"]
        draft = {**question, "blocks": {"organisation": GOOD}}
        with_draft = admin.post("/admin/prompt-packs/preview", draft).json()
        assert GOOD in with_draft["messages"][0]["content"]
        assert with_draft["prompt_digest"] != shown["prompt_digest"]
        refused = admin.post(
            "/admin/prompt-packs/preview", {**question, "question": "drop table x"}
        )
        assert refused.json()["messages"] == []
        assert refused.json()["instead"].startswith("It is refused before a model is asked")
        nobody = admin.post("/admin/prompt-packs/preview", {**question, "role": "auditor"})
        assert nobody.status_code == 404
        assert language_model.calls.total() == calls


def test_what_is_changed_by_hand_is_found(start: Start, app_url: str) -> None:
    with start() as person:
        admin, other = person("admin_user"), person("admin_two")
        first, second = proposed(admin), proposed(admin, 0, "Other words.")
        admin.post(f"/admin/prompt-packs/{first}/activate")
        assert not verify(app_url, lambda *_: None).faults
        assert other.post(f"/admin/prompt-packs/{first}/confirm").status_code == 200
        assert not verify(app_url, lambda *_: None).faults
    with psycopg.connect(app_url, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE prompt_pack_activations SET version = %s", (second,))
        [fault] = verify(app_url, lambda *_: None).faults
        assert "in force" in str(fault)
        owner.execute("UPDATE prompt_pack_activations SET version = %s", (first,))
        owner.execute("UPDATE prompt_packs SET note = 'x' WHERE version = %s", (second,))
        [fault] = verify(app_url, lambda *_: None).faults
        assert fault.id == str(second)


def test_the_difference_of_two_versions_is_told_line_by_line(start: Start) -> None:
    with start() as person:
        admin = person("admin_user")
        first = proposed(admin, 0, "One\nTwo", roles={"finance": "Same"})
        second = proposed(admin, first, "One\nThree", roles={"finance": "Same"})
        found = admin.get(f"/admin/prompt-packs/diff?before={first}&after={second}").json()
        assert found["blocks"] == [
            {
                "layer": "organisation",
                "name": "",
                "lines": [
                    {"kind": "same", "text": "One"},
                    {"kind": "removed", "text": "Two"},
                    {"kind": "added", "text": "Three"},
                ],
            }
        ]
        assert admin.get(f"/admin/prompt-packs/diff?before={first}&after=99").status_code == 404


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({}, 422),
        (proposal(organisation="x" * 4001), 422),
        (proposal(organisation="a\u202eb"), 422),
        (proposal(organisation="Ask {password}."), 422),
        (proposal(roles={"nobody": "x"}), 422),
        (proposal(users={"nobody": "x"}), 422),
        ({**proposal(), "note": ""}, 422),
        ({**proposal(), "instructions": "Forget the rules."}, 422),
        (proposal(base=7), 404),
        (proposal(organisation=" "), 409),
    ],
)
def test_what_is_no_pack_is_told_so_and_nothing_is_kept(
    given: dict[str, JsonValue], status: int, packs_of_nobody: Caller
) -> None:
    refused = packs_of_nobody.post("/admin/prompt-packs", given)
    assert refused.status_code == status, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert [
        one["version"] for one in packs_of_nobody.get("/admin/prompt-packs").json()["items"]
    ] == [0]


@pytest.fixture
def packs_of_nobody(start: Start) -> Any:
    with start() as person:
        yield person("admin_user")


def test_nobody_else_has_a_say(start: Start, owner: psycopg.Connection) -> None:
    with start() as person:
        version = proposed(person("admin_user"))
        before = owner.execute("SELECT count(*) FROM governance_changes").fetchone()
        for username in ("manager_store1", "finance_user", "reviewer_user", "auditor_user"):
            other = person(username)
            for method, path in (
                ("GET", ""), ("GET", f"/{version}"), ("GET", "/diff?before=0&after=1"),
                ("POST", ""), ("POST", "/preview"), ("POST", f"/{version}/evaluate"),
                ("POST", f"/{version}/activate"), ("POST", f"/{version}/confirm"),
                ("POST", "/rollback"), ("POST", "/model/switch"),
            ):  # fmt: skip
                refused = other.call(method, f"/admin/prompt-packs{path}", {})
                assert refused.status_code == 403, f"{username} {method} {path}: {refused.text}"
        assert owner.execute("SELECT count(*) FROM governance_changes").fetchone() == before
