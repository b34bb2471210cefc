"""What an auditor, an asker and a stranger with a file can find out, over the public API."""

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.test_ask import QUESTION, ask
from tests.stack import PASSWORDS, Demo

KEYS = "/.well-known/countersign-keys.json"
AUDIT = ("runs", "events", "checkpoints", "accesses")


@pytest.fixture(scope="module")
def run_id(demo: Demo) -> str:
    return str(ask(demo.person("manager_store1"), QUESTION)["run_id"])


def audit(demo: Demo, what: str, **search: str | int) -> list[dict[str, Any]]:
    found = demo.person("auditor_user").get(f"/api/audit/{what}", params=search)
    assert found.status_code == 200, found.text
    return list(found.json()["items"])


def test_a_receipt_is_checked_with_nothing_but_its_file_and_the_keys(
    demo: Demo, run_id: str, tmp_path: Path
) -> None:
    assert demo.countersign("audit", "seal").returncode == 0
    keys, file = tmp_path / "keys.json", tmp_path / "receipt.json"
    keys.write_bytes(httpx.get(demo.url(KEYS), trust_env=False).content)
    fetched = demo.countersign("receipt", "get", run_id, "--as", "manager_store1")
    assert fetched.returncode == 0, fetched.stderr
    file.write_text(fetched.stdout)
    checked = demo.countersign("receipt", "verify", str(file), "--keys", str(keys))
    assert checked.returncode == 0, checked.stderr
    assert "Genuine" in checked.stdout
    assert "Sealed in checkpoint" in checked.stdout
    assert demo.countersign("audit", "verify", "--anchor", str(file)).returncode == 0

    file.write_text(fetched.stdout.replace('"row_count":1', '"row_count":2'))
    checked = demo.countersign("receipt", "verify", str(file), "--keys", str(keys))
    assert checked.returncode == 1
    assert "it was changed after it was signed" in checked.stderr


def test_a_receipt_holds_what_the_answer_rests_on(demo: Demo) -> None:
    answer = ask(demo.person("manager_multi"), "Revenue by category")
    receipt = demo.person("manager_multi").get(f"/api/runs/{answer['run_id']}/receipt").json()
    body = receipt["receipt"]
    assert body["sql"] == answer["sql"]
    assert body["plan"] == answer["plan"]
    assert body["result"]["row_count"] == answer["row_count"]
    assert body["document_ids"] == [s["document_id"] for s in answer["sources"]]  # type: ignore[attr-defined]
    assert body["parameters"] == {"store_ids": [1, 2], "is_all_stores": False}
    assert body["planning"]["planner"] == "builtin"
    assert body["software"]
    assert body["risk"] == answer["security"]["risk"]  # type: ignore[index]


@pytest.mark.parametrize("username", sorted(PASSWORDS))
def test_only_the_asker_and_auditors_see_a_run_s_receipt(
    demo: Demo, run_id: str, username: str
) -> None:
    found = demo.person(username).get(f"/api/runs/{run_id}/receipt")
    expected = 200 if username in {"manager_store1", "auditor_user"} else 404
    assert found.status_code == expected


@pytest.mark.parametrize("what", AUDIT)
@pytest.mark.parametrize("username", sorted(PASSWORDS))
def test_only_auditors_read_the_record(demo: Demo, username: str, what: str) -> None:
    for accept in ("application/json", "application/x-ndjson"):
        found = demo.person(username).get(f"/api/audit/{what}", headers={"Accept": accept})
        assert found.status_code == (200 if username == "auditor_user" else 403)


def test_an_auditor_sees_others_runs_in_the_record_alone(demo: Demo, run_id: str) -> None:
    auditor = demo.person("auditor_user")
    for path in ("", "/events"):
        assert auditor.get(f"/api/runs/{run_id}{path}").status_code == 404
    assert auditor.post(f"/api/runs/{run_id}/cancel").status_code == 404


def test_a_receipt_of_a_run_that_waits_is_a_conflict(demo: Demo) -> None:
    waiting = ask(demo.person("manager_store1"), "rentals by customer")
    assert waiting["status"] == "needs_approval"
    found = demo.person("manager_store1").get(f"/api/runs/{waiting['run_id']}/receipt")
    assert found.status_code == 409
    assert "has not ended" in found.json()["detail"]


