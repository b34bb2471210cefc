"""The cases of a case file: a question, and what its answer has to be."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import psycopg
from psycopg import sql
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from cli.evaluation.errors import EvaluationError
from contracts.plan import Plan

Expectation = Literal["refused", "clarify", "knowledge", "why"]
Manner = Literal[
    "answered", "knowledge", "why", "clarify", "refused", "waiting", "failed", "no answer"
]
"""How a question was taken. `no answer` is an HTTP response that holds none."""

_BLANK = re.compile(r"\{([a-z_]+)\}")


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class Case(BaseModel):
    """A question of a case file, and what is right: rows, a plan, or a kind of answer.

    `gold_sql` runs as owner of the warehouse, in UTC; its columns are found in a right answer,
    which may hold more numbers; `also` are other forms of it. `plan` is a right plan; `not_plan`
    is one that is known to be wrong, `not_manner` a way of taking the question that is, and
    `note` says why. `expect` is what is right instead of rows or besides them.
    `says` is a regular expression that has to be found in the words that come with right rows.
    `after` is asked before the question, in the same conversation. `fill` gives, for each
    `{name}` in the question and in the SQL, a query for its value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    role_user: str
    question: str
    kind: str
    after: tuple[str, ...] = ()
    fill: Mapping[str, str] = {}
    gold_sql: str | None = None
    also: tuple[str, ...] = ()
    ordered: bool = False
    says: str | None = None
    plan: Plan | None = None
    not_plan: Plan | None = None
    not_manner: Manner | None = None
    note: str = ""
    expect: Annotated[tuple[Expectation, ...], BeforeValidator(_as_tuple)] = ()

    @model_validator(mode="after")
    def _says_what_is_right(self) -> "Case":
        if not (self.gold_sql or self.expect or self.plan or self.not_plan or self.not_manner):
            raise ValueError("a case needs one of gold_sql, plan, expect, not_plan and not_manner")
        if self.also and not self.gold_sql:
            raise ValueError("`also` is for other forms of gold_sql")
        return self

    @property
    def references(self) -> tuple[str, ...]:
        """The queries of which one has to give the answer's rows."""
        return (self.gold_sql, *self.also) if self.gold_sql else ()


def filled(case: Case, warehouse: psycopg.Connection) -> Case:
    """The case with the values of its blanks put in. Raises ValueError where there is none."""
    values: dict[str, str] = {}
    for name, query in case.fill.items():
        row = warehouse.execute(query.encode()).fetchone()
        if row is None or row[0] is None:
            raise ValueError(f"the query for {{{name}}} gives no value")
        values[name] = str(row[0])
    if not values:
        return case
    literals = {name: sql.Literal(value).as_string(warehouse) for name, value in values.items()}
    return case.model_copy(
        update={
            "question": _put_in(case.question, values),
            "after": tuple(_put_in(text, values) for text in case.after),
            "gold_sql": _put_in(case.gold_sql, literals) if case.gold_sql else None,
            "also": tuple(_put_in(text, literals) for text in case.also),
        }
    )


def _put_in(text: str, values: Mapping[str, str]) -> str:
    return _BLANK.sub(lambda found: values.get(found[1], found[0]), text)


def read_cases(path: Path) -> list[Case]:
    """The cases of a file of JSON lines. Raises EvaluationError with the line of a fault."""
    cases = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path} cannot be read.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            cases.append(Case.model_validate_json(line))
        except ValidationError as error:
            raise EvaluationError(f"{path}:{number}: {error.errors()[0]['msg']}") from error
    if not cases:
        raise EvaluationError(f"{path} holds no case.")
    return cases
