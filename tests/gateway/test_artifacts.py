"""What people keep, as the gateway hands it on: each call in a role and a scope of the caller's."""

import pytest
from fastapi.testclient import TestClient

from tests.gateway.conftest import LogIn
from tests.gateway.fake_workflow import RUN, FakeWorkflow

REFRESH = f"/api/artifacts/{RUN}/refresh"


def test_a_refresh_is_in_the_scope_of_who_asks(
    gateway: TestClient, workflow: FakeWorkflow, log_in: LogIn
) -> None:
    headers = log_in("manager_multi", "manager123")
    assert gateway.post(REFRESH, json={}, headers=headers).status_code == 200
    assert workflow.last.context.store_ids == (1, 2)
    assert gateway.post(REFRESH, json={"store_id": 2}, headers=headers).status_code == 200
    assert workflow.last.context.store_ids == (2,)
    assert workflow.last.body == b""


@pytest.mark.parametrize(
    ("username", "wanted", "status"),
    [
        ("manager_store1", {"store_id": 2}, 403),
        ("manager_store1", {"role": "admin"}, 403),
        ("manager_store1", {"org_id": "x"}, 422),
        ("manager_store1", {"store_id": "1"}, 422),
        ("auditor_user", {}, 403),
        ("reviewer_user", {}, 403),
    ],
)
def test_what_is_outside_never_reaches_the_workflow(
    gateway: TestClient,
    workflow: FakeWorkflow,
    log_in: LogIn,
    username: str,
    wanted: dict[str, object],
    status: int,
) -> None:
    password = (
        "manager123" if username.startswith("manager") else username.partition("_")[0] + "123"
    )
    headers = log_in(username, password)
    assert gateway.post(REFRESH, json=wanted, headers=headers).status_code == status
    assert gateway.post(REFRESH, json=wanted).status_code == 401
    assert not workflow.received


def test_methods_are_handed_on(gateway: TestClient, workflow: FakeWorkflow, log_in: LogIn) -> None:
    headers = log_in("manager_store1", "manager123")
    one = f"/api/artifacts/{RUN}"
    changed = gateway.patch(one, json={"title": "New"}, headers=headers)
    assert (changed.status_code, workflow.last.method) == (200, "PATCH")
    assert workflow.last.body == b'{"title":"New","is_shared":null}'
    assert gateway.delete(one, headers=headers).status_code == 204
    assert workflow.last.method == "DELETE"
    kept = gateway.post(
        "/api/artifacts", json={"run_id": str(RUN), "widget": "bar"}, headers=headers
    )
    assert kept.status_code == 201
    assert gateway.patch(one, json={"title": " "}, headers=headers).status_code == 422
