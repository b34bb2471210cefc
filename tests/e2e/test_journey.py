"""What a newcomer does in a browser, from log-in to proof; and what each role does its own way."""

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_answer_page import downloaded
from tests.e2e.test_ask_page import ask
from tests.stack import Demo

Visit = Callable[..., Page]
RISKY = "Total revenue by customer in February 2022"
MARKUP = "<img src=x onerror=\"document.title='hit'\"><script>document.title='hit'</script>"


def test_a_newcomer_asks_keeps_and_waits_a_reviewer_approves_an_auditor_verifies(
    visit: Visit,
) -> None:
    page = visit(None, "/")
    page.get_by_role("button", name=re.compile("^manager_store1")).click()
    page.get_by_role("link", name=re.compile("^Revenue by month")).first.click()
    expect(page.get_by_label("Your question")).to_have_value("Revenue by month")
    page.keyboard.press("Enter")
    turn = page.locator(".turn").first
    expect(turn.locator("[data-drawn=line] canvas")).to_be_visible()
    follow_up = ask(page, "and by category in June 2022")
    expect(follow_up.locator(".kept-note")).to_contain_text("revenue")
    follow_up.get_by_text("How was this made").click()
    expect(follow_up.get_by_role("tabpanel")).to_contain_text("June 2022")
    follow_up.get_by_role("button", name="Keep", exact=True).click()
    expect(follow_up.get_by_role("status").last).to_contain_text("Kept as")

    conversation = page.url
    waits = ask(page, RISKY)
    expect(waits.locator(".notice-waiting")).to_contain_text("reviewer_user")
    assert page.url == conversation
    page.get_by_role("link", name="Gallery", exact=True).click()
    page.go_back()
    expect(page.locator(".turn")).to_have_count(3)
    page.go_forward()
    expect(page.get_by_role("article").first).to_be_visible()
    page.get_by_text("Remove", exact=True).first.click()
    page.get_by_role("button", name="Remove it").click()
    page.goto(conversation)

    reviewer = visit("reviewer_user", "/approvals?sort=newest")
    reviewer.locator(".queue-item", has_text=RISKY).click()
    reviewer.get_by_role("button", name="Approve", exact=True).click()
    expect(reviewer.locator("#standing")).to_contain_text("approved by reviewer_user")
    arrived = page.locator(".turn").last  # nothing is done in the first browser
    expect(arrived.locator(".views")).to_be_visible()
    expect(arrived.locator(".trust")).to_contain_text("Approved by reviewer_user")

    auditor = visit("auditor_user", "/audit?person=manager_store1")
    auditor.get_by_role("link", name=RISKY).first.click()
    auditor.get_by_role("button", name="Verify this run").click()
    expect(auditor.get_by_role("status")).to_contain_text("unbroken")
    auditor.get_by_role("button", name="Replay").click()
    expect(auditor.get_by_role("status")).to_contain_text("Identical")


@pytest.mark.parametrize(
    ("person", "question", "scope"),
    [
        ("marketing_user", "Number of customers by country", "marketing, stores 1 and 2"),
        ("finance_user", "Revenue by month", "finance, store 1"),
        ("admin_user", "Rentals by category", "admin, all stores"),
    ],
)
def test_each_role_asks_sees_a_chart_looks_behind_it_and_takes_it_along(
    visit: Visit, person: str, question: str, scope: str
) -> None:
    page = visit(person, "/analytics")
    turn = ask(page, question)
    expect(turn.locator("[data-drawn] canvas")).to_be_visible()
    expect(turn.locator(".trust")).to_contain_text(scope)
    turn.get_by_text("How was this made").click()
    turn.get_by_role("tab", name="SQL").click()
    expect(turn.get_by_role("tabpanel")).to_contain_text("SELECT")
    rows = turn.locator("table.result tbody tr").count()
    lines = downloaded(page, "CSV").path().read_text("utf-8-sig").splitlines()
    assert len(list(csv.reader(lines))) == rows + 1 > 2


@contextmanager
def renamed(demo: Demo, title: str) -> Iterator[None]:
    """Every film called `title`, called something else meanwhile."""
    change = "UPDATE film SET title = %s WHERE title = %s"
    with psycopg.connect(demo.settings["WAREHOUSE_URL"], autocommit=True) as warehouse:
        assert warehouse.execute(change, (MARKUP, title)).rowcount >= 1
        try:
            yield
        finally:
            warehouse.execute(change, (title, MARKUP))


def test_two_hundred_rows_are_shown_and_markup_in_them_is_only_text(
    visit: Visit, demo: Demo
) -> None:
    page = visit("manager_store1", "/analytics")
    with renamed(demo, "Young Caravan"):
        turn = ask(page, "Rentals by film")
    expect(turn.locator("[data-drawn=bar] canvas")).to_be_visible()
    expect(turn.locator(".said")).to_contain_text("<img src=x")
    expect(turn.get_by_role("row")).to_have_count(201)
    expect(turn.locator(".foot").last).to_have_text("The first 200 of 805 rows are shown.")
    expect(turn.get_by_role("row").nth(1)).to_contain_text("<script>")
    turn.locator(".chart canvas").hover(position={"x": 250, "y": 12})
    expect(page.locator("#vg-tooltip-element")).to_contain_text("<img src=x")
    assert page.locator("main img, main script, #vg-tooltip-element img").count() == 0
    assert page.title() != "hit"
