"""Chooses who plans: the model, where one is configured; the built-in planner otherwise.

What no planner may answer (a wish to write, SQL, an argument with the rules, a row outside the
scope) is refused before a model is called: it saves a paid call, and nothing can talk it round.
Where the model is sure and the built-in planner is too, of something else, the asker chooses.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import cache
from typing import Protocol

from contracts.catalog import Suggestion
from contracts.plan import Clarify, MetricQuery, Planned
from contracts.run import Source
from workflow.llm.errors import ModelUnavailable
from workflow.plan import builtin, disagreement, documents
from workflow.plan.ground import Ground
from workflow.plan.history import Exchange
from workflow.plan.intent import asks_why, read_change
from workflow.plan.investigation import plan_of
from workflow.semantic.model import SemanticModel

Retrieval = Callable[[], Awaitable[Sequence[Source]]]
"""Comes to the documents that bear on a question, once they are found."""
MayAsk = Callable[[], Awaitable[object]]
"""Comes back once a model may be asked: when the question is on record."""
HEAD_START_SECONDS = 0.002
"""For the request to be on its way; the model then thinks while the built-in planner reads."""


class ModelPlan(Protocol):
    """The model planner with its client bound. Raises ModelUnavailable."""

    def __call__(
        self,
        question: str,
        ground: Ground,
        *,
        snippets: Sequence[Source],
        history: Sequence[Exchange],
        may_ask: MayAsk,
    ) -> Coroutine[None, None, Planned]:
        """The model's plan. All but the asking itself is done before it `may_ask`."""


def at_hand(sources: Sequence[Source]) -> Retrieval:
    """Documents that have been found."""

    async def found() -> Sequence[Source]:
        return sources

    return found


async def at_once() -> None:
    """The question has been stored."""


async def plan(
    question: str,
    ground: Ground,
    *,
    whole: SemanticModel,
    retrieval: Retrieval,
    suggestions: Sequence[Suggestion],
    history: Sequence[Exchange] = (),
    model_plan: ModelPlan | None,
    may_ask: MayAsk = at_once,
) -> Planned:
    """What the planner makes of the question; `fallback_reason` says why a configured model did
    not. Arguments are those of the built-in planner, with the documents of `retrieval`.

    A "why" becomes an investigation, what asks for a meaning is answered by documents, and so is
    what no plan can say and a document does. These two pass the same gate as everything else.
    """
    chosen = _chosen(question, history)
    if chosen is not None:
        return chosen
    if asks_why(question):
        change = read_change(question, ground, whole=whole)
        if change is not None:
            return plan_of(change, ground)

    @cache
    def gate() -> Planned | None:
        return builtin.gate(question, ground, whole=whole, suggestions=suggestions)

    @cache
    def built_in() -> Planned:
        return builtin.plan(question, ground, whole=whole, suggestions=suggestions, history=history)

    first = built_in if model_plan is None else gate
    first()  # which needs no document, while they are being found
    sources = await retrieval()
    explained = documents.explanation(question, sources)
    if explained is not None:
        return gate() or explained
    if model_plan is None:
        planned = built_in()
    else:
        planned = gate() or await _by_model(
            model_plan(question, ground, snippets=sources, history=history, may_ask=may_ask),
            built_in, ground, whole,
        )  # fmt: skip
    told = documents.instead(question, planned, sources)
    return planned if told is None or gate() is not None else told


async def _by_model(
    call: Coroutine[None, None, Planned],
    built_in: Callable[[], Planned],
    ground: Ground,
    whole: SemanticModel,
) -> Planned:
    asked = asyncio.ensure_future(call)
    try:
        await asyncio.wait({asked}, timeout=HEAD_START_SECONDS)
        own = built_in()
        planned = await asked
    except ModelUnavailable as unavailable:
        return _fallen_back(own, unavailable)
    finally:
        asked.cancel()
    return disagreement.settled(planned, own, ground, whole=whole)


def _fallen_back(own: Planned, unavailable: ModelUnavailable) -> Planned:
    """The built-in planner's, with what was paid to a model in vain."""
    spent = unavailable.spent
    return own.model_copy(
        update={
            "fallback_reason": unavailable.reason,
            "model": unavailable.model,
            "prompt_tokens": spent.prompt_tokens,
            "completion_tokens": spent.completion_tokens,
            "cost": spent.cost or None,
        }
    )


def _chosen(question: str, history: Sequence[Exchange]) -> Planned | None:
    """The plan of a choice that was offered in answer to the last question, where its words
    alone would not lead to it."""
    last = history[-1].output if history else None
    if not isinstance(last, Clarify):
        return None
    for choice in last.choices:
        if choice.plan is not None and choice.question == question:
            return Planned(output=MetricQuery(plan=choice.plan), planner="builtin")
    return None
