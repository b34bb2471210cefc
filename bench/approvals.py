"""The approval queue: python -m bench.approvals [PENDING]

On databases of its own, in this process: what risk and rules add to a question that does not
wait; from a decision to the first event of the result; sixteen
people deciding on the same hundred requests, in two workflows; and the first page of a queue of
PENDING requests (100,000 unless given), through HTTP.
"""

import asyncio
import logging
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import structlog
from pydantic import SecretStr
from uuid_utils.compat import uuid7

from contracts.context import UserContext
from contracts.plan import Dimension, MetricQuery, Plan, Planned
from contracts.run import RunStatus, StageEvent
from kit import embedded_postgres, internal_token
from kit.problems import ProblemError
from migrations.runner import migrate
from migrations.warehouse.readers import grant_readers
from seeds.pagila.warehouse import seed_warehouse
from tests.arrived import arrived_at
from workflow import app
from workflow.audit.verify import verify
from workflow.bootstrap import Workflow, running
from workflow.settings import WorkflowSettings
from workflow.store.approval_list import add_up
from workflow.store.rows import Run
from workflow.validation import judge, validate

SECRET = "a-secret-of-the-benchmark-and-of-nobody"
VIEWS: Mapping[str, tuple[str, ...]] = {
    "store_manager": ("v_payment_scoped", "v_rental_scoped"),
    "reviewer": (),
}
QUESTION = "rentals by customer"
CALM = "revenue by category"
NARROW = "revenue by country, which is narrow"
PLANS = {
    CALM: Plan(metrics=("revenue",), dimensions=(Dimension(field="category"),)),
    NARROW: Plan(metrics=("revenue",), dimensions=(Dimension(field="customer_country"),)),
}
PEOPLE, REQUESTS, TIMED = 16, 100, 60


