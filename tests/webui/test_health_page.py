"""The service without anybody logged in."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import httpx
import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from tests.webui.stand_in import pages
from webui.settings import WebuiSettings


@contextmanager
def _client(status: int) -> Iterator[TestClient]:
    """Before a gateway that answers everything with this status."""
    with (
        pages(lambda _: httpx.Response(status)) as app,
        TestClient(app, follow_redirects=False) as client,
    ):
        yield client


def test_who_is_not_logged_in_is_asked_to_and_comes_back_where_they_wanted() -> None:
    with _client(200) as client:
        answer = client.get("/analytics?question=revenue")
        assert answer.status_code == 303
        assert client.get("/").headers["location"] == "/login?next=/"
        assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    "wanted", ["/approvals?show=all&sort=risk", "/analytics?question=a%26b+c%23d", "/audit"]
)
def test_the_whole_address_that_was_wanted_comes_back(wanted: str) -> None:
    with _client(200) as client:
        asked_to = httpx.URL(client.get(wanted).headers["location"])
        assert asked_to.path == "/login"
        assert asked_to.params["next"] == wanted
        form = client.get(str(asked_to)).text
        assert f'name="next" value="{escape(wanted)}"' in form


def test_without_a_gateway_logging_in_says_so_and_keeps_the_name() -> None:
    with _client(503) as client:
        page = client.post("/login", data={"username": "ada", "password": "x"})
        assert page.status_code == 503
        assert "does not answer" in page.text
        assert 'value="ada"' in page.text
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert client.get("/healthz").status_code == 200


def test_webui_does_not_start_without_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEBUI_SECRET", raising=False)
    with pytest.raises(ValidationError, match="WEBUI_SECRET"):
        WebuiSettings()
