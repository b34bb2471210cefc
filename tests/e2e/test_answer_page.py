"""What can be done with an answer in a browser, and what is said where something cannot."""

import csv
import re
import zipfile
from collections.abc import Callable

from playwright.sync_api import Download, Locator, Page, Route, expect

from tests.e2e.test_ask_page import ask
from tests.stack import PASSWORDS, Demo

Visit = Callable[..., Page]
ON_THE_LINE = """(chart, share) => {
  const canvas = chart.querySelector("canvas"), { width, height } = canvas;
  const seen = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const box = canvas.getBoundingClientRect();
  for (let x = Math.floor(width * share); x < width; x++)
    for (let y = 0; y < height; y++) {
      const at = 4 * (y * width + x), [r, g, b] = seen.slice(at, at + 3);
      if (Math.abs(r - 63) + Math.abs(g - 131) + Math.abs(b - 200) < 24)
        return { x: x * box.width / width, y: y * box.height / height + 1 };
    }
}"""
"""Where a line in the palette's first colour is."""
BY_CATEGORY = "Total revenue by category in June 2022"
BY_CUSTOMER = "Total revenue by customer"


def downloaded(page: Page, name: str) -> Download:
    page.locator(".actions .menu summary", has_text="Download").last.click()
    with page.expect_download() as download:
        page.get_by_role("link", name=name).last.click()
    expect(page.locator(".menu[open]")).to_have_count(0)
    return download.value


