"""A whole ask, through the gateway, on a demo of its own: `python -m bench.ask`.

Prints a table: one asker, sixteen askers, the first streamed event, the time outside the
database at two sizes of the data, a model that takes 300 ms, resident memory. Beside each figure
stands what the same run measured of its limit: the same statements on the database alone.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import psutil
import psycopg

from bench.http import Connection
from contracts.context import UserContext
from tests.stack import Demo, start_demo, stop_demo
from workflow.execute.warehouse import Warehouse

MODEL = "local-slow-300ms"
CATEGORIES = ("Action", "Comedy", "Drama", "Family", "Games", "Horror", "Music", "Sports", "Travel")
MONTHS = ("January", "February", "March", "April", "May", "June", "July")
ONE_CALL = {"NARRATOR": "template", "MODEL_TOKENS_PER_PERSON": "0"}
"""A question is one call to the model, and all of them are one person's."""
QUESTIONS = (
    "What is total revenue for my store 1?",
    "revenue by category",
    "top 5 films by revenue",
    "monthly revenue",
    *(f"How many rentals were there in {month} 2022?" for month in MONTHS),
    *(f"revenue for {category} by month" for category in CATEGORIES),
    *(f"top {n} countries by revenue in {m}" for n in (3, 5, 10) for m in MONTHS),
    *(f"revenue of {c} in {m} 2022" for c in CATEGORIES for m in MONTHS),
)
"""A hundred everyday questions of a store manager, asked in turn."""
NEW_QUESTIONS = (
    *(f"number of rentals of {c} in {m} 2022" for c in CATEGORIES for m in MONTHS),
    *(f"average payment for {c} in {m} 2022" for c in CATEGORIES for m in MONTHS),
    *(f"top {n} films by revenue in {m} 2022" for n in (2, 4, 6, 7, 8, 9) for m in MONTHS),
    *(f"{m} 2022 revenue by store and by week for {c}" for c in CATEGORIES[:4] for m in MONTHS),
)
"""Others of theirs, each asked once."""

FEW = 20
PAUSE = 0.1
"""Seconds in which a processor forgets what it was doing."""
SETTLING = 5.0
"""Seconds; see `load`."""


Row = tuple[str, str, str, str]
"""What, figure, the same run's limit, target."""


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
    at: Demo,
    headers: dict[str, str],
    *,
    askers: int,
    questions: int,
    warm_up: int = 10,
    asked: Sequence[str] = QUESTIONS,
    pause: float = 0.0,
    settling: float = 0.0,
    model: str = "",
) -> Load:
    """`askers` people asking at once until `questions` are answered, each completed, and planned
    by `model` where one is named. They ask what is to be `asked` in turn, `pause` seconds after
    each answer; `warm_up` questions from its beginning go before. What is answered in the first
    `settling` seconds does not count: askers who begin in the same millisecond stand in one queue
    until they have spread out."""
    latencies: list[float] = []
    outside: list[float] = []
    counter = iter(range(questions))

    async def ask(connection: Connection, number: int) -> tuple[float, float]:
        started = time.perf_counter()
        status, body = await connection.request(
            "POST",
            "/api/ask",
            headers=headers,
            body={"question": asked[number % len(asked)]},
        )
        took = time.perf_counter() - started
        answer = orjson.loads(body)
        is_planned = not model or (answer.get("usage") or {}).get("model") == model
        if status != 200 or answer["status"] != "completed" or not is_planned:
            raise RuntimeError(f"{status}: {body[:300]!r}")
        return took, took - answer["timings"]["db_execution"] / 1000

    async def asker(connection: Connection) -> None:
        for number in counter:
            took, rest = await ask(connection, number)
            if time.perf_counter() >= started + settling:
                latencies.append(took)
                outside.append(rest)
            await asyncio.sleep(pause)
        connection.close()

    first = Connection(at.gateway_port)
    for number in range(warm_up):
        await ask(first, number)
    first.close()
    connections = [Connection(at.gateway_port) for _ in range(askers)]
    started = time.perf_counter()
    await asyncio.gather(*(asker(c) for c in connections))
    seconds = time.perf_counter() - started - settling
    return Load(tuple(latencies), tuple(outside), seconds)


