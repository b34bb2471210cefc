"""The local model over real HTTP, and clients of it that do not sleep."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from cli.local_model import LocalModel, serving
from workflow.llm.client import ModelClient
from workflow.llm.settings import ModelSettings

KEY = "sk-live-abcdefghijklmnop0123456789"


@dataclass
class Time:
    """A clock that moves when somebody sleeps, or when told to."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture(scope="session")
def one_server() -> Iterator[LocalModel]:
    with serving() as state:
        yield state


@pytest.fixture
def server(one_server: LocalModel) -> LocalModel:
    one_server.calls.clear()
    one_server.requests.clear()
    return one_server


@pytest.fixture
def clock() -> Time:
    return Time()


MakeClient = Callable[..., ModelClient]


@pytest.fixture
async def make_client(server: LocalModel, clock: Time) -> AsyncIterator[MakeClient]:
    async with AsyncExitStack() as stack:

        def make(*models: str, **settings: object) -> ModelClient:
            given = {
                "openai_base_url": server.base_url,
                "openai_api_key": KEY,
                "openai_model": models[0],
                "openai_fallback_models": ",".join(models[1:]),
                **settings,
            }
            client = ModelClient(
                ModelSettings(**given), clock=clock, sleep=clock.sleep, jitter=lambda: 0.5
            )
            stack.push_async_callback(client.close)
            return client

        yield make
