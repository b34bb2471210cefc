"""Asking in a browser: a number, its chart and table, what is behind it, and what to ask else."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

Visit = Callable[..., Page]
MARKUP = '<img src=x onerror="document.title=1"><script>document.title=2</script> revenue'


def ask(page: Page, question: str) -> Locator:
    """Its turn in the conversation, when it is answered."""
    turns = page.locator(".turn")
    before = turns.count()
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")
    turn = turns.nth(before)
    expect(turn.get_by_role("list", name="Why you can trust this")).to_be_visible()
    return turn


def choose(page: Page, choices: Locator) -> None:
    """The first of them is asked in the same conversation, and answered with a result."""
    button = choices.get_by_role("button").first
    question = button.inner_text()
    address = page.url
    button.click()
    turn = page.locator(".turn").nth(1)
    expect(turn.locator(".asked")).to_have_text(question)
    expect(turn.locator(".views")).to_be_visible()
    assert page.url == address


def test_a_manager_asks_and_looks_behind_the_number(visit: Visit) -> None:
    page = visit("manager_store1", "/analytics")
    turn = ask(page, "Total revenue by category in June 2022")
    expect(turn.locator(".said")).to_contain_text("Family leads the 16 categories")
    expect(turn.locator("strong.number")).to_have_text("$441.88")
    expect(turn.locator("details.stages > summary")).to_contain_text(
        re.compile(r"Answered in \d+ ms · all checks passed")
    )
    expect(turn.locator("[data-drawn] canvas")).to_be_visible()
    turn.get_by_role("button", name="Table").click()
    expect(turn.locator(".chart")).to_be_hidden()
    expect(turn.get_by_role("row").nth(1)).to_contain_text("Family")
    expect(turn.get_by_role("row")).to_have_count(17)
    turn.get_by_role("link", name="store manager, store 1").click()
    expect(turn.locator(".sql-scope")).to_have_text("store_id IN (1)")
    expect(turn.locator(".sources")).to_contain_text("Revenue")
    page.reload()
    expect(page.locator(".turn .said")).to_contain_text("Family leads")


def test_a_follow_up_keeps_what_was_asked(visit: Visit) -> None:
    page = visit("manager_store1", "/analytics")
    ask(page, "Revenue in June 2022")
    turn = ask(page, "and by category")
    expect(turn.locator(".said")).to_contain_text("June 2022")
    expect(page).to_have_url(re.compile("conversation="))
    expect(page.locator("#conversation-list a[aria-current]")).to_have_text("Revenue in June 2022")
    expect(page.get_by_label("Your question")).to_have_value("")


def test_a_choice_is_a_button_that_asks_it(visit: Visit) -> None:
    page = visit("manager_store1", "/analytics")
    turn = ask(page, "what is the best")
    choose(page, turn.get_by_role("group", name="Which one?"))


def test_a_refusal_says_what_would_work(visit: Visit) -> None:
    page = visit("manager_store1", "/analytics")
    turn = ask(page, "Total revenue of store 2")
    expect(turn.locator(".said")).to_contain_text("Store 2 is outside your access scope.")
    choose(page, turn.get_by_role("group", name="You can ask"))


def test_markup_in_a_question_is_only_text(visit: Visit) -> None:
    page = visit("manager_store1", "/analytics")
    turn = ask(page, MARKUP)
    expect(turn.locator(".asked")).to_have_text(MARKUP)
    page.reload()
    expect(page.locator(".asked")).to_have_text(MARKUP)
    assert page.locator("main img, main script").count() == 0
    assert page.title() not in ("1", "2")


def test_without_scripts_the_form_brings_the_finished_page(visit: Visit) -> None:
    page = visit("manager_store1", "/analytics", java_script_enabled=False)
    page.get_by_label("Your question").fill("Total revenue by category in June 2022")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator(".turn .said")).to_contain_text("Family leads the 16 categories")
    expect(page.get_by_role("row")).to_have_count(17)


def test_what_is_typed_is_kept(visit: Visit) -> None:
    page = visit("manager_store1", "/analytics")
    page.get_by_label("Your question").fill("Revenue by")
    page.goto("/")
    page.goto("/analytics")
    expect(page.get_by_label("Your question")).to_have_value("Revenue by")


def test_somebody_elses_run_is_no_page(visit: Visit) -> None:
    page = visit("manager_store1", "/analytics")
    turn = ask(page, "Revenue in June 2022")
    address = turn.get_by_role("link", name="link").get_attribute("href") or ""
    page.goto(address)
    expect(page.locator(".said")).to_contain_text("June 2022")
    stranger = visit("marketing_user")
    reply = stranger.request.get(address)
    assert reply.status == 404
    assert "not yours to see" in reply.text()
