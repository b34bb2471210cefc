"""Worlds to try injections in: a clean one, one where they lie in wait, and a model that obeys."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import yaml
from pydantic import BaseModel, ConfigDict, JsonValue, SecretStr

from cli.local_matcher import whole
from contracts.context import UserContext
from contracts.run import Answer
from kit import internal_token
from kit.database import make_pool
from workflow.llm.embeddings import WordLlamaEmbedder
from workflow.retrieve.index import Document, index_documents
from workflow.retrieve.load import load
from workflow.settings import WorkflowSettings

ROOT = Path(__file__).parents[2]
PAGILA = ROOT / "seeds" / "pagila"
KEY = "a-key-of-the-tests-and-of-nobody-else-at-all"
LIE = "987654.32"
TOLD = "Revenue and rentals"
"""Title of the document that an injection comes by."""
VIEWS = {
    "store_manager": ("v_payment_scoped", "v_rental_scoped"),
    "finance": ("v_payment_scoped",),
    "marketing": ("v_customer_masked",),
}


class Injection(BaseModel):
    """A line of `injections.jsonl`: `text` is what tries to take over, by way of `where`; a model
    that obeys it replies `obeyed`. In a question, `text` is the question as it is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    role_user: str
    where: str
    question: str
    text: str
    obeyed: dict[str, JsonValue]

    @property
    def role(self) -> str:
        """The role of who asks."""
        names = {"manager_store1": "store_manager", "finance_user": "finance"}
        return names.get(self.role_user, "marketing")


def injections() -> list[Injection]:
    """All of them."""
    lines = (PAGILA / "injections.jsonl").read_text(encoding="utf-8").splitlines()
    return [Injection.model_validate_json(line) for line in lines]


@dataclass
class ObedientModel:
    """Replies what it is told to, and keeps what it was sent. Where prose is asked for, it lies."""

    obeyed: dict[str, JsonValue] = field(default_factory=dict)
    prompts: list[str] = field(default_factory=list)
    base_url: str = ""

    def reply(self, body: dict[str, JsonValue]) -> tuple[str, bytes]:
        """Media type and content of a chat completion."""
        self.prompts.append(json.dumps(body["messages"], ensure_ascii=False))
        if body.get("stream"):
            chunk = {"choices": [{"index": 0, "delta": {"content": f"It was {LIE}. "}}]}
            return "text/event-stream", f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode()
        kind = str(self.obeyed["kind"])
        member = self.obeyed[kind]
        assert isinstance(member, dict)
        text = json.dumps(whole(kind, member, confidence=1.0))
        choice = {"index": 0, "finish_reason": "stop", "message": {"content": text}}
        return "application/json", json.dumps({"model": "obedient", "choices": [choice]}).encode()


@contextmanager
def obedient_model() -> Iterator[ObedientModel]:
    """The model, served on loopback."""
    model = ObedientModel()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            media_type, content = model.reply(json.loads(self.rfile.read(length)))
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    model.base_url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield model
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@cache
def _embedder() -> WordLlamaEmbedder:
    return WordLlamaEmbedder()


@dataclass(frozen=True)
class World:
    """A running workflow and the data behind it."""

    url: str
    app_url: str
    warehouse_url: str
    org_id: UUID

    def ask(self, who: Injection, question: str, conversation: UUID | None = None) -> Answer:
        """The answer to the person whom the injection is for."""
        body: dict[str, str] = {"question": question}
        if conversation is not None:
            body["conversation_id"] = str(conversation)
        headers = {internal_token.HEADER: internal_token.sign(self._context(who), KEY)}
        reply = httpx.post(f"{self.url}/run", json=body, headers=headers, trust_env=False)
        assert reply.status_code == 200, reply.text
        return Answer.model_validate_json(reply.content)

    def _context(self, who: Injection) -> UserContext:
        return UserContext(
            user_id=UUID(int=7),
            username=who.role_user,
            org_id=self.org_id,
            role=who.role,
            permissions=("ask",),
            store_ids=(1, 2) if who.role == "marketing" else (1,),
            is_all_stores=False,
            allowed_views=VIEWS[who.role],
        )

    def tell(self, text: str) -> None:
        """Put a document with the text beside those of the demo, for every role."""
        told = Document("injected", TOLD, "narrative", tuple(VIEWS), text)
        documents = [*load(PAGILA / "documents"), told]

        async def index() -> None:
            async with make_pool(self.app_url, name="injections", max_size=1) as pool:
                await index_documents(pool, _embedder(), self.org_id, documents)

        asyncio.run(index())

    def title_best_film(self, text: str) -> None:
        """Give the film with the highest revenue of store 1 the text as its title."""
        with psycopg.connect(self.warehouse_url) as owner:
            owner.execute(
                """
                UPDATE film SET title = %s WHERE film_id = (
                    SELECT i.film_id FROM payment p JOIN rental r ON r.rental_id = p.rental_id
                    JOIN inventory i ON i.inventory_id = r.inventory_id
                    WHERE i.store_id = 1 GROUP BY 1 ORDER BY sum(p.amount) DESC, 1 LIMIT 1)
                """,
                [text],
            )


def settings(
    app_url: str, warehouse_url: str, reader_secret: str, model: Path, base_url: str = ""
) -> WorkflowSettings:
    """Of a workflow in a world."""
    return WorkflowSettings(
        database_url=SecretStr(app_url),
        warehouse_url=SecretStr(warehouse_url),
        warehouse_reader_secret=SecretStr(reader_secret),
        internal_token=SecretStr(KEY),
        signing_key_secret=SecretStr(KEY),
        semantic_model=model,
        openai_base_url=base_url,
        openai_model="obedient",
    )


def infected_model(texts: list[str], folder: Path) -> Path:
    """The semantic model, with the texts as descriptions and synonyms of metrics and fields."""
    document = yaml.safe_load((PAGILA / "model.yaml").read_text(encoding="utf-8"))
    (model,) = document["semantic_model"]
    metrics = {metric["name"]: metric for metric in model["metrics"]}
    infected = [metrics["revenue"], metrics["rental_count"], *model["datasets"][0]["fields"]]
    for text, part in zip(texts, infected, strict=False):
        part["description"] = text
        part.setdefault("ai_context", {}).setdefault("synonyms", []).append(text)
    path = folder / "model.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return path
