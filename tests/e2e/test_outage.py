"""PostgreSQL is killed and started again under load; the services keep running."""

import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import orjson
import psycopg
import pytest

from kit import embedded_postgres
from kit.postgres_folder import postmaster
from tests.e2e.test_ask import events
from tests.stack import PASSWORDS, Demo, start_demo, stop_demo

ASKERS = ("admin_user", "manager_store1", "manager_multi", "finance_user") * 2
QUESTIONS = ("total revenue", "revenue by category", "monthly revenue", "top 5 films by revenue")
# how the server ends and how long it stays away: a moment, and longer than anybody waits for it
OUTAGES = ((signal.SIGQUIT, 0.5), (signal.SIGKILL, 8.0))
LONGEST = 30.0
BACK_WITHIN = 15.0
ALL_ANSWERED_WITHIN = 60.0
RESTED = {"completed", "failed", "cancelled", "clarify", "refused", "blocked", "needs_approval"}


@pytest.fixture(scope="module")
def own_demo() -> Iterator[Demo]:
    """A demo that may lose its database."""
    with tempfile.TemporaryDirectory(prefix="cs-out-") as folder:
        Path(folder).chmod(0o755)
        running = start_demo(Path(folder) / "home")
        try:
            yield running
        finally:
            stop_demo(running)
            for _ in OUTAGES:  # the servers that were started here
                embedded_postgres.stop(running.home / "pg")


@dataclass
class Reply:
    """What one request got."""

    began: float
    seconds: float
    username: str
    question: str
    response: httpx.Response

    def run(self) -> dict[str, object]:
        """The answer, or the problem detail; asserts that it is one of them, and whole."""
        response = self.response
        kind = response.headers["content-type"].partition(";")[0]
        if response.status_code in (200, 202):
            if kind == "text/event-stream":
                return self._streamed()
            assert kind == "application/json", response.text
            return dict(response.json())
        assert response.status_code in (503, 504), (response.status_code, response.text)
        assert kind == "application/problem+json", response.text
        problem = response.json()
        assert problem["status"] == response.status_code
        assert problem["detail"]
        return dict(problem)

    def _streamed(self) -> dict[str, object]:
        seen = events(self.response)
        assert seen[0][0] == "run"
        assert seen[-1][0] in ("answer", "interrupted", "problem"), seen
        return seen[0][2] | seen[-1][2]


@dataclass
class Load:
    """Askers that ask for as long as the block lasts, each in turn waiting, streaming and
    asking for later, and looking at their runs in between."""

    demo: Demo
    replies: list[Reply] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def ask_on(self, number: int) -> None:
        person = self.demo.people[ASKERS[number]]
        ways = ({}, {"Accept": "text/event-stream"}, {"Prefer": "respond-async"})
        turn = number
        while not self.over.is_set():
            turn += 1
            question = QUESTIONS[turn % len(QUESTIONS)]
            self._send(person, number, question, headers=ways[turn % 3])
            if turn % 5 == 0:
                self._send(person, number, "", headers={})

    def answered(self) -> dict[tuple[str, str], set[bytes]]:
        """Who asked what, and the rows they were told."""
        answers: dict[tuple[str, str], set[bytes]] = {}
        for reply in tuple(self.replies):
            run = reply.run()
            if run.get("status") == "completed":
                found = answers.setdefault((reply.username, reply.question), set())
                found.add(orjson.dumps(run["rows"]))
        return answers

    def wait_until_all_is_answered(self) -> None:
        """Everybody has been told an answer to each question, in whatever way they asked."""
        deadline = time.monotonic() + ALL_ANSWERED_WITHIN
        while len(self.answered()) < len(set(ASKERS)) * len(QUESTIONS):
            assert time.monotonic() < deadline, self.answered().keys()
            time.sleep(0.5)

    def _send(
        self, person: httpx.Client, number: int, question: str, headers: dict[str, str]
    ) -> None:
        began = time.monotonic()
        try:
            if question:
                url = "/api/ask"
                response = person.post(url, json={"question": question}, headers=headers)
            else:
                response = person.get("/api/runs", params={"limit": 5})
        except httpx.HTTPError as error:
            self.broken.append(repr(error))
            return
        seconds = time.monotonic() - began
        self.replies.append(Reply(began, seconds, ASKERS[number], question, response))
        if not response.is_success:
            time.sleep(0.1)  # a client that is told to try again takes a breath


