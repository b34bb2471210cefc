"""The client against the local model, over HTTP."""

import asyncio
import os
import subprocess
import sys
import time

import pytest

from cli.local_model import LocalModel
from tests.workflow.llm.conftest import KEY, MakeClient, Time
from workflow.llm.breaker import Weight
from workflow.llm.client import Completion, Message, ModelClient, from_settings
from workflow.llm.errors import ModelUnavailable
from workflow.llm.settings import ModelSettings

pytestmark = pytest.mark.anyio
ASKED = (Message("system", "Say something."), Message("user", "{}"))
SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


async def ask(client: ModelClient) -> Completion:
    return await client.complete(ASKED, schema_name="anything", schema=SCHEMA)


async def refused(client: ModelClient) -> str:
    with pytest.raises(ModelUnavailable) as caught:
        await ask(client)
    assert caught.value.__cause__ is None and caught.value.__context__ is None
    return caught.value.reason


async def test_an_answer_carries_model_and_tokens(make_client: MakeClient) -> None:
    completion = await ask(make_client("local"))
    assert completion.model == "local"
    assert '"kind"' in completion.text
    assert completion.prompt_tokens > 0 and completion.completion_tokens > 0


async def test_the_schema_is_sent_to_be_enforced(
    make_client: MakeClient, server: LocalModel
) -> None:
    await ask(make_client("local"))
    (request,) = server.requests
    assert request.response_format is not None and request.response_format.type == "json_schema"
    assert request.temperature == 0


@pytest.mark.parametrize(
    ("model", "formats"),
    [
        ("local-no-schema", ["json_schema", "json_object"]),
        ("local-no-json", ["json_schema", "json_object", None]),
    ],
)
async def test_an_endpoint_without_schemas_is_told_in_words_and_remembered(
    make_client: MakeClient, server: LocalModel, model: str, formats: list[str | None]
) -> None:
    client = make_client(model)
    await ask(client)
    sent = [r.response_format.type if r.response_format else None for r in server.requests]
    assert sent == formats
    assert "additionalProperties" in server.requests[-1].messages[0].content
    await ask(client)
    assert len(server.requests) == len(formats) + 1


async def test_a_model_with_a_temperature_of_its_own_keeps_the_schema(
    make_client: MakeClient, server: LocalModel
) -> None:
    await ask(make_client("local-no-temperature"))
    last = server.requests[-1]
    assert len(server.requests) == 2
    assert last.temperature is None
    assert last.response_format is not None and last.response_format.type == "json_schema"


@pytest.mark.parametrize("status", [401, 402, 403, 404])
async def test_what_will_not_pass_is_asked_once(
    make_client: MakeClient, server: LocalModel, clock: Time, status: int
) -> None:
    client = make_client(f"local-{status}")
    assert await refused(client) == f"the model's provider answered {status}"
    assert server.calls.total() == 1
    assert clock.slept == []
    assert await refused(client) == f"the model's provider answered {status}"
    assert server.calls.total() == 1, "the breaker is open: no second call"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
async def test_what_may_pass_is_asked_again_a_few_times(
    make_client: MakeClient, server: LocalModel, clock: Time, status: int
) -> None:
    client = make_client(f"local-{status}", openai_retries=2)
    assert await refused(client) == f"the model's provider answered {status}"
    assert server.calls.total() == 3
    assert len(clock.slept) == 2


async def test_a_broken_connection_is_asked_again(
    make_client: MakeClient, server: LocalModel
) -> None:
    reason = await refused(make_client("local-cut", openai_retries=1))
    assert reason == "the model's provider could not be reached"
    assert server.calls.total() == 2


async def test_nobody_listening_is_said(make_client: MakeClient) -> None:
    client = make_client("local", openai_base_url="http://127.0.0.1:9/v1")
    assert await refused(client) == "the model's provider could not be reached"


async def test_a_passing_trouble_passes(make_client: MakeClient, server: LocalModel) -> None:
    completion = await ask(make_client("local-first-500-then-good"))
    assert completion.model == "local-first-500-then-good"
    assert server.calls.total() == 2


async def test_retry_after_is_a_floor_for_the_wait(make_client: MakeClient, clock: Time) -> None:
    await ask(make_client("local-first-429-then-good"))
    (waited,) = clock.slept
    assert 1.0 <= waited <= 1.5


async def test_no_wait_outlasts_the_deadline(
    make_client: MakeClient, server: LocalModel, clock: Time
) -> None:
    client = make_client("local-429", openai_deadline_seconds=0.9)
    assert await refused(client) == "the model's provider answered 429"
    assert clock.slept == []
    assert server.calls.total() == 1


async def test_a_model_that_hangs_is_given_up_on(
    make_client: MakeClient, server: LocalModel
) -> None:
    started = time.monotonic()
    client = make_client("local-hangs", openai_timeout_seconds=0.1)
    assert await refused(client) == "the model did not answer in time"
    assert time.monotonic() - started < 5
    assert server.calls.total() == 1, "an answer that may be paid for is not ordered twice"


async def test_a_model_that_drips_is_given_up_on(make_client: MakeClient) -> None:
    started = time.monotonic()
    client = make_client("local-drips", openai_timeout_seconds=0.2)
    assert await refused(client) == "the model did not answer in time"
    assert time.monotonic() - started < 5


async def test_a_trial_whose_caller_left_leaves_the_next_one_its_turn(
    make_client: MakeClient, server: LocalModel, clock: Time
) -> None:
    client = make_client("local-hangs", openai_timeout_seconds=0.5)
    client._breakers["local-hangs"].failed(Weight.ALL, "the model's provider answered 402")
    clock.now += 31
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ask(client), 0.2)
    assert server.calls.total() == 1
    assert await refused(client) == "the model did not answer in time"
    assert server.calls.total() == 2


