"""A workflow that runs nothing: it checks the internal token and answers in the agreed shapes."""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from contracts.artifact import Artifact, ArtifactPage
from contracts.catalog import Catalog, Suggestion, Suggestions
from contracts.context import UserContext
from contracts.evidence import ChainMark, Receipt, ReceiptBody, Replay, Signature
from contracts.export import TABLES, Exported
from contracts.feedback import Feedback, FeedbackRequest
from contracts.problem import Problem
from contracts.result import Column
from contracts.run import (
    Answer,
    ConversationPage,
    ConversationSummary,
    RunPage,
    RunRequest,
    RunStatus,
    RunSummary,
    Security,
)
from contracts.usage import Budgets, Usage, UseLine
from contracts.verification import Verification
from kit import internal_token
from kit.event_stream import JSON_LINES
from kit.problems import TYPE_PREFIX, problem_response
from tests.gateway import fake_approvals, fake_knowledge

RUN = UUID("01900000-0000-7000-8000-000000000001")
CONVERSATION = UUID("01900000-0000-7000-8000-000000000002")
SOMEBODY_ELSES = UUID("01900000-0000-7000-8000-00000000dead")
BREAK = b"(break the connection)"
COLUMNS = (Column(name="revenue", type="decimal"),)
AT = datetime(2022, 8, 1, tzinfo=UTC)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass
class Received:
    """One call as it arrived."""

    path: str
    query: str
    headers: dict[str, str]
    context: UserContext
    body: bytes
    method: str = "GET"


@dataclass
class FakeWorkflow:
    """`answer` replaces the usual answer to anything but /healthz. With `script`, a stream gives
    what the test puts into it, until None; `hung_up` says that its listener left."""

    key: str
    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: Response | None = None
    hangs: bool = False
    script: "queue.Queue[bytes | None] | None" = None
    hung_up: threading.Event = field(default_factory=threading.Event)

    def reset(self) -> None:
        self.received.clear()
        self.answer = None
        self.hangs = False
        self.script = None
        self.hung_up = threading.Event()  # a stream of the test before may still end

    @property
    def last(self) -> Received:
        return self.received[-1]

    def app(self) -> FastAPI:
        app = FastAPI()
        app.add_api_route("/healthz", lambda: {"status": "ok"})
        app.add_api_route("/{path:path}", self._serve, methods=METHODS)
        return app

    async def _serve(self, request: Request) -> Response:
        body = await request.body()
        try:
            token = request.headers.get(internal_token.HEADER)
            context = internal_token.verify(token, self.key)
        except internal_token.InvalidInternalToken:
            return problem(401, "invalid-internal-token", "Invalid internal token")
        headers = dict(request.headers)
        url, method = request.url, request.method
        call = Received(url.path, url.query, headers, context, body, method)
        self.received.append(call)
        if self.answer is not None:
            return self.answer
        while self.hangs and (await request.receive())["type"] != "http.disconnect":
            pass
        return self._usual(call)

    def _usual(self, call: Received) -> Response:
        match call.path.strip("/").split("/"):
            case ["run"]:
                return self._run(call)
            case ["runs"]:
                page = RunPage(items=(_summary(),), next="cursor-2")
                return _json(page.model_dump_json())
            case ["conversations"]:
                return _json(ConversationPage(items=(_conversation(),)).model_dump_json())
            case ["suggestions"]:
                one = Suggestion(question="Total revenue?", topic="revenue", views=())
                return _json(Suggestions(items=(one,)).model_dump_json())
            case ["catalog"]:
                empty = Catalog(model="demo", model_digest="0" * 64, metrics=(), dimensions=())
                return _json(empty.model_dump_json())
            case ["runs", run_id, *_] if run_id != str(RUN):
                return problem(404, "not-found", "There is no such run.")
            case ["runs", _, "events"]:
                return self._events()
            case ["runs", _, "feedback"]:
                said = FeedbackRequest.model_validate_json(call.body)
                kept = Feedback(**said.model_dump(), run_id=RUN, given_at=AT)
                return _json(kept.model_dump_json())
            case ["runs", _, "exports"] if not any(name in call.query for name in TABLES):
                return problem(409, "nothing-to-export", "This run ended without rows.")
            case ["runs", _, "exports"]:
                answer = _answer(call.context).model_copy(update={"columns": COLUMNS})
                return _json(Exported(answer=answer, digest="0" * 64).model_dump_json())
            case ["runs", _, "receipt"]:
                return _json(_receipt(call.context).model_dump_json())
            case ["runs", _, "replay"]:
                return _json(_replay().model_dump_json())
            case ["runs", _, "cancel"] | ["runs", _]:
                return _json(_answer(call.context).model_dump_json())
            case ["policy" | "audit" | "admin", *_]:
                return self._governing(call)
        return self._elsewhere(call)

    def _governing(self, call: Received) -> Response:
        match call.path.strip("/").split("/"):
            case ["policy", "simulate"]:
                return _json('{"question":"one","policy_version":0,"roles":[]}')
            case ["audit", "verify"] if "event-stream" in call.headers["accept"]:
                return self._events()
            case ["audit", "verify"]:
                return _json(_verification(call.context).model_dump_json())
            case ["audit", "receipts", "check"]:
                return _json('{"is_genuine":false,"reason":"it is not a receipt"}')
            case ["audit", _] if call.headers["accept"] == JSON_LINES:
                return Response(b"{}\n", media_type=JSON_LINES)
            case ["admin", "budgets"]:
                return _json(_BUDGETS.model_dump_json())
            case ["admin", "usage"]:
                return _json(_USAGE.model_dump_json())
            case ["audit", _] | ["admin", "changes"]:
                return _json('{"items":[],"next":null}')
        return self._elsewhere(call)

    def _elsewhere(self, call: Received) -> Response:
        if call.path.startswith("/artifacts"):
            return self._artifacts(call)
        knowledge = fake_knowledge.usual(call.method, call.path)
        if knowledge is not None:
            return _json(*knowledge)
        approvals = fake_approvals.usual(call.path, str(RUN))
        if approvals is not None:
            return _json(*approvals)
        return problem(404, "not-found", "There is nothing here.")

    def _run(self, call: Received) -> Response:
        RunRequest.model_validate_json(call.body)
        if call.headers.get("prefer") == "respond-async":
            started = f'{{"run_id":"{RUN}","conversation_id":"{CONVERSATION}","status":"running"}}'
            return _json(started, 202)
        if call.headers["accept"] == "text/event-stream":
            return self._events()
        return _json(_answer(call.context).model_dump_json())

    def _artifacts(self, call: Received) -> Response:
        match call.method, call.path.strip("/").split("/")[1:]:
            case "GET", []:
                return _json(ArtifactPage(items=(_artifact(),)).model_dump_json())
            case "POST", []:
                return _json(_artifact().model_dump_json(), 201)
            case _, [artifact_id, *_] if artifact_id != str(RUN):
                return problem(404, "not-found", "There is nothing kept under this id.")
            case "DELETE", _:
                return Response(status_code=204)
            case "POST", [_, "refresh"]:
                return _json(_answer(call.context).model_dump_json())
        return _json(_artifact().model_dump_json())

    def _events(self) -> Response:
        script = self.script
        if script is None:
            body = b"id: 1\nevent: stage\ndata: {}\n\nid: 2\nevent: stage\ndata: {}\n\n"
            return Response(body, media_type="text/event-stream")
        return StreamingResponse(_scripted(script, self.hung_up), media_type="text/event-stream")


