"""A recorded run, asked again: under the scope it had, and never a wider one.

The statement is not taken from the record as it is. It is made anew from the recorded plan or
SQL, by the semantic model and the guardrails of today, and runs only where that gives the very
statement that ran then; so a replay can do nothing that a question could not.
"""

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import orjson
import sqlglot
from pydantic import JsonValue, TypeAdapter
from sqlglot.errors import SqlglotError

from contracts.context import UserContext
from contracts.evidence import Replay, ReplayOutcome, RowChanges
from contracts.plan import MetricQuery, RawSql
from contracts.result import ResultSet
from kit.canonical import canonical
from kit.database import Connection
from kit.version import software
from workflow.audit.account import Account, Json, account_of, member, text
from workflow.execute.warehouse import Warehouse
from workflow.guard.check import check
from workflow.guard.for_role import guard_scope
from workflow.receipt_body import check_chain
from workflow.semantic.compile_sql import PlanError, compile_plan
from workflow.semantic.model import Compiled
from workflow.semantic.roles import RoleModels
from workflow.store import audit_events, runs
from workflow.store.rows import EventRow, LogRow
from workflow.store.standing import standing

_OUTPUT: TypeAdapter[MetricQuery | RawSql] = TypeAdapter(MetricQuery | RawSql)


class NothingToReplay(Exception):
    """The run executed no statement."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run as the record has it; `answer` is JSON text, `now` what its asker may see today (see
    `store.standing`), None for somebody who may not log in or has lost the role."""

    log: LogRow
    events: Sequence[EventRow]
    answer: str
    now: UserContext | None


@dataclass(frozen=True, slots=True)
class _Statement:
    sql: str
    count_sql: str | None
    compiled: Compiled | None


class _Ended(Exception):
    """The replay has its outcome before anything is run."""

    def __init__(
        self, outcome: ReplayOutcome, detail: str, difference: tuple[str, ...] = ()
    ) -> None:
        super().__init__(detail)
        self.outcome: ReplayOutcome = outcome
        self.detail = detail
        self.difference = difference


async def read(
    connection: Connection, run_id: UUID, *, org_id: UUID | None = None
) -> Recorded | None:
    """What a replay needs; None where the organisation has no such run. Without `org_id` it is
    anybody's."""
    log = await audit_events.log_of_run(connection, run_id)
    if log is None or log.org_id != (org_id or log.org_id):
        return None
    events = await audit_events.of_run(connection, run_id)
    answer = await runs.answer(connection, run_id, org_id=log.org_id, user_id=log.user_id)
    then = UserContext.model_validate(orjson.loads(log.user_context))
    return Recorded(log, events, answer or "{}", await standing(connection, then))


async def replay(recorded: Recorded, models: RoleModels, warehouse: Warehouse) -> Replay:
    """Raises NothingToReplay; receipt_body.Broken where the record does not hold, because then
    nothing can be compared with; ExecutionError where the warehouse does not answer."""
    check_chain(recorded.log, recorded.events)
    account = account_of(recorded.events)
    sql = text(member(account.checked.get("verdict")).get("sql"))
    digest = text(account.executed.get("digest"))
    if sql is None or digest is None:
        raise NothingToReplay
    rows: RowChanges | None = None
    difference: tuple[str, ...] = ()
    try:
        context = _scope(recorded, sql)
        statement = _statement(account, sql, context, models)
        result = await warehouse.run(statement.sql, context, count_statement=statement.count_sql)
        outcome: ReplayOutcome = "identical"
        detail = "The same statement gives the same result."
        if result.digest != digest:
            rows = _compared(member(orjson.loads(recorded.answer)), result, statement.compiled)
            outcome, detail = "data changed", _in_words(rows)
    except _Ended as ended:
        outcome, detail, difference = ended.outcome, ended.detail, ended.difference
    return Replay(
        run_id=recorded.log.run_id,
        outcome=outcome,
        detail=detail,
        rows=rows,
        difference=difference,
        model_then=text(member(account.checked.get("bound")).get("model")),
        model_now=models.whole.digest,
        software_then=account.software,
        software_now=software(),
        replayed_at=datetime.now(UTC),
    )