async def test_no_proxy_stands_between_loopback_and_here(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert (await ask(make_client("local"))).model == "local"


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("local-nonsense", "the model's provider sent something that is not a completion"),
        ("local-no-choices", "the model's provider sent something that is not a completion"),
        ("local-error-in-200", "the model's provider answered 402"),
        ("local-redirects", "the model's provider answered 307"),
        ("local-empty", "the model's answer was empty"),
        ("local-length", "the model's answer was cut off"),
        ("local-content-filter", "the model declined to answer"),
        ("local-400", "the model's provider answered 400"),
        ("local-422", "the model's provider answered 422"),
    ],
)
async def test_no_usable_answer_has_a_reason(
    make_client: MakeClient, model: str, reason: str
) -> None:
    assert await refused(make_client(model)) == reason


@pytest.mark.parametrize("first", ["local-402", "local-500", "local-nonsense", "local-cut"])
async def test_the_next_model_takes_over(make_client: MakeClient, first: str) -> None:
    completion = await ask(make_client(first, "local"))
    assert completion.model == "local"


async def test_a_long_retry_after_is_not_worth_it_while_another_model_is_left(
    make_client: MakeClient, clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflow.llm.client.LONGEST_PATIENCE_SECONDS", 0.5)
    completion = await ask(make_client("local-429", "local"))
    assert completion.model == "local"
    assert clock.slept == []


async def test_a_model_at_rest_is_tried_again_with_one_call(
    make_client: MakeClient, server: LocalModel, clock: Time
) -> None:
    client = make_client("local-402", "local")
    await ask(client)
    await ask(client)
    assert server.calls["local-402"] == 1
    clock.now += 31
    await asyncio.gather(*(ask(client) for _ in range(8)))
    assert server.calls["local-402"] == 2
    assert server.calls["local"] == 10


async def test_a_bad_request_does_not_close_the_model_to_others(
    make_client: MakeClient, server: LocalModel
) -> None:
    client = make_client("local-400")
    for _ in range(5):
        await refused(client)
    assert server.calls.total() == 15, "three formats a question, and never at rest"


async def test_no_more_calls_at_a_time_than_allowed(make_client: MakeClient, clock: Time) -> None:
    client = make_client("local-slow-50ms", openai_max_concurrency=2)
    started = time.monotonic()
    await asyncio.gather(*(ask(client) for _ in range(6)))
    assert time.monotonic() - started >= 0.15


async def test_calls_do_not_wait_for_each_other(make_client: MakeClient) -> None:
    client = make_client("local-slow-200ms")
    started = time.monotonic()
    await asyncio.gather(*(ask(client) for _ in range(16)))
    assert time.monotonic() - started < 1.6, "sixteen in a row would take 3.2 s"


async def test_a_caller_who_leaves_gives_its_place_back(
    make_client: MakeClient, server: LocalModel
) -> None:
    client = make_client("local-hangs", openai_max_concurrency=1, openai_timeout_seconds=0.3)
    leaver = asyncio.create_task(ask(client))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(leaver, 0.15)
    assert server.calls.total() == 1
    assert await refused(client) == "the model did not answer in time"
    assert server.calls.total() == 2


async def test_a_place_that_does_not_come_free_in_time_is_said(
    make_client: MakeClient, server: LocalModel
) -> None:
    client = make_client("local", openai_max_concurrency=1, openai_deadline_seconds=0.1)
    await client._places.acquire()
    assert await refused(client) == "too many questions are waiting for the model"
    client._places.release()
    assert server.calls.total() == 0
    assert (await ask(client)).model == "local"


_ASK_AND_LOG = """
import asyncio, sys
from kit import logs
from workflow.llm.client import Message, ModelClient
from workflow.llm.errors import ModelUnavailable
from workflow.llm.settings import ModelSettings

async def main():
    for model in sys.argv[1:]:
        client = ModelClient(ModelSettings(openai_model=model, openai_retries=1))
        try:
            asked = (Message("system", "Say something."), Message("user", "{}"))
            await client.complete(asked, schema_name="anything", schema={"type": "object"})
        except ModelUnavailable as error:
            print("RAISED", repr(error), vars(error), error.__cause__, error.__context__)
        await client.close()

logs.configure("test", "DEBUG")
asyncio.run(main())
"""


def test_no_key_and_no_address_in_logs_or_exceptions(server: LocalModel) -> None:
    """In a process of its own, with the services' logging at its most talkative."""
    models = ("local-401", "local-500", "local-cut", "local-nonsense", "local")
    done = subprocess.run(
        [sys.executable, "-c", _ASK_AND_LOG, *models],
        env={**os.environ, "OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": KEY},
        capture_output=True,
        text=True,
        check=True,
    )
    said = done.stdout + done.stderr
    assert said.count("RAISED") == 4
    assert '"reason":"the model\'s provider answered 401"' in said
    assert KEY not in said and KEY[3:15] not in said
    assert "127.0.0.1" not in said and "RAISED ModelUnavailable" in said


def test_no_model_is_configured_without_key_and_address() -> None:
    assert from_settings(ModelSettings(openai_base_url="", openai_api_key="")) is None


async def test_a_key_or_an_address_is_enough() -> None:
    for given in ({"openai_api_key": KEY}, {"openai_base_url": "http://127.0.0.1:9/v1"}):
        client = from_settings(ModelSettings(**given))
        assert client is not None
        await client.close()
