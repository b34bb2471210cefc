"""The command line as a client of the gateway, like any other."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from pydantic import JsonValue, ValidationError

from cli.output import CommandError
from contracts.problem import Problem
from contracts.run import Answer, AskRequest, StageEvent

TIMEOUT_SECONDS = 150.0


class Gateway:
    """A session of one person. Every refusal becomes a CommandError with its one sentence."""

    def __init__(self, url: str, client: httpx.Client) -> None:
        self.url = url
        self._client = client

    def log_in(self, username: str, password: str) -> None:
        """Raises for a wrong name or password."""
        reply = self._client.post(
            "/api/auth/login", json={"username": username, "password": password}
        )
        _raise_problem(reply)
        self._client.headers["Authorization"] = f"Bearer {reply.json()['access_token']}"

    def ask(self, request: AskRequest) -> Answer:
        """Wait for the answer."""
        reply = self._client.post("/api/ask", content=_body(request), headers=_JSON)
        _raise_problem(reply)
        return _answer(reply.text)

    def stream(self, request: AskRequest) -> Iterator[StageEvent | Answer]:
        """The stages as they end, and the answer last."""
        headers = {**_JSON, "Accept": "text/event-stream"}
        with self._client.stream(
            "POST", "/api/ask", content=_body(request), headers=headers
        ) as reply:
            if not reply.is_success:
                reply.read()
                _raise_problem(reply)
            for data in _events(reply.iter_lines()):
                event = _event(data)
                if event is not None:
                    yield event

    def receipt(self, run_id: str) -> bytes:
        """A run's receipt, as it is to be kept."""
        reply = self._client.get(f"/api/runs/{run_id}/receipt")
        _raise_problem(reply)
        return reply.content

    def public_keys(self) -> bytes:
        """The key set that receipts are checked with."""
        reply = self._client.get("/.well-known/countersign-keys.json")
        _raise_problem(reply)
        return reply.content

    def run(self, run_id: str) -> Answer:
        """A run's answer, later."""
        reply = self._client.get(f"/api/runs/{run_id}")
        _raise_problem(reply)
        return _answer(reply.text)


@contextmanager
def gateway(url: str) -> Iterator[Gateway]:
    """A session with the gateway at `url`; a broken connection becomes a sentence."""
    try:
        # a proxy of the machine is for the outside
        with httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            yield Gateway(url, client)
    except httpx.TimeoutException as error:
        raise CommandError(f"The gateway at {url} did not answer in time.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CommandError(
            f"The gateway at {url} cannot be reached; is the demo running (`make demo`)?"
        ) from error


_JSON = {"Content-Type": "application/json"}


def _body(request: AskRequest) -> str:
    return request.model_dump_json(exclude_none=True)


def _raise_problem(reply: httpx.Response) -> None:
    if reply.is_success:
        return
    try:
        problem = Problem.model_validate_json(reply.content)
    except ValidationError as error:
        raise CommandError(f"The gateway answered {reply.status_code}.") from error
    raise CommandError(sentence_of(problem))


def sentence_of(problem: Problem) -> str:
    """A problem detail as one line, with the id to look it up by."""
    faults = "; ".join(e["detail"] for e in problem.errors or [] if "detail" in e)
    where = problem.run_id or problem.request_id
    text = f"{problem.title}. {faults or problem.detail}" if faults else problem.detail
    return f"{text} ({where})" if where and problem.status >= 500 else text


def _events(lines: Iterator[str]) -> Iterator[dict[str, JsonValue]]:
    """The data of each server-sent event that holds an object; heartbeats hold none."""
    data: list[str] = []
    for line in lines:
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            value = json.loads("\n".join(data))
            data.clear()
            if isinstance(value, dict):
                yield value


def _event(data: dict[str, JsonValue]) -> StageEvent | Answer | None:
    """By what it holds; None for a kind of event that is not for us."""
    text = json.dumps(data)
    if data.keys() >= {"type", "title", "status", "detail"}:
        raise CommandError(sentence_of(Problem.model_validate_json(text)))
    if "stage" in data:
        return StageEvent.model_validate_json(text)
    return _answer(text) if data.keys() >= {"run_id", "status", "answer"} else None


def _answer(text: str) -> Answer:
    try:
        return Answer.model_validate_json(text)
    except ValidationError as error:
        raise CommandError("The gateway's answer could not be understood.") from error