def _scope(recorded: Recorded, sql: str) -> UserContext:
    """The context of then, less what the role has lost that the statement does not need."""
    then = UserContext.model_validate(orjson.loads(recorded.log.user_context))
    now = recorded.now
    if now is None:
        raise _gone(f"{then.username} may not log in any more, or has lost the role {then.role}.")
    if "ask" not in now.permissions:
        raise _gone(f"The role {then.role} does not ask questions any more.")
    if then.is_all_stores and not now.is_all_stores:
        raise _gone(f"{then.username} does not see all stores any more.")
    lost_stores = sorted(set(then.store_ids) - set(now.store_ids)) if not now.is_all_stores else []
    if lost_stores:
        lost = ", ".join(map(str, lost_stores))
        raise _gone(f"{then.username} does not see these stores any more: {lost}.")
    lost_views = set(then.allowed_views) - set(now.allowed_views)
    if lost_views & _words(sql):
        lost = ", ".join(sorted(lost_views & _words(sql)))
        raise _gone(f"The role {then.role} does not read these views any more: {lost}.")
    return then.model_copy(
        update={"allowed_views": tuple(v for v in then.allowed_views if v not in lost_views)}
    )


def _gone(detail: str) -> _Ended:
    return _Ended("not allowed any more", detail)


def _words(sql: str) -> set[str]:
    return set("".join(c if c.isalnum() or c == "_" else " " for c in sql).split())


def _statement(
    account: Account, recorded_sql: str, context: UserContext, models: RoleModels
) -> _Statement:
    """The recorded statement as it is made today."""
    output = _OUTPUT.validate_python(account.planned.get("output"))
    model = models.part(context)
    compiled = None
    if isinstance(output, MetricQuery):
        try:
            compiled = compile_plan(output.plan, model)
        except PlanError as error:
            raise _Ended(
                "definition changed", f"The plan cannot be compiled now. {error}"
            ) from error
        sql = compiled.sql
    else:
        sql = output.sql
    verdict = check(sql, guard_scope(model, context, is_raw=compiled is None))
    if verdict.sql is None:
        why = " ".join(f.message for f in verdict.findings if f.severity == "block")
        raise _Ended("definition changed", f"The guardrails refuse the statement now. {why}")
    if verdict.sql != recorded_sql:
        before = text(member(account.checked.get("compiled")).get("sql"))
        maker = "guardrails make" if compiled and before == compiled.sql else "semantic model makes"
        raise _Ended(
            "definition changed",
            f"The {maker} another statement of it now.",
            _difference(recorded_sql, verdict.sql),
        )
    return _Statement(verdict.sql, verdict.count_sql, compiled)


def _difference(before: str, now: str) -> tuple[str, ...]:
    lines = difflib.unified_diff(_lines(before), _lines(now), lineterm="", n=0)
    return tuple(line for line in lines if not line.startswith(("---", "+++", "@@")))


def _lines(sql: str) -> list[str]:
    try:
        return sqlglot.transpile(sql, read="postgres", write="postgres", pretty=True)[
            0
        ].splitlines()
    except SqlglotError:
        return sql.splitlines()


def _compared(answer: Json, result: ResultSet, compiled: Compiled | None) -> RowChanges:
    kept = answer.get("rows")
    then = [row for row in kept if isinstance(row, list)] if isinstance(kept, list) else []
    removed = Counter(canonical(row) for row in then)
    now = Counter(canonical([*row]) for row in result.rows)
    added = now - removed
    removed -= now
    keys = [n for n, c in enumerate(compiled.columns) if c.role == "dimension"] if compiled else []
    changed = (_keyed(removed, keys) & _keyed(added, keys)).total() if compiled else 0
    return RowChanges(
        recorded=len(then),
        now=result.row_count,
        added=added.total() - changed,
        removed=removed.total() - changed,
        changed=changed,
    )


def _keyed(rows: Counter[str], keys: Sequence[int]) -> Counter[str]:
    """How many of the rows are about the same."""
    counted: Counter[str] = Counter()
    for row, count in rows.items():
        values: list[JsonValue] = orjson.loads(row)
        counted[canonical([values[n] for n in keys if n < len(values)])] += count
    return counted


def _in_words(rows: RowChanges) -> str:
    return (
        f"The same statement gives other rows: {rows.added} added, {rows.removed} removed, "
        f"{rows.changed} changed; {rows.recorded} then, {rows.now} now."
    )
