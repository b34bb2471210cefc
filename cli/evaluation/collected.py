"""Cases that come of what people said: wrong answers, rejected and edited approvals."""

import asyncio

import orjson
import psycopg
from psycopg.rows import TupleRow
from pydantic import ValidationError

from cli.databases import databases
from cli.evaluation.cases import Case
from cli.evaluation.errors import EvaluationError
from cli.evaluation.judging import manner_of
from contracts.plan import MetricQuery
from contracts.run import Answer
from workflow.store.cases import OpenCase, open_cases


def collected_cases() -> list[Case]:
    """The open cases on record, as cases that say what must not come again. Raises
    EvaluationError where there is none."""
    with databases() as urls:
        found = asyncio.run(_read(urls.app))
    cases = [case for one in found if (case := _case(one)) is not None]
    if not cases:
        raise EvaluationError("Nobody has called an answer wrong: there are no cases.")
    return cases


async def _read(url: str) -> list[OpenCase]:
    connection: psycopg.AsyncConnection[TupleRow]
    async with await psycopg.AsyncConnection.connect(url) as connection:
        return await open_cases(connection)


def _case(one: OpenCase) -> Case | None:
    """None for a run that was stopped before it was planned: there is nothing to do better."""
    try:
        answer = Answer.model_validate(orjson.loads(one.answer))
    except ValidationError:
        return None
    manner = manner_of(answer)
    wrong_plan = answer.plan.plan if isinstance(answer.plan, MetricQuery) else None
    if wrong_plan is None and manner == "answered":
        return None
    return Case(
        id=f"run-{one.run_id}",
        role_user=one.username,
        question=one.question,
        kind=one.origin,
        after=tuple(one.after),
        not_plan=wrong_plan,
        not_manner=None if wrong_plan else manner,
        note=one.reason,
    )