@pytest.mark.parametrize(
    "search",
    [
        {"person": "manager_store1"},
        {"metric": "revenue", "person": "manager_store1"},
        {"view": "v_payment_scoped", "person": "manager_store1"},
        {"stage": "db_execution", "person": "manager_store1"},
        {"status": "completed", "since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"},
    ],
)
def test_a_run_is_found_by_each_of_its_marks(
    demo: Demo, run_id: str, search: dict[str, str]
) -> None:
    assert run_id in {run["run_id"] for run in audit(demo, "runs", limit=100, **search)}


@pytest.mark.parametrize(
    "search",
    [
        {"person": "admin_user"},
        {"person": "manager"},
        {"metric": "rental_count"},
        {"metric": "rev"},
        {"view": "v_customer_masked"},
        {"view": "v_payment"},
        {"status": "blocked"},
        {"stage": "approval"},
        {"until": "2020-01-01T00:00:00Z"},
        {"since": "2100-01-01T00:00:00Z"},
    ],
)
def test_and_not_by_another(demo: Demo, run_id: str, search: dict[str, str]) -> None:
    assert run_id not in {run["run_id"] for run in audit(demo, "runs", limit=100, **search)}


@pytest.mark.parametrize("what", ["runs", "events"])
def test_pages_and_lines_tell_the_same(demo: Demo, run_id: str, what: str) -> None:
    search = {"until": audit(demo, "runs", limit=1)[0]["asked_at"]}
    auditor = demo.person("auditor_user")
    paged, cursor = [], ""
    while cursor is not None:
        more = {"cursor": cursor} if cursor else {}
        page = auditor.get(f"/api/audit/{what}", params={**search, **more, "limit": 7}).json()
        paged += page["items"]
        cursor = page["next"]
    lines = auditor.get(
        f"/api/audit/{what}", params=search, headers={"Accept": "application/x-ndjson"}
    )
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert [httpx.Response(200, text=line).json() for line in lines.text.splitlines()] == paged
    assert len({(one["run_id"], one.get("seq")) for one in paged}) == len(paged)


def test_events_of_a_run_are_told_whole(demo: Demo, run_id: str) -> None:
    found = audit(demo, "events", run_id=run_id)
    assert [event["seq"] for event in found] == [1, 2, 3, 4, 5, 6]
    assert found[1]["prev_hash"] == found[0]["hash"]
    assert "value" in found[1]["detail"]
    (executed,) = audit(demo, "events", run_id=run_id, stage="db_execution", status="ok")
    assert executed["seq"] == 4


def test_reading_the_record_is_itself_recorded(demo: Demo, run_id: str) -> None:
    audit(demo, "runs", person="manager_store1")
    demo.person("auditor_user").get(f"/api/runs/{run_id}/receipt")
    demo.countersign("audit", "show", run_id)
    latest = audit(demo, "accesses", limit=4)
    assert [(one["what"], one["role"]) for one in latest] == [
        ("accesses", "auditor"),
        ("run", "owner"),
        ("receipt", "auditor"),
        ("runs", "auditor"),
    ]
    assert latest[2]["query"] == {"run_id": run_id}
    assert latest[3]["query"]["person"] == "manager_store1"
    assert demo.countersign("audit", "seal").returncode == 0
    assert demo.countersign("audit", "verify").returncode == 0


def test_an_owner_s_reading_of_one_s_own_receipt_is_no_reading_of_the_record(
    demo: Demo, run_id: str
) -> None:
    before = len(audit(demo, "accesses", limit=100))
    demo.person("manager_store1").get(f"/api/runs/{run_id}/receipt")
    assert len(audit(demo, "accesses", limit=100)) in (before + 1, 100)


@pytest.mark.parametrize(
    "query",
    [
        "cursor=x",
        "cursor=1.2.3",
        "limit=0",
        "limit=1000",
        "since=yesterday",
        "since=2020-01-01T00:00:00",
        "view=a'b",
        "stage=nothing",
        "unknown=1",
        "person=a%00b",
    ],
)
@pytest.mark.parametrize("what", ["runs", "events"])
def test_a_search_that_cannot_be_is_refused(demo: Demo, what: str, query: str) -> None:
    found = demo.person("auditor_user").get(f"/api/audit/{what}?{query}")
    assert found.status_code in {400, 422}, found.text


