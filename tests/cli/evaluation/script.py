"""A gateway that answers from a script."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

from pydantic import JsonValue

from contracts.plan import PlannerOutput
from contracts.result import Column
from contracts.run import Answer, Explain, RunStatus, Security

Reply = tuple[int, dict[str, str], bytes]
NOBODY = UUID(int=0)
TOTAL: dict[str, object] = {"question": "total?", "gold_sql": "SELECT sum(v) FROM t"}


def answer(
    status: RunStatus = RunStatus.COMPLETED,
    columns: tuple[tuple[str, str], ...] = (),
    rows: tuple[tuple[JsonValue, ...], ...] = (),
    plan: PlannerOutput | None = None,
    confidence: float = 1.0,
    conversation: UUID = NOBODY,
) -> Reply:
    body = Answer(
        run_id=NOBODY,
        conversation_id=conversation,
        status=status,
        question="?",
        answer="So it is.",
        plan=plan,
        explain=Explain(planner="builtin", confidence=confidence),
        columns=tuple(Column(name=name, type=type_) for name, type_ in columns),
        rows=rows,
        security=Security(role="any", row_scope="all", allowed_views=()),
    )
    return 200, {}, body.model_dump_json().encode()


def number(value: JsonValue, type_: str = "decimal") -> Reply:
    return answer(columns=(("n", type_),), rows=((value,),))


class Gateway:
    """Answers a question with what the script holds for it: replies in turn, the last for ever."""

    def __init__(self, script: dict[str, list[Reply]]) -> None:
        self.script = script
        self.logins: list[str] = []
        self.asked: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path == "/api/auth/login":
                    status, headers, content = outer.login(body)
                elif self.headers["Authorization"] != "Bearer token-of-ann":
                    status, headers, content = 401, {}, b"{}"
                else:
                    outer.asked.append(body)
                    replies = outer.script[body["question"]]
                    status, headers, content = replies.pop(0) if len(replies) > 1 else replies[0]
                self.reply(status, headers, content)

            def do_GET(self) -> None:
                self.reply(200, {}, b'{"model_digest": "abc"}')

            def reply(self, status: int, headers: dict[str, str], content: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def login(self, body: dict[str, str]) -> Reply:
        self.logins.append(body["username"])
        if body != {"username": "ann", "password": "secret"}:
            return 401, {}, b"{}"
        return 200, {}, json.dumps({"access_token": "token-of-ann"}).encode()