async def _scripted(
    script: "queue.Queue[bytes | None]", hung_up: threading.Event
) -> AsyncIterator[bytes]:
    try:
        while (chunk := await _from(script)) is not None:
            if chunk == BREAK:
                raise ConnectionAbortedError
            yield chunk
    finally:
        hung_up.set()


async def _from(script: "queue.Queue[bytes | None]") -> bytes | None:
    while True:
        try:
            return await asyncio.to_thread(script.get, timeout=0.05)
        except queue.Empty:  # look up now and then, so that a cancelled stream frees its thread
            continue


_BUDGETS = Budgets(version=0, default_person=0, default_organisation=0)
_TOTAL = UseLine(
    name="total",
    questions=0,
    calls=0,
    prompt_tokens=0,
    completion_tokens=0,
    cost=Decimal(0),
)
_USAGE = Usage(
    since=AT.date(),
    until=AT.date(),
    today=0,
    total=_TOTAL,
    by_day=(),
    by_person=(),
    by_role=(),
    by_model=(),
)


def _json(body: str, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")


def problem(status: int, kind: str, detail: str) -> Response:
    return problem_response(
        Problem(
            type=TYPE_PREFIX + kind,
            title=detail,
            status=status,
            detail=detail,
            instance="/internal",
            request_id="of-the-workflow",
        )
    )


def _answer(context: UserContext) -> Answer:
    return Answer(
        run_id=RUN,
        conversation_id=CONVERSATION,
        status=RunStatus.COMPLETED,
        question="What is total revenue for my store 1?",
        answer="Total revenue is 33,489.47.",
        security=Security(
            role=context.role,
            row_scope="all" if context.is_all_stores else context.store_ids,
            allowed_views=context.allowed_views,
        ),
    )


def _artifact() -> Artifact:
    return Artifact(
        artifact_id=RUN,
        title="Revenue",
        widget="table",
        question="What is total revenue?",
        role="store_manager",
        owner="somebody",
        is_owner=True,
        is_shared=False,
        kept_at=AT,
    )


def _verification(context: UserContext) -> Verification:
    counts = dict.fromkeys(
        ("runs", "events", "actions", "changes", "checkpoints", "entries", "receipts", "unsealed"),
        0,
    )
    return Verification(
        is_unbroken=True,
        org_id=context.org_id,
        verified_at=AT,
        since=None,
        faults=(),
        **counts,
    )


def _receipt(context: UserContext) -> Receipt:
    return Receipt(
        receipt=ReceiptBody(
            run_id=RUN,
            org_id=context.org_id,
            conversation_id=CONVERSATION,
            status="completed",
            asked_at=AT,
            ended_at=AT,
            question_digest="0" * 64,
            context=context,
            document_ids=(),
            planning=None,
            plan=None,
            sql=None,
            parameters={},
            model_digest=None,
            policy_digest=None,
            policy_version=None,
            findings=(),
            risk=None,
            approvals=(),
            result=None,
            answer_digest="0" * 64,
            software=(),
            record=ChainMark(log_hash="0" * 64, events=1, head="0" * 64),
        ),
        signature=Signature(key_id="key", value="AAAA"),
    )


def _replay() -> Replay:
    return Replay(
        run_id=RUN,
        outcome="identical",
        detail="The same.",
        model_then=None,
        model_now="0" * 64,
        software_then=(),
        software_now="0",
        replayed_at=AT,
    )


def _summary() -> RunSummary:
    return RunSummary(
        run_id=RUN,
        conversation_id=CONVERSATION,
        status=RunStatus.COMPLETED,
        question="What is total revenue?",
        asked_at=AT,
    )


def _conversation() -> ConversationSummary:
    return ConversationSummary(
        conversation_id=CONVERSATION,
        title="What is total revenue?",
        run_count=1,
        started_at=AT,
        last_asked_at=AT,
    )
