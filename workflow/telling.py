"""A model's words for a result, as the pipeline asks for them."""

from collections.abc import AsyncGenerator, Callable

from contracts.context import UserContext
from workflow.llm.client import Message, ModelClient
from workflow.llm.meter import Payer
from workflow.narrate.prompt import Prompt
from workflow.stages import Spent

ModelWords = Callable[[Prompt, Spent, UserContext], AsyncGenerator[str, None]]
"""A model's answer to a prompt, as it comes; raises ModelUnavailable when there is no more. What
it cost is entered when it ends, also where nobody listened to its end. The context says who
pays."""


def words_of(client: ModelClient) -> ModelWords:
    """The words of the configured models, in order."""

    async def words(
        prompt: Prompt, spent: Spent, context: UserContext
    ) -> AsyncGenerator[str, None]:
        messages = (Message("system", prompt.system), Message("user", prompt.user))
        payer = Payer(context.org_id, context.user_id, context.role)
        stream = None
        try:
            async with client.stream_text(messages, payer=payer) as stream:
                spent.model = stream.model
                async for text in stream:
                    yield text
        finally:
            if stream is not None:
                spent.tokens = stream.prompt_tokens + stream.completion_tokens
                spent.cost = stream.cost

    return words
