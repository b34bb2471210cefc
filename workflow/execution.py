"""A statement that was checked: recorded, run, and what came of it added to the record."""

from contracts.context import UserContext
from contracts.result import ResultSet
from contracts.run import Stage
from workflow.audit.journal import Journal
from workflow.execute.errors import ExecutionError
from workflow.execute.patience import patiently
from workflow.execute.warehouse import Warehouse
from workflow.stages import Checked


async def execute(
    journal: Journal,
    warehouse: Warehouse,
    checked: Checked,
    context: UserContext,
    step: str = "",
    patience: float = 0.0,
) -> ResultSet:
    """Write what is pending, then run the statement. An execution that an earlier try recorded is
    not recorded again where it came to the same. A warehouse that is away is tried again for
    `patience` seconds. Raises ExecutionError, with the failure added."""
    verdict = checked.verdict
    assert verdict.sql is not None  # noqa: S101 - a statement that passed has its text
    statement = verdict.sql

    async def run() -> ResultSet:
        return await warehouse.run_after(
            journal.flush(), statement, context, count_statement=verdict.count_sql
        )

    try:
        result = await patiently(run, patience)
    except ExecutionError as error:
        journal.add(
            Stage.EXECUTION, "failed", journal.flushed_at, {"reason": error.kind}, step=step
        )
        raise
    earlier = journal.recorded(Stage.EXECUTION, step)
    if earlier is None or earlier.get("digest") != result.digest:
        journal.add(
            Stage.EXECUTION,
            "ok",
            journal.flushed_at,
            {
                "row_count": result.row_count,
                "total_rows": result.total_rows,
                "truncated": result.truncated,
                "digest": result.digest,
            },
            step=step,
        )
    return result
