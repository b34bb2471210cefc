"""`countersign ask` against a gateway that is a few canned replies."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from uuid import UUID

import pytest

from cli.app import main

RUN = str(UUID(int=7))
ANSWER: dict[str, object] = {
    "run_id": RUN,
    "conversation_id": str(UUID(int=8)),
    "status": "completed",
    "question": "What is total revenue?",
    "answer": "Revenue is 33,689.74.",
    "columns": [{"name": "revenue", "type": "decimal"}],
    "rows": [["33689.74"]],
    "row_count": 1,
    "security": {"role": "store_manager", "row_scope": [1], "allowed_views": []},
    "explain": {"planner": "builtin", "confidence": 1.0, "as_of": "2022-07-27"},
}
STAGE = {
    "run_id": RUN,
    "seq": 1,
    "stage": "db_execution",
    "status": "done",
    "at": "2022-07-27T00:00:00Z",
    "duration_ms": 1.5,
    "hash": "ab",
}


@dataclass
class FakeGateway:
    answer: dict[str, object]
    url: str = ""
    stream: str | None = None
    login_status: int = 200
    seen: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)

    def events(self) -> str:
        if self.stream is not None:
            return self.stream
        return (
            ": keep-alive\n\n"
            f'event: run\ndata: {{"run_id": "{RUN}", "status": "running"}}\n\n'
            f"event: stage\nid: 1\ndata: {json.dumps(STAGE)}\n\n"
            'event: delta\ndata: {"text": "Revenue"}\n\n'
            f"event: answer\ndata: {json.dumps(self.answer)}\n\n"
        )


def _handler(fake: FakeGateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            fake.seen.append((self.path, self.headers.get("Authorization", ""), body))
            if self.path == "/api/auth/login":
                if fake.login_status != 200:
                    problem = {
                        "type": "urn:countersign:problem:unauthorised",
                        "title": "Please log in",
                        "status": fake.login_status,
                        "detail": "The name or the password is not right.",
                    }
                    self._reply(fake.login_status, json.dumps(problem))
                else:
                    self._reply(200, '{"access_token": "t0ken"}')
            elif self.headers.get("Accept") == "text/event-stream":
                self._reply(200, fake.events())
            else:
                self._reply(200, json.dumps(fake.answer))

        def do_GET(self) -> None:
            fake.seen.append((self.path, self.headers.get("Authorization", ""), {}))
            self._reply(200, json.dumps(fake.answer))

        def _reply(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGateway]:
    state = FakeGateway(dict(ANSWER))
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(state)) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        state.url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("GATEWAY_URL", state.url)
        monkeypatch.setenv("COUNTERSIGN_PASSWORD", "a password")
        yield state
        server.shutdown()
        thread.join()


def _ask(*options: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(["ask", "--as", "somebody", *options, "What is total revenue?"])
    return int(end.value.code or 0)


def test_the_answer_is_shown_with_its_stages_its_rows_and_its_trust_line(
    fake: FakeGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _ask() == 0
    shown = capsys.readouterr()
    assert "db_execution" in shown.err
    assert "Revenue is 33,689.74." in shown.out
    assert "33689.74\n" in shown.out
    assert shown.out.rstrip().endswith(
        f"store_manager, store 1 · as of 2022-07-27 · planned by builtin · run {RUN}"
    )
    login, asked = fake.seen
    assert login[2] == {"username": "somebody", "password": "a password"}
    assert asked[1] == "Bearer t0ken"
    assert asked[2] == {"question": "What is total revenue?"}


def test_as_json_it_is_the_whole_answer_and_nothing_else(
    fake: FakeGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _ask("--json", "--role", "finance", "--store", "2") == 0
    assert json.loads(capsys.readouterr().out)["rows"] == [["33689.74"]]
    assert fake.seen[-1][2] == {
        "question": "What is total revenue?",
        "role": "finance",
        "store_id": 2,
    }


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("completed", 0),
        ("clarify", 3),
        ("refused", 3),
        ("needs_approval", 4),
        ("blocked", 5),
        ("failed", 5),
        ("cancelled", 5),
    ],
)
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_the_exit_code_says_how_it_ended(
    fake: FakeGateway, status: str, code: int, options: tuple[str, ...]
) -> None:
    fake.answer["status"] = status
    assert _ask(*options) == code


def test_a_problem_is_one_sentence(fake: FakeGateway, capsys: pytest.CaptureFixture[str]) -> None:
    fake.login_status = 401
    assert _ask() == 1
    assert capsys.readouterr().err == "The name or the password is not right.\n"


def test_a_stream_that_breaks_off_is_followed_up(
    fake: FakeGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.stream = f"event: stage\ndata: {json.dumps(STAGE)}\n\nevent: interrupted\ndata: {{}}\n\n"
    assert _ask() == 0
    assert fake.seen[-1][0] == f"/api/runs/{RUN}"
    assert "Revenue is 33,689.74." in capsys.readouterr().out


def test_data_cannot_command_the_terminal(
    fake: FakeGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.answer["rows"] = [["\x1b]0;owned\x07[bold]\u202e33689.74"]]
    assert _ask() == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "[bold]" in out


@pytest.mark.usefixtures("fake")
@pytest.mark.parametrize("wrong", [("--conversation", "x"), ("--role", ""), ("--store", "0")])
def test_wrong_usage_is_told_before_anything_is_asked(wrong: tuple[str, ...]) -> None:
    assert _ask(*wrong) == 2


def test_no_gateway_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("COUNTERSIGN_PASSWORD", "x")
    assert _ask() == 1
    assert "cannot be reached" in capsys.readouterr().err
