"""One running demo for all of these tests, on one worker; and browsers that visit it."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from tests.stack import PASSWORDS, Demo, start_demo, stop_demo


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.xdist_group("demo"))


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    with tempfile.TemporaryDirectory(prefix="cs-e2e-") as folder:
        Path(folder).chmod(0o755)
        running = start_demo(Path(folder) / "home")
        yield running
        stop_demo(running)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser that `make test` found or installed. Playwright's loop runs as long as this
    does, and no other can meanwhile: so it ends with the module."""
    found = shutil.which(os.environ.get("CHROMIUM") or "chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(demo: Demo, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page of the web app as a person, in a browser of their own, and fails the test for
    an error on the console, a request that failed or a report of the content security policy."""
    faults: list[str] = []
    contexts: list[BrowserContext] = []

    def open_as(username: str | None, path: str = "/", **options: Any) -> Page:
        context = chromium.new_context(
            base_url=f"http://127.0.0.1:{demo.environment['WEBUI_PORT']}", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: faults.append(str(e)))
        page.on("requestfailed", lambda r: faults.extend(_failure(r)))
        if username is not None:
            page.goto("/login")
            page.get_by_label("User name").fill(username)
            page.get_by_label("Password").fill(PASSWORDS[username])
            page.get_by_role("button", name="Log in", exact=True).click()
            page.wait_for_url(lambda url: "/login" not in url)
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
