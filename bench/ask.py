"""A whole ask, through the gateway, on a demo of its own: `python -m bench.ask`.

Prints a table: one asker, sixteen askers, the first streamed event, the time outside the
database at two sizes of the data, a model that takes 300 ms, resident memory. Beside each figure
stands what the same run measured of its limit: the same statements on the database alone.
"""

import asyncio
import statistics
import time
from dataclasses import dataclass

import orjson

from bench.http import Connection
from tests.stack import Demo

QUESTIONS = (
    "What is total revenue for my store 1?",
    "revenue by category",
    "top 5 films by revenue",
    "How many rentals were there in May 2022?",
    "monthly revenue",
)
"""Everyday questions of a store manager, asked in turn."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a load measured: seconds each, in the order of completion, and the whole."""

    latencies: tuple[float, ...]
    outside_database: tuple[float, ...]
    seconds: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        return sorted(self.latencies)[int(share * (len(self.latencies) - 1))] * 1000


async def login(at: Demo, username: str, password: str) -> dict[str, str]:
    """The header of a logged-in person."""
    connection = Connection(at.gateway_port)
    status, body = await connection.request(
        "POST",
        "/api/auth/login",
        headers={},
        body={"username": username, "password": password},
    )
    connection.close()
    if status != 200:
        raise RuntimeError(f"log-in answered {status}")
    return {"Authorization": f"Bearer {orjson.loads(body)['access_token']}"}


async def load(
    at: Demo, headers: dict[str, str], *, askers: int, questions: int, warm_up: int = 10
) -> Load:
    """`askers` people asking at once until `questions` are answered, each completed."""
    latencies: list[float] = []
    outside: list[float] = []
    counter = iter(range(questions))

    async def ask(connection: Connection, number: int) -> tuple[float, float]:
        started = time.perf_counter()
        status, body = await connection.request(
            "POST",
            "/api/ask",
            headers=headers,
            body={"question": QUESTIONS[number % len(QUESTIONS)]},
        )
        took = time.perf_counter() - started
        answer = orjson.loads(body)
        if status != 200 or answer["status"] != "completed":
            raise RuntimeError(f"{status}: {body[:300]!r}")
        return took, took - answer["timings"]["db_execution"] / 1000

    async def asker(connection: Connection) -> None:
        for number in counter:
            took, rest = await ask(connection, number)
            latencies.append(took)
            outside.append(rest)
        connection.close()

    connections = [Connection(at.gateway_port) for _ in range(askers)]
    for number in range(warm_up):
        await ask(connections[number % askers], number)
    started = time.perf_counter()
    await asyncio.gather(*(asker(c) for c in connections))
    return Load(tuple(latencies), tuple(outside), time.perf_counter() - started)


async def first_event(at: Demo, headers: dict[str, str], *, count: int = 200) -> float:
    """Median milliseconds to the first streamed event, one asker."""
    connection = Connection(at.gateway_port)
    took = []
    for number in range(count):
        started = time.perf_counter()
        async for _ in connection.stream(
            "/api/ask",
            headers={**headers, "Accept": "text/event-stream"},
            body={"question": QUESTIONS[number % len(QUESTIONS)]},
        ):
            took.append(time.perf_counter() - started)
            break
        connection.close()
    return statistics.median(took) * 1000


def resident_megabytes(at: Demo) -> dict[str, float]:
    """Each service's own memory."""
    found = {}
    for child in psutil.Process(at.process.pid).children(recursive=True):
        words = child.cmdline()
        for name in ("workflow", "gateway", "webui"):
            if words[-2:] == ["-m", name]:
                found[name] = child.memory_info().rss / 1024**2
    return found
