"""The approvals pages in a browser: a risky question, and the people it takes."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.stack import Demo

Visit = Callable[..., Page]
BY_CUSTOMER = "Total revenue by customer"


def waiting(demo: Demo, question: str, asker: str = "manager_multi") -> tuple[str, str]:
    """The ids of a run that waits and of its request."""
    answer = demo.person(asker).post("/api/ask", json={"question": question}).json()
    assert answer["status"] == "needs_approval", answer
    return answer["run_id"], answer["approval"]["approval_id"]


def ended(demo: Demo, run_id: str, asker: str = "manager_multi") -> str:
    """How the run ended, once it has."""
    with demo.person(asker).stream("GET", f"/api/runs/{run_id}/events") as events:
        for _ in events.iter_lines():
            pass
    status: str = demo.person(asker).get(f"/api/runs/{run_id}").json()["status"]
    return status


def test_a_reviewer_approves_and_the_asker_sees_it_without_doing_anything(
    visit: Visit, demo: Demo
) -> None:
    run_id, approval_id = waiting(demo, BY_CUSTOMER)
    asker = visit("manager_multi", f"/approvals/{approval_id}")
    expect(asker.locator("#standing")).to_contain_text("Another person has to approve this")
    for name in ("Approve", "Reject", "Edit", "Take in hand"):
        expect(asker.get_by_role("button", name=name)).to_have_count(0)

    reviewer = visit("reviewer_user", "/approvals")
    reviewer.locator(f"#q-{approval_id}").click()
    request = reviewer.get_by_role("article")
    expect(request).to_contain_text("manager_multi (store manager, stores 1, 2) wants revenue")
    expect(request.get_by_role("table").first).to_contain_text("Personal data")
    expect(request.locator("pre.sql").first).to_contain_text("store_id IN (1, 2)")
    reviewer.get_by_role("button", name="Approve", exact=True).click()
    expect(reviewer.locator("#standing")).to_contain_text("approved by reviewer_user")
    expect(asker.locator("#standing")).to_contain_text("approved by reviewer_user")
    expect(asker.locator("#history")).to_contain_text("reviewer_user approved")
    assert ended(demo, run_id) == "completed"


def test_a_rejection_needs_a_reason_and_whoever_comes_late_is_told_who_decided(
    visit: Visit, demo: Demo
) -> None:
    run_id, approval_id = waiting(demo, BY_CUSTOMER)
    late = visit("reviewer_two", f"/approvals/{approval_id}", java_script_enabled=False)
    first = visit("reviewer_user", f"/approvals/{approval_id}")
    first.get_by_role("button", name="Reject").click()
    expect(first.get_by_label("Reason")).to_be_focused()  # the browser asks for one
    first.get_by_label("Reason").fill("<b>Not</b> without a purpose")
    first.get_by_role("button", name="Reject").click()
    expect(first.locator("#standing")).to_contain_text("“<b>Not</b> without a purpose”")
    late.get_by_role("button", name="Approve", exact=True).click()
    expect(late.get_by_role("alert")).to_contain_text("rejected by reviewer_user")
    expect(late.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    assert ended(demo, run_id) == "refused"


def test_keys_lead_through_the_queue_and_a_comment_reaches_the_history(
    visit: Visit, demo: Demo
) -> None:
    _, approval_id = waiting(demo, BY_CUSTOMER)
    page = visit("reviewer_user", "/approvals?sort=newest")
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(approval_id))
    page.wait_for_load_state()  # the page listens to keys once it is there
    page.keyboard.press("c")
    expect(page.locator("#comment")).to_be_focused()
    page.keyboard.type("What is it for?")
    page.get_by_role("button", name="Comment").click()
    expect(page.locator("#history")).to_contain_text("What is it for?")


def test_what_an_edit_must_not_do_is_said_and_what_was_typed_stays(
    visit: Visit, demo: Demo
) -> None:
    _, approval_id = waiting(demo, BY_CUSTOMER)
    page = visit("reviewer_user", f"/approvals/{approval_id}", java_script_enabled=False)
    page.locator("summary", has_text="Edit what would run").click()
    page.get_by_text("Advanced: SQL instead").click()
    page.locator("#edit-sql").fill("DELETE FROM customer")
    page.get_by_label("Why").fill("Tidier")
    page.get_by_role("button", name="Check and keep").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#edit-sql")).to_have_value("DELETE FROM customer")
    expect(page.get_by_label("Why")).to_have_value("Tidier")


def test_an_edit_is_judged_while_it_is_typed_and_another_person_approves_it(
    visit: Visit, demo: Demo
) -> None:
    run_id, approval_id = waiting(demo, BY_CUSTOMER)
    page = visit("reviewer_user", f"/approvals/{approval_id}")
    page.keyboard.press("e")
    said = page.locator("#draft")
    page.get_by_label("Rows at most", exact=True).last.fill("900")
    expect(said).to_contain_text("A limit is 1 to 200 rows.")
    page.get_by_label("Rows at most", exact=True).last.fill("5")
    page.get_by_label("Group 1", exact=True).select_option("category")
    page.get_by_label("Field of filter 1").select_option("store_id")
    expect(page.get_by_label("Field of filter 2")).to_have_value("")
    page.get_by_label("Values of filter 1").fill("1")
    page.get_by_label("From", exact=True).fill("2022-06-01")
    page.get_by_label("to", exact=True).fill("2022-06-30")
    expect(said).to_contain_text("revenue by category, store 1 only, June 2022, highest first")

    page.get_by_text("Advanced: the plan as data").click()
    plan = page.locator("#edit-plan")
    plan.fill("{}")
    expect(said).to_contain_text("This is not a plan yet. metrics: Field required")
    plan.fill('{"metrics": ["no_such_metric"]}')
    expect(said).to_contain_text("The guardrails refuse this")
    plan.fill('{"metrics": ["revenue"], "dimensions": [{"field": "category"}]}')
    expect(said).to_contain_text("let this through")
    expect(said.locator(".difference .added").first).to_be_visible()
    page.get_by_text("Advanced: SQL instead").click()
    expect(plan).to_be_hidden()
    page.get_by_label("SQL", exact=True).last.fill("SELECT *\nFROM pg_shadow")
    expect(said).to_contain_text("“pg_shadow” is not among the views you may read. line 2")
    assert demo.person("reviewer_user").get(f"/api/approvals/{approval_id}").json()["version"] == 1
    page.get_by_text("Change the plan").click()
    expect(said).to_contain_text("store 1 only, June 2022")
    page.get_by_label("Why").fill("No single customers")
    page.get_by_role("button", name="Check and keep").click()
    expect(page.locator("#standing")).to_contain_text("somebody else has to approve")
    expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)

    other = visit("reviewer_two", f"/approvals/{approval_id}")
    expect(other.locator("#history")).to_contain_text("No single customers")
    other.keyboard.press("a")
    expect(other.get_by_role("button", name="Approve", exact=True)).to_be_focused()
    other.keyboard.press("Enter")
    expect(other.locator("#standing")).to_contain_text("approved by reviewer_two")
    assert ended(demo, run_id) == "completed"
    answer = demo.person("manager_multi").get(f"/api/runs/{run_id}").json()
    assert [column["name"] for column in answer["columns"]] == ["category", "revenue"]
    assert (answer["row_count"], answer["explain"]["plan"].count("June 2022")) == (5, 1)


def test_what_is_approved_is_remembered_as_the_reviewer_says(visit: Visit, demo: Demo) -> None:
    question = "Average payment by customer in April 2022"
    run_id, approval_id = waiting(demo, question)
    page = visit("reviewer_user", f"/approvals/{approval_id}")
    page.keyboard.press("m")
    form = page.locator(".remember form")
    expect(form).to_contain_text("You own it: reviewer_user")
    expect(form.get_by_label("store manager")).to_be_checked()
    expect(form.get_by_label("marketing")).to_have_count(0)  # may not read payments
    form.get_by_label("store manager").uncheck()
    form.get_by_label("Also asked as").fill("April 2022: what did each customer pay a time?")
    form.get_by_role("button", name="Approve and remember").click()
    expect(page.get_by_role("alert")).to_have_text("Choose a role that it is remembered for.")
    assert demo.person("reviewer_user").get(f"/api/approvals/{approval_id}").json()["version"] == 1
    expect(form.get_by_label("Also asked as")).to_have_value(re.compile("what did each"))
    form.get_by_label("store manager").check()
    form.get_by_label("finance").check()
    form.get_by_role("button", name="Approve and remember").click()
    expect(page.locator("#standing")).to_contain_text("approved by reviewer_user")
    assert ended(demo, run_id) == "completed"
    found = demo.person("reviewer_user").get("/api/verified-queries").json()["items"]
    [kept] = [one for one in found if one["approval_id"] == approval_id]
    assert (kept["roles"], kept["owner"]["username"]) == (
        ["finance", "store_manager"],
        "reviewer_user",
    )
    for asker, words in (("manager_multi", question), ("finance_user", kept["patterns"][0])):
        again = demo.person(asker).post("/api/ask", json={"question": words}).json()
        assert (again["status"], again["explain"]["planner"]) == ("completed", "verified"), again
    remember = f"/api/approvals/{approval_id}/remember"
    refused = demo.person("reviewer_user").post(remember, json={"roles": ["marketing"]})
    assert (refused.status_code, "may not read" in refused.json()["detail"]) == (409, True)


def test_a_draft_is_judged_without_a_script_too(visit: Visit, demo: Demo) -> None:
    _, approval_id = waiting(demo, BY_CUSTOMER)
    page = visit("reviewer_user", f"/approvals/{approval_id}", java_script_enabled=False)
    page.locator("summary", has_text="Edit what would run").click()
    page.get_by_text("Advanced: SQL instead").click()
    page.locator("#edit-sql").fill("DELETE FROM v_payment_scoped")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("#draft")).to_contain_text("The guardrails refuse this")
    expect(page.locator("#edit-sql")).to_have_value("DELETE FROM v_payment_scoped")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_whoever_asks_finds_their_own_and_can_give_it_up_but_not_decide(
    visit: Visit, demo: Demo
) -> None:
    _, theirs = waiting(demo, BY_CUSTOMER)
    run_id, own = waiting(demo, "rentals by customer", "admin_user")
    page = visit("admin_user", "/approvals")
    expect(page.locator(f"#q-{theirs}")).to_be_visible()
    page.get_by_label("Whose").select_option("mine")
    expect(page.locator(f"#q-{theirs}")).to_have_count(0)
    page.locator(f"#q-{own}").click()
    expect(page.locator("#standing")).to_contain_text("Nobody decides on what they asked")
    for name in ("Approve", "Reject", "Take in hand"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    tag = demo.person("admin_user").get(f"/api/approvals/{own}").headers["ETag"]
    forced = demo.person("admin_user").post(
        f"/api/approvals/{own}/approve", headers={"If-Match": tag}, json={}
    )
    assert forced.status_code == 403, forced.text
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    expect(page.locator("#standing")).to_contain_text("Cancelled")
    assert ended(demo, run_id, "admin_user") == "cancelled"
    page.get_by_label("Least risk").select_option("70")
    expect(page.get_by_text("Nothing that you asked is here.")).to_be_visible()


def test_what_one_person_decides_another_sees_in_their_bar(visit: Visit, demo: Demo) -> None:
    _, approval_id = waiting(demo, BY_CUSTOMER)
    watching = visit("reviewer_two", f"/approvals/{approval_id}")
    expect(watching.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    deciding = demo.person("reviewer_user")
    deciding.post(f"/api/approvals/{approval_id}/reject", json={"reason": "Not needed"})
    expect(watching.locator("#standing")).to_contain_text("rejected by reviewer_user")
    expect(watching.locator("#standing")).to_contain_text("“Not needed”")
    expect(watching.get_by_role("button", name="Approve", exact=True)).to_have_count(0)


def test_an_auditor_finds_the_run_and_proves_it(visit: Visit, demo: Demo) -> None:
    asked = demo.person("manager_store1").post(
        "/api/ask", json={"question": "What is total revenue for store 1?"}
    )
    run_id = asked.json()["run_id"]
    page = visit("auditor_user", "/")
    page.get_by_role("link", name="Record", exact=True).click()
    page.get_by_label("Person").fill("manager_store1")
    page.get_by_label("Status").select_option("completed")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("region", name="Runs")).not_to_contain_text("manager_multi")
    page.locator(f'a[href="/audit/runs/{run_id}"]').click()
    expect(page.locator(".chain")).to_contain_text("db execution")
    page.get_by_role("button", name="Verify this run").click()
    expect(page.get_by_role("status")).to_contain_text("unbroken")
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_role("status")).to_contain_text("Identical")
    with page.expect_download() as receipt:
        page.get_by_role("link", name="Receipt").click()
    assert run_id in receipt.value.path().read_text()
    page.goto("/audit")
    with page.expect_download() as lines:
        page.get_by_role("link", name="runs", exact=True).click()
    assert run_id in lines.value.path().read_text()
