"""How long a search takes, at 20 and at 20,000 passages: `python -m bench.retrieval`."""

import asyncio
import random
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from uuid import UUID, uuid4

import psycopg

from contracts.context import UserContext
from kit import embedded_postgres
from kit.database import make_pool
from migrations.runner import migrate
from workflow.llm.embeddings import WordLlamaEmbedder
from workflow.retrieve.index import Document, index_documents
from workflow.retrieve.search import search

SIZES = (20, 20_000)
WARM_UP, ROUNDS = 20, 500
SUBJECTS = ("revenue", "payment", "rental", "customer", "film", "category", "store", "country")
VERBS = ("counts", "excludes", "compares", "explains", "limits", "describes", "rounds", "hides")
THINGS = ("months", "weeks", "amounts", "returns", "averages", "shares", "trends", "totals")
QUESTIONS = (
    "What is total revenue for my store 1?",
    "Top 5 categories by revenue last month",
    "How many customers are there in each country?",
    "Which chart do I get for shares?",
)
ROLES = ("admin", "finance", "marketing")


def _documents(count: int) -> list[Document]:
    """Sentences over a vocabulary in which, as in real text, a few words are everywhere and
    most are rare."""
    draw = random.Random(7)
    rare = [f"term{number}" for number in range(5_000)]

    def sentence() -> str:
        words = [draw.choice(VERBS), draw.choice(THINGS), *draw.sample(rare, 8)]
        if draw.random() < 0.1:
            words.append(draw.choice(SUBJECTS))
        draw.shuffle(words)
        return " ".join(words).capitalize() + "."

    return [
        Document(
            key=f"document-{number}",
            title=" ".join(draw.sample(rare, 3)),
            kind="narrative",
            roles=tuple(draw.sample(ROLES, 2)),
            body=" ".join(sentence() for _ in range(3)),
        )
        for number in range(count)
    ]


async def _measure(url: str, count: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "INSERT INTO organisations (name) VALUES (%s) RETURNING org_id", (f"bench {count}",)
        ).fetchone()
    assert row is not None
    org_id: UUID = row[0]
    context = UserContext(
        user_id=uuid4(),
        username="bench",
        org_id=org_id,
        role="finance",
        permissions=(),
        store_ids=(),
        is_all_stores=True,
        allowed_views=(),
    )
    embedder = WordLlamaEmbedder()
    async with make_pool(url, name="bench") as pool:
        started = time.perf_counter()
        report = await index_documents(pool, embedder, org_id, _documents(count))
        indexing = time.perf_counter() - started
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE rag_documents")
        times: list[float] = []
        for number in range(WARM_UP + ROUNDS):
            started = time.perf_counter()
            await search(pool, embedder, QUESTIONS[number % len(QUESTIONS)], context)
            times.append((time.perf_counter() - started) * 1000)
    times = sorted(times[WARM_UP:])
    print(
        f"{report.inserted:>8,} passages  indexed in {indexing:6.1f} s  "
        f"search p50 {statistics.median(times):6.2f} ms  p95 {times[int(ROUNDS * 0.95)]:6.2f} ms"
    )


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="cs-"))
    folder.chmod(0o755)
    try:
        with embedded_postgres.running(folder / "pg") as cluster:
            url = cluster.url(embedded_postgres.APP_DATABASE)
            migrate("app", url)
            for count in SIZES:
                asyncio.run(_measure(url, count))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
