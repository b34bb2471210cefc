"""The model client: one request to language models, over any Chat Completions endpoint.

complete
  for each model, in order        its breaker is open: the next one
    attempt                       a free place, a time-out
      answered                    done
      429, 5xx, broken off        wait (Retry-After), again, a few times
      400 to the answer's format  again with a weaker one, remembered
      anything else               the next model
  none left, or out of time       ModelUnavailable
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

import structlog
from pydantic import JsonValue

from workflow.llm.breaker import Breaker, Weight
from workflow.llm.chat import (
    AnswerFormat,
    Completion,
    Failure,
    Message,
    Rejection,
    Schema,
)
from workflow.llm.endpoint import Call, Endpoint
from workflow.llm.errors import ModelUnavailable
from workflow.llm.meter import CHARACTERS_PER_TOKEN, Meter, Payer, Use, cost_of
from workflow.llm.retry import wait_seconds
from workflow.llm.settings import PUBLIC_BASE_URL, ModelSettings
from workflow.llm.text_stream import TextStream, begun

__all__ = ["Completion", "Message", "ModelClient", "TextStream", "from_settings"]

Answer = TypeVar("Answer", Completion, TextStream)
LONGEST_PATIENCE_SECONDS = 5.0
"""A wait longer than this is not worth it while another model has not been asked."""

_OUT_OF_TIME = Failure("the model did not answer in time", Weight.NONE)
_WEAKER = {
    AnswerFormat.JSON_SCHEMA: AnswerFormat.JSON_OBJECT,
    AnswerFormat.JSON_OBJECT: AnswerFormat.PLAIN,
}
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Request:
    messages: Sequence[Message]
    schema: Schema | None
    deadline: float
    payer: Payer | None


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a model likes to be asked, as far as is known."""

    answer_format: AnswerFormat = AnswerFormat.JSON_SCHEMA
    is_cold: bool = True
    is_counted: bool = True

    def after(self, rejection: Rejection, *, is_prose: bool) -> "_Manner | None":
        """What to try next, or None when the request itself must be at fault."""
        if rejection is Rejection.TEMPERATURE and self.is_cold:
            return replace(self, is_cold=False)
        if is_prose:
            return replace(self, is_counted=False) if self.is_counted else None
        weaker = _WEAKER.get(self.answer_format)
        return None if weaker is None else replace(self, answer_format=weaker)