def test_a_run_is_replayed_from_the_command_line_and_by_an_auditor(demo: Demo, run_id: str) -> None:
    replayed = demo.countersign("replay", run_id)
    assert (replayed.returncode, replayed.stdout.split(":")[0]) == (0, "identical")
    found = demo.person("auditor_user").post(f"/api/runs/{run_id}/replay")
    assert found.status_code == 200, found.text
    assert found.json()["outcome"] == "identical"
    whats = [(one["what"], one["role"]) for one in audit(demo, "accesses", limit=3)]
    assert whats[1:] == [("replay", "auditor"), ("replay", "owner")]


@pytest.mark.parametrize("username", sorted(set(PASSWORDS) - {"auditor_user"}))
def test_only_auditors_replay(demo: Demo, run_id: str, username: str) -> None:
    assert demo.person(username).post(f"/api/runs/{run_id}/replay").status_code == 403


def test_what_cannot_be_replayed_is_said(demo: Demo) -> None:
    refused = ask(demo.person("manager_store1"), "delete all payments")
    auditor = demo.person("auditor_user")
    found = auditor.post(f"/api/runs/{refused['run_id']}/replay")
    assert found.status_code == 409
    assert "nothing to replay" in found.json()["detail"]
    nobody = "01900000-0000-7000-8000-000000000001"
    assert auditor.post(f"/api/runs/{nobody}/replay").status_code == 404
    replayed = demo.countersign("replay", nobody)
    assert replayed.returncode == 1
    assert "There is no run" in replayed.stderr


def test_a_receipt_names_who_let_it_through_and_under_what(demo: Demo) -> None:
    waiting = ask(demo.person("manager_store1"), "rentals by customer")
    run_id = str(waiting["run_id"])
    reviewer = demo.person("reviewer_user")
    listed = reviewer.get("/api/approvals", params={"status": "pending", "limit": 100}).json()
    (item,) = [one for one in listed["items"] if one["run_id"] == run_id]
    approved = reviewer.post(
        f"/api/approvals/{item['approval_id']}/approve",
        json={},
        headers={"If-Match": f'"{item["version"]}"'},
    )
    assert approved.status_code == 200, approved.text
    asker = demo.person("manager_store1")
    deadline = time.monotonic() + 20
    while asker.get(f"/api/runs/{run_id}").json()["status"] != "completed":
        assert time.monotonic() < deadline, "the run did not go on"
        time.sleep(0.05)
    body = asker.get(f"/api/runs/{run_id}/receipt").json()["receipt"]
    (approval,) = body["approvals"]
    (decision,) = approval["decisions"]
    assert (decision["username"], decision["decision"]) == ("reviewer_user", "approve")
    assert body["policy_digest"]
    assert body["policy_version"] == 0
    assert body["model_digest"]
    assert body["findings"]
    assert demo.countersign("replay", run_id).stdout.startswith("identical")
    assert demo.countersign("audit", "verify").returncode == 0


@pytest.mark.parametrize("username", sorted(PASSWORDS))
def test_only_who_governs_simulates(demo: Demo, username: str) -> None:
    found = demo.person(username).post("/api/policy/simulate", json={"question": QUESTION})
    assert found.status_code == (
        200 if username in {"admin_user", "admin_two", "auditor_user"} else 403
    )


def test_a_proposed_policy_is_tried_on_what_was_asked(
    demo: Demo, run_id: str, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    strict = "{one_approver_from: 0, two_approvers_from: 0, never_from: 101}"
    file.write_text(f"everyone: {strict}\n")
    options = ("--policy", str(file), "--since", "2020-01-01", "--json")
    tried = demo.countersign("policy", "test", *options)
    assert tried.returncode == 0, tried.stderr
    others = {one["run_id"]: one for one in json.loads(tried.stdout)["others"]}
    assert others[run_id]["then"] == "runs at once"
    assert others[run_id]["now"] == "waits for two approvers"
    file.write_text("everyone: {one_approver_from: high}\n")
    refused = demo.countersign("policy", "test", *options)
    assert refused.returncode == 2
    assert "everyone.one_approver_from" in refused.stderr