def kill(demo: Demo, number: signal.Signals) -> None:
    server = postmaster(demo.home / "pg")
    assert server is not None
    server.send_signal(number)
    deadline = time.monotonic() + 10
    while postmaster(demo.home / "pg") is not None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def start_again(demo: Demo) -> None:
    embedded_postgres.start(demo.home / "pg")


def answers_again(person: httpx.Client) -> float:
    """Seconds until a question is answered."""
    began = time.monotonic()
    while True:
        response = person.post("/api/ask", json={"question": QUESTIONS[0]})
        if response.is_success and response.json()["status"] == "completed":
            return time.monotonic() - began
        assert time.monotonic() - began < BACK_WITHIN, response.text
        time.sleep(0.2)


def rows(demo: Demo, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(demo.settings["DATABASE_URL"]) as connection:
        return connection.execute(statement.encode()).fetchall()


@pytest.fixture(scope="module")
def load(own_demo: Demo) -> Load:
    """A load with two outages in it: a short one, and one that outlasts the pools' patience."""
    load = Load(own_demo)
    for username in dict.fromkeys(ASKERS):
        own_demo.person(username)
    with ThreadPoolExecutor(len(ASKERS)) as threads:
        try:
            futures = [threads.submit(load.ask_on, number) for number in range(len(ASKERS))]
            time.sleep(2)
            for number, away in OUTAGES:
                kill(own_demo, number)
                time.sleep(away)
                start_again(own_demo)
                waited = answers_again(own_demo.person("manager_store1"))
                assert waited < BACK_WITHIN
                time.sleep(1)
            load.wait_until_all_is_answered()
        finally:
            load.over.set()
        for future in futures:
            future.result()
    return load


def test_every_reply_is_an_answer_or_a_clean_refusal(load: Load) -> None:
    assert load.broken == []
    assert max(reply.seconds for reply in load.replies) < LONGEST
    for reply in load.replies:
        reply.run()
    refused = [r for r in load.replies if not r.response.is_success]
    assert refused, "nothing was asked while the database was away"
    assert sum(r.response.is_success for r in load.replies) > len(ASKERS)


def test_no_answer_is_wrong(load: Load) -> None:
    answers = load.answered()
    assert len(answers) == len(set(ASKERS)) * len(QUESTIONS)
    assert all(len(found) == 1 for found in answers.values())


def test_nothing_that_was_said_is_lost(load: Load) -> None:
    deadline = time.monotonic() + BACK_WITHIN
    while rows(load.demo, "SELECT 1 FROM runs WHERE status = 'running'"):
        assert time.monotonic() < deadline, "runs are still running"
        time.sleep(0.2)
    stored = {
        str(run_id): (status, answer)
        for run_id, status, answer in rows(
            load.demo, "SELECT run_id, status, answer::text FROM runs"
        )
    }
    told = 0
    for reply in load.replies:
        run = reply.run()
        run_id = run.get("run_id")
        if run_id is None:
            continue
        status, answer = stored[str(run_id)]
        assert status in RESTED
        if "rows" in run:
            told += 1
            kept = orjson.loads(str(answer))
            assert kept == {name: run[name] for name in kept}
    assert told


def test_each_stage_of_a_completed_run_is_recorded_once(load: Load) -> None:
    wrong = rows(
        load.demo,
        """
        SELECT r.run_id, array_agg(e.stage ORDER BY e.seq) FROM runs r
        LEFT JOIN query_audit_events e USING (run_id)
        WHERE r.status = 'completed' GROUP BY r.run_id
        HAVING array_agg(e.stage ORDER BY e.seq) <> ARRAY['rag_retrieval', 'llm_generation',
            'validation', 'db_execution', 'narration', 'completed']
        """,
    )
    assert wrong == []


def test_the_record_is_unbroken(load: Load) -> None:
    verified = load.demo.countersign("audit", "verify", "--json")
    assert verified.returncode == 0, verified.stdout


def test_people_log_in_again(load: Load) -> None:
    response = httpx.post(
        load.demo.url("/api/auth/login"),
        json={"username": "auditor_user", "password": PASSWORDS["auditor_user"]},
        trust_env=False,
    )
    assert response.status_code == 200
    assert httpx.get(load.demo.url("/readyz"), trust_env=False).is_success