class ModelClient:
    """Shared by all questions of a process; one event loop. Close it when the service stops."""

    def __init__(
        self,
        settings: ModelSettings,
        *,
        meter: Meter | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.models = settings.model_order
        self._endpoint = Endpoint(
            settings.openai_base_url or PUBLIC_BASE_URL, settings.openai_api_key
        )
        self._breakers = {model: Breaker(clock=clock) for model in self.models}
        self._manners = {model: _Manner() for model in self.models}
        self._places = asyncio.Semaphore(settings.openai_max_concurrency)
        self._timeout_seconds = settings.openai_timeout_seconds
        self._deadline_seconds = settings.openai_deadline_seconds
        self._retries = settings.openai_retries
        self._prices = settings.prices
        self._meter = meter
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter

    async def close(self) -> None:
        """Give the connections back."""
        await self._endpoint.close()

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        schema_name: str,
        schema: Mapping[str, JsonValue],
        payer: Payer | None = None,
    ) -> Completion:
        """The first usable answer of the models, in order.

        `schema` is a JSON Schema within what OpenAI's strict mode takes. A provider that does
        not enforce schemas is told it in words, so the text is not known to be valid: check
        it. `messages` starts with the system message. It is counted against the budgets of
        `payer`, if there is one. Raises ModelUnavailable.
        """
        request = self._request(messages, Schema(schema_name, schema), payer)
        answer = await self._from_any(request, self._endpoint.ask)
        return replace(answer, cost=self._cost(answer))

    @asynccontextmanager
    async def stream_text(
        self, messages: Sequence[Message], *, payer: Payer | None = None
    ) -> AsyncIterator[TextStream]:
        """Prose of the first model that begins to answer:

            async with client.stream_text(messages) as stream:
                async for text in stream: ...

        Before the first word a model that fails is followed by the next; after it, the stream
        raises ModelUnavailable. Raises it here when no model begins.
        """
        request = self._request(messages, None, payer)

        def ended(stream: TextStream) -> None:
            self._ended(stream, request)

        async def begin(call: Call) -> TextStream | Failure:
            return await begun(call.model, self._endpoint.stream(call), on_end=ended)

        stream = await self._from_any(request, begin)
        try:
            yield stream
        finally:
            await stream.close()

    def _request(
        self, messages: Sequence[Message], schema: Schema | None, payer: Payer | None
    ) -> _Request:
        return _Request(messages, schema, self._clock() + self._deadline_seconds, payer)

    async def _from_any(
        self, request: _Request, ask: Callable[[Call], Awaitable[Answer | Failure]]
    ) -> Answer:
        if self._meter is not None and request.payer is not None:
            await self._meter.admit(request.payer)
        reason = "no model is configured"
        for place, model in enumerate(self.models):
            breaker = self._breakers[model]
            if not breaker.allows():
                reason = breaker.reason
                continue
            outcome = await self._guarded(
                model, request, ask, breaker, is_last=place == len(self.models) - 1
            )
            if not isinstance(outcome, Failure):
                return outcome
            reason = outcome.reason
            log.warning("model gave no answer", model=model, reason=reason)
            if self._clock() >= request.deadline:
                break
        raise ModelUnavailable(reason)

    async def _guarded(
        self,
        model: str,
        request: _Request,
        ask: Callable[[Call], Awaitable[Answer | Failure]],
        breaker: Breaker,
        *,
        is_last: bool,
    ) -> Answer | Failure:
        settled = False
        try:
            outcome = await self._persist(model, request, ask, is_last=is_last)
            settled = True
        finally:
            if not settled:
                breaker.abandoned()
        if isinstance(outcome, Failure):
            breaker.failed(outcome.weight, outcome.reason)
        elif isinstance(outcome, Completion):
            breaker.succeeded()
        return outcome

    async def _persist(
        self,
        model: str,
        request: _Request,
        ask: Callable[[Call], Awaitable[Answer | Failure]],
        *,
        is_last: bool,
    ) -> Answer | Failure:
        """Ask one model until it answers, or asking again has no point."""
        manner = self._manners[model]
        attempt = 0
        while True:
            outcome = await self._attempt(model, request, ask, manner)
            if not isinstance(outcome, Failure):
                self._manners[model] = manner
                return outcome
            if outcome.rejection is not None:
                other = manner.after(outcome.rejection, is_prose=request.schema is None)
                if other is None:
                    return outcome
                manner = other
                continue
            if not outcome.is_passing or attempt >= self._retries:
                return outcome
            wait = wait_seconds(attempt, retry_after=outcome.retry_after, jitter=self._jitter())
            left = request.deadline - self._clock()
            if wait >= (left if is_last else min(left, LONGEST_PATIENCE_SECONDS)):
                return outcome
            attempt += 1
            log.info("model is asked again", model=model, reason=outcome.reason, wait=wait)
            await self._sleep(wait)

    async def _attempt(
        self,
        model: str,
        request: _Request,
        ask: Callable[[Call], Awaitable[Answer | Failure]],
        manner: _Manner,
    ) -> Answer | Failure:
        left = request.deadline - self._clock()
        if left <= 0:
            return _OUT_OF_TIME
        try:
            async with asyncio.timeout(left):
                await self._places.acquire()
        except TimeoutError:
            return replace(_OUT_OF_TIME, reason="too many questions are waiting for the model")
        outcome: Answer | Failure | None = None
        try:
            left = max(request.deadline - self._clock(), 0.0)
            call = Call(
                model,
                request.messages,
                request.schema,
                manner.answer_format,
                is_cold=manner.is_cold,
                is_counted=manner.is_counted,
                timeout_seconds=min(left, self._timeout_seconds),
            )
            outcome = await ask(call)
            if isinstance(outcome, Completion):
                self._count(request, outcome, len(outcome.text))
            elif isinstance(outcome, Failure) and outcome.is_paid:
                self._count(request, None, 0)
        finally:
            if not isinstance(outcome, TextStream):  # which gives its place back when it ends
                self._places.release()
        return outcome

    def _ended(self, stream: TextStream, request: _Request) -> None:
        self._places.release()
        stream.cost = self._cost(stream)
        self._count(request, stream, stream.characters)
        breaker = self._breakers[stream.model]
        if stream.failure is not None:
            breaker.failed(stream.failure.weight, stream.failure.reason)
        elif stream.is_finished:
            breaker.succeeded()
        else:
            breaker.abandoned()

    def _cost(self, answer: Completion | TextStream) -> Decimal | None:
        return cost_of(self._prices, answer.model, answer.prompt_tokens, answer.completion_tokens)

    def _count(
        self, request: _Request, answer: Completion | TextStream | None, characters: int
    ) -> None:
        """What the provider counted, or an estimate where it did not."""
        if self._meter is None or request.payer is None:
            return
        sent = sum(len(message.content) for message in request.messages)
        use = Use(
            prompt_tokens=(answer and answer.prompt_tokens) or sent // CHARACTERS_PER_TOKEN,
            completion_tokens=(answer and answer.completion_tokens)
            or characters // CHARACTERS_PER_TOKEN,
            cost=(answer and self._cost(answer)) or Decimal(0),
            calls=1,
        )
        self._meter.count(request.payer, use, answer.model if answer else "")


def from_settings(settings: ModelSettings, meter: Meter | None = None) -> ModelClient | None:
    """A client when a model is configured, else None: the built-in planner needs no model."""
    return ModelClient(settings, meter=meter) if settings.is_model_configured else None
