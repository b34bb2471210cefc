"""What occurs in the data a person may see: the values a question can be matched against, and the
oldest and the newest day."""

from datetime import date
from functools import lru_cache

from sqlglot import exp, parse_one

from contracts.context import UserContext
from workflow.execute.errors import ExecutionError
from workflow.execute.warehouse import Warehouse
from workflow.semantic.model import DataProfile, Dataset, Field, SemanticModel

MAX_VALUES = 5_000
# reads every row in scope, though not for every question: the caller keeps what it returns
TIMEOUT = 30.0
DIALECT = "postgres"

# One pass over the dataset. Each row of it becomes one row a field, and one (-1) for the whole.
# The session's time zone is UTC, so the day is too.
_QUERY = """
SELECT field, value, newest, oldest
FROM (
    SELECT
        field,
        value,
        CAST(MAX(day) AS DATE) AS newest,
        CAST(MIN(day) AS DATE) AS oldest,
        ROW_NUMBER() OVER (PARTITION BY field ORDER BY value) AS place
    FROM dataset AS scoped
    CROSS JOIN LATERAL (VALUES (-1, NULL)) AS cells(field, value)
    WHERE value IS NOT NULL OR field = -1
    GROUP BY field, value
) AS grouped
WHERE place <= 0
"""


async def profile(warehouse: Warehouse, model: SemanticModel, context: UserContext) -> DataProfile:
    """The values of the indexed fields, at most 5,000 of each, in order, and the oldest and the
    newest day (UTC) of each dataset that has a time field.

    `model` is the role's part of the model. Everything is read with the person's own login and
    scope, so a value never tells of a row they may not see. A dataset that takes too long to
    read is left out: a question can still be planned without its values. Raises ExecutionError
    for any other fault.
    """
    values: dict[str, set[str]] = {}
    newest: dict[str, date] = {}
    oldest: dict[str, date] = {}
    for dataset in model.datasets:
        fields = _indexed(dataset)
        if not fields and dataset.time_field is None:
            continue
        try:
            result = await warehouse.run(
                profile_sql(dataset),
                context,
                max_rows=MAX_VALUES * len(fields) + 1,
                statement_timeout=TIMEOUT,
            )
        except ExecutionError as error:
            if error.kind != "timeout":
                raise
            continue
        for number, value, last, first in result.rows:
            if number == -1 and isinstance(last, str) and isinstance(first, str):
                newest[dataset.name] = date.fromisoformat(last)
                oldest[dataset.name] = date.fromisoformat(first)
            elif isinstance(number, int) and isinstance(value, str):
                values.setdefault(fields[number].name, set()).add(value)
    return DataProfile(
        values={name: tuple(sorted(found)[:MAX_VALUES]) for name, found in values.items()},
        newest=newest,
        oldest=oldest,
    )


@lru_cache(maxsize=256)
def profile_sql(dataset: Dataset) -> str:
    """One SELECT over `dataset`: (field, value, newest, oldest), field counting the indexed fields
    from 0, and -1 with the days of all."""
    fields = _indexed(dataset)
    columns = [
        exp.alias_(parse_one(field.expression, dialect=DIALECT), f"f{number}")
        for number, field in enumerate(fields)
    ]
    day = next((f.expression for f in dataset.fields if f.name == dataset.time_field), "NULL")
    columns.append(
        exp.alias_(exp.cast(parse_one(day, dialect=DIALECT), "timestamptz", dialect=DIALECT), "day")
    )
    rows = (
        exp.select(*columns).from_(exp.to_table(dataset.source, dialect=DIALECT)).subquery("scoped")
    )
    cells = [
        exp.Tuple(
            expressions=[
                exp.Literal.number(number),
                exp.cast(exp.column(f"f{number}", table="scoped"), "text", dialect=DIALECT),
            ]
        )
        for number in range(len(fields))
    ]
    query = parse_one(_QUERY, dialect=DIALECT)
    for table in query.find_all(exp.Table):
        table.replace(rows)
    for listed in query.find_all(exp.Values):
        listed.set("expressions", [*cells, *listed.expressions])
    for limit in query.find_all(exp.LTE):
        limit.set("expression", exp.Literal.number(MAX_VALUES))
    return query.sql(dialect=DIALECT)


def _indexed(dataset: Dataset) -> tuple[Field, ...]:
    return tuple(field for field in dataset.fields if field.is_indexed)
