"""Whether an answer is right: by its rows, by its plan, or by the kind of answer it is."""

import re
from dataclasses import dataclass

import httpx
import psycopg
from pydantic import ValidationError

from cli.evaluation.cases import Case, Expectation, Manner
from cli.evaluation.rows import difference, reference
from contracts.plan import MetricQuery, Plan
from contracts.run import Answer, RunStatus

_OF_STATUS: dict[RunStatus, Manner] = {
    RunStatus.CLARIFY: "clarify",
    RunStatus.REFUSED: "refused",
    RunStatus.BLOCKED: "refused",
    RunStatus.NEEDS_APPROVAL: "waiting",
}
_OF_PLAN: dict[str, Manner] = {"knowledge": "knowledge", "investigation": "why"}
_AS_EXPECTED: dict[Expectation, Manner] = {
    "refused": "refused",
    "clarify": "clarify",
    "knowledge": "knowledge",
    "why": "why",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """`fault` says what is wrong with an answer, and is empty when nothing is."""

    manner: Manner
    fault: str
    answer: Answer | None = None


def judge(case: Case, response: httpx.Response, warehouse: psycopg.Connection) -> Judgement:
    """Judge the gateway's response to a case."""
    if response.status_code == httpx.codes.FORBIDDEN:
        is_right = "refused" in case.expect
        return Judgement("refused", "" if is_right else f"HTTP {response.status_code}")
    if response.status_code != httpx.codes.OK:
        return Judgement("no answer", f"HTTP {response.status_code}")
    try:
        answer = Answer.model_validate_json(response.content)
    except ValidationError:
        return Judgement("no answer", "the answer is not in the agreed form")
    manner = manner_of(answer)
    return Judgement(manner, _fault(case, answer, manner, warehouse), answer)


def manner_of(answer: Answer) -> Manner:
    """How the question was taken."""
    if answer.status != RunStatus.COMPLETED:
        return _OF_STATUS.get(answer.status, "failed")
    return _OF_PLAN.get(answer.plan.kind, "answered") if answer.plan else "answered"


def _fault(case: Case, answer: Answer, manner: Manner, warehouse: psycopg.Connection) -> str:
    if manner in {_AS_EXPECTED[wanted] for wanted in case.expect}:
        return ""
    if case.not_manner is not None:
        return f"still {manner}{_noted(case)}" if manner == case.not_manner else ""
    if not (case.references or case.plan or case.not_plan):
        return f"{answer.status} ({manner}) instead of {' or '.join(case.expect)}"
    if manner != "answered":
        return f"{answer.status}: {answer.answer[:80]}"
    if case.references:
        return _fault_of_rows(case, answer, warehouse) or _fault_of_words(case, answer)
    return _fault_of_plan(case, answer)


def _fault_of_rows(case: Case, answer: Answer, warehouse: psycopg.Connection) -> str:
    faults = []
    for text in case.references:
        try:
            gold = reference(text)
            wanted = warehouse.execute(gold.sql.encode()).fetchall()
        except (ValueError, psycopg.Error) as error:
            return f"the reference query fails: {str(error).splitlines()[0]}"
        fault = difference(answer.columns, answer.rows, wanted, gold, is_ordered=case.ordered)
        if fault is None:
            return ""
        faults.append(fault)
    return faults[0]


def _fault_of_words(case: Case, answer: Answer) -> str:
    is_said = case.says is None or re.search(case.says, answer.answer, re.I)
    return "" if is_said else f"does not say what it has to: {answer.answer[:80]}"


def _fault_of_plan(case: Case, answer: Answer) -> str:
    found = answer.plan.plan if isinstance(answer.plan, MetricQuery) else None
    if found is None:
        return "there is no plan to compare"
    if case.plan is not None:
        return "" if bare(found) == bare(case.plan) else "another plan"
    is_same = case.not_plan is not None and bare(found) == bare(case.not_plan)
    return f"still the plan that was called wrong{_noted(case)}" if is_same else ""


def _noted(case: Case) -> str:
    return f" ({case.note})" if case.note else ""


def bare(plan: Plan) -> Plan:
    """The plan without what only says it to people."""
    if plan.time is None:
        return plan
    return plan.model_copy(update={"time": plan.time.model_copy(update={"label": ""})})
