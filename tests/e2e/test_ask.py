"""A stranger asks, from a token to a recorded number."""

from decimal import Decimal

import httpx
import orjson
import psycopg
import pytest

from tests.stack import Demo

QUESTION = "What is total revenue for my store 1?"
STAGES = [
    "rag_retrieval",
    "llm_generation",
    "validation",
    "db_execution",
    "narration",
    "completed",
]
REVENUE = """
SELECT sum(p.amount) FROM payment p JOIN rental r USING (rental_id)
JOIN inventory i USING (inventory_id) WHERE i.store_id = %s
"""


def revenue(demo: Demo, store_id: int) -> Decimal:
    with psycopg.connect(demo.settings["WAREHOUSE_URL"]) as connection:
        row = connection.execute(REVENUE, (store_id,)).fetchone()
    assert row is not None
    return Decimal(row[0])


def ask(person: httpx.Client, question: str, **more: object) -> dict[str, object]:
    answer = person.post("/api/ask", json={"question": question, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def events(response: httpx.Response) -> list[tuple[str, str, dict[str, object]]]:
    found = []
    for block in response.text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines["event"], lines.get("id", ""), orjson.loads(lines["data"])))
    return found


def test_the_first_question_gets_the_right_number(demo: Demo) -> None:
    answer = ask(demo.person("manager_store1"), QUESTION)
    truth = revenue(demo, 1)
    assert answer["status"] == "completed"
    assert answer["rows"] == [[str(truth)]]
    assert answer["columns"] == [{"name": "revenue", "type": "decimal"}]
    assert f"{truth:,.2f}" in str(answer["answer"])
    assert "store_id" in str(answer["sql"])
    security = answer["security"]
    assert isinstance(security, dict)
    assert security["role"] == "store_manager"
    assert security["row_scope"] == [1]
    assert set(STAGES[:-1]) <= set(answer["timings"])  # type: ignore[call-overload]
    assert answer["usage"] == {"model": None, "tokens": 0, "cost": None}


def test_it_is_recorded_stage_by_stage(demo: Demo) -> None:
    run_id = ask(demo.person("manager_store1"), QUESTION)["run_id"]
    with psycopg.connect(demo.settings["DATABASE_URL"]) as connection:
        rows = connection.execute(
            "SELECT stage FROM query_audit_events WHERE run_id = %s ORDER BY seq", (run_id,)
        ).fetchall()
    assert [row[0] for row in rows] == STAGES
    verified = demo.countersign("audit", "verify", "--json")
    assert verified.returncode == 0, verified.stdout
    shown = demo.countersign("audit", "show", str(run_id), "--json")
    assert shown.returncode == 0
    assert orjson.loads(shown.stdout)["run_id"] == run_id


def test_it_streams_its_stages_and_then_the_answer(demo: Demo) -> None:
    person = demo.person("manager_store1")
    response = person.post(
        "/api/ask", json={"question": QUESTION}, headers={"Accept": "text/event-stream"}
    )
    assert response.headers["content-type"].startswith("text/event-stream")
    seen = events(response)
    kinds = [kind for kind, _, _ in seen]
    assert kinds[0] == "run"
    assert [data["stage"] for kind, _, data in seen if kind == "stage"] == STAGES
    assert kinds[-1] == "answer"
    final = seen[-1][2]
    told = "".join(str(data["text"]) for kind, _, data in seen if kind == "delta")
    assert told == final["answer"]

    run_id = final["run_id"]
    again = person.get(f"/api/runs/{run_id}/events", headers={"Last-Event-ID": "4"})
    rest = events(again)
    assert [data["stage"] for kind, _, data in rest if kind == "stage"] == STAGES[4:]
    assert rest[-1][2] == final
    done = person.get(f"/api/runs/{run_id}/events", headers={"Last-Event-ID": rest[-1][1]})
    assert events(done) == []


def test_it_can_be_answered_later(demo: Demo) -> None:
    person = demo.person("manager_store1")
    accepted = person.post(
        "/api/ask", json={"question": QUESTION}, headers={"Prefer": "respond-async"}
    )
    assert accepted.status_code == 202
    url = accepted.headers["Location"]
    assert accepted.json()["url"].endswith(url)
    finished = events(person.get(url + "/events"))
    assert finished[-1][2]["status"] == "completed"
    assert person.get(url).json() == finished[-1][2]


def test_a_repeated_post_is_the_same_run(demo: Demo) -> None:
    person = demo.person("manager_store1")
    headers = {"Idempotency-Key": "once"}
    first = person.post("/api/ask", json={"question": QUESTION}, headers=headers)
    second = person.post("/api/ask", json={"question": QUESTION}, headers=headers)
    assert first.json() == second.json()
    other = person.post("/api/ask", json={"question": "monthly revenue"}, headers=headers)
    assert other.status_code == 409
    somebody_else = demo.person("manager_multi").post(
        "/api/ask", json={"question": QUESTION}, headers=headers
    )
    assert somebody_else.json()["run_id"] != first.json()["run_id"]


