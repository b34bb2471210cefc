"""What breaks off while somebody asks: the line to the gateway, and their session."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest
from playwright.sync_api import Page, expect
from pydantic import SecretStr

from tests.e2e.test_ask_page import ask
from tests.gateway.loopback import serving
from tests.stack import Demo
from webui.app import make_app
from webui.settings import WebuiSettings

Visit = Callable[..., Page]


class Line:
    """Connections to a port of this machine, which can be cut and mended."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._ends: list[socket.socket] = []
        self.port = 0
        self.mend()

    def mend(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        for end in (self._listener, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                here, _ = listener.accept()
                there = socket.create_connection(("127.0.0.1", self._to))
                self._ends += [here, there]
                for pair in ((here, there), (there, here)):
                    threading.Thread(target=_carry, args=pair, daemon=True).start()


def _carry(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)


@pytest.fixture
def line(demo: Demo) -> Iterator[Line]:
    line = Line(demo.gateway_port)
    yield line
    line.cut()


@pytest.fixture
def site(line: Line) -> Iterator[str]:
    """Pages whose gateway is at the end of that line."""
    settings = WebuiSettings(
        countersign_demo=True,
        gateway_url=f"http://127.0.0.1:{line.port}",
        webui_secret=SecretStr("w" * 32),
    )
    with serving(make_app(settings)) as url:
        yield url


@contextmanager
def held_up(demo: Demo) -> Iterator[None]:
    """No payment can be read meanwhile. A question that was checked before, and so is not now,
    waits for it for two seconds."""
    with psycopg.connect(demo.settings["WAREHOUSE_URL"]) as warehouse:
        warehouse.execute("LOCK TABLE payment IN ACCESS EXCLUSIVE MODE")
        yield


def test_a_gateway_that_goes_away_costs_nobody_their_words(
    visit: Visit, site: str, line: Line, demo: Demo
) -> None:
    page = visit("manager_store1", "/analytics", site=site, expected="status of 503")
    ask(page, "Revenue in May 2022")
    line.cut()
    page.get_by_label("Your question").fill("Revenue in June 2022")
    page.keyboard.press("Enter")
    expect(page.locator("#problems")).to_contain_text("does not answer just now")
    expect(page.get_by_label("Your question")).to_have_value("Revenue in June 2022")
    away = page.context.new_page()
    away.goto("/gallery")
    expect(away.get_by_role("heading", level=1)).to_have_text("The service does not answer")
    line.mend()
    page.keyboard.press("Enter")
    expect(page.locator(".turn .trust")).to_have_count(2)
    expect(page.locator("#thread")).not_to_have_attribute("aria-busy", "true")

    page.get_by_label("Your question").fill("Revenue in May 2022")
    with held_up(demo):
        page.keyboard.press("Enter")
        expect(page.locator(".stages.is-open li").first).to_be_visible()
        line.cut()
        broken = page.locator(".turn").last
        expect(broken).to_contain_text("Nothing is lost: it goes on without this page.")
    line.mend()
    broken.get_by_role("link", name="See how it stands").click()
    expect(page.locator(".turn .said")).to_contain_text("May 2022")


def test_a_session_that_ends_while_an_answer_is_made_ends_after_it(
    visit: Visit, demo: Demo
) -> None:
    page = visit("manager_store1", "/analytics", expected="status of 401")
    demo.person("manager_store1").post("/api/ask", json={"question": "Revenue in June 2022"})
    page.get_by_label("Your question").fill("Revenue in June 2022")
    with held_up(demo):
        page.keyboard.press("Enter")
        expect(page.locator(".stages.is-open li").first).to_be_visible()
        page.context.clear_cookies()
    expect(page.locator(".turn .trust")).to_be_visible()
    page.get_by_label("Your question").fill("Revenue in May 2022")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Your session has ended")).to_be_visible()
    expect(page.get_by_label("Your question")).to_have_value("Revenue in May 2022")
