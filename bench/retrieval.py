"""How long a search takes, at 20, 20,000 and 100,000 passages: `python -m bench.retrieval`."""

import asyncio
import json
import random
import re
import shutil
import statistics
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID, uuid4

import psycopg

from contracts.context import UserContext
from kit import embedded_postgres
from kit.database import make_pool
from migrations.runner import migrate
from workflow.llm.embeddings import Embedders, EmbeddingSettings
from workflow.retrieve.index import Document, index_documents
from workflow.retrieve.search import Retriever

SIZES = (20, 20_000, 100_000)
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
VOCABULARY = 6_000
ROLE = "finance"
ABOUT = 50
ROLES = ("admin", "finance", "marketing")


def _vocabulary() -> list[str]:
    """English words, the frequent ones first, as the embedder's tokenizer has them."""
    spec = find_spec("wordllama")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "tokenizers" / "l2_supercat_tokenizer_config.json"
    pieces = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]
    words = sorted((at, piece[1:]) for piece, at in pieces.items() if piece[:1] == "▁")
    return [word for _, word in words if re.fullmatch("[a-z]{4,12}", word)][:VOCABULARY]


def _subjects(draw: random.Random) -> list[list[str]]:
    """Documents are about something: each subject has words of its own."""
    words = _vocabulary()
    return [draw.sample(words, 40) for _ in range(600)]


def _documents(count: int) -> list[Document]:
    """Sentences in which, as in real text, a few words are everywhere and most are rare."""
    draw = random.Random(7)
    subjects = _subjects(draw)
    everywhere = _vocabulary()

    def sentence(words: list[str]) -> str:
        said = [draw.choice(VERBS), draw.choice(THINGS), *draw.sample(words, 6)]
        said += draw.sample(everywhere, 2)
        if draw.random() < 0.1:
            said.append(draw.choice(SUBJECTS))
        draw.shuffle(said)
        return " ".join(said).capitalize() + "."

    def document(number: int) -> Document:
        words = draw.choice(subjects)
        return Document(
            key=f"document-{number}",
            title=" ".join(draw.sample(words, min(3, len(words)))),
            kind="narrative",
            roles=tuple(draw.sample(ROLES, 2)),
            body=" ".join(sentence(words) for _ in range(3)),
        )

    return [document(number) for number in range(count)]


def _about(documents: list[Document]) -> list[tuple[str, str]]:
    """Questions with a few words of one document among common ones, and that document's key."""
    draw = random.Random(11)
    readable = [document for document in documents if ROLE in document.roles]
    common = {*SUBJECTS, *VERBS, *THINGS}
    asked = []
    for document in draw.sample(readable, min(ABOUT, len(readable))):
        words = sorted(set(re.findall("[a-z]+", document.body)) - common)
        some = draw.sample(words, min(6, len(words)))
        asked.append(
            (
                f"why does {draw.choice(SUBJECTS)} of {' '.join(some[:3])} change "
                f"{draw.choice(THINGS)} for {' '.join(some[3:])}",
                document.key,
            )
        )
    return asked


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
        role=ROLE,
        permissions=(),
        store_ids=(),
        is_all_stores=True,
        allowed_views=(),
    )
    embedders = Embedders(EmbeddingSettings())
    documents = _documents(count)
    about = _about(documents)
    questions = [*QUESTIONS, *(question for question, _ in about)]
    async with make_pool(url, name="bench") as pool:
        started = time.perf_counter()
        report = await index_documents(pool, embedders.configured, org_id, documents)
        indexing = time.perf_counter() - started
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        retriever = Retriever(pool, embedders.named)
        times: list[float] = []
        for number in range(WARM_UP + ROUNDS):
            started = time.perf_counter()
            await retriever.search(questions[number % len(questions)], context)
            times.append((time.perf_counter() - started) * 1000)
        found = await _found(retriever, about, context)
        # a retriever that remembers nothing compares with every passage
        fresh = [Retriever(pool, embedders.named) for _ in about]
        exact = sum(
            [await _found(one, [it], context) for one, it in zip(fresh, about, strict=True)]
        )
    times = sorted(times[WARM_UP:])
    print(
        f"{report.inserted:>8,} passages  indexed in {indexing:6.1f} s  "
        f"search p50 {statistics.median(times):6.2f} ms  p95 {times[int(ROUNDS * 0.95)]:6.2f} ms  "
        f"meant passage among four: {found} of {len(about)}, by comparing with all: {exact}"
    )


async def _found(retriever: Retriever, about: list[tuple[str, str]], context: UserContext) -> int:
    """How often the passage that a question is about is among the first four."""
    return sum(
        [
            key in {source.document for source in await retriever.search(question, context)}
            for question, key in about
        ]
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
