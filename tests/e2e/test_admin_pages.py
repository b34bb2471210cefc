"""The admin pages in a browser, and every admin call as everybody else."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.stack import PASSWORDS, Demo

Visit = Callable[..., Page]
CHOSEN = "a password of my own"


def once(page: Page) -> str:
    return page.locator("#once").inner_text()


def _choose_a_password(person: Page, name: str, password: str) -> None:
    """In place of the one that works once, which is told so."""
    person.get_by_label("User name").fill(name)
    person.get_by_label("Password", exact=True).fill(password)
    person.get_by_role("button", name="Log in", exact=True).click()
    expect(person.get_by_role("alert")).to_contain_text("works once")
    person.get_by_label("Password", exact=True).fill(password)
    person.get_by_label("New password").fill(CHOSEN)
    person.get_by_role("button", name="Log in", exact=True).click()
    expect(person.locator(".scope-chip")).to_contain_text("store 2")


def test_an_admin_adds_a_person_who_chooses_a_password_and_is_then_given_less(
    visit: Visit, demo: Demo
) -> None:
    page = visit("admin_user", "/")
    page.get_by_role("link", name="Admin", exact=True).click()
    page.get_by_text("Add a person").click()
    page.get_by_label("User name").fill("admin_user")
    page.get_by_label("Default role").select_option("finance")
    page.get_by_role("checkbox", name="Store 2").check()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("This name is taken")
    expect(page.get_by_role("checkbox", name="Store 2")).to_be_checked()
    page.get_by_label("User name").fill("pat.lee")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("pat.lee")
    password = once(page)
    assert password not in page.url
    address = page.get_by_role("link", name="What was changed").get_attribute("href")
    assert address is not None

    person = visit(None, "/login")
    _choose_a_password(person, "pat.lee", password)

    user_id = address.rpartition("=")[2]
    page.goto(f"/admin/users/{user_id}")
    page.get_by_role("checkbox", name="Store 2").uncheck()
    page.get_by_role("checkbox", name="Store 1").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("on record")
    person.goto("/")
    expect(person).to_have_url(re.compile("/login"))

    page.get_by_role("link", name="What was changed").click()
    page.locator(".changes summary").first.click()
    table = page.locator(".changes table").first
    expect(table).to_contain_text("store ids")
    expect(table.locator(".was")).to_have_text("2")
    expect(table.locator(".is")).to_have_text("1")
    assert CHOSEN not in page.content() and password not in page.content()

    page.goto(f"/admin/users/{user_id}")
    page.get_by_role("button", name="Reset password").click()
    assert once(page) != password
    page.get_by_role("button", name="Deactivate").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("deactivated")
    verified = demo.countersign("audit", "verify")
    assert verified.returncode == 0, verified.stdout


def test_a_policy_is_tried_proposed_and_left_to_another_admin(visit: Visit, demo: Demo) -> None:
    page = visit("admin_user", "/admin/policies", java_script_enabled=False)
    page.get_by_label("A question", exact=True).fill("rentals by customer")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator(".fates li").first).to_contain_text("waits for one approver")
    page.get_by_label("finance: one approver from").fill("90")
    page.get_by_label("Why").fill("Finance is <b>trusted</b>")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("alert")).to_contain_text("must not fall")
    expect(page.get_by_label("finance: one approver from")).to_have_value("90")
    page.get_by_label("finance: two approvers from").fill("95")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("status")).to_contain_text("waits for another admin")
    proposal = page.get_by_label("Proposal by admin_user")
    expect(proposal).to_contain_text("roles.finance.one_approver_from: null → 90")
    expect(proposal).to_contain_text("Finance is <b>trusted</b>")
    proposal.get_by_role("link", name="Look and decide").click()
    expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    approval_id = page.url.rpartition("/")[2].partition("?")[0]
    answer = demo.person("admin_two").post(
        f"/api/approvals/{approval_id}/reject", json={"reason": "Not now."}
    )
    assert answer.is_success
    assert demo.person("admin_user").get("/api/policy").json()["version"] == 0


def test_budgets_are_set_and_what_was_used_is_told(visit: Visit, demo: Demo) -> None:
    asked = {"question": "What is total revenue for store 1?"}
    assert demo.person("manager_store1").post("/api/ask", json=asked).is_success
    page = visit("admin_user", "/admin/budgets")
    row = page.get_by_role("region", name="By person").get_by_role("row", name="manager_store1")
    expect(row).to_be_visible()
    page.get_by_label("Each finance, while asking as that").fill("none")
    page.get_by_role("button", name="Set").click()
    expect(page.get_by_role("alert")).to_contain_text("“none” is not a whole number")
    expect(page.get_by_label("Each finance, while asking as that")).to_have_value("none")
    page.get_by_label("Each finance, while asking as that").fill("1,000,000")
    page.get_by_role("button", name="Set").click()
    expect(page.get_by_role("status")).to_contain_text("on record")
    budgets = demo.person("admin_user").get("/api/admin/budgets").json()
    assert budgets["roles"] == {"finance": 1_000_000}
    page.get_by_role("link", name="What was changed").click()
    page.locator(".changes summary").first.click()
    expect(page.locator(".changes table").first).to_contain_text("roles.finance")


def calls(demo: Demo) -> list[tuple[str, str]]:
    """Every call for admins that the gateway documents, with the ids of somebody who is there."""
    document = httpx.get(demo.url("/openapi.json"), trust_env=False).json()
    people = demo.person("admin_user").get("/api/admin/users", params={"name": "reviewer_two"})
    user_id = people.json()["items"][0]["user_id"]
    return [
        (method.upper(), re.sub(r"\{[^}]*\}", user_id if "/users/" in path else "1", path))
        for path, methods in document["paths"].items()
        for method in methods
        if path.startswith("/api/admin/")
    ]


def standing(demo: Demo) -> tuple[Any, ...]:
    admin = demo.person("admin_user")
    changes = admin.get("/api/admin/changes", params={"limit": 1}).json()["items"]
    people = admin.get("/api/admin/users", params={"limit": 100}).json()["items"]
    return changes, [{**one, "last_login_at": None} for one in people]


@pytest.mark.parametrize("username", sorted(set(PASSWORDS) - {"admin_user", "admin_two"}))
def test_everybody_else_is_refused_every_admin_call_and_nothing_changes(
    demo: Demo, username: str
) -> None:
    found = calls(demo)
    assert len(found) >= 8
    before = standing(demo)
    for method, path in found:
        if (username, path) == ("auditor_user", "/api/admin/changes"):
            continue
        for body in ({}, {"password": CHOSEN}, {"roles": ["admin"], "is_all_stores": True}):
            given = None if method in ("GET", "DELETE") else body
            answer = demo.person(username).request(method, path, json=given)
            # what is no such call may be refused as that, before it is asked whose it is
            assert answer.status_code in (403, 422), (method, path, answer.text)
            assert answer.status_code == 403 or "/users" not in path
    for path in ("users", "policies", "verified"):
        assert demo.person(username).get(f"/api/admin/{path}").status_code in (403, 404)
    assert standing(demo) == before


def test_a_page_for_admins_is_refused_in_words(visit: Visit) -> None:
    page = visit("auditor_user", "/admin")
    expect(page.get_by_role("navigation", name="Admin").get_by_role("link")).to_have_text("Changes")
