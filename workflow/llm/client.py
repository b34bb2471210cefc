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
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog
from pydantic import JsonValue

from workflow.llm.breaker import Breaker, Weight
from workflow.llm.endpoint import (
    AnswerFormat,
    Completion,
    Endpoint,
    Failure,
    Message,
    Rejection,
)
from workflow.llm.errors import ModelUnavailable
from workflow.llm.retry import wait_seconds
from workflow.llm.settings import PUBLIC_BASE_URL, ModelSettings

__all__ = ["Completion", "Message", "ModelClient", "from_settings"]

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
    schema_name: str
    schema: Mapping[str, JsonValue]
    deadline: float


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a model likes to be asked, as far as is known."""

    answer_format: AnswerFormat = AnswerFormat.JSON_SCHEMA
    is_cold: bool = True

    def after(self, rejection: Rejection) -> "_Manner | None":
        """What to try next, or None when the request itself must be at fault."""
        if rejection is Rejection.TEMPERATURE and self.is_cold:
            return replace(self, is_cold=False)
        weaker = _WEAKER.get(self.answer_format)
        return None if weaker is None else replace(self, answer_format=weaker)


class ModelClient:
    """Shared by all questions of a process; one event loop. Close it when the service stops."""

    def __init__(
        self,
        settings: ModelSettings,
        *,
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
    ) -> Completion:
        """The first usable answer of the models, in order.

        `schema` is a JSON Schema within what OpenAI's strict mode takes. A provider that does
        not enforce schemas is told it in words, so the text is not known to be valid: check
        it. `messages` starts with the system message. Raises ModelUnavailable.
        """
        deadline = self._clock() + self._deadline_seconds
        request = _Request(messages, schema_name, schema, deadline)
        reason = "no model is configured"
        for place, model in enumerate(self.models):
            breaker = self._breakers[model]
            if not breaker.allows():
                reason = breaker.reason
                continue
            outcome = await self._guarded(
                model, request, breaker, is_last=place == len(self.models) - 1
            )
            if isinstance(outcome, Completion):
                return outcome
            reason = outcome.reason
            log.warning("model gave no answer", model=model, reason=reason)
            if self._clock() >= deadline:
                break
        raise ModelUnavailable(reason)

    async def _guarded(
        self, model: str, request: _Request, breaker: Breaker, *, is_last: bool
    ) -> Completion | Failure:
        settled = False
        try:
            outcome = await self._persist(model, request, is_last=is_last)
            settled = True
        finally:
            if not settled:
                breaker.abandoned()
        if isinstance(outcome, Completion):
            breaker.succeeded()
        else:
            breaker.failed(outcome.weight, outcome.reason)
        return outcome

    async def _persist(
        self, model: str, request: _Request, *, is_last: bool
    ) -> Completion | Failure:
        """Ask one model until it answers, or asking again has no point."""
        manner = self._manners[model]
        attempt = 0
        while True:
            outcome = await self._attempt(model, request, manner)
            if isinstance(outcome, Completion):
                self._manners[model] = manner
                return outcome
            if outcome.rejection is not None:
                other = manner.after(outcome.rejection)
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
        self, model: str, request: _Request, manner: _Manner
    ) -> Completion | Failure:
        left = request.deadline - self._clock()
        if left <= 0:
            return _OUT_OF_TIME
        try:
            async with asyncio.timeout(left):
                await self._places.acquire()
        except TimeoutError:
            return replace(_OUT_OF_TIME, reason="too many questions are waiting for the model")
        try:
            left = max(request.deadline - self._clock(), 0.0)
            return await self._endpoint.ask(
                model,
                request.messages,
                schema_name=request.schema_name,
                schema=request.schema,
                answer_format=manner.answer_format,
                is_cold=manner.is_cold,
                timeout_seconds=min(left, self._timeout_seconds),
            )
        finally:
            self._places.release()


def from_settings(settings: ModelSettings) -> ModelClient | None:
    """A client when a model is configured, else None: the built-in planner needs no model."""
    return ModelClient(settings) if settings.is_model_configured else None
