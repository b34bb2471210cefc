"""The record in a browser: an auditor searches and verifies it, and is shown what is broken."""

import re
from collections.abc import Callable

import psycopg
from playwright.sync_api import Page, expect

from tests.e2e.test_ask import QUESTION, ask
from tests.stack import Demo

Visit = Callable[..., Page]
WHY = "Why did revenue fall in July 2022?"


def forge(demo: Demo, sql: str, *values: object) -> None:
    """As the owner of the database can who switches the triggers off."""
    url = demo.settings["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        assert connection.execute(sql, values).rowcount == 1


def _search(page: Page, run_id: str) -> None:
    """By everything at once, and take the events along."""
    page.get_by_role("link", name="Search the record").click()
    page.get_by_label("Person", exact=True).fill("manager_multi")
    page.get_by_label("Metric", exact=True).fill("revenue")
    page.get_by_label("View", exact=True).fill("v_payment_scoped")
    page.get_by_label("Came to").select_option("db_execution")
    page.get_by_label("From", exact=True).fill("2020-01-01")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_label("Metric", exact=True)).to_have_value("revenue")
    with page.expect_download() as download:
        page.get_by_role("link", name="events", exact=True).click()
    assert run_id in download.value.path().read_text()


def _assert_receipts_are_checked(page: Page, receipt: str) -> None:
    for text, said in (
        (receipt, "Genuine."),
        (receipt.replace('"completed"', '"failed"'), "It proves nothing."),
    ):
        page.goto("/audit")
        file = {"name": "receipt.json", "mimeType": "application/json", "buffer": text.encode()}
        page.get_by_label("Its file").set_input_files(files=[file])  # type: ignore[list-item]
        page.get_by_role("button", name="Check").click()
        expect(page.get_by_role("status")).to_contain_text(said)


def test_an_auditor_searches_replays_and_verifies_and_finds_what_was_changed(
    demo: Demo, visit: Visit
) -> None:
    run_id = str(ask(demo.person("manager_multi"), WHY)["run_id"])
    assert demo.countersign("audit", "seal").returncode == 0
    page = visit("auditor_user", "/")
    expect(page.get_by_text("Last checkpoint")).to_be_visible()
    page.get_by_role("button", name="Verify now").click()
    expect(page.get_by_role("status")).to_contain_text(
        re.compile(r"[\d,]+ events and [\d,]+ seals?, unbroken since")
    )
    page.reload()
    expect(page.locator(".facts")).to_contain_text("unbroken, under a minute ago, by auditor_user")

    _search(page, run_id)
    page.get_by_role("link", name=WHY).first.click()
    page.get_by_role("button", name="Replay").click()
    verdict = page.get_by_role("status")
    expect(verdict).to_contain_text(re.compile(r"All \d+ statements give the same results"))
    expect(verdict.get_by_role("columnheader", name="Then").first).to_be_visible()
    page.get_by_role("button", name="Verify this run").click()
    expect(page.get_by_role("status")).to_contain_text("hashes lead from it to the signed root")
    page.get_by_role("link", name=re.compile("^checkpoint")).click()
    page.get_by_text("Root, signature and place in the line").first.click()
    expect(page.get_by_text("Signature (Ed25519)").first).to_be_visible()

    receipt = demo.person("manager_multi").get(f"/api/runs/{run_id}/receipt").text
    _assert_receipts_are_checked(page, receipt)

    content = "UPDATE query_audit_events SET status = %s WHERE run_id = %s AND seq = 3"
    forge(demo, content, "altered", run_id)
    try:
        page.goto("/audit")
        page.get_by_role("button", name="Verify the record").click()
        verdict = page.get_by_role("status")
        expect(verdict).to_contain_text("Broken at event 3: its content was changed")
        verdict.get_by_role("link", name="Open the place").first.click()
        place = page.locator("#event-3")
        expect(place).to_contain_text("The verification found this event wrong.")
        expect(place.locator("pre")).to_be_visible()
    finally:
        forge(demo, content, "ok", run_id)


def test_the_record_is_verified_without_scripts_and_by_auditors_alone(
    demo: Demo, visit: Visit
) -> None:
    ask(demo.person("manager_store1"), QUESTION)
    page = visit("auditor_user", "/audit?view=&status=completed", java_script_enabled=False)
    page.get_by_role("button", name="Verify the record").click()
    expect(page.get_by_role("status")).to_contain_text("unbroken since")
    for username in ("admin_user", "reviewer_user", "manager_store1"):
        refused = demo.person(username).post("/api/audit/verify")
        assert refused.status_code == 403
