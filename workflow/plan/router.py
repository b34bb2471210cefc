"""Chooses who plans: the model, where one is configured; the built-in planner otherwise.

What no planner may answer (a wish to write, SQL, an argument with the rules, a row outside the
scope) is refused before a model is called: it saves a paid call, and nothing can talk it round.
"""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from contracts.catalog import Suggestion
from contracts.context import UserContext
from contracts.plan import Planned
from contracts.run import Source
from workflow.llm.errors import ModelUnavailable
from workflow.plan import builtin
from workflow.plan.history import Exchange
from workflow.semantic.model import DataProfile, SemanticModel


class ModelPlan(Protocol):
    """The model planner with its client bound. Raises ModelUnavailable."""

    async def __call__(
        self,
        question: str,
        *,
        model: SemanticModel,
        profile: DataProfile,
        snippets: Sequence[Source],
        context: UserContext,
        today: date,
    ) -> Planned:
        """The model's plan."""


async def plan(
    question: str,
    *,
    model: SemanticModel,
    full_model: SemanticModel,
    profile: DataProfile,
    context: UserContext,
    sources: Sequence[Source],
    suggestions: Sequence[Suggestion],
    history: Sequence[Exchange] = (),
    model_plan: ModelPlan | None,
    today: date,
) -> Planned:
    """What the planner makes of the question; `fallback_reason` says why a configured model did
    not. Arguments are those of the built-in planner, with the retrieved `sources`."""

    def built_in() -> Planned:
        return builtin.plan(
            question, model=model, full_model=full_model, profile=profile, context=context,
            suggestions=suggestions, history=history, today=today,
        )  # fmt: skip

    if model_plan is None:
        return built_in()
    refused = builtin.gate(
        question, model=model, full_model=full_model, profile=profile, context=context,
        suggestions=suggestions, today=today,
    )  # fmt: skip
    if refused is not None:
        return refused
    try:
        return await model_plan(
            question, model=model, profile=profile, snippets=sources, context=context, today=today
        )
    except ModelUnavailable as unavailable:
        return built_in().model_copy(update={"fallback_reason": unavailable.reason})
