"""What a model is told, what answers may cite, and what numbers are made of: kept by admins."""

import re
from collections.abc import Callable

from playwright.sync_api import FilePayload, Page, expect

from tests.stack import ROOT

Visit = Callable[..., Page]
MARKUP = '<img src=x onerror="document.title=1">'
TEXT = f"Umbrellas that were left behind are kept for a month. {MARKUP}"


def test_a_prompt_pack_is_written_previewed_confirmed_and_taken_back(visit: Visit) -> None:
    page = visit("admin_user", "/admin/prompt-packs")
    page.get_by_role("link", name="Write a new version").click()
    page.get_by_label("Everybody").fill(f"By sales we mean revenue. {MARKUP}")
    page.get_by_label("Question").fill("total revenue by month")
    page.get_by_role("button", name="Preview").click()
    prompt = page.get_by_label("system message")
    expect(prompt).to_contain_text("By sales we mean revenue.")
    expect(prompt).to_contain_text("You turn a question about an organisation's data")
    page.get_by_role("button", name="Propose a new version").click()
    expect(page.get_by_role("alert")).to_contain_text("Say what the version is for")
    expect(page.get_by_label("Everybody")).to_have_value(f"By sales we mean revenue. {MARKUP}")
    page.get_by_label("What the version is for").fill("What we call things")
    page.get_by_role("button", name="Propose a new version").click()
    expect(page.get_by_role("region", name="Lines that differ")).to_contain_text("By sales")
    address = page.url
    page.get_by_role("button", name="Ask a second admin to confirm").click()
    expect(page.locator(".proposal")).to_contain_text("You asked for it yourself")
    expect(page.get_by_role("button", name=re.compile("^Confirm"))).to_have_count(0)

    other = visit("admin_two", address)
    expect(other.locator(".proposal")).to_contain_text("nothing of it was tested")
    other.get_by_role("button", name=re.compile("^Confirm")).click()
    row = other.get_by_role("row").filter(has_text="What we call things")
    expect(row).to_contain_text("in force")
    other.get_by_label("Why it must not stay").fill("It confuses people.")
    other.get_by_role("button", name="Roll back").click()
    expect(other.get_by_role("region", name="Versions").get_by_role("row").last).to_contain_text(
        "in force"
    )
    changes = visit("auditor_user", "/admin/changes?kind=prompt_pack")
    expect(changes.locator(".changes li").first).to_contain_text("rolled back")


def test_a_document_is_found_by_its_readers_until_it_is_taken_away(visit: Visit) -> None:
    page = visit("admin_user", "/admin/knowledge/new")
    page.get_by_label("Title").fill("Umbrellas left behind")
    page.get_by_label("Text").fill(TEXT)
    page.get_by_role("button", name="Add document").click()
    expect(page.get_by_role("alert")).to_contain_text("at least one role")
    expect(page.get_by_label("Text")).to_have_value(TEXT)
    page.get_by_label("Finance").check()
    page.get_by_role("button", name="Add document").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    mine = page.url.partition("?")[0]

    find = f"{mine.rpartition('/')[0]}?question=umbrellas+left+behind&role="
    page.goto(f"{find}finance")
    expect(page.locator(".found")).to_contain_text(MARKUP)
    page.goto(f"{find}marketing")
    expect(page.locator("main")).not_to_contain_text("kept for a month")

    stale = visit("admin_user", mine)
    page.goto(mine)
    page.get_by_label("Text").fill("Umbrellas are kept for a year.")
    page.get_by_role("button", name="Save").click()
    stale.get_by_label("Text").fill("Umbrellas are thrown away.")
    stale.get_by_role("button", name="Save").click()
    expect(stale.get_by_role("alert")).to_contain_text("changed by admin_user")
    expect(stale.get_by_label("Text")).to_have_value("Umbrellas are thrown away.")
    page.get_by_role("button", name="Take it away").click()
    expect(page.get_by_role("link", name="Umbrellas left behind")).to_have_count(0)
    fixed = visit("admin_user", "/admin/knowledge/metric_revenue")
    expect(fixed.get_by_role("button", name="Save")).to_have_count(0)


def test_a_metric_leads_to_its_view_and_a_fault_to_its_line(visit: Visit) -> None:
    page = visit("admin_user", "/admin/model")
    page.get_by_role("searchbox").or_(page.get_by_label(re.compile("^Find a metric"))).first.fill(
        "takings per rental"
    )
    page.get_by_role("button", name="Find").click()
    made_of = page.get_by_role("group", name="What Revenue per rental is made of")
    expect(made_of).to_contain_text("payments.amount")
    expect(made_of).to_contain_text("v_payment_scoped")

    page.get_by_role("link", name="Check a document").click()
    text = (ROOT / "seeds" / "pagila" / "model.yaml").read_text()
    page.get_by_label("Or paste it").fill("semantic_model:\n  - name: [one\n")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading", name="It cannot be used")).to_be_visible()
    expect(page.get_by_label("Or paste it")).to_have_value("semantic_model:\n  - name: [one\n")
    _choose(page, text.replace("SUM(payments.amount)", "SUM(nothing)", 1))
    fault = page.locator(".fault").first
    expect(fault).to_contain_text(re.compile(r"Line \d+: .*nothing"))
    expect(fault.get_by_role("region")).to_contain_text("SUM(nothing)")
    _choose(page, text)
    expect(page.get_by_role("heading", name="Nothing is wrong with it")).to_be_visible()


def _choose(page: Page, text: str) -> None:
    file = FilePayload(name="model.yaml", mimeType="text/yaml", buffer=text.encode())
    page.get_by_label("A file, YAML or JSON").set_input_files([file])
    page.get_by_role("button", name="Check").click()


def test_it_works_without_scripts_and_for_admins_alone(visit: Visit) -> None:
    page = visit("admin_user", "/admin/prompt-packs/0", java_script_enabled=False)
    page.get_by_label("Everybody").fill("Our year starts in April.")
    page.get_by_label("Question").fill("total revenue")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_label("system message")).to_contain_text("Our year starts in April.")
    expect(page.get_by_label("Everybody")).to_have_value("Our year starts in April.")
    for path in ("/admin/prompt-packs", "/admin/knowledge", "/admin/model"):
        page = visit("manager_store1", "/")
        answer = page.request.get(path)
        assert answer.status == 403
        assert "This page is for those who govern" in answer.text()
