"""A model's words for a result, as the pipeline asks for them."""

from collections.abc import AsyncGenerator, Callable

from workflow.llm.client import Message, ModelClient
from workflow.narrate.prompt import Prompt
from workflow.stages import Spent

ModelWords = Callable[[Prompt, Spent], AsyncGenerator[str, None]]
"""A model's answer to a prompt, as it comes; raises ModelUnavailable when there is no more. What
it cost is entered when it ends, also where nobody listened to its end."""


def words_of(client: ModelClient) -> ModelWords:
    """The words of the configured models, in order."""

    async def words(prompt: Prompt, spent: Spent) -> AsyncGenerator[str, None]:
        messages = (Message("system", prompt.system), Message("user", prompt.user))
        async with client.stream_text(messages) as stream:
            spent.model = stream.model
            try:
                async for text in stream:
                    yield text
            finally:
                spent.tokens = stream.prompt_tokens + stream.completion_tokens

    return words
