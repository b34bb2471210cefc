"""One running demo for all of these tests, on one worker; and browsers that visit it."""

import tempfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from tests.e2e.browser import chromium as start
from tests.e2e.scenes import PATIENCE, log_in
from tests.gateway.test_outside_login import CLIENT, SECRET, Provider, providing
from tests.stack import Demo, start_demo, stop_demo

expect.set_options(timeout=PATIENCE)
REVENUE_BY_STORE = """
SELECT i.store_id, sum(p.amount) FROM payment p JOIN rental r USING (rental_id)
JOIN inventory i USING (inventory_id) GROUP BY i.store_id
"""


@pytest.fixture(scope="session")
def issuer() -> Iterator[Provider]:
    """An outside issuer, where whoever comes is Alice, who manages stores 1 and 2."""
    with providing() as provider:
        yield provider


@pytest.fixture(scope="session")
def demo(issuer: Provider) -> Iterator[Demo]:
    outside = {
        "OIDC_ISSUER": issuer.url,
        "OIDC_AUDIENCE": "countersign",
        "OIDC_CLAIM_MAP": '{"role": "realm.roles", "store_ids": "https://example.com/stores"}',
        "OIDC_CLIENT_ID": CLIENT,
        "OIDC_CLIENT_SECRET": SECRET,
        "OIDC_LABEL": "Acme",
    }
    with tempfile.TemporaryDirectory(prefix="cs-e2e-") as folder:
        Path(folder).chmod(0o755)
        running = start_demo(Path(folder) / "home", **outside)
        yield running
        stop_demo(running)


@pytest.fixture(scope="session")
def by_store(demo: Demo) -> dict[int, Decimal]:
    """The true revenue of each store."""
    with psycopg.connect(demo.settings["WAREHOUSE_URL"]) as connection:
        return {row[0]: row[1] for row in connection.execute(REVENUE_BY_STORE)}


@pytest.fixture
def manager(demo: Demo) -> httpx.Client:
    """Of store 1, over the public API."""
    return demo.person("manager_store1")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser that `make test` found or installed. Playwright's loop runs as long as this
    does, and no other can meanwhile: so it ends with the module."""
    with sync_playwright() as playwright:
        browser = start(playwright)
        yield browser
        browser.close()


@pytest.fixture
def visit(demo: Demo, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page of the web app as a person, in a browser of their own, and fails the test for
    an error on the console, a request that failed or a report of the content security policy. The
    browser itself puts a refusal there: a test that is about one names it as `expected`. `site` is
    where to, if not the demo's own."""
    faults: list[str] = []
    contexts: list[BrowserContext] = []

    def open_as(
        username: str | None,
        path: str = "/",
        *,
        expected: str | None = None,
        site: str | None = None,
        **options: Any,
    ) -> Page:
        def note(text: str) -> None:
            if expected is None or expected not in text:
                faults.append(text)

        context = chromium.new_context(
            base_url=site or f"http://127.0.0.1:{demo.environment['WEBUI_PORT']}", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda m: note(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: faults.append(str(e)))
        page.on("requestfailed", lambda r: faults.extend(_failure(r)))
        if username is not None:
            log_in(page, username)
        page.goto(path)
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert not faults


def _failure(request: Request) -> list[str]:
    """Why it failed; that the person has gone on to another page is no fault."""
    is_left = request.failure == "net::ERR_ABORTED"
    return [] if is_left else [f"{request.url}: {request.failure}"]
