"""What may leave as a file, and that it is on record that it did."""

import psycopg
import pytest
from uuid_utils.compat import uuid7

from contracts.context import UserContext
from contracts.export import Exported
from tests.workflow.api.conftest import Caller


def _accesses(owner: psycopg.Connection, run_id: str) -> list[tuple[object, ...]]:
    query = """
        SELECT what, username, query::jsonb->>'format', query::jsonb->>'widget'
        FROM record_accesses WHERE query::jsonb->>'run_id' = %s ORDER BY access_id"""
    return owner.execute(query, [run_id]).fetchall()


def test_an_answer_of_ones_own_with_its_digest_and_it_is_recorded(
    url: str, manager: UserContext, owner: psycopg.Connection
) -> None:
    caller = Caller(url, manager)
    run_id = caller.ask("total revenue by category")
    reply = caller.post(f"/runs/{run_id}/exports?format=csv", None)
    assert reply.status_code == 200, reply.text
    exported = Exported.model_validate_json(reply.content)
    receipt = caller.get(f"/runs/{run_id}/receipt").json()["receipt"]
    assert exported.digest == receipt["result"]["digest"]
    assert exported.answer.model_dump(mode="json") == caller.get(f"/runs/{run_id}").json()
    assert exported.widget is None
    drawn = caller.post(f"/runs/{run_id}/exports?format=png", None).json()["widget"]
    assert drawn["type"] == "bar"
    recorded = [("export", "someone", "csv", None), ("export", "someone", "png", "bar")]
    assert _accesses(owner, run_id) == recorded

    colleague = manager.model_copy(update={"user_id": uuid7()})
    auditor = colleague.model_copy(update={"role": "auditor", "permissions": ("audit",)})
    for other in (colleague, auditor):
        reply = Caller(url, other).post(f"/runs/{run_id}/exports?format=csv", None)
        assert reply.status_code == 404
    assert _accesses(owner, run_id) == recorded


@pytest.mark.parametrize(
    ("question", "query", "status", "kind"),
    [
        ("total revenue", "format=svg", 406, "no-chart"),
        ("total revenue by category", "format=png&widget=line", 406, "no-chart"),
        ("what is the best", "format=csv", 409, "nothing-to-export"),
        ("total revenue", "format=exe", 422, "invalid-payload"),
    ],
)
def test_what_there_is_not_is_said_and_not_recorded(
    url: str,
    manager: UserContext,
    owner: psycopg.Connection,
    question: str,
    query: str,
    status: int,
    kind: str,
) -> None:
    caller = Caller(url, manager)
    run_id = caller.ask(question)
    reply = caller.post(f"/runs/{run_id}/exports?{query}", None)
    assert (reply.status_code, reply.json()["type"].rpartition(":")[2]) == (status, kind)
    assert _accesses(owner, run_id) == []


@pytest.mark.parametrize("status", ["running", "needs_approval"])
def test_a_run_that_has_not_ended_has_nothing_to_download(
    url: str, manager: UserContext, owner: psycopg.Connection, status: str
) -> None:
    caller = Caller(url, manager)
    run_id = caller.ask()
    owner.execute(
        "UPDATE runs SET status = %s, worker_id = NULL WHERE run_id = %s", [status, run_id]
    )
    reply = caller.post(f"/runs/{run_id}/exports?format=csv", None)
    assert (reply.status_code, reply.json()["type"].rpartition(":")[2]) == (409, "not-ended")


def test_rows_that_are_not_those_on_record_are_not_handed_out(
    url: str, manager: UserContext, owner: psycopg.Connection
) -> None:
    caller = Caller(url, manager)
    run_id = caller.ask("total revenue by category")
    owner.execute(
        "UPDATE runs SET answer = jsonb_set(answer::jsonb, '{rows,0,1}', '\"1000000.00\"')::json "
        "WHERE run_id = %s",
        [run_id],
    )
    reply = caller.post(f"/runs/{run_id}/exports?format=csv", None)
    assert (reply.status_code, reply.json()["type"].rpartition(":")[2]) == (409, "record-broken")
    assert "1000000" not in reply.text
    assert _accesses(owner, run_id) == []
