"""Going anywhere by keyboard, and the keys of a page."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.stack import Demo

Visit = Callable[..., Page]


def test_words_lead_to_pages_conversations_and_metrics(visit: Visit, demo: Demo) -> None:
    asked = demo.person("manager_store1").post("/api/ask", json={"question": "Revenue by rating"})
    assert asked.status_code == 200
    page = visit("manager_store1")
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Page, conversation or metric")
    expect(box).to_be_focused()
    first = page.locator("#palette").get_by_role("option").first
    expect(first).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("option", name="Record")).to_have_count(0)  # not for this role
    page.keyboard.type("by rating")
    expect(page.get_by_role("option", name="Revenue by rating").first).to_be_visible()
    expect(page.get_by_role("group", name="Pages")).to_have_count(0)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/analytics\?conversation="))  # and its scripts
    page.keyboard.press("Control+k")
    expect(box).to_be_focused()
    page.keyboard.type("rental")
    expect(page.get_by_role("group", name="Metrics").get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#palette [aria-selected=true]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    page.get_by_role("link", name="Go to").click()
    page.keyboard.type("<b>why</b> not")
    page.get_by_role("option", name="Ask “<b>why</b> not”").click()
    expect(page.get_by_label("Your question")).to_have_value("<b>why</b> not")


def test_a_question_mark_tells_the_keys_and_is_a_letter_where_one_types(visit: Visit) -> None:
    page = visit("reviewer_user", "/approvals")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys of this page")
    expect(keys).to_contain_text("Next request")
    expect(keys).to_contain_text("Ctrl K")
    keys.get_by_role("button", name="Close").click()
    expect(keys).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("what?")
    expect(page.locator("#palette input")).to_have_value("what?")


def test_without_a_script_it_is_a_page(visit: Visit) -> None:
    page = visit("auditor_user", "/", java_script_enabled=False)
    page.get_by_role("link", name="Go to").click()
    page.get_by_label("Page, conversation or metric").first.fill("record")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("region", name="Pages").get_by_role("link", name="Record", exact=True).click()
    expect(page).to_have_url(re.compile("/audit"))
