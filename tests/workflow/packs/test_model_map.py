"""The semantic model as a map, and documents checked against it."""

from pathlib import Path
from typing import Any

import pytest

from tests.workflow.packs.conftest import Caller, Start

MODEL = (Path(__file__).parents[3] / "seeds" / "pagila" / "model.yaml").read_text()


@pytest.fixture
def admin(start: Start) -> Any:
    with start() as person:
        yield person("admin_user")


def checked(admin: Caller, text: str) -> dict[str, Any]:
    answer = admin.post("/admin/model/check", {"text": text})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_metric_leads_to_its_fields_its_views_and_its_roles(admin: Caller) -> None:
    found = admin.get("/admin/model").json()
    metrics = {one["name"]: one for one in found["metrics"]}
    revenue = metrics["revenue"]
    assert revenue["lineage"] == [
        {"dataset": "payments", "field": "amount", "view": "v_payment_scoped"}
    ]
    assert revenue["views"] == ["v_payment_scoped"]
    assert set(revenue["roles"]) == {"admin", "finance", "store_manager"}
    assert "sales" in " ".join(revenue["synonyms"]).lower()
    ratio = metrics["revenue_per_rental"]
    assert set(ratio["views"]) == {one["view"] for one in ratio["lineage"]}
    datasets = {one["name"]: one for one in found["datasets"]}
    amount = next(f for f in datasets["payments"]["fields"] if f["name"] == "amount")
    assert "revenue" in amount["metrics"]
    assert found["faults"] == []


def test_the_model_in_use_is_without_fault_and_changes_nothing(admin: Caller) -> None:
    found = checked(admin, MODEL)
    assert found["is_readable"] and found["faults"] == []
    assert found["digest"] == admin.get("/admin/model").json()["digest"]
    assert (found["added"], found["removed"], found["changed"]) == ([], [], [])


def test_each_fault_is_told_at_its_line(admin: Caller) -> None:
    lines = MODEL.splitlines()
    at = next(n for n, line in enumerate(lines) if "sum(" in line.lower())
    broken = [*lines]
    broken[at] = broken[at].replace("amount", "umbrellas")
    found = checked(admin, "\n".join(broken))
    assert found["is_readable"]
    fault = next(one for one in found["faults"] if "umbrellas" in one["message"])
    assert abs(fault["line"] - (at + 1)) <= 4 and fault["part"] == "metric"
    assert f"metric {fault['name']}" in found["removed"]

    unknown = checked(admin, MODEL.replace("semantic_model:", "semantic_models:", 1))
    assert not unknown["is_readable"] and unknown["faults"]
    torn = checked(admin, "semantic_model:\n  - name: [one\n")
    assert not torn["is_readable"]
    assert torn["faults"][0]["line"] > 1 and "YAML" in torn["faults"][0]["message"]


@pytest.mark.parametrize(("text", "status"), [("", 422), ("x" * 500_001, 413)])
def test_too_little_and_too_much_are_refused(text: str, status: int, admin: Caller) -> None:
    assert admin.post("/admin/model/check", {"text": text}).status_code == status


@pytest.mark.parametrize("text", ["just words", "- 1\n- 2", "\u0000", "a: &a [*a]", "{" * 5000])
def test_whatever_is_pasted_is_answered(text: str, admin: Caller) -> None:
    found = checked(admin, text)
    assert not found["is_readable"] and found["faults"]
