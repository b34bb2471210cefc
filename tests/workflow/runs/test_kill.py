"""SIGKILL at every stage, then a restart: each run ends properly, each stage once on record."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from uuid import UUID

import httpx
import psycopg
import pytest
from uuid_utils.compat import uuid7

from cli import local_model
from contracts.context import UserContext
from kit import internal_token
from tests.stack import free_ports
from tests.workflow.runs.dying_workflow import started
from workflow.audit.verify import verify

KEY = "k" * 40
STAGES = [
    "rag_retrieval",
    "llm_generation",
    "validation",
    "db_execution",
    "narration",
    "completed",
]
QUESTION = "What is total revenue?"
START_WITHIN = 60.0
"""Seconds, on a machine that has much else to do."""


@dataclass
class Service:
    """The workflow as a process, and a person who asks it."""

    app_url: str
    environment: dict[str, str]
    port: int
    context: UserContext

    @contextmanager
    def running(self, *, die_at: str | None = None, **more: str) -> Iterator[ForkServerProcess]:
        process = started({**self.environment, **more}, die_at)
        try:
            self._wait_until_ready(process)
            yield process
        finally:
            process.terminate()
            process.join(20)
            assert process.exitcode is not None, "the workflow did not end"

    def _wait_until_ready(self, process: ForkServerProcess) -> None:
        deadline = time.monotonic() + START_WITHIN
        while time.monotonic() < deadline:
            assert process.exitcode is None, "the workflow ended at start"
            with suppress(httpx.HTTPError):
                if httpx.get(self.url("/readyz"), trust_env=False).is_success:
                    return
            time.sleep(0.05)
        raise AssertionError("the workflow was not ready in time")

    def asked_and_killed(self, question: str, die_at: str, **more: str) -> UUID:
        """The run that the process died of."""
        with self.running(die_at=die_at, **more) as dying:
            with pytest.raises(httpx.TransportError):
                self.call("POST", "/run", json={"question": question})
            dying.join(10)
            assert dying.exitcode == -signal.SIGKILL
        return self.only_run()

    def let_time_pass(self) -> None:
        """As long as a worker may be silent before its runs are taken over."""
        with psycopg.connect(self.app_url) as connection:
            connection.execute("UPDATE workers SET seen_at = seen_at - interval '1 minute'")

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def call(
        self, method: str, path: str, *, by: UserContext | None = None, **more: object
    ) -> httpx.Response:
        headers = {internal_token.HEADER: internal_token.sign(by or self.context, KEY)}
        return httpx.request(
            method,
            self.url(path),
            headers=headers,
            timeout=30,
            trust_env=False,
            **more,  # type: ignore[arg-type]
        )

    def only_run(self) -> UUID:
        with psycopg.connect(self.app_url) as connection:
            rows = connection.execute("SELECT run_id FROM runs").fetchall()
        assert len(rows) == 1
        return UUID(str(rows[0][0]))

    def stages(self, run_id: UUID) -> list[str]:
        with psycopg.connect(self.app_url) as connection:
            rows = connection.execute(
                "SELECT stage FROM query_audit_events WHERE run_id = %s ORDER BY seq", (run_id,)
            ).fetchall()
        return [row[0] for row in rows]

    def wait_until_finished(self, run_id: UUID) -> dict[str, object]:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            answer = self.call("GET", f"/runs/{run_id}").json()
            if answer["status"] != "running":
                return dict(answer)
            time.sleep(0.1)
        raise AssertionError("the run did not end")

    def is_unbroken(self) -> bool:
        return verify(self.app_url, lambda *_: None).faults == ()


@pytest.fixture
def service(app_url: str, warehouse_url: str) -> Service:
    with psycopg.connect(app_url, autocommit=True) as connection:
        row = connection.execute(
            "INSERT INTO organisations (name) VALUES ('one') RETURNING org_id"
        ).fetchone()
    assert row is not None
    (port,) = free_ports(1)
    environment = {
        **os.environ,
        "DATABASE_URL": app_url,
        "WAREHOUSE_URL": warehouse_url,
        "INTERNAL_TOKEN": KEY,
        "WAREHOUSE_READER_SECRET": KEY,
        "SIGNING_KEY_SECRET": KEY,
        "WORKFLOW_PORT": str(port),
    }
    context = UserContext(
        user_id=uuid7(),
        username="someone",
        org_id=row[0],
        role="store_manager",
        permissions=("ask",),
        store_ids=(1,),
        is_all_stores=False,
        allowed_views=("v_payment_scoped", "v_rental_scoped"),
    )
    return Service(app_url, environment, port, context)


@pytest.mark.parametrize("moment", ["before", "added", "written"])
@pytest.mark.parametrize("stage", STAGES)
async def test_a_killed_run_is_finished_by_the_next_process(
    service: Service, stage: str, moment: str
) -> None:
    run_id = service.asked_and_killed(QUESTION, f"{stage}:{moment}")
    service.let_time_pass()
    with service.running():
        answer = service.wait_until_finished(run_id)
    assert answer["status"] == "completed"
    assert answer["row_count"] == 1
    assert service.stages(run_id) == STAGES
    assert service.is_unbroken()


WHY = "why did revenue fall in April 2022?"


@pytest.mark.parametrize("died_at", ["validation:added", "db_execution:written", "narration:added"])
async def test_a_killed_investigation_goes_on_with_its_next_step(
    service: Service, died_at: str
) -> None:
    run_id = service.asked_and_killed(WHY, died_at)
    with service.running():
        answer = service.wait_until_finished(run_id)
    assert answer["status"] == "completed"
    steps = answer["steps"]
    assert isinstance(steps, list)
    assert len(steps) > 2
    assert service.stages(run_id) == [
        "rag_retrieval",
        "llm_generation",
        *["validation", "db_execution"] * (1 + len(steps)),
        "rag_retrieval",
        "narration",
        "completed",
    ]
    assert service.is_unbroken()


@pytest.mark.parametrize("moment", ["before", "added", "written"])
async def test_a_run_that_waits_for_approval_survives_as_waiting(
    service: Service, moment: str
) -> None:
    run_id = service.asked_and_killed("rentals by customer", f"approval:{moment}")
    service.let_time_pass()
    with service.running():
        answer = service.wait_until_finished(run_id)
    assert answer["status"] == "needs_approval"
    assert service.stages(run_id) == ["rag_retrieval", "llm_generation", "validation", "approval"]
    assert service.is_unbroken()


@pytest.mark.parametrize(
    ("died_at", "narrator", "paid"),
    [
        ("llm_generation:written", "template", 1),
        ("validation:added", "template", 1),
        ("narration:before", "model", 2),
        ("narration:added", "model", 2),
    ],
)
async def test_a_model_is_not_paid_twice_for_what_is_on_record(
    service: Service, died_at: str, narrator: str, paid: int
) -> None:
    with local_model.serving() as model:
        settings = {
            "OPENAI_BASE_URL": f"{model.base_url}",
            "OPENAI_MODEL": "local",
            "OPENAI_API_KEY": "none",
            "NARRATOR": narrator,
        }
        run_id = service.asked_and_killed(QUESTION, died_at, **settings)
        service.let_time_pass()
        with service.running(**settings):
            answer = service.wait_until_finished(run_id)
        assert answer["status"] == "completed"
        usage = answer["usage"]
        assert isinstance(usage, dict)
        assert usage["model"] == "local"
        assert model.calls.total() == paid
    assert service.stages(run_id) == STAGES