def main() -> None:
    """Prints each figure."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    pending = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    folder = Path(tempfile.mkdtemp(prefix="cs-bench-"))
    folder.chmod(0o755)
    try:
        with embedded_postgres.running(folder / "pg") as cluster:
            asyncio.run(_measure(cluster, pending))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _measure(cluster: embedded_postgres.Cluster, pending: int) -> None:
    url = cluster.url(embedded_postgres.APP_DATABASE)
    warehouse = cluster.url(embedded_postgres.WAREHOUSE_DATABASE)
    migrate("app", url)
    seed_warehouse(warehouse)
    grant_readers(warehouse, VIEWS, SECRET)
    org_id = _organisation(url)
    settings = WorkflowSettings(
        database_url=SecretStr(url),
        warehouse_url=SecretStr(warehouse),
        warehouse_reader_secret=SecretStr(SECRET),
        internal_token=SecretStr(SECRET),
        signing_key_secret=SecretStr(SECRET),
    )
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(running(settings))
        await _overhead(first, org_id)
        await _counting(first, org_id)
        await _latency(first, org_id)
        second = await stack.enter_async_context(running(settings))
        await _race((first, second), org_id, url)
    _fill(url, org_id, pending)
    await _page(settings, org_id, pending)


async def _overhead(workflow: Workflow, org_id: UUID) -> None:
    """Validation as it is, less compiling and checking: asked again within a minute, with what
    was measured kept; and the first time, with EXPLAIN and nothing compiled before. Each by another
    person: who asks about many groups comes near the limit, and has the people counted first."""
    parts = workflow.parts

    async def seconds(name: str, plan: Plan, *, is_validated: bool) -> float:
        planned = Planned(output=MetricQuery(plan=plan), planner="builtin")
        context = _person(org_id, "store_manager")
        model = parts.models.part(context)
        run = Run(uuid7(), uuid7(), name, context, RunStatus.RUNNING, datetime.now(UTC), 0, "")
        started = time.perf_counter()
        if is_validated:
            await validate(run, planned, model, parts, may_count_along=True)
        else:
            judge(planned.output, model, context)
        return time.perf_counter() - started

    for name, plan in PLANS.items():
        unseen = iter(range(1, 200))  # each a statement of its own
        again = []
        first: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(TIMED):
            again.append(await seconds(name, plan, is_validated=True))
            for is_validated, taken in first.items():
                new = plan.model_copy(update={"limit": next(unseen)})
                taken.append(await seconds(name, new, is_validated=is_validated))
        known = statistics.median(again) * 1000
        added = (statistics.median(first[True]) - statistics.median(first[False])) * 1000
        print(
            f"risk adds to {name}, asked again: p50 {known:.2f} ms; the first time: {added:.2f} ms"
        )


async def _counting(workflow: Workflow, org_id: UUID) -> None:
    """A statement about few people, run with the people behind each row counted along and
    without, in turns: the difference is what counting adds to the question."""
    context = _person(org_id, "store_manager")
    parts = workflow.parts
    model = parts.models.part(context)
    planned = Planned(output=MetricQuery(plan=PLANS[NARROW]), planner="builtin")
    run = Run(uuid7(), uuid7(), NARROW, context, RunStatus.RUNNING, datetime.now(UTC), 0, "")
    checked = await validate(run, planned, model, parts, may_count_along=True)
    assert checked.counting is not None and checked.verdict.sql is not None
    statements = {"alone": checked.verdict.sql, "counting along": checked.counting.sql}
    taken: dict[str, list[float]] = {way: [] for way in statements}
    for _ in range(4 * TIMED):
        for way, statement in statements.items():
            started = time.perf_counter()
            await parts.warehouse.run(statement, context)
            taken[way].append((time.perf_counter() - started) * 1000)
    alone, along = (statistics.median(times) for times in taken.values())
    print(
        f"{NARROW}: the statement alone {alone:.2f} ms, with the people counted along "
        f"{along:.2f} ms, p50: {along - alone:.2f} ms more"
    )


async def _latency(workflow: Workflow, org_id: UUID) -> None:
    asker, reviewer = _person(org_id, "store_manager"), _person(org_id, "reviewer")
    taken = []
    for _ in range(TIMED):
        run_id, approval_id = await _asked(workflow, asker)
        with workflow.hub.listen(run_id) as queue:
            started = time.perf_counter()
            await workflow.decisions.approve(reviewer, approval_id, "", None)
            while True:
                item = await queue.get()
                if isinstance(item, StageEvent) and item.stage == "db_execution":
                    break
            taken.append((time.perf_counter() - started) * 1000)
    taken.sort()
    print(
        f"from approve to the event of the result: p50 {statistics.median(taken):.1f} ms, "
        f"p95 {taken[int(len(taken) * 0.95)]:.1f} ms, over {TIMED}"
    )


async def _race(processes: tuple[Workflow, Workflow], org_id: UUID, url: str) -> None:
    asker = _person(org_id, "store_manager")
    people = [_person(org_id, "reviewer") for _ in range(PEOPLE)]
    requests = [await _asked(processes[0], asker) for _ in range(REQUESTS)]
    outcomes: Counter[str] = Counter()

    async def decide(place: int) -> None:
        decisions = processes[place % 2].decisions
        for i, (_, approval_id) in enumerate(requests):
            try:
                if (place + i) % 4:
                    item = await decisions.approve(people[place], approval_id, "", None)
                else:
                    item = await decisions.reject(people[place], approval_id, "no", None)
                outcomes[item.status.value] += 1
            except ProblemError as error:
                outcomes[error.kind] += 1

    started = time.perf_counter()
    await asyncio.gather(*(decide(place) for place in range(PEOPLE)))
    seconds = time.perf_counter() - started
    in_hand = [p.runner.task(run_id) for p in processes for run_id, _ in requests]
    await asyncio.gather(*(task for task in in_hand if task is not None))
    twice = _count(
        url,
        "SELECT count(*) FROM (SELECT FROM query_audit_events WHERE stage = 'db_execution'"
        " GROUP BY run_id HAVING count(*) > 1)",
    )
    faults = verify(url, lambda *_: None).faults
    print(
        f"{PEOPLE} people, {REQUESTS} requests, two workflows: {dict(outcomes)} in {seconds:.1f} s;"
        f" executed twice: {twice}; faults in the record: {len(faults)}"
    )


async def _page(settings: WorkflowSettings, org_id: UUID, pending: int) -> None:
    service = app.create(settings)
    reviewer = _person(org_id, "reviewer")
    async with (
        service.router.lifespan_context(service),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(service), base_url="http://workflow"
        ) as client,
    ):
        async with service.state.workflow.parts.pool.connection() as connection:
            await add_up(connection)
        for query in ("status=pending", "status=pending&sort=risk", "status=pending&sort=expiry"):
            taken = []
            for _ in range(40):
                headers = {internal_token.HEADER: internal_token.sign(reviewer, SECRET)}
                started = time.perf_counter()
                answer = await client.get(f"/approvals?{query}", headers=headers)
                taken.append((time.perf_counter() - started) * 1000)
            total = answer.json()["total"]
            assert total >= pending, total
            print(f"first page of {total:,} ({query}): p50 {statistics.median(taken):.1f} ms")


async def _asked(workflow: Workflow, who: UserContext) -> tuple[UUID, UUID]:
    run = await arrived_at(workflow, who, QUESTION)
    approval = (await workflow.runner.start(run)).answer.approval
    assert approval is not None
    return run.run_id, approval.approval_id


def _person(org_id: UUID, role: str) -> UserContext:
    return UserContext(
        user_id=uuid7(),
        username=f"{role}-{uuid7().hex[-6:]}",
        org_id=org_id,
        role=role,
        permissions=("approve",) if role == "reviewer" else ("ask",),
        store_ids=(1,) if role == "store_manager" else (),
        is_all_stores=False,
        allowed_views=VIEWS[role],
    )


def _organisation(url: str) -> UUID:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "INSERT INTO organisations (name) VALUES ('one') RETURNING org_id"
        ).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def _count(url: str, query: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def _fill(url: str, org_id: UUID, pending: int) -> None:
    """Copies of a request that was decided, each with a run of its own, in every order."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            """
            WITH template AS (SELECT * FROM approval_requests LIMIT 1),
            logs AS (
                INSERT INTO query_audit_logs
                SELECT uuidv7(), l.org_id, l.user_id, l.username, l.role, l.conversation_id,
                    l.question, l.user_context, l.asked_at, l.hash
                FROM query_audit_logs l JOIN template USING (run_id), generate_series(1, %(n)s)
                RETURNING run_id)
            INSERT INTO approval_requests (approval_id, org_id, kind, run_id, status, asker_id,
                asker_name, asker_role, score, approvers_needed, subject, risk, bound, binding,
                policy_version, prepared, evidence, requested_at, expires_at)
            SELECT uuidv7(), t.org_id, t.kind, logs.run_id, 'pending', t.asker_id, t.asker_name,
                t.asker_role, (random() * 99)::integer, 1, t.subject, t.risk, t.bound, t.binding,
                t.policy_version, t.prepared, t.evidence, now(),
                now() + random() * interval '20 hours' + interval '4 hours'
            FROM template t, logs
            """,
            {"n": pending},
        )
        connection.execute("VACUUM ANALYZE approval_requests, approval_counts")


if __name__ == "__main__":
    main()
