"""An API over HTTP, held against its own OpenAPI document."""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import httpx

PROBLEM = "application/problem+json"
TOLD = {"type", "title", "status", "detail", "instance", "request_id"}
"""What a refusal of a stranger may hold."""
WHATEVER: tuple[dict[str, Any], ...] = (
    {},
    {"json": {}},
    {"json": [None]},
    {"content": b"{", "headers": {"Content-Type": "application/json"}},
    {"content": b"\x00", "headers": {"Content-Type": "application/octet-stream"}},
    {"params": {"limit": "many", "cursor": "\x7f"}},
)
"""What somebody may send who does not know better, or does."""


def fuzz(url: str, folder: Path, *chosen: str, examples: int, settings: str = "") -> None:
    """Schemathesis with every check on. `settings` is its configuration file, kept in `folder`;
    `chosen` are options of its command."""
    (folder / "schemathesis.toml").write_text(settings)
    run = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            *("run", f"{url}/openapi.json", "--checks", "all", "--mode", "all"),
            *("--max-examples", str(examples), "--seed", "1", "--no-color", *chosen),
        ],
        cwd=folder,
        env={"HOME": str(folder), "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "generated" in run.stdout


def at(paths: Iterable[str]) -> Iterator[str]:
    """The options of `fuzz` that choose these."""
    return chain.from_iterable(("--include-path", path) for path in sorted(paths))


class Document:
    """The OpenAPI document of the service at `url`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._paths = httpx.get(f"{url}/openapi.json", trust_env=False).json()["paths"]

    def open_to_all(self) -> set[str]:
        """The paths that ask for no token."""
        return {
            path
            for path, methods in self._paths.items()
            if not all(operation.get("security") for operation in methods.values())
        }

    def assert_problems_have_their_media_type(self) -> None:
        for path, methods in self._paths.items():
            for method, operation in methods.items():
                for status, response in operation["responses"].items():
                    if int(status) >= 400:
                        assert list(response["content"]) == [PROBLEM], f"{method} {path} {status}"

    def answering_strangers(self) -> set[str]:
        """The paths where a method answers anything but 401 to somebody without a token, whatever
        is sent. The refusal must be documented, and tell nothing but itself."""
        found = set()
        with httpx.Client(base_url=self._url, trust_env=False) as client:
            for path, methods in self._paths.items():
                for method, operation in methods.items():
                    got = [_sent(client, method, path, what) for what in WHATEVER]
                    if {answer.status_code for answer in got} != {401}:
                        found.add(path)
                        continue
                    assert "401" in operation["responses"], f"{method} {path}"
                    for answer in got:
                        assert answer.headers["content-type"] == PROBLEM, f"{method} {path}"
                        assert answer.json().keys() <= TOLD, f"{method} {path}"
        return found


def _sent(client: httpx.Client, method: str, path: str, what: dict[str, Any]) -> httpx.Response:
    return client.request(method.upper(), re.sub(r"\{\w+\}", "0", path), **what)