def _choose_in_the_chart(page: Page, turn: Locator) -> None:
    """With the pointer, and with keys."""
    chart, shown = turn.locator(".chart"), turn.locator("table.result tbody tr:visible")
    expect(shown).to_have_count(16)
    first = shown.first.inner_text()
    chart.locator("canvas").click(position={"x": 200, "y": 15})
    expect(shown).to_have_text([first.replace("\t", "")])
    expect(turn.locator(".chosen")).to_contain_text("1 of 16 rows, chosen in the chart.")
    turn.get_by_role("button", name="Show all").click()
    expect(shown).to_have_count(16)
    expect(chart).to_be_focused()
    page.keyboard.press("End")
    expect(turn.locator(".chart-told")).to_contain_text("Category: ")
    for key in ("Space", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    expect(shown).to_have_count(2)
    page.keyboard.press("Escape")
    expect(shown).to_have_count(16)


def _assert_files(page: Page) -> None:
    file = downloaded(page, "CSV")
    assert re.fullmatch(r"revenue-by-category-[0-9a-f]{8}\.csv", file.suggested_filename)
    lines = list(csv.reader(file.path().read_text("utf-8-sig").splitlines()))
    assert (lines[0], len(lines)) == (["Category", "Revenue (USD)"], 17)
    assert zipfile.is_zipfile(downloaded(page, "Excel").path())
    assert downloaded(page, "PNG").path().read_bytes().startswith(b"\x89PNG")


def test_an_answer_is_looked_at_taken_along_and_judged(visit: Visit) -> None:
    page = visit("manager_store1", "/analytics")
    ask(page, BY_CATEGORY)
    turn = ask(page, "and in July 2022")
    expect(turn.locator(".kept-note")).to_have_text("Kept from before: revenue, by category")
    bars = turn.get_by_role("button", name="Bars")
    expect(turn.locator("[data-drawn=bar] canvas")).to_be_visible()
    _choose_in_the_chart(page, turn)
    bars.focus()
    page.keyboard.press("ArrowRight")
    expect(turn.get_by_role("button", name="Table")).to_have_attribute("aria-pressed", "true")
    expect(turn.get_by_role("columnheader").nth(1)).to_have_text("Revenue ($)")

    turn.get_by_text("How was this made").click()
    tabs = turn.get_by_role("tab")
    expect(tabs).to_have_text(["Plan", "SQL", "Sources", "Checks", "Record"])
    tabs.first.focus()
    page.keyboard.press("ArrowLeft")
    expect(turn.get_by_role("tabpanel")).to_contain_text("Result, SHA-256")
    expect(turn.locator(".chain-links time").first).to_have_attribute("title", re.compile("UTC$"))
    turn.get_by_role("link", name="all checks passed").click()
    expect(turn.get_by_role("tabpanel")).to_contain_text("Only views that the role may read")

    _assert_files(page)

    turn.locator("summary", has_text="Wrong").click()
    turn.get_by_label("The period").check()
    turn.get_by_label("What should it be?").fill("<b>May</b>")
    turn.get_by_role("button", name="It is wrong").click()
    expect(turn.locator(".feedback")).to_contain_text("You called it wrong.")
    turn.get_by_role("link", name="Edit and ask again").click()
    expect(page.get_by_label("Your question")).to_have_value("and in July 2022")
    page.get_by_label("Your question").fill("")
    page.reload()
    expect(page.locator(".feedback").last).to_contain_text("You called it wrong.")

    page.get_by_label("Find what was asked").fill("no such thing")
    expect(page.locator("#conversation-list")).to_have_text("Nothing asked holds “no such thing”.")
    page.get_by_label("Find what was asked").fill("in JULY")
    expect(page.locator("#conversation-list")).to_contain_text(BY_CATEGORY)


def test_a_reader_has_numbers_and_times_as_they_write_them(visit: Visit) -> None:
    page = visit("manager_store1", "/analytics", locale="de-DE", timezone_id="Asia/Tokyo")
    turn = ask(page, "Revenue by day")  # more than has points to be seen
    chart = turn.locator("[data-drawn=line]")
    expect(chart.locator("canvas")).to_be_visible()
    for share in (0.35, 0.65):  # what is pointed at is told, and not the line's first day
        day = chart.evaluate(ON_THE_LINE, share)
        chart.locator("canvas").hover(position=day)
        told = page.locator("#vg-tooltip-element").all_inner_texts()
        chart.locator("canvas").click(position=day)
        shown = turn.locator("table.result tbody tr:visible")
        expect(shown).to_have_count(1)
        assert shown.first.inner_text()[:4] == "2022"
        assert "2 Jan 2022" not in "".join(told)
        turn.get_by_role("button", name="Show all").click()
    turn = ask(page, "Revenue per month")
    turn.get_by_role("button", name="Zoom in").click()
    turn.get_by_role("button", name="All").click()
    turn.get_by_role("button", name="Table").click()
    cell = turn.get_by_role("row").nth(1).get_by_role("cell").nth(1)
    expect(cell).to_have_text(re.compile(r"^\d\.\d{3},\d\d$"))
    turn.get_by_text("How was this made").click()
    turn.get_by_role("tab", name="Record").click()
    expect(turn.locator(".chain-links time").first).to_have_text(re.compile(r"GMT\+9$"))
    page.evaluate(
        "getSelection().selectAllChildren("
        "[...document.querySelectorAll('table.result tbody')].at(-1))"
    )
    copied = page.evaluate(
        """() => { const data = new DataTransfer();
        document.dispatchEvent(new ClipboardEvent("copy", {clipboardData: data}));
        return data.getData("text/plain"); }"""
    )
    assert len(copied.splitlines()) == 7
    assert "\t" in copied


def test_a_colleague_gets_the_question_and_nothing_else(visit: Visit, demo: Demo) -> None:
    asked = demo.person("manager_store1").post("/api/ask", json={"question": "Number of customers"})
    link = f"/runs/{asked.json()['run_id']}?question=Number%20of%20customers"
    page = visit("marketing_user")
    reply = page.request.get(link)
    assert (reply.status, "Number of customers" in reply.text()) == (404, True)
    assert "store 1." not in reply.text()
    assert "manager_store1" not in reply.text()
    plain = page.request.get(link.partition("?")[0])
    assert (plain.status, "Number of customers" in plain.text()) == (404, False)

    page.goto("/analytics")  # a scope of one's own, chosen among one's stores
    page.locator(".scope-menu summary").click()
    page.get_by_label("About").select_option("2")
    page.get_by_role("button", name="Use this scope").click()
    expect(page.locator(".box-scope")).to_have_text("marketing · store 2")
    turn = ask(page, "Number of customers")
    expect(turn.locator(".trust")).to_contain_text("marketing, store 2")


def test_what_waits_says_why_and_is_answered_without_doing_anything(
    visit: Visit, demo: Demo
) -> None:
    page = visit("manager_multi", "/analytics")
    turn = ask(page, BY_CUSTOMER)
    waits = turn.locator(".notice-waiting")
    expect(waits.locator(".deciders")).to_have_text(re.compile("reviewer_two or reviewer_user"))
    expect(waits.locator(".deciders")).not_to_contain_text("manager_multi")
    for told in ("One of", "has to agree", "Since", "Until", "Why", "A row stands for one person"):
        expect(waits).to_contain_text(told)
    run_id = (turn.get_attribute("id") or "").removeprefix("run-")
    reply = page.request.get(f"/runs/{run_id}/export?format=csv")
    assert (reply.status, "waits for a person to decide" in reply.text()) == (409, True)
    mine = demo.person("manager_multi").get(f"/api/runs/{run_id}").json()["approval"]
    path = f"/api/approvals/{mine['approval_id']}"
    reviewer = demo.person("reviewer_user")
    tag = reviewer.get(path).headers["etag"]
    assert reviewer.post(f"{path}/approve", headers={"If-Match": tag}, json={}).is_success
    expect(turn.locator(".trust")).to_contain_text("Approved by reviewer_user")
    expect(turn.locator(".views")).to_be_visible()

    given_up = ask(page, f"{BY_CUSTOMER} in June 2022")
    given_up.get_by_role("button", name="Give it up").click()
    expect(given_up.locator(".stages")).to_contain_text("Stopped")


def test_what_cannot_be_asked_is_said_and_nothing_typed_is_lost(visit: Visit) -> None:
    page = visit("manager_store1", "/analytics")
    pasted = "Category\tRevenue\nFamily\t441.88\nSports\t420.77"
    turn = ask(page, pasted)
    expect(turn.locator(".asked")).to_have_text(pasted)

    long = "x" * 100_000
    page.get_by_label("Your question").fill(long)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("#problems")).to_contain_text("this has 100,000. What you typed is kept")
    expect(page.get_by_label("Your question")).to_have_value(long)
    page.get_by_label("Your question").fill("")

    plain = visit(
        "manager_store1", "/analytics", java_script_enabled=False, expected="status of 413"
    )
    huge = "x" * 3_000_000
    plain.get_by_label("Your question").fill(huge)
    plain.get_by_role("button", name="Ask", exact=True).click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("That is too long to be sent")
    plain.go_back()
    expect(plain.get_by_label("Your question")).to_have_value(huge)
    page_of_it = plain.content()
    csrf = re.findall(r'name="csrf" value="([^"]+)"', page_of_it)[0]
    for size in (4_001, 100_000):
        form = {"csrf": csrf, "question": "x" * size}
        reply = plain.request.post("/analytics", form=form)
        assert reply.status == 422
        assert "1 to 4,000 characters" in reply.text()
        assert "x" * size in reply.text()
    assert plain.request.get("/runs/none").status == 404
    assert plain.request.get("/no/such/page").status == 404


