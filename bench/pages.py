"""What the pages cost in a browser, against their limits: `python -m bench.pages`.

Bytes over the network with nothing cached; first contentful paint in a fresh profile; what the
web app adds to a streamed event, against the gateway asked beside it; and the longest time from
an interaction to the next paint on a table of 200 rows, as the browser's event timing has it
(in steps of 8 ms, and nothing under 16 ms is told).
"""

import re
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from tests.e2e.browser import chromium
from tests.e2e.scenes import log_in
from tests.stack import PASSWORDS, Demo, start_demo, stop_demo

PERSON = "manager_store1"
LOADS = 15
ASKED = 60
WARM_UP = 5
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
WATCH = """
window.told = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.interactionId) told.push([entry.name, entry.duration]);
  }
}).observe({ type: "event", durationThreshold: 16, buffered: true });
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="cs-pages-") as folder:
        Path(folder).chmod(0o755)
        demo = start_demo(Path(folder) / "home")
        try:
            site = f"http://127.0.0.1:{demo.environment['WEBUI_PORT']}"
            _streamed(demo, site)
            with sync_playwright() as playwright:
                browser = chromium(playwright)
                _loads(demo, browser, site)
                _interactions(demo, browser, site)
        finally:
            stop_demo(demo)


def _loads(demo: Demo, browser: Browser, site: str) -> None:
    asked = demo.person(PERSON).post("/api/ask", json={"question": "Revenue by month"}).json()
    session = _session(browser, site)
    pages = (
        ("log-in", "/login", None, 300),
        ("home", "/", session, 300),
        ("ask, before a question", "/analytics", session, 300),
        ("an answer with its chart", f"/runs/{asked['run_id']}", session, 700),
    )
    print("page                       compressed kB (limit)   first paint, median ms (limit 300)")
    for name, path, state, limit in pages:
        seen = [_load(browser, site, path, state) for _ in range(LOADS)]
        kilobytes = statistics.median(size for size, _ in seen) / 1000
        paint = statistics.median(paint for _, paint in seen)
        print(f"{name:26} {kilobytes:8.0f} ({limit}) {paint:24.0f}")


def _load(
    browser: Browser, site: str, path: str, state: StorageState | None
) -> tuple[float, float]:
    """Bytes received and the first paint in ms, in a context that has cached nothing."""
    context = browser.new_context(base_url=site, storage_state=state)
    page = context.new_page()
    network = context.new_cdp_session(page)
    received: list[float] = []
    network.on("Network.loadingFinished", lambda told: received.append(told["encodedDataLength"]))
    network.send("Network.enable")
    page.goto(path)
    page.wait_for_load_state("networkidle")
    paint = page.evaluate(FIRST_PAINT)
    context.close()
    return sum(received), float(paint)


def _streamed(demo: Demo, site: str) -> None:
    """The same question to the gateway and to the web app by turns: time to the first event, to
    the last, and to each between."""
    gateway = demo.person(PERSON)
    with httpx.Client(base_url=site, trust_env=False, timeout=60) as pages:
        pages.post("/login", data={"username": PERSON, "password": PASSWORDS[PERSON]})
        found = re.search(r'name="csrf" value="([^"]+)"', pages.get("/analytics").text)
        assert found
        headers = {"HX-Request": "true", "Accept": "text/event-stream"}
        form = {"csrf": found[1], "question": "Revenue by month", "conversation": ""}
        times: dict[str, list[tuple[float, float]]] = {"gateway": [], "web app": []}
        for number in range(ASKED + WARM_UP):
            one = _events(
                gateway, "/api/ask",
                headers={"Accept": "text/event-stream"}, json={"question": "Revenue by month"},
            )  # fmt: skip
            other = _events(pages, "/analytics", headers=headers, data=form)
            if number >= WARM_UP:
                times["gateway"].append(one)
                times["web app"].append(other)
    print("streamed answer, median ms      first event   last event")
    middle = {
        who: tuple(statistics.median(column) for column in zip(*seen, strict=True))
        for who, seen in times.items()
    }
    for who, (first, last) in middle.items():
        print(f"  {who:26} {first:12.1f} {last:12.1f}")
    added = [b - a for a, b in zip(middle["gateway"], middle["web app"], strict=True)]
    print(f"  {'added (limit 5)':26} {added[0]:12.1f} {added[1]:12.1f}")


def _events(client: httpx.Client, path: str, **options: Any) -> tuple[float, float]:
    """ms to the first and to the last event of the stream."""
    times: list[float] = []
    started = time.perf_counter()
    with client.stream("POST", path, **options) as reply:
        assert reply.status_code == 200, reply.read()
        for line in reply.iter_lines():
            if not line:
                times.append((time.perf_counter() - started) * 1000)
    return times[0], times[-1]


def _interactions(demo: Demo, browser: Browser, site: str) -> None:
    asked = demo.person(PERSON).post("/api/ask", json={"question": "Rentals by film"}).json()
    context = browser.new_context(base_url=site, storage_state=_session(browser, site))
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(f"/analytics?conversation={asked['conversation_id']}")
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Table").first.click()
    page.wait_for_timeout(300)
    rows = page.locator("table.result tbody tr").count()
    for _ in range(5):
        _use(page)
    page.wait_for_timeout(300)
    told = page.evaluate("window.told")
    longest = max((duration for _, duration in told), default=0)
    print(f"interactions on a table of {rows} rows: {len(told)} of 16 ms or more", end="; ")
    print(f"longest {longest:.0f} ms (limit 100)")
    context.close()


def _use(page: Page) -> None:
    page.get_by_role("button", name="Bars", exact=True).first.click()
    page.locator(".chart").focus()
    for key in ("ArrowDown", "Space", "ArrowDown", "Space", "Escape"):
        page.keyboard.press(key)
        page.wait_for_timeout(50)
    page.get_by_role("button", name="Table", exact=True).first.click()
    page.wait_for_timeout(50)
    page.locator("table.result tbody tr").nth(3).click()
    page.locator("details.how > summary").first.click()
    page.get_by_label("Your question").press_sequentially("and by month", delay=20)
    page.get_by_label("Your question").fill("")


def _session(browser: Browser, site: str) -> StorageState:
    context = browser.new_context(base_url=site)
    log_in(context.new_page(), PERSON)
    state = context.storage_state()
    context.close()
    return state


if __name__ == "__main__":
    main()
