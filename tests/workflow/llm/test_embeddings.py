import json
import math
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from workflow.llm.embeddings import (
    Embedders,
    EmbeddingSettings,
    EmbeddingsUnavailable,
    HttpEmbedder,
    WordLlamaEmbedder,
)

pytestmark = pytest.mark.anyio


class Endpoint(ThreadingHTTPServer):
    """Speaks the `/embeddings` protocol: a text becomes [its length, 1, 0]."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.reply: bytes | None = None
        self.requests: list[tuple[str, str | None, dict[str, object]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, self.headers["Authorization"], body))
        data = [
            {"object": "embedding", "index": place, "embedding": [len(text), 1, 0]}
            for place, text in enumerate(body["input"])
        ]
        reply = self.server.reply or json.dumps({"data": data[::-1], "model": "m"}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def client(endpoint: Endpoint, dimensions: int = 3) -> HttpEmbedder:
    return HttpEmbedder(
        base_url=endpoint.url, model="m", dimensions=dimensions, api_key="k", timeout_seconds=5
    )


def run(script: str, text: str = "") -> str:
    """In a process of its own: importing the package sets up the root logger."""
    return subprocess.run(
        [sys.executable, "-c", script], check=True, input=text, stdout=subprocess.PIPE, text=True
    ).stdout


# The package's own inference, on the files of its wheel: its loader looks for them on a hub.
THE_PACKAGES_OWN = """
import json, sys, wordllama
from pathlib import Path
from safetensors import safe_open
from wordllama.inference import WordLlamaInference
from wordllama.wordllama import Config, WordLlama

root = Path(wordllama.__file__).parent
config = Config._configurations["l2_supercat"]
[tokenizer] = (root / "tokenizers").glob("l2_supercat*")
with safe_open(root / "weights" / "l2_supercat_256.safetensors", framework="np") as weights:
    embedding = weights.get_tensor("embedding.weight")
model = WordLlamaInference(embedding, config, WordLlama.load_tokenizer(tokenizer, config))
print(json.dumps([model.embed([t], norm=True)[0].tolist() for t in json.load(sys.stdin)]))
"""


async def test_the_built_in_embedder_gives_the_packages_own_vectors() -> None:
    texts = ["What is total revenue for my store 1?", "Grüße, 収益 \U0001f600", "a", "x " * 5000]
    theirs = json.loads(run(THE_PACKAGES_OWN, json.dumps(texts)).splitlines()[-1])
    ours = await WordLlamaEmbedder().embed(texts)
    for mine, other in zip(ours, theirs, strict=True):
        assert len(mine) == WordLlamaEmbedder.dimensions
        assert mine == pytest.approx(other, abs=1e-5)


def test_the_built_in_embedder_costs_little_memory() -> None:
    script = (
        "import asyncio, psutil; from workflow.llm.embeddings import WordLlamaEmbedder;"
        "import numpy; before = psutil.Process().memory_info().rss;"
        "asyncio.run(WordLlamaEmbedder().embed(['a question']));"
        "print((psutil.Process().memory_info().rss - before) // 2**20)"
    )
    assert int(run(script)) < 40


async def test_odd_texts_have_vectors() -> None:
    embedder = WordLlamaEmbedder()
    empty, nul, surrogate = await embedder.embed(["", "\x00", "a\ud800b"])
    assert not any(empty)
    for vector in (nul, surrogate):
        assert len(vector) == 256
        assert all(map(math.isfinite, vector))
    assert await embedder.embed([]) == []


async def test_an_endpoint_is_asked_in_batches_and_answered_in_order(endpoint: Endpoint) -> None:
    embedder = client(endpoint)
    vectors = await embedder.embed(["x" * length for length in range(1, 101)] + ["  "])
    await embedder.close()
    assert [len(body["input"]) for _, _, body in endpoint.requests] == [64, 36]  # type: ignore[arg-type]  # JSON
    assert {(path, key) for path, key, _ in endpoint.requests} == {("/v1/embeddings", "Bearer k")}
    assert vectors[-1] == [0.0, 0.0, 0.0]
    for length, vector in enumerate(vectors[:-1], 1):
        assert vector == pytest.approx(
            [length / math.hypot(length, 1), 1 / math.hypot(length, 1), 0]
        )


@pytest.mark.parametrize(
    ("status", "reply", "reason"),
    [
        (500, b"oops", "answered 500"),
        (402, b"{}", "answered 402"),
        (200, b"<html>", "something else"),
        (200, b'{"data": []}', "left texts out"),
        (200, b'{"data": [{"index": 0, "embedding": [1, 2]}]}', "EMBEDDINGS_DIMENSIONS is 3"),
        (200, b'{"data": [{"index": 0, "embedding": [NaN, 2, 3]}]}', "something else"),
    ],
)
async def test_a_failing_endpoint_is_named(
    endpoint: Endpoint, status: int, reply: bytes, reason: str
) -> None:
    endpoint.status, endpoint.reply = status, reply
    embedder = client(endpoint)
    with pytest.raises(EmbeddingsUnavailable) as caught:
        await embedder.embed(["a"])
    await embedder.close()
    assert reason in caught.value.reason


async def test_a_failing_endpoint_is_left_alone_for_a_while(endpoint: Endpoint) -> None:
    now = [0.0]
    embedder = HttpEmbedder(base_url=endpoint.url, model="m", dimensions=3, clock=lambda: now[0])
    endpoint.status = 503
    for _ in range(3):
        with pytest.raises(EmbeddingsUnavailable):
            await embedder.embed(["a"])
    assert len(endpoint.requests) == 1
    endpoint.status, now[0] = 200, 31.0
    assert len(await embedder.embed(["a"])) == 1
    await embedder.close()


async def test_an_unreachable_endpoint_is_named(endpoint: Endpoint) -> None:
    embedder = HttpEmbedder(base_url="http://127.0.0.1:9/v1", model="m", dimensions=3)
    with pytest.raises(EmbeddingsUnavailable, match="cannot be reached"):
        await embedder.embed(["a"])
    await embedder.close()


def test_the_settings_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in EmbeddingSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    assert isinstance(Embedders(EmbeddingSettings()).configured, WordLlamaEmbedder)
    monkeypatch.setenv("EMBEDDINGS_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("EMBEDDINGS_MODEL", "some-model")
    monkeypatch.setenv("EMBEDDINGS_DIMENSIONS", "384")
    embedders = Embedders(EmbeddingSettings())
    chosen = embedders.configured
    assert isinstance(chosen, HttpEmbedder)
    assert (chosen.name, chosen.dimensions) == ("some-model/384", 384)
    assert embedders.named("some-model/384") is chosen
    assert isinstance(embedders.named(WordLlamaEmbedder.name), WordLlamaEmbedder)
    before = embedders.named("the/one/before/768")
    assert before is not None
    assert (before.name, before.dimensions) == ("the/one/before/768", 768)
    assert embedders.named("unheard of") is None


def test_every_setting_has_a_sentence() -> None:
    for name, field in EmbeddingSettings.model_fields.items():
        assert field.description, name
        assert field.description.endswith(".")
