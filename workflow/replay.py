"""A recorded run, asked again: under the scope it had, and never a wider one.

The statement is not taken from the record as it is. It is made anew from the recorded plan or
SQL, by the semantic model and the guardrails of today, and runs only where that gives the very
statement that ran then; so a replay can do nothing that a question could not. A run of several
statements is replayed one by one.
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
from contracts.evidence import Replay, ReplayedStatement, ReplayOutcome, RowChanges
from contracts.plan import Investigation, MetricQuery, RawSql
from contracts.result import ResultSet
from contracts.verdict import Verdict
from kit.canonical import canonical
from kit.database import Connection
from kit.version import software
from workflow.audit.account import (
    BREAKDOWN,
    Account,
    Executed,
    account_of,
    executed_steps,
    member,
    members,
    text,
)
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

Output = MetricQuery | RawSql
_OUTPUT: TypeAdapter[Output | Investigation] = TypeAdapter(Output | Investigation)
_WORSE: tuple[ReplayOutcome, ...] = (
    "identical", "data changed", "definition changed", "not allowed any more",
)  # fmt: skip


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
class _Then:
    """A statement as it is on record: what it was made of, and what it returned. `rows` are those
    that the answer kept."""

    step: str
    output: Output
    sql: str
    maker: str | None
    digest: str
    row_count: int | None
    rows: JsonValue


@dataclass(frozen=True, slots=True)
class _Now:
    """The same, made today."""

    verdict: Verdict
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
    statements = [
        await _replayed(then, recorded, models, warehouse) for then in _then(recorded, account)
    ]
    if not statements:
        raise NothingToReplay
    worst = max(statements, key=lambda one: _WORSE.index(one.outcome))
    return Replay(
        run_id=recorded.log.run_id,
        outcome=worst.outcome,
        detail=_told(worst, statements),
        rows=worst.rows,
        difference=worst.difference,
        statements=tuple(statements),
        model_then=text(member(account.checked.get("bound")).get("model")),
        model_now=models.whole.digest,
        software_then=account.software,
        software_now=software(),
        replayed_at=datetime.now(UTC),
    )


def _told(worst: ReplayedStatement, statements: Sequence[ReplayedStatement]) -> str:
    if len(statements) == 1:
        return worst.detail
    same = sum(one.outcome == "identical" for one in statements)
    if same == len(statements):
        return f"All {same} statements give the same results."
    return f"{same} of {len(statements)} statements are identical. {worst.step}: {worst.detail}"


def _then(recorded: Recorded, account: Account) -> list[_Then]:
    """The statements that ran, in order."""
    answer = member(orjson.loads(recorded.answer))
    ran = Executed("", account.checked, account.executed)
    if "digest" not in account.executed:
        return []
    output = _OUTPUT.validate_python(account.planned.get("output"))
    if not isinstance(output, Investigation):
        return _as_recorded(ran, output, answer.get("rows"))
    parts = {
        f"{BREAKDOWN}{plan.dimensions[0].field}": MetricQuery(plan=plan)
        for plan in output.breakdowns
    }
    rows = {text(step.get("sql")): step.get("rows") for step in members(answer.get("steps"))}
    found: list[_Then] = []
    for one in executed_steps(recorded.events):
        if one.step in parts:
            sql = text(member(one.checked.get("verdict")).get("sql"))
            found += _as_recorded(one, parts[one.step], rows.get(sql))
        else:
            found += _as_recorded(one, MetricQuery(plan=output.change), answer.get("rows"))
    return found


def _as_recorded(ran: Executed, output: Output, rows: JsonValue) -> list[_Then]:
    sql = text(member(ran.checked.get("verdict")).get("sql"))
    digest, count = text(ran.summary.get("digest")), ran.summary.get("row_count")
    if sql is None or digest is None:
        return []
    maker = text(member(ran.checked.get("compiled")).get("sql"))
    return [
        _Then(ran.step, output, sql, maker, digest, count if isinstance(count, int) else None, rows)
    ]


async def _replayed(
    then: _Then, recorded: Recorded, models: RoleModels, warehouse: Warehouse
) -> ReplayedStatement:
    now: _Now | None = None
    result: ResultSet | None = None
    rows: RowChanges | None = None
    difference: tuple[str, ...] = ()
    outcome: ReplayOutcome = "identical"
    detail = "The same statement gives the same result."
    try:
        context = _scope(recorded, then.sql)
        now = _made(then.output, context, models)
        sql = _same(then, now)
        result = await warehouse.run(sql, context, count_statement=now.verdict.count_sql)
        if result.digest != then.digest:
            rows = _compared(then.rows, result, now.compiled)
            outcome, detail = "data changed", _in_words(rows)
    except _Ended as ended:
        outcome, detail, difference = ended.outcome, ended.detail, ended.difference
    return ReplayedStatement(
        step=then.step,
        outcome=outcome,
        detail=detail,
        rows=rows,
        difference=difference,
        sql_then=then.sql,
        sql_now=now.verdict.sql if now else None,
        digest_then=then.digest,
        digest_now=result.digest if result else None,
        row_count_then=then.row_count,
        row_count_now=result.row_count if result else None,
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


def _made(output: Output, context: UserContext, models: RoleModels) -> _Now:
    """The recorded plan or SQL as a statement of today."""
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
    return _Now(check(sql, guard_scope(model, context, is_raw=compiled is None)), compiled)


def _same(then: _Then, now: _Now) -> str:
    """The statement, where it is the very one that ran."""
    verdict, compiled = now.verdict, now.compiled
    if verdict.sql is None:
        why = " ".join(f.message for f in verdict.findings if f.severity == "block")
        raise _Ended("definition changed", f"The guardrails refuse the statement now. {why}")
    if verdict.sql != then.sql:
        maker = (
            "guardrails make" if compiled and then.maker == compiled.sql else "semantic model makes"
        )
        raise _Ended(
            "definition changed",
            f"The {maker} another statement of it now.",
            _difference(then.sql, verdict.sql),
        )
    return verdict.sql


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


def _compared(kept: JsonValue, result: ResultSet, compiled: Compiled | None) -> RowChanges:
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
