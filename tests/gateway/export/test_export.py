"""The download itself: whose it is, what it is called, and what is said where there is none."""

import pytest
from fastapi import Response as Given
from fastapi.testclient import TestClient

from tests.gateway.conftest import LogIn
from tests.gateway.export.examples import BY_CATEGORY, RUN, exported
from tests.gateway.fake_workflow import SOMEBODY_ELSES, FakeWorkflow, problem

PATH = f"/api/runs/{RUN}/export"


@pytest.fixture
def manager(log_in: LogIn) -> dict[str, str]:
    return log_in("manager_store1", "manager123")


def given(workflow: FakeWorkflow, answer: object = BY_CATEGORY) -> None:
    text = answer.model_dump_json()  # type: ignore[attr-defined]  # of contracts
    workflow.answer = Given(text, media_type="application/json")


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("csv", "text/csv; charset=utf-8; header=present"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("svg", "image/svg+xml"),
    ],
)
def test_a_file_has_its_type_and_its_name(
    gateway: TestClient, workflow: FakeWorkflow, manager: dict[str, str], form: str, media_type: str
) -> None:
    assert gateway.get(PATH, params={"format": form}).status_code == 401
    assert not workflow.received
    given(workflow)
    reply = gateway.get(PATH, params={"format": form, "widget": "bar"}, headers=manager)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == media_type
    name = f'attachment; filename="revenue-by-category-00000001.{form}"'
    assert reply.headers["content-disposition"] == name
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    assert (workflow.last.path, workflow.last.query) == (
        f"/runs/{RUN}/exports",
        f"format={form}&widget=bar",
    )
    assert workflow.last.context.store_ids == (1,)


def test_a_name_is_made_of_letters_whatever_the_title_is(
    gateway: TestClient, workflow: FakeWorkflow, manager: dict[str, str]
) -> None:
    title = 'a"; filename="x.exe\r\nSet-Cookie: a=b/../é' + "y" * 100
    given(workflow, exported([("a", "text")], [("x",)], title=title, truncated=True))
    reply = gateway.get(PATH, params={"format": "csv"}, headers=manager)
    name = "a-filename-x-exe-set-cookie-a-b-" + "y" * 28 + "-first-1-rows-00000001.csv"
    assert reply.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize("query", ["", "format=exe", "format=", "format=png&widget=map"])
def test_an_unknown_format_is_refused_here(
    gateway: TestClient, workflow: FakeWorkflow, manager: dict[str, str], query: str
) -> None:
    assert gateway.get(f"{PATH}?{query}", headers=manager).status_code == 422
    assert not workflow.received


@pytest.mark.parametrize(
    ("status", "kind"), [(409, "not-ended"), (409, "nothing-to-export"), (406, "no-chart")]
)
def test_what_there_is_not_is_said_in_words(
    gateway: TestClient, workflow: FakeWorkflow, manager: dict[str, str], status: int, kind: str
) -> None:
    workflow.answer = problem(status, kind, "Not yet.")
    reply = gateway.get(PATH, params={"format": "png"}, headers=manager)
    assert (reply.status_code, reply.json()["type"].rpartition(":")[2]) == (status, kind)
    assert reply.json()["instance"] == PATH


def test_somebody_elses_is_not_there(
    gateway: TestClient, workflow: FakeWorkflow, manager: dict[str, str]
) -> None:
    path = f"/api/runs/{SOMEBODY_ELSES}/export"
    assert gateway.get(path, params={"format": "csv"}, headers=manager).status_code == 404
