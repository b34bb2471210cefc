"""A few rows for a reviewer: read as the reviewer, and masked."""

from collections.abc import Sequence

from pydantic import JsonValue

from contracts.approval import QuerySubject, Sample
from contracts.context import UserContext
from contracts.plan import MetricQuery
from contracts.result import ResultSet
from contracts.verdict import Verdict
from workflow.approve.narrow import narrow, people_columns, with_people
from workflow.approve.rules import Asked, may_see
from workflow.execute.errors import ExecutionError
from workflow.parts import Parts
from workflow.semantic.compile_sql import PlanError
from workflow.semantic.model import SemanticModel
from workflow.validation import judge

MOST_ROWS = 5
SECONDS = 2.0
MASK = "•••"
NOT_YOURS = "You may not see these rows yourself, so none are shown."
WRITTEN = "Written SQL that uses personal data is not sampled: what to mask cannot be known."
NOT_NOW = "The rows could not be read just now."


async def sample(
    subject: QuerySubject, asker: UserContext, reviewer: UserContext, parts: Parts, enough: int
) -> Sample:
    """At most five rows of what the reviewer may see of it, in the stores that both may see.

    What describes a person is masked, and so is every figure about fewer than `enough` people;
    of written SQL every text is. Nothing is shown to a reviewer who lacks a view or a store.
    """
    asked = Asked(context=asker, views=subject.views)
    if not reviewer.allowed_views or not may_see(reviewer, asked):
        return Sample(note=NOT_YOURS)
    context = reviewer.model_copy(
        update={"store_ids": asker.store_ids, "is_all_stores": asker.is_all_stores}
    )
    model = parts.models.part(context)
    output = subject.output
    narrowed = narrow(output.plan, model) if isinstance(output, MetricQuery) else None
    if narrowed is not None:
        output, model = MetricQuery(plan=narrowed.plan), with_people(model)
    try:
        judged = judge(output, model, context)
        is_written = judged.compiled is None
        if judged.verdict.sql is None or (is_written and _is_personal(judged.verdict)):
            return Sample(note=NOT_YOURS if judged.verdict.sql is None else WRITTEN)
        result = await parts.warehouse.run(
            judged.verdict.sql, context, max_rows=MOST_ROWS, statement_timeout=SECONDS
        )
    except (PlanError, ExecutionError):
        return Sample(note=NOT_NOW)
    return masked(result, model, enough, is_written=is_written)


def masked(result: ResultSet, model: SemanticModel, enough: int, *, is_written: bool) -> Sample:
    """The rows without what tells of a person. Pure."""
    hidden = {
        f.name for d in model.datasets for f in d.fields if f.is_personal or f.describes_person
    }
    counts = people_columns(result)
    shown = [i for i in range(len(result.columns)) if i not in counts]
    rows = []
    for row in result.rows:
        is_few = any(isinstance(n := row[i], int) and n < enough for i in counts)
        rows.append(tuple(_value(row, i, result, hidden, is_few, is_written) for i in shown))
    return Sample(
        columns=tuple(result.columns[i] for i in shown),
        rows=tuple(rows),
        note="" if rows else "There are no rows in the stores that you both may see.",
    )


def _is_personal(verdict: Verdict) -> bool:
    return any(f.rule == "personal" for f in verdict.findings)


def _value(
    row: Sequence[JsonValue],
    place: int,
    result: ResultSet,
    hidden: set[str],
    is_few: bool,
    is_written: bool,
) -> JsonValue:
    column = result.columns[place]
    is_text = column.type not in ("integer", "decimal", "float", "boolean")
    if column.name in hidden or (is_written and is_text):
        return MASK
    if is_few and not is_text:
        return MASK
    return row[place]
