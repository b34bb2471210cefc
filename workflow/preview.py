"""The prompt that a question would produce, by the path that a run takes, short of the model."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.context import UserContext
from contracts.plan import Clarify, Planned, Refuse
from contracts.prompt_pack import PreviewRequest, PromptBlocks, PromptMessage, PromptPreview
from contracts.run import Source
from workflow.llm.client import Message
from workflow.llm.errors import ModelUnavailable
from workflow.parts import Parts
from workflow.plan.ground import Ground
from workflow.plan.history import Exchange
from workflow.plan.model_prompt import first_messages
from workflow.plan.prompt_pack import PromptPack, packs_of
from workflow.plan.router import at_hand
from workflow.planning import context_of_role, plan_or_verified

_INSTEAD = {
    "metric_query": "It is planned without a model.",
    "investigation": "It is a question for a cause, which is taken apart without a model.",
    "knowledge": "It is answered from documents, without a model.",
    "clarify": "It is asked back, without a model: ",
    "refuse": "It is refused before a model is asked: ",
}


@dataclass(slots=True)
class _Listener:
    """Stands where the model would: keeps what it would be told, and answers nothing."""

    blocks: PromptBlocks
    messages: tuple[Message, ...] = ()
    pack: PromptPack | None = None
    sources: Sequence[Source] = field(default=())

    async def plan(
        self,
        question: str,
        ground: Ground,
        *,
        snippets: Sequence[Source],
        history: Sequence[Exchange],
        **_: object,
    ) -> Planned:
        self.pack = packs_of(self.blocks).of(ground.context)
        self.messages = first_messages(
            question, ground, snippets=snippets, pack=self.pack, history=history
        )
        raise ModelUnavailable("this is a preview")


async def preview(
    request: PreviewRequest, blocks: PromptBlocks, caller: UserContext, parts: Parts
) -> PromptPreview:
    """What the model would be told for the question with these blocks. Raises NotFound for a role
    that does not ask, ExecutionError where the warehouse cannot be read."""
    context = await context_of_role(
        caller, request.role, request.store_ids, parts, username=request.username
    )
    sources = await parts.retriever.search(request.question, context)
    listener = _Listener(blocks)
    planned = await plan_or_verified(
        request.question, context, parts, retrieval=at_hand(sources), model_plan=listener.plan
    )
    if listener.pack is None:
        return PromptPreview(sources=sources, instead=_instead(planned))
    messages = tuple(PromptMessage(role=m.role, content=m.content) for m in listener.messages)
    return PromptPreview(
        messages=messages,
        prompt_digest=listener.pack.digest,
        characters=sum(len(one.content) for one in messages),
        sources=sources,
    )


def _instead(planned: Planned) -> str:
    if planned.planner == "verified":
        return "A verified query answers it, without a model."
    output = planned.output
    told = _INSTEAD.get(output.kind, "It is planned without a model.")
    if isinstance(output, Refuse):
        return told + output.reason
    return told + output.question if isinstance(output, Clarify) else told
