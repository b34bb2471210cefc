"""A statement that was checked: recorded, run, and what came of it added to the record."""

from dataclasses import dataclass
from time import perf_counter

from contracts.context import UserContext
from contracts.result import ResultSet
from contracts.run import Stage
from workflow.approve.narrow import smallest
from workflow.approve.risk import regrouped
from workflow.audit.journal import MOMENT_SECONDS, Journal
from workflow.execute.errors import ExecutionError
from workflow.execute.patience import patiently
from workflow.execute.values import canonical_json, digest_of
from workflow.execute.warehouse import Warehouse
from workflow.stages import Checked, Counted


@dataclass(frozen=True, slots=True)
class Executed:
    """What came of it; `checked` with what was counted along."""

    checked: Checked
    result: ResultSet


@dataclass(frozen=True, slots=True)
class _Ran:
    result: ResultSet
    seconds: float


async def execute(
    journal: Journal,
    warehouse: Warehouse,
    checked: Checked,
    context: UserContext,
    step: str = "",
    *,
    is_repeatable: bool = False,
    patience: float = 0.0,
) -> Executed:
    """Run the statement, with the people behind each row where they are counted along, and write
    what is pending beside it: where what led to it `is_repeatable`, only if the statement lasts.
    An execution that an earlier try recorded is not recorded again where it came to the same. A
    warehouse that is away is tried again for `patience` seconds. Raises ExecutionError, with the
    failure added."""
    within = MOMENT_SECONDS if is_repeatable else 0.0
    started = perf_counter()
    try:
        ran = await patiently(
            lambda: journal.beside(_run(warehouse, checked, context), within=within), patience
        )
    except ExecutionError as error:
        journal.add(Stage.EXECUTION, "failed", started, {"reason": error.kind}, step=step)
        raise
    counted = _counted(checked, ran.result)
    result = _as_asked(checked, ran.result)
    earlier = journal.recorded(Stage.EXECUTION, step)
    if earlier is None or earlier.get("digest") != result.digest:
        journal.add(
            Stage.EXECUTION,
            "ok",
            perf_counter() - ran.seconds,
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


async def _run(warehouse: Warehouse, checked: Checked, context: UserContext) -> _Ran:
    started = perf_counter()
    result = await _result(warehouse, checked, context)
    return _Ran(result, perf_counter() - started)


async def _result(warehouse: Warehouse, checked: Checked, context: UserContext) -> ResultSet:
    verdict, counting = checked.verdict, checked.counting
    assert verdict.sql is not None  # noqa: S101 - a statement that passed has its text
    if counting is not None:
        try:
            return await warehouse.run(counting.sql, context, count_statement=verdict.count_sql)
        except ExecutionError as error:
            if error.kind != "timeout":
                raise  # what takes too long may not without the counting
    return await warehouse.run(verdict.sql, context, count_statement=verdict.count_sql)


def _counted(checked: Checked, result: ResultSet) -> Counted | None:
    if checked.counting is None:
        return None
    fewest = smallest(result)
    risk = regrouped(checked.risk, fewest, checked.counting.enough_people)
    return Counted(risk=risk, smallest_group=fewest)


def _as_asked(checked: Checked, result: ResultSet) -> ResultSet:
    """The result without what was only counted along."""
    if checked.counting is None or checked.compiled is None:
        return result
    asked = {column.name for column in checked.compiled.columns}
    kept = [i for i, column in enumerate(result.columns) if column.name in asked]
    columns = tuple(result.columns[i] for i in kept)
    rows = tuple(tuple(row[i] for i in kept) for row in result.rows)
    digest = digest_of(canonical_json(columns, rows))
    return result.model_copy(update={"columns": columns, "rows": rows, "digest": digest})