def test_runs_belong_to_who_asked(demo: Demo) -> None:
    run_id = ask(demo.person("manager_store1"), QUESTION)["run_id"]
    for username in ("manager_multi", "admin_user", "auditor_user"):
        stranger = demo.person(username)
        for path in (f"/api/runs/{run_id}", f"/api/runs/{run_id}/events"):
            assert stranger.get(path).status_code == 404
        assert stranger.post(f"/api/runs/{run_id}/cancel").status_code == 404
    mine = demo.person("manager_store1").get("/api/runs", params={"limit": 100}).json()["items"]
    assert run_id in [item["run_id"] for item in mine]


def test_a_conversation_gathers_its_runs(demo: Demo) -> None:
    person = demo.person("manager_store1")
    first = ask(person, QUESTION)
    second = ask(person, "monthly revenue", conversation_id=first["conversation_id"])
    assert second["conversation_id"] == first["conversation_id"]
    listed = person.get("/api/conversations").json()["items"][0]
    assert listed["conversation_id"] == first["conversation_id"]
    assert (listed["title"], listed["run_count"]) == (QUESTION, 2)
    stranger = demo.person("manager_multi").post(
        "/api/ask",
        json={"question": QUESTION, "conversation_id": first["conversation_id"]},
    )
    assert stranger.status_code == 404


@pytest.mark.parametrize(
    ("username", "question"),
    [
        ("manager_store1", "What is total revenue for store 2?"),
        ("marketing_user", "What is total revenue?"),
        ("finance_user", "How many rentals were there in May 2022?"),
        ("manager_store1", "Delete all payments"),
        ("manager_store1", "What will the weather be tomorrow?"),
    ],
)
def test_what_one_may_not_ask_is_refused_with_what_one_may(
    demo: Demo, username: str, question: str
) -> None:
    person = demo.person(username)
    answer = ask(person, question)
    assert answer["status"] in {"refused", "clarify"}
    assert answer["rows"] == []
    assert answer["suggestions"] or answer["choices"]
    for suggestion in answer["suggestions"]:  # type: ignore[attr-defined]
        assert ask(person, suggestion)["status"] == "completed", suggestion


def test_another_store_is_outside_the_scope(demo: Demo) -> None:
    response = demo.person("manager_store1").post(
        "/api/ask", json={"question": QUESTION, "store_id": 2}
    )
    assert response.status_code == 403
    assert response.json()["detail"] == "Requested store is outside your access scope"


def test_a_narrowed_scope_narrows_the_number(demo: Demo) -> None:
    person = demo.person("manager_multi")
    both = ask(person, "total revenue")
    one = ask(person, "total revenue", store_id=2)
    assert both["rows"] == [[str(revenue(demo, 1) + revenue(demo, 2))]]
    assert one["rows"] == [[str(revenue(demo, 2))]]


def test_personal_data_waits_for_a_second_person(demo: Demo) -> None:
    person = demo.person("manager_store1")
    answer = ask(person, "rentals by customer")
    assert answer["status"] == "needs_approval"
    assert answer["rows"] == []
    run_id = answer["run_id"]
    assert person.get(f"/api/runs/{run_id}").json() == answer
    cancelled = person.post(f"/api/runs/{run_id}/cancel")
    assert cancelled.status_code == 200
    assert cancelled.json()["status"] == "cancelled"
    assert person.post(f"/api/runs/{run_id}/cancel").status_code == 409
    assert demo.countersign("audit", "verify").returncode == 0


@pytest.mark.parametrize("username", ["reviewer_user", "auditor_user"])
def test_who_governs_does_not_ask(demo: Demo, username: str) -> None:
    response = demo.person(username).post("/api/ask", json={"question": QUESTION})
    assert response.status_code == 403


@pytest.mark.parametrize(
    "username", ["admin_user", "manager_store1", "manager_multi", "marketing_user", "finance_user"]
)
def test_every_suggestion_works(demo: Demo, username: str) -> None:
    person = demo.person(username)
    items = person.get("/api/suggestions").json()["items"]
    assert len(items) >= 4
    views = set(person.get("/api/me").json()["allowed_views"])
    for item in items:
        assert set(item["views"]) <= views
        assert ask(person, item["question"])["status"] == "completed", item["question"]


def test_the_catalog_is_the_role_s(demo: Demo) -> None:
    marketing = demo.person("marketing_user").get("/api/catalog").json()
    assert {m["view"] for m in marketing["metrics"]} == {"v_customer_masked"}
    finance = demo.person("finance_user").get("/api/catalog").json()
    assert {m["view"] for m in finance["metrics"]} == {"v_payment_scoped"}
