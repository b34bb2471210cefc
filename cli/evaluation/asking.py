"""Asks as each of the people of a case file, through the gateway."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

import httpx
import yaml
from pydantic import ValidationError

from cli.evaluation.errors import EvaluationError
from contracts.run import Answer

MAX_WAITS = 30


def read_passwords(path: Path) -> dict[str, str]:
    """The passwords of the demo's users, by name."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        return {str(user["username"]): str(user["password"]) for user in document["users"]}
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise EvaluationError(f"{path} is not a list of users with passwords.") from error


class Asker:
    """Logs each person in once, and again when a token ran out."""

    def __init__(self, client: httpx.Client, passwords: Mapping[str, str]) -> None:
        self.client = client
        self.passwords = passwords
        self.tokens: dict[str, str] = {}

    def ask(self, user: str, question: str, *, after: Sequence[str] = ()) -> httpx.Response:
        """The gateway's response to the last of the questions, which are one conversation."""
        conversation: UUID | None = None
        for earlier in after:
            response = self._ask(user, earlier, conversation)
            try:
                conversation = Answer.model_validate_json(response.content).conversation_id
            except ValidationError:
                return response
        return self._ask(user, question, conversation)

    def _ask(self, user: str, question: str, conversation: UUID | None) -> httpx.Response:
        """A rate limit is waited out."""
        body = {"question": question}
        if conversation is not None:
            body["conversation_id"] = str(conversation)
        for _ in range(MAX_WAITS):
            headers = {"Authorization": f"Bearer {self._token(user)}", "Accept": "application/json"}
            response = self.client.post("/api/ask", json=body, headers=headers)
            if response.status_code == httpx.codes.UNAUTHORIZED and user in self.tokens:
                del self.tokens[user]
            elif not _is_limited(response):
                return response
        raise EvaluationError(f"The gateway kept turning {user} away; is the rate limit too low?")

    def catalog_digest(self, user: str) -> str:
        """The version of the semantic model that the person's questions are planned by."""
        headers = {"Authorization": f"Bearer {self._token(user)}"}
        return str(self.client.get("/api/catalog", headers=headers).json()["model_digest"])

    def _token(self, user: str) -> str:
        if user not in self.tokens:
            if user not in self.passwords:
                raise EvaluationError(f"There is no password for {user}.")
            body = {"username": user, "password": self.passwords[user]}
            for _ in range(MAX_WAITS):
                response = self.client.post("/api/auth/login", json=body)
                if not _is_limited(response):
                    break
            if response.status_code != httpx.codes.OK:
                raise EvaluationError(f"{user} cannot log in: HTTP {response.status_code}.")
            self.tokens[user] = str(response.json()["access_token"])
        return self.tokens[user]


def _is_limited(response: httpx.Response) -> bool:
    """Whether it was a rate limit, which is over by the time this returns."""
    if response.status_code != httpx.codes.TOO_MANY_REQUESTS:
        return False
    wait = response.headers.get("Retry-After", "1")
    time.sleep(min(float(wait) if wait.isdigit() else 1.0, 60.0))
    return True