async def first_event(at: Demo, headers: dict[str, str], *, count: int = 200) -> float:
    """Median milliseconds to the first streamed event, one asker, who reads every stream to its
    end: one that is left early is answered all the same, and the next would wait for it."""
    connection = Connection(at.gateway_port)
    took = []
    for number in range(count):
        first, started = 0.0, time.perf_counter()
        async for _ in connection.stream(
            "/api/ask",
            headers={**headers, "Accept": "text/event-stream"},
            body={"question": QUESTIONS[number % len(QUESTIONS)]},
        ):
            first = first or time.perf_counter() - started
        took.append(first)
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


async def floor(at: Demo, *, askers: int, statements: int) -> Load:
    """The limit: the same statements on the database alone, as the same reader in the same kind
    of transaction, by `askers` connections."""
    with psycopg.connect(at.settings["DATABASE_URL"]) as connection:
        rows = connection.execute(
            """
            SELECT answer->>'sql', user_context FROM runs JOIN query_audit_logs USING (run_id)
            WHERE status = 'completed' ORDER BY run_id DESC LIMIT %s
            """,
            (len(QUESTIONS),),
        ).fetchall()
    context = UserContext.model_validate(rows[0][1])
    warehouse = Warehouse(
        at.settings["WAREHOUSE_URL"],
        reader_secret=at.settings["WAREHOUSE_READER_SECRET"],
        pool_size=4,
    )
    latencies: list[float] = []
    counter = iter(range(statements))

    async def asker() -> None:
        for number in counter:
            started = time.perf_counter()
            await warehouse.run(rows[number % len(rows)][0], context)
            latencies.append(time.perf_counter() - started)

    await asker()
    latencies.clear()
    counter = iter(range(statements))
    started = time.perf_counter()
    await asyncio.gather(*(asker() for _ in range(askers)))
    seconds = time.perf_counter() - started
    await warehouse.close()
    return Load(tuple(latencies), (), seconds)