def test_a_second_question_waits_for_the_first(visit: Visit) -> None:
    page = visit("manager_store1", "/analytics")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/analytics", hold)
    page.get_by_label("Your question").fill("Revenue in June 2022")
    page.keyboard.press("Enter")
    expect(page.locator("#problems")).to_be_empty()
    page.get_by_label("Your question").fill("Revenue in July 2022")
    page.keyboard.press("Enter")
    expect(page.locator("#problems")).to_contain_text("still being answered")
    assert len(held) == 1
    held[0].continue_()
    expect(page.locator(".turn .trust")).to_be_visible()
    expect(page.locator("#thread")).not_to_have_attribute("aria-busy", "true")
    expect(page.get_by_label("Your question")).to_have_value("Revenue in July 2022")
    page.unroute("**/analytics")
    page.keyboard.press("Enter")
    expect(page.locator(".turn .trust")).to_have_count(2)
    expect(page.locator("#problems")).to_be_empty()


def test_a_session_that_ended_loses_nothing_that_was_typed(visit: Visit) -> None:
    page = visit("manager_store1", "/analytics", expected="status of 401")
    page.get_by_label("Your question").fill("Revenue in May 2022")
    page.context.clear_cookies()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Your session has ended")
    dialog.get_by_role("link", name="Log in again").click()
    page.get_by_label("User name").fill("manager_store1")
    page.get_by_label("Password").fill(PASSWORDS["manager_store1"])
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_label("Your question")).to_have_value("Revenue in May 2022")


def test_without_scripts_too_a_question_outlives_its_session(visit: Visit) -> None:
    page = visit("manager_store1", "/analytics", java_script_enabled=False)
    page.get_by_label("Your question").fill("Revenue & rentals in May 2022?")
    page.context.clear_cookies()
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_label("User name").fill("manager_store1")
    page.get_by_label("Password").fill(PASSWORDS["manager_store1"])
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_label("Your question")).to_have_value("Revenue & rentals in May 2022?")
