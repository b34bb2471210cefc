"""The Chat Completions protocol: a request as bytes, an answer read, what its failure means.

Pure. Only the part of the protocol that every compatible provider speaks.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Literal

import orjson
from pydantic import BaseModel, JsonValue, ValidationError

from workflow.llm.breaker import Weight


@dataclass(frozen=True, slots=True)
class Message:
    """A turn of the conversation with the model."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's answer. `model` is the configured name; tokens are 0 where the provider does
    not count; `cost` is in US dollars, where a price is set."""

    text: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a streamed answer: some text, why it ended, what it cost; each may be missing."""

    text: str = ""
    is_finished: bool = False
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Rejection(Enum):
    """What a provider may have disliked about a request, to be tried differently."""

    TEMPERATURE = "temperature"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call gave no answer.

    `is_passing` says that the same call may succeed soon, no earlier than `retry_after`
    seconds where the provider said so; `is_paid`, that the provider may have worked for it.
    """

    reason: str
    weight: Weight
    is_passing: bool = False
    retry_after: float | None = None
    rejection: Rejection | None = None
    is_paid: bool = False


class AnswerFormat(Enum):
    """How the provider is asked for JSON, best first. The weaker two put the schema into the
    prompt."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Schema:
    """What the answer has to be valid against."""

    name: str
    schema: Mapping[str, JsonValue]


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message = _Message()
    delta: _Message = _Message()
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Error(BaseModel):
    code: int | str | None = None
    message: str | None = None
    param: str | None = None


class _Reply(BaseModel):
    """The part of a completion that matters. Some providers report an error with status 200."""

    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: _Error | None = None


class _Refusal(BaseModel):
    error: _Error


NONSENSE = Failure("the model's provider sent something that is not a completion", Weight.ONE)
TOO_SLOW = Failure("the model did not answer in time", Weight.ONE, is_paid=True)
UNREACHABLE = Failure("the model's provider could not be reached", Weight.ONE, is_passing=True)
EMPTY = Failure("the model's answer was empty", Weight.ONE, is_paid=True)
BROKEN_OFF = Failure("the model's answer broke off", Weight.ONE, is_passing=True, is_paid=True)
_BAD_REQUEST = frozenset({400, 422})
_ASK_AGAIN = frozenset({408, 409, 425, 429})
_HOPELESS = frozenset({401, 402, 403, 404})


def request_body(
    model: str,
    messages: Sequence[Message],
    *,
    schema: Schema | None,
    answer_format: AnswerFormat,
    is_cold: bool,
    is_stream: bool = False,
    is_counted: bool = False,
) -> bytes:
    """A request. `is_cold` asks for temperature 0, `is_counted` for the tokens of a stream (any
    other answer has them); without a schema the answer is prose."""
    if schema is not None and answer_format is not AnswerFormat.JSON_SCHEMA:
        messages = _told(messages, schema)
    body: dict[str, JsonValue] = {
        "model": model,
        "messages": [{"role": one.role, "content": one.content} for one in messages],
        **(_response_format(answer_format, schema) if schema is not None else {}),
        **({"temperature": 0} if is_cold else {}),
        **({"stream": True} if is_stream else {}),
        **({"stream_options": {"include_usage": True}} if is_stream and is_counted else {}),
    }
    return orjson.dumps(body)


def _told(messages: Sequence[Message], schema: Schema) -> Sequence[Message]:
    """The same conversation, with the schema at the end of the instructions."""
    first, *rest = messages
    rule = (
        "\n\nAnswer with one JSON object and nothing else. It must be valid against this JSON "
        f"Schema:\n{json.dumps(schema.schema, ensure_ascii=False)}"
    )
    return [Message(first.role, first.content + rule), *rest]


def _response_format(answer_format: AnswerFormat, schema: Schema) -> dict[str, JsonValue]:
    match answer_format:
        case AnswerFormat.JSON_SCHEMA:
            named: dict[str, JsonValue] = {
                "name": schema.name,
                "schema": dict(schema.schema),
                "strict": True,
            }
            return {"response_format": {"type": "json_schema", "json_schema": named}}
        case AnswerFormat.JSON_OBJECT:
            return {"response_format": {"type": "json_object"}}
        case AnswerFormat.PLAIN:
            return {}


def read_completion(content: bytes, model: str) -> Completion | Failure:
    """The answer to a request that was not to be streamed."""
    reply = _reply(content)
    if isinstance(reply, Failure):
        return reply
    if not reply.choices:
        return NONSENSE
    choice = reply.choices[0]
    if (flaw := _flaw(choice.message, choice.finish_reason)) is not None:
        return flaw
    text = choice.message.content or ""
    if not text.strip():
        return EMPTY
    spent = _spent(reply.usage)
    return Completion(
        text=text,
        model=model,
        prompt_tokens=spent.prompt_tokens,
        completion_tokens=spent.completion_tokens,
    )


def read_piece(data: bytes) -> Piece | Failure:
    """What stands behind `data:` in one event of a streamed answer."""
    reply = _reply(data)
    if isinstance(reply, Failure):
        return reply
    spent = _spent(reply.usage)
    if not reply.choices:  # the last event, which only counts
        return spent
    choice = reply.choices[0]
    if (flaw := _flaw(choice.delta, choice.finish_reason)) is not None:
        return flaw
    return Piece(
        text=choice.delta.content or "",
        is_finished=choice.finish_reason is not None,
        prompt_tokens=spent.prompt_tokens,
        completion_tokens=spent.completion_tokens,
    )


def _reply(content: bytes) -> _Reply | Failure:
    try:
        reply = _Reply.model_validate_json(content)
    except ValidationError:
        return NONSENSE
    if reply.error is not None:
        code = reply.error.code
        return _for_status(code, None) if isinstance(code, int) else NONSENSE
    return reply


def _spent(usage: _Usage | None) -> Piece:
    usage = usage or _Usage()
    return Piece(
        prompt_tokens=max(usage.prompt_tokens or 0, 0),
        completion_tokens=max(usage.completion_tokens or 0, 0),
    )


def _flaw(message: _Message, finish_reason: str | None) -> Failure | None:
    if message.refusal or finish_reason == "content_filter":
        return Failure("the model declined to answer", Weight.NONE, is_paid=True)
    if finish_reason == "length":
        return Failure("the model's answer was cut off", Weight.NONE, is_paid=True)
    return None


def failure_of(status: int, content: bytes, retry_after: float | None) -> Failure:
    """What a status other than 200 means; `content` is the body, of which nothing is passed on."""
    if status in _BAD_REQUEST:
        return Failure(_answered(status), Weight.NONE, rejection=_rejection(content))
    return _for_status(status, retry_after)


def _rejection(content: bytes) -> Rejection:
    try:
        error = _Refusal.model_validate_json(content).error
    except ValidationError:
        return Rejection.OTHER
    about = f"{error.param} {error.message}".lower()
    return Rejection.TEMPERATURE if "temperature" in about else Rejection.OTHER


def _for_status(status: int, retry_after: float | None) -> Failure:
    reason = _answered(status)
    if status in _ASK_AGAIN or status >= 500:
        return Failure(reason, Weight.ONE, is_passing=True, retry_after=retry_after)
    return Failure(reason, Weight.ALL if status in _HOPELESS else Weight.NONE)


def _answered(status: int) -> str:
    return f"the model's provider answered {status}"