async def measure(at: Demo, questions: int) -> list[Row]:
    """One asker and sixteen, beside the same statements on the database alone."""
    person = await login(at, "manager_store1", "manager123")
    one = await load(at, person, askers=1, questions=questions // 4, warm_up=len(QUESTIONS))
    new = await load(
        at, person, askers=1, questions=len(NEW_QUESTIONS), warm_up=0, asked=NEW_QUESTIONS
    )
    paced = await load(at, person, askers=1, questions=3 * FEW, pause=PAUSE)
    one_floor = await floor(at, askers=1, statements=questions // 4)
    many = await load(at, person, askers=16, questions=questions)
    many_floor = await floor(at, askers=16, statements=questions)
    first = await first_event(at, person)
    outside = statistics.median(one.outside_database) * 1000
    return [
        row("one asker, p50", _ms(one, 0.5), _ms(one_floor, 0.5), "12 ms, aim 8"),
        row("one asker, questions not asked before, p50", _ms(new, 0.5)),
        row(f"one asker, {PAUSE * 1000:.0f} ms between questions, p50", _ms(paced, 0.5)),
        row(
            "sixteen askers, answers a second",
            f"{many.rate:.0f}",
            f"{many_floor.rate:.0f}",
            "90, aim 150",
        ),
        row("sixteen askers, p95", _ms(many, 0.95), _ms(many_floor, 0.95), "250 ms"),
        row("first streamed event, median", f"{first:.1f} ms", target="10 ms"),
        row("one asker, median outside db_execution", f"{outside:.1f} ms"),
    ]


def row(what: str, figure: str, limit: str = "", target: str = "") -> Row:
    """One of the table; `limit` is what the same run measured of it."""
    return what, figure, limit, target


def _ms(found: Load, share: float) -> str:
    return f"{found.percentile(share):.1f} ms"


async def model_alone(at: Demo, *, askers: int, seconds: float) -> float:
    """Calls a second that the stand-in for a model gives to the same clients, asked directly."""
    port = urlsplit(at.settings["OPENAI_BASE_URL"]).port or 80
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Plan."}]}
    calls = 0

    async def asker(until: float) -> None:
        nonlocal calls
        connection = Connection(port)
        while time.perf_counter() < until:
            await connection.request("POST", "/v1/chat/completions", headers={}, body=body)
            calls += 1
        connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(asker(started + seconds) for _ in range(askers)))
    return calls / (time.perf_counter() - started)


async def measure_model(at: Demo, seconds: float) -> list[Row]:
    """Sixteen askers over a model of 300 ms: answers a second beside what the model allows."""
    person = await login(at, "manager_store1", "manager123")
    ideal = 16 / 0.3
    allowed = await model_alone(at, askers=16, seconds=seconds / 3)
    found = await load(
        at, person, askers=16, questions=round(ideal * seconds), settling=SETTLING, model=MODEL
    )
    return [
        (
            "sixteen askers, model of 300 ms, answers a second",
            f"{found.rate:.1f}",
            f"{allowed:.1f} by the model asked directly ({ideal:.1f} by arithmetic)",
            f"95 %: {allowed * 0.95:.1f}; here {found.rate / allowed:.1%} "
            f"({found.rate / ideal:.1%} of the arithmetic)",
        )
    ]


async def measure_memory(at: Demo, questions: int) -> list[Row]:
    """Resident memory after half and after all of `questions`."""
    person = await login(at, "manager_store1", "manager123")
    await load(at, person, askers=16, questions=questions // 2)
    half = resident_megabytes(at)
    person = await login(at, "manager_store1", "manager123")
    await load(at, person, askers=16, questions=questions // 2)
    whole = resident_megabytes(at)
    return [
        (
            f"{name}, resident after {questions:,} questions",
            f"{whole[name]:.0f} MB",
            f"{half[name]:.0f} MB after half",
            "under 250 MB, flat",
        )
        for name in whole
    ]


def measure_scale(scale: int) -> Row:
    """Time outside the database at `scale` and at 1, the same questions at the same pace: where
    statements take long, everything else finds processor and caches cold, whatever the data."""

    async def ask(at: Demo, pause: float) -> Load:
        person = await login(at, "manager_store1", "manager123")
        return await load(
            at, person, askers=1, questions=2 * FEW, warm_up=FEW, asked=QUESTIONS[:FEW], pause=pause
        )

    with running("--scale", str(scale)) as at:
        large = asyncio.run(ask(at, 0.0))
    outside = statistics.median(large.outside_database)
    with running() as at:
        small = asyncio.run(ask(at, large.percentile(0.5) / 1000 - outside))
    base = statistics.median(small.outside_database)
    return (
        f"one asker, median outside db_execution, --scale {scale}",
        f"{outside * 1000:.1f} ms",
        f"{base * 1000:.1f} ms at scale 1, same pace",
        f"at most 10 % over scale 1; here {outside / base - 1:+.0%}",
    )


@contextmanager
def running(*options: str, **settings: str) -> Iterator[Demo]:
    """A demo of its own, thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="cs-bench-") as folder:
        Path(folder).chmod(0o755)
        at = start_demo(Path(folder) / "home", *options, **settings)
        try:
            yield at
        finally:
            stop_demo(at)


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=1600, help="of the sixteen askers")
    parser.add_argument("--memory", type=int, default=10_000, help="questions; 0 to leave out")
    parser.add_argument("--scale", type=int, default=0, help="also at this size of the data")
    options = parser.parse_args()
    rows = []
    with running() as at:
        rows += asyncio.run(measure(at, options.questions))
        if options.memory:
            rows += asyncio.run(measure_memory(at, options.memory))
    with running("--model", "local", OPENAI_MODEL=MODEL, **ONE_CALL) as at:
        rows += asyncio.run(measure_model(at, 20))
    if options.scale:
        rows.append(measure_scale(options.scale))
    print("| what | measured | the same run's limit | target |\n| --- | --- | --- | --- |")
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
