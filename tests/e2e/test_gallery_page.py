"""Keeping an answer, sharing it, and a colleague who is shown their own numbers of it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_ask_page import ask
from tests.stack import Demo

Visit = Callable[..., Page]
MARKUP = '<img src=x onerror="document.title=1">Where it comes from'


@pytest.fixture(autouse=True)
def nothing_kept(demo: Demo) -> None:
    """By those who look here, whatever they kept before."""
    for person in ("manager_store1", "manager_multi", "finance_user"):
        client = demo.person(person)
        for artifact in client.get("/api/artifacts").json()["items"]:
            client.delete(f"/api/artifacts/{artifact['artifact_id']}")


def test_what_is_kept_and_shared_shows_each_their_own_numbers(visit: Visit) -> None:
    page = visit("manager_multi", "/gallery")
    expect(page.locator(".empty")).to_contain_text("Nothing is kept yet")
    page.get_by_role("link", name="Ask a question").click()
    turn = ask(page, "Total revenue by category in June 2022")
    turn.get_by_role("button", name="Keep", exact=True).click()
    turn.get_by_role("status").get_by_role("link", name="See it in the gallery").click()
    card = page.get_by_role("article")
    expect(card.locator("[data-drawn] canvas")).to_be_visible()
    expect(card).to_contain_text("store manager, stores 1 and 2 · data to 31 July 2022")
    card.get_by_role("button", name="Table").click()
    both = card.get_by_role("row").nth(1).inner_text()

    card.get_by_text("Rename or share").click()
    card.get_by_label("Title").fill("   ")
    card.get_by_role("button", name="Save").click()
    expect(card.get_by_role("alert")).to_contain_text("A title is one line")
    card.get_by_text("Rename or share").click()
    card.get_by_label("Title").fill(MARKUP)
    card.get_by_label(re.compile("^Share with every store manager")).check()
    card.get_by_role("button", name="Save").click()
    expect(card.get_by_role("heading", level=2)).to_have_text(MARKUP)
    expect(card.locator(".state-shared")).to_have_text("Shared with every store manager")

    theirs = visit("manager_store1", "/gallery").get_by_role("article")
    expect(theirs).to_contain_text("What manager_multi was shown is not shown to you.")
    expect(theirs.get_by_role("table")).to_have_count(0)
    expect(theirs.get_by_text("Remove")).to_have_count(0)
    theirs.get_by_role("button", name="Refresh").click()
    expect(theirs.locator("[data-drawn] canvas")).to_be_visible()
    expect(theirs).to_contain_text("store manager, store 1 · data to 31 July 2022")
    theirs.get_by_role("button", name="Table").click()
    assert theirs.get_by_role("row").nth(1).inner_text() != both
    expect(theirs.get_by_role("row").nth(1)).to_contain_text("441.88")

    expect(visit("finance_user", "/gallery").locator(".empty")).to_be_visible()
    card.get_by_text("Remove", exact=True).click()
    card.get_by_role("button", name="Remove it").click()
    expect(page.locator(".empty")).to_be_visible()
    expect(visit("manager_store1", "/gallery").locator(".empty")).to_be_visible()


def test_what_is_looked_at_is_kept(visit: Visit) -> None:
    page = visit("manager_multi", "/analytics")
    turn = ask(page, "Revenue by month")
    turn.get_by_role("button", name="Bars").click()  # not the line it began as
    turn.get_by_role("button", name="Keep", exact=True).click()
    turn.get_by_role("status").get_by_role("link", name="See it in the gallery").click()
    card = page.get_by_role("article")
    expect(card.locator("[data-drawn=bar] canvas")).to_be_visible()
    expect(card.get_by_role("button", name="Bars")).to_have_attribute("aria-pressed", "true")
    card.get_by_text("Remove", exact=True).click()
    card.get_by_role("button", name="Remove it").click()
    expect(page.locator(".empty")).to_be_visible()


def test_it_works_without_scripts(visit: Visit) -> None:
    page = visit("manager_store1", "/analytics", java_script_enabled=False)
    page.get_by_label("Your question").fill("Rentals by film")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_role("button", name="Keep", exact=True).click()
    card = page.get_by_role("article")
    expect(card.get_by_role("table")).to_be_visible()
    card.get_by_role("button", name="Refresh").click()
    expect(card).to_contain_text("asked under a minute ago")
    card.get_by_text("Remove", exact=True).click()
    card.get_by_role("button", name="Remove it").click()
    expect(page.locator(".empty")).to_be_visible()
