"""What people say of answers is kept, and wrong answers become cases."""

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from pydantic import JsonValue
from uuid_utils.compat import uuid7

from contracts.context import UserContext
from tests.workflow.api.conftest import Caller


def _rows(owner: psycopg.Connection, run_id: str) -> list[tuple[object, ...]]:
    query = "SELECT verdict, about, comment FROM run_feedback WHERE run_id = %s ORDER BY given_at"
    return owner.execute(query, [run_id]).fetchall()


def _cases(owner: psycopg.Connection, run_id: str) -> list[tuple[object, ...]]:
    query = (
        "SELECT origin, is_open, reason FROM evaluation_cases WHERE run_id = %s ORDER BY noted_at"
    )
    return owner.execute(query, [run_id]).fetchall()


def test_what_is_said_is_kept_once_and_what_is_said_anew_beside_it(
    url: str, manager: UserContext, owner: psycopg.Connection
) -> None:
    caller = Caller(url, manager)
    run_id = caller.ask()
    said: dict[str, JsonValue] = {
        "verdict": "wrong",
        "about": ["period"],
        "comment": "I meant May.",
    }
    first = caller.say(run_id, **said)
    assert first.status_code == 200
    assert first.json() == {**said, "run_id": run_id, "given_at": first.json()["given_at"]}
    assert caller.say(run_id, **said).json() == first.json()
    assert _rows(owner, run_id) == [("wrong", ["period"], "I meant May.")]
    assert _cases(owner, run_id) == [("feedback", True, "period: I meant May.")]

    assert caller.say(run_id, verdict="right").json()["verdict"] == "right"
    assert _rows(owner, run_id)[1:] == [("right", [], "")]
    assert _cases(owner, run_id)[1:] == [("feedback", False, "")]


def test_a_right_answer_is_no_case(
    url: str, manager: UserContext, owner: psycopg.Connection
) -> None:
    caller = Caller(url, manager)
    run_id = caller.ask()
    assert caller.say(run_id, verdict="right").status_code == 200
    assert _rows(owner, run_id) == [("right", [], "")]
    assert _cases(owner, run_id) == []


def test_only_who_may_see_a_run_says_something_of_it(
    url: str, manager: UserContext, owner: psycopg.Connection
) -> None:
    run_id = Caller(url, manager).ask()
    colleague = manager.model_copy(update={"user_id": uuid7()})
    assert Caller(url, colleague).say(run_id, verdict="wrong").status_code == 404
    auditor = colleague.model_copy(update={"role": "auditor", "permissions": ("audit",)})
    assert Caller(url, auditor).say(run_id, verdict="wrong").status_code == 200
    other = owner.execute("INSERT INTO organisations (name) VALUES ('two') RETURNING org_id")
    elsewhere = other.fetchone()
    assert elsewhere is not None
    stranger = auditor.model_copy(update={"org_id": elsewhere[0]})
    assert Caller(url, stranger).say(run_id, verdict="wrong").status_code == 404
    assert Caller(url, manager).say(str(uuid7()), verdict="wrong").status_code == 404
    assert len(_rows(owner, run_id)) == 1


def test_a_run_without_an_answer_is_a_conflict(
    url: str, manager: UserContext, owner: psycopg.Connection
) -> None:
    caller = Caller(url, manager)
    run_id = caller.ask()
    owner.execute("UPDATE runs SET status = 'needs_approval' WHERE run_id = %s", [run_id])
    refused = caller.say(run_id, verdict="right")
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert _rows(owner, run_id) == []


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"verdict": "maybe"},
        {"verdict": "wrong", "about": ["weather"]},
        {"verdict": "wrong", "about": "period"},
        {"verdict": "wrong", "comment": "x" * 2001},
        {"verdict": "wrong", "comment": "\u0000"},
        {"verdict": "wrong", "user_id": str(uuid7())},
    ],
)
def test_what_is_no_feedback_is_told_so(
    said: dict[str, JsonValue], url: str, manager: UserContext, owner: psycopg.Connection
) -> None:
    caller = Caller(url, manager)
    run_id = caller.ask()
    refused = caller.say(run_id, **said)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert _rows(owner, run_id) == []


@pytest.mark.parametrize("table", ["run_feedback", "evaluation_cases"])
def test_nothing_is_unsaid(
    table: str, url: str, manager: UserContext, owner: psycopg.Connection
) -> None:
    caller = Caller(url, manager)
    caller.say(caller.ask(), verdict="wrong")
    for statement in (f"UPDATE {table} SET user_id = user_id", f"DELETE FROM {table}"):
        with pytest.raises(InsufficientPrivilege, match="append-only"):
            owner.execute(statement.encode())
