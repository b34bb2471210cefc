"""Asks and judges case after case."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
import psycopg
from rich.console import Console
from rich.progress import track

from cli.evaluation.asking import Asker
from cli.evaluation.cases import Case, filled
from cli.evaluation.judging import Judgement, judge
from cli.evaluation.report import Outcome
from contracts.run import Answer


@dataclass(frozen=True, slots=True)
class Judged:
    """A case as it was asked, its answer, and what came of it."""

    case: Case
    answer: Answer | None
    outcome: Outcome


def evaluate(cases: Sequence[Case], asker: Asker, warehouse: psycopg.Connection) -> list[Judged]:
    """Ask and judge every case, in order, with a progress bar on standard error."""
    console = Console(stderr=True)
    shown = track(cases, description="Asking", console=console, transient=True)
    return [_one(case, asker, warehouse) for case in shown]


def _one(case: Case, asker: Asker, warehouse: psycopg.Connection) -> Judged:
    try:
        asked = filled(case, warehouse)
    except (ValueError, psycopg.Error) as error:
        fault = f"a blank cannot be filled: {str(error).splitlines()[0]}"
        return _judged(case, Judgement("no answer", fault), 0.0)
    started = time.perf_counter()
    response = asker.ask(asked.role_user, asked.question, after=asked.after)
    elapsed = (time.perf_counter() - started) * 1000
    return _judged(asked, judge(asked, response, warehouse), elapsed)


def _judged(case: Case, found: Judgement, milliseconds: float) -> Judged:
    explain = found.answer.explain if found.answer else None
    outcome = Outcome(
        id=case.id,
        kind=case.kind,
        role_user=case.role_user,
        question=" → ".join((*case.after, case.question)),
        manner=found.manner,
        is_right=not found.fault,
        reason=found.fault,
        confidence=explain.confidence if explain else None,
        planner=explain.planner if explain else "",
        milliseconds=round(milliseconds, 1),
    )
    return Judged(case, found.answer, outcome)


def exported(judged: Sequence[Judged], digests: Mapping[str, str]) -> str:
    """The right plans as JSON lines: question, what was asked before it, role, the digest of the
    catalog, and the planner's output."""
    lines = [
        orjson.dumps(
            {
                "question": one.case.question,
                "after": one.case.after,
                "role": one.answer.security.role,
                "catalog_digest": digests[one.case.role_user],
                "plan": one.answer.plan.model_dump(mode="json"),
            }
        ).decode()
        for one in judged
        if one.outcome.is_right and one.answer is not None and one.answer.plan is not None
    ]
    return "".join(f"{line}\n" for line in lines)
