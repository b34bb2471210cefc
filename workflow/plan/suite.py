"""The evaluation suite: questions of an organisation, and what a planner has to make of them.

Reading and judging are pure. Which planner is asked, and what follows from it, is decided
elsewhere.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from contracts.context import UserContext
from contracts.plan import MetricQuery, Plan, Planned
from workflow.plan.agreement import is_same
from workflow.semantic.model import SemanticModel
from workflow.semantic.words import plan_in_words

Kind = Literal["metric_query", "investigation", "sql", "knowledge", "clarify", "refuse"]
_IN_WORDS: dict[str, str] = {
    "metric_query": "a plan",
    "investigation": "an investigation",
    "sql": "a statement of its own",
    "knowledge": "an answer from documents",
    "clarify": "a question back",
    "refuse": "a refusal",
}


NO_PLAN = "no plan of the model"
"""How a fault begins that says nothing of a prompt pack."""


class SuiteError(ValueError):
    """A suite that cannot be used; the message names the file and the line."""


class Case(BaseModel):
    """A question that somebody of `role` asks, for `stores` or for all of them, and what is right:
    one of `plans`, compared by meaning, or one of `kinds`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=100)
    role: str = Field(min_length=1, max_length=64)
    stores: tuple[int, ...] | None = None
    question: str = Field(min_length=1, max_length=4000)
    plans: tuple[Plan, ...] = ()
    kinds: tuple[Kind, ...] = ()

    @model_validator(mode="after")
    def _says_what_is_right(self) -> Self:
        if not (self.plans or self.kinds):
            raise ValueError("a case needs plans or kinds")
        return self

    def wanted(self, model: SemanticModel) -> str:
        """What is right, in words; `model` is the role's part."""
        plans = [plan_in_words(plan, model) for plan in self.plans]
        return ", or ".join([*plans, *(_IN_WORDS[kind] for kind in self.kinds)])


@dataclass(frozen=True, slots=True)
class Suite:
    """`digest` is the SHA-256 of the file."""

    cases: tuple[Case, ...]
    digest: str


def read_suite(path: Path) -> Suite:
    """The cases of a file of JSON lines. Raises SuiteError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SuiteError(f"{path} cannot be read: {error.strerror}") from error
    cases: list[Case] = []
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            case = Case.model_validate_json(line)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            raise SuiteError(f"{path}:{number}: {fault['msg']}") from error
        if any(case.id == other.id for other in cases):
            raise SuiteError(f"{path}:{number}: a second case is called {case.id}")
        cases.append(case)
    return Suite(tuple(cases), hashlib.sha256(content).hexdigest())


def fault_of(
    case: Case,
    planned: Planned,
    *,
    context: UserContext,
    model: SemanticModel,
    resolved: Collection[Plan],
) -> str:
    """What is wrong with a planner's output, in words; empty where it is right. `resolved` are
    the case's plans with the days that their periods mean."""
    if planned.fallback_reason is not None:
        return f"{NO_PLAN}: {planned.fallback_reason}"
    output = planned.output
    if output.kind in case.kinds:
        return ""
    if isinstance(output, MetricQuery) and case.plans:
        right = any(
            is_same(output.plan, plan, context, scope_fields_of(model)) for plan in resolved
        )
        return "" if right else f"another plan: {plan_in_words(output.plan, model)}"
    return _IN_WORDS[output.kind]


def scope_fields_of(model: SemanticModel) -> frozenset[str]:
    """The fields that the row scope restricts."""
    return frozenset(d.scope_field for d in model.datasets if d.scope_field)
