"""Prose of a model as it is written, over HTTP."""

import asyncio
import time

import pytest

from cli.local_model import LocalModel
from cli.local_prose import prose
from tests.workflow.llm.conftest import MakeClient, Time
from workflow.llm.client import Message, ModelClient
from workflow.llm.errors import ModelUnavailable

pytestmark = pytest.mark.anyio
ASKED = (Message("system", "Tell it."), Message("user", "{}"))
SAID = prose("local", [])


async def told(client: ModelClient) -> list[str]:
    async with client.stream_text(ASKED) as stream:
        return [text async for text in stream]


async def test_text_comes_in_parts_and_is_counted(
    make_client: MakeClient, server: LocalModel
) -> None:
    async with make_client("local").stream_text(ASKED) as stream:
        parts = [text async for text in stream]
    assert len(parts) > 3 and "".join(parts) == SAID
    assert stream.model == "local" and stream.is_finished
    assert stream.prompt_tokens > 0 and stream.completion_tokens > 0
    (request,) = server.requests
    assert request.stream and request.response_format is None


async def test_a_provider_that_does_not_count_streams_is_asked_without(
    make_client: MakeClient, server: LocalModel
) -> None:
    client = make_client("local-no-usage")
    assert "".join(await told(client)) == SAID
    assert server.calls.total() == 2
    await told(client)
    assert server.calls.total() == 3, "what worked is remembered"


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("local-402", "the model's provider answered 402"),
        ("local-nonsense", "the model's provider sent something that is not a completion"),
        ("local-redirects", "the model's provider answered 307"),
    ],
)
async def test_what_fails_before_the_first_word_goes_to_the_next_model(
    make_client: MakeClient, model: str, reason: str
) -> None:
    assert "".join(await told(make_client(model, "local"))) == SAID
    with pytest.raises(ModelUnavailable) as caught:
        await told(make_client(model, openai_retries=0))
    assert caught.value.reason == reason


async def test_a_passing_trouble_before_the_first_word_is_asked_again(
    make_client: MakeClient, clock: Time
) -> None:
    assert "".join(await told(make_client("local-first-429-then-good"))) == SAID
    assert clock.slept and clock.slept[0] >= 1.0


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("local-cut", "the model's provider could not be reached"),
        ("local-ends-early", "the model's answer broke off"),
        ("local-error-in-200", "the model's provider answered 402"),
        ("local-stalls", "the model did not answer in time"),
    ],
)
async def test_what_breaks_off_is_said_and_nothing_is_asked_again(
    make_client: MakeClient, server: LocalModel, model: str, reason: str
) -> None:
    client = make_client(model, "local", openai_timeout_seconds=0.3)
    parts: list[str] = []
    with pytest.raises(ModelUnavailable) as caught:
        async with client.stream_text(ASKED) as stream:
            parts.extend([text async for text in stream])
            parts.append("not reached")
    assert caught.value.reason == reason
    assert server.calls.total() == 1


async def test_a_line_kept_alive_without_a_word_is_given_up_on(make_client: MakeClient) -> None:
    started = time.monotonic()
    with pytest.raises(ModelUnavailable) as caught:
        await told(make_client("local-drips", openai_timeout_seconds=0.2))
    assert caught.value.reason == "the model did not answer in time"
    assert time.monotonic() - started < 5


async def test_breaking_off_opens_the_breaker(make_client: MakeClient, server: LocalModel) -> None:
    client = make_client("local-ends-early")
    for _ in range(3):
        with pytest.raises(ModelUnavailable):
            await told(client)
    with pytest.raises(ModelUnavailable):
        await told(client)
    assert server.calls.total() == 3


@pytest.mark.parametrize("model", ["local", "local-ends-early", "local-stalls"])
async def test_a_place_is_held_until_the_stream_is_left(
    make_client: MakeClient, server: LocalModel, model: str
) -> None:
    """Left after the first word, by whatever way; then the only place is free again."""
    client = make_client(model, openai_max_concurrency=1)
    async with client.stream_text(ASKED) as stream:
        async for _ in stream:
            break
        waiting = asyncio.ensure_future(told(client))
        await asyncio.sleep(0)
        assert server.calls.total() == 1
        waiting.cancel()
    async with client.stream_text(ASKED):
        assert server.calls.total() == 2
