"""A statement that was checked: recorded, run, and what came of it added to the record."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter

from contracts.context import UserContext
from contracts.result import ResultSet
from contracts.run import Stage
from workflow.audit.journal import Journal
from workflow.execute.errors import ExecutionError
from workflow.execute.patience import patiently
from workflow.execute.warehouse import Warehouse
from workflow.stages import Checked, Counted

Count = Callable[[Checked], Awaitable[Counted]]
"""Counts the people behind each row, where validation left that to be done beside."""


@dataclass(frozen=True, slots=True)
class Executed:
    """What came of it; `checked` with what was counted beside."""

    checked: Checked
    result: ResultSet


async def execute(
    journal: Journal,
    warehouse: Warehouse,
    checked: Checked,
    context: UserContext,
    count: Count,
    step: str = "",
    patience: float = 0.0,
) -> Executed:
    """Write what is pending, then run the statement, and beside both `count` where that is left
    to do. An execution that an earlier try recorded is not recorded again where it came to the
    same. A warehouse that is away is tried again for `patience` seconds. Raises ExecutionError,
    with the failure added."""
    counting = asyncio.ensure_future(count(checked)) if checked.is_counted_beside else None
    try:
        result = await patiently(lambda: _run(journal, warehouse, checked, context), patience)
        took = perf_counter() - journal.flushed_at
        counted = await counting if counting else None
    except ExecutionError as error:
        journal.add(
            Stage.EXECUTION, "failed", journal.flushed_at, {"reason": error.kind}, step=step
        )
        raise
    finally:
        if counting is not None and not counting.cancel() and not counting.cancelled():
            counting.exception()  # nobody else may ask
    earlier = journal.recorded(Stage.EXECUTION, step)
    if earlier is None or earlier.get("digest") != result.digest:
        journal.add(
            Stage.EXECUTION,
            "ok",
            perf_counter() - took,
            {
                "row_count": result.row_count,
                "total_rows": result.total_rows,
                "truncated": result.truncated,
                "digest": result.digest,
            },
            counted,
            step=step,
        )
    elif counted is not None:
        counted = journal.value(Stage.EXECUTION, "ok", Counted, step)
    return Executed(checked.with_count(counted) if counted else checked, result)


async def _run(
    journal: Journal, warehouse: Warehouse, checked: Checked, context: UserContext
) -> ResultSet:
    verdict = checked.verdict
    assert verdict.sql is not None  # noqa: S101 - a statement that passed has its text
    return await warehouse.run_after(
        journal.flush(), verdict.sql, context, count_statement=verdict.count_sql
    )
