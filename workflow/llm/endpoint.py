"""One HTTP call to a Chat Completions endpoint, and what its end means.

The only module that touches the openai SDK, which is imported when an endpoint is made: a
service without a model never loads it, and one with a model loads it at start rather than
during the first question.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, JsonValue, SecretStr, ValidationError

from workflow.llm.breaker import Weight
from workflow.llm.retry import retry_after_seconds

if TYPE_CHECKING:
    from openai import APIStatusError


@dataclass(frozen=True, slots=True)
class Message:
    """A turn of the conversation with the model."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's answer. `model` is the configured name; tokens are 0 where the provider does
    not count."""

    text: str
    model: str
    prompt_tokens: int
    completion_tokens: int


class Rejection(Enum):
    """What a provider may have disliked about a request, to be tried differently."""

    TEMPERATURE = "temperature"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call gave no answer.

    `is_passing` says that the same call may succeed soon, no earlier than `retry_after`
    seconds where the provider said so.
    """

    reason: str
    weight: Weight
    is_passing: bool = False
    retry_after: float | None = None
    rejection: Rejection | None = None


class AnswerFormat(Enum):
    """How the provider is asked for JSON, best first. The weaker two put the schema into the
    prompt."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    PLAIN = "plain"


class _ReplyMessage(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _ReplyChoice(BaseModel):
    message: _ReplyMessage
    finish_reason: str | None = None


class _ReplyUsage(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _ReplyError(BaseModel):
    code: int | str | None = None


class _Reply(BaseModel):
    """The part of a completion that matters. Some providers report an error with status 200."""

    choices: list[_ReplyChoice] = []
    usage: _ReplyUsage | None = None
    error: _ReplyError | None = None


_NONSENSE = Failure("the model's provider sent something that is not a completion", Weight.ONE)
_TOO_SLOW = Failure("the model did not answer in time", Weight.ONE)
_UNREACHABLE = Failure("the model's provider could not be reached", Weight.ONE, is_passing=True)
_BAD_REQUEST = frozenset({400, 422})
_ASK_AGAIN = frozenset({408, 409, 425, 429})
_HOPELESS = frozenset({401, 402, 403, 404})


class Endpoint:
    """A provider, with one pool of connections for all models."""

    def __init__(self, base_url: str, api_key: SecretStr) -> None:
        import httpx2  # the SDK's own HTTP client
        import openai

        self._errors = openai
        self._response_type = httpx2.Response
        self._sdk = openai.AsyncOpenAI(
            # both given, so that the SDK looks neither up in the environment
            api_key=api_key.get_secret_value() or "none",
            base_url=base_url,
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(
                follow_redirects=False,  # a prompt goes where it was configured to go
                trust_env=not _is_loopback(base_url),  # no proxy between here and here
                limits=httpx2.Limits(max_keepalive_connections=100, keepalive_expiry=30.0),
            ),
        )

    async def close(self) -> None:
        """Give the connections back."""
        await self._sdk.close()

    async def ask(
        self,
        model: str,
        messages: Sequence[Message],
        *,
        schema_name: str,
        schema: Mapping[str, JsonValue],
        answer_format: AnswerFormat,
        is_cold: bool,
        timeout_seconds: float,
    ) -> Completion | Failure:
        """Ask once. Never raises for what the provider does; `is_cold` asks for temperature 0."""
        openai = self._errors
        sent = messages if answer_format is AnswerFormat.JSON_SCHEMA else _told(messages, schema)
        body: dict[str, JsonValue] = {
            "model": model,
            "messages": [{"role": one.role, "content": one.content} for one in sent],
            **_response_format(answer_format, schema_name, schema),
            **({"temperature": 0} if is_cold else {}),
        }
        try:
            # the SDK's own time-out is for each read; a provider that drips would outlast it
            async with asyncio.timeout(timeout_seconds):
                # chat.completions.create walks the body once more, schema and all, to map Python
                # names to the wire's: a third of a call's work here, for names that are the same
                response = await self._sdk.post(
                    "/chat/completions",
                    cast_to=self._response_type,
                    body=body,
                    options={"timeout": timeout_seconds},
                )
                return _read(response.content, model)
        except (TimeoutError, openai.APITimeoutError):
            return _TOO_SLOW
        except openai.APIStatusError as error:
            return _from_status(error)
        except openai.APIConnectionError:
            return _UNREACHABLE
        except openai.OpenAIError:
            return _NONSENSE


def _is_loopback(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _told(messages: Sequence[Message], schema: Mapping[str, JsonValue]) -> Sequence[Message]:
    """The same conversation, with the schema at the end of the instructions."""
    first, *rest = messages
    rule = (
        "\n\nAnswer with one JSON object and nothing else. It must be valid against this JSON "
        f"Schema:\n{json.dumps(schema, ensure_ascii=False)}"
    )
    return [Message(first.role, first.content + rule), *rest]


def _response_format(
    answer_format: AnswerFormat, schema_name: str, schema: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    match answer_format:
        case AnswerFormat.JSON_SCHEMA:
            named: dict[str, JsonValue] = {
                "name": schema_name,
                "schema": dict(schema),
                "strict": True,
            }
            return {"response_format": {"type": "json_schema", "json_schema": named}}
        case AnswerFormat.JSON_OBJECT:
            return {"response_format": {"type": "json_object"}}
        case AnswerFormat.PLAIN:
            return {}


def _read(content: bytes, model: str) -> Completion | Failure:
    try:
        reply = _Reply.model_validate_json(content)
    except ValidationError:
        return _NONSENSE
    if reply.error is not None:
        code = reply.error.code
        return _for_status(code, None) if isinstance(code, int) else _NONSENSE
    if not reply.choices:
        return _NONSENSE
    choice = reply.choices[0]
    if (flaw := _flaw(choice)) is not None:
        return flaw
    usage = reply.usage or _ReplyUsage()
    return Completion(
        text=choice.message.content or "",
        model=model,
        prompt_tokens=max(usage.prompt_tokens or 0, 0),
        completion_tokens=max(usage.completion_tokens or 0, 0),
    )


def _flaw(choice: _ReplyChoice) -> Failure | None:
    if choice.message.refusal or choice.finish_reason == "content_filter":
        return Failure("the model declined to answer", Weight.NONE)
    if choice.finish_reason == "length":
        return Failure("the model's answer was cut off", Weight.NONE)
    if not (choice.message.content or "").strip():
        return Failure("the model's answer was empty", Weight.ONE)
    return None


def _from_status(error: "APIStatusError") -> Failure:
    if error.status_code in _BAD_REQUEST:
        about = f"{error.param} {error.message}".lower()
        rejection = Rejection.TEMPERATURE if "temperature" in about else Rejection.OTHER
        return Failure(_answered(error.status_code), Weight.NONE, rejection=rejection)
    return _for_status(error.status_code, retry_after_seconds(error.response.headers))


def _for_status(status: int, retry_after: float | None) -> Failure:
    reason = _answered(status)
    if status in _ASK_AGAIN or status >= 500:
        return Failure(reason, Weight.ONE, is_passing=True, retry_after=retry_after)
    return Failure(reason, Weight.ALL if status in _HOPELESS else Weight.NONE)


def _answered(status: int) -> str:
    return f"the model's provider answered {status}"
