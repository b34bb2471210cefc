"""Logging in and out, in a browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

Visit = Callable[..., Page]


@pytest.mark.parametrize("username", ["manager_store1", "marketing_user", "auditor_user"])
def test_a_person_logs_in_and_sees_whose_page_it_is(visit: Visit, username: str) -> None:
    page = visit(username)
    expect(page.get_by_role("heading", level=1)).to_contain_text(username)
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile("/login"))
    page.goto("/")
    expect(page).to_have_url(re.compile("/login"))


def test_colours_are_chosen_and_stay(visit: Visit) -> None:
    page = visit("manager_store1")
    page.get_by_label("Colours").select_option("dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
