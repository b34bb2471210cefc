"""Logging in and out, in a browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_approvals_page import ended, waiting
from tests.e2e.test_ask_page import ask
from tests.stack import Demo

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


def test_somebody_logs_in_at_their_organisation_and_asks_like_anybody(visit: Visit) -> None:
    page = visit(None, "/login?next=/analytics")
    page.get_by_role("link", name="Log in with Acme").click()
    expect(page).to_have_url(re.compile("/analytics$"))
    expect(page.locator(".person")).to_contain_text("Alice")
    turn = ask(page, "Total revenue by store")
    expect(turn.locator(".trust")).to_contain_text("store manager, stores 1 and 2")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in with Acme")).to_be_visible()


def test_whoever_holds_two_roles_acts_in_the_one_they_choose(visit: Visit, demo: Demo) -> None:
    first = "first-password-of-somebody"
    person = {
        "username": "two_hats",
        "roles": ["marketing", "reviewer"],
        "store_ids": [1],
        "password": first,
    }
    assert demo.person("admin_user").post("/api/admin/users", json=person).status_code == 201
    run_id, approval_id = waiting(demo, "Total revenue by customer in March 2022")
    page = visit(
        None, "/login", expected="status of 40"
    )  # not theirs, as marketing; no asking, as reviewer
    page.get_by_label("User name").fill("two_hats")
    page.get_by_label("Password").fill(first)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_label("Password", exact=True).fill(first)
    page.get_by_label("New password").fill(first[::-1])
    page.get_by_role("button", name="Log in", exact=True).click()

    rail, chip = page.get_by_role("navigation", name="Main"), page.locator(".scope-chip")
    expect(chip).to_have_text("marketing · store 1")
    expect(page.get_by_role("heading", name="You can ask")).to_be_visible()
    expect(page.get_by_role("heading", name="Waiting for a decision")).to_have_count(0)
    page.goto(f"/approvals/{approval_id}")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()

    def act_as(role: str) -> None:
        page.goto("/")
        chip.click()
        page.get_by_label("Act as").select_option(role)
        page.get_by_role("button", name="Use this scope").click()

    act_as("reviewer")
    expect(chip).to_have_text("reviewer · store 1")
    expect(rail.get_by_role("link", name="Ask", exact=True)).to_have_count(0)
    expect(page.get_by_role("heading", name="You can ask")).to_have_count(0)
    page.goto("/analytics")
    expect(page.get_by_label("Your question")).to_have_count(0)
    page.goto(f"/approvals/{approval_id}")
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.locator("#standing")).to_contain_text("approved by two_hats")
    assert ended(demo, run_id) == "completed"

    act_as("marketing")
    page.goto("/analytics")
    expect(page.locator(".suggestion").first).to_contain_text("v_customer_masked")
    turn = ask(page, "Number of customers")
    expect(turn.locator(".trust")).to_contain_text("marketing, store 1")
