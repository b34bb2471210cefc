"""What people decide, what becomes of the run, and what the record says of it."""

from uuid import UUID, uuid4

import pytest

from contracts.approval import Draft, Edit
from contracts.context import UserContext
from contracts.plan import Dimension, Plan
from contracts.run import ApprovalStatus, RunStatus
from kit.problems import BadRequest, Conflict, Forbidden, NotFound, PreconditionFailed
from tests.workflow.approvals.conftest import (
    CALM,
    Office,
    ask,
    asked,
    finished,
    request_of,
    statuses,
)
from workflow.bootstrap import Workflow
from workflow.drafts import tried
from workflow.store import approvals


@pytest.fixture
def asker(office: Office) -> UserContext:
    return office.person("asker", "store_manager", store_ids=(1,))


async def history(workflow: Workflow, approval_id: UUID) -> list[str]:
    async with workflow.parts.pool.connection() as connection:
        return [h.action.value for h in await approvals.history(connection, approval_id)]


async def test_an_everyday_question_does_not_wait(workflow: Workflow, asker: UserContext) -> None:
    answer = await ask(workflow, asker, CALM)
    assert answer.status is RunStatus.COMPLETED
    assert answer.approval is None


async def test_what_is_approved_runs_by_itself_and_is_kept(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    waiting = await ask(workflow, asker)
    assert waiting.status is RunStatus.NEEDS_APPROVAL
    assert waiting.approval is not None
    assert waiting.approval.may_decide == ("admin", "reviewer")
    approval_id = waiting.approval.approval_id
    item = await workflow.decisions.approve(office.person("one"), approval_id, "fine", 1)
    assert item.status is ApprovalStatus.APPROVED
    answer = await finished(workflow, approval_id, office.org_id)
    assert answer.status is RunStatus.COMPLETED
    assert answer.row_count == 200
    assert answer.sql == waiting.sql
    assert answer.approval is not None
    assert answer.approval.approved_by == ("one",)
    assert await statuses(workflow, answer.run_id) == ["waiting", "approved"]
    assert await statuses(workflow, answer.run_id, "db_execution") == ["ok"]
    assert await history(workflow, approval_id) == ["request", "approve"]
    assert office.faults() == []


async def test_nobody_approves_their_own_admins_included(
    office: Office, workflow: Workflow
) -> None:
    admin = office.person("admin", "admin")
    approval_id = await asked(workflow, admin)
    with pytest.raises(Forbidden) as refused:
        await workflow.decisions.approve(admin, approval_id, "", None)
    assert refused.value.kind == "own-request"
    assert await history(workflow, approval_id) == ["request", "refuse"]
    assert (await request_of(workflow, approval_id, office.org_id)).item.version == 1


async def test_the_second_decision_is_told_who_decided_and_when(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    approval_id = await asked(workflow, asker)
    await workflow.decisions.approve(office.person("one"), approval_id, "", None)
    with pytest.raises(Conflict, match=r"approved by one at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"):
        await workflow.decisions.reject(office.person("two"), approval_id, "no", 1)
    with pytest.raises(Conflict, match="approved by one"):
        await workflow.decisions.approve(office.person("one"), approval_id, "", None)
    await finished(workflow, approval_id, office.org_id)


async def test_a_rejection_ends_the_run_with_its_reason(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    approval_id = await asked(workflow, asker)
    await workflow.decisions.reject(office.person("one"), approval_id, "no need to know", None)
    answer = await finished(workflow, approval_id, office.org_id)
    assert answer.status is RunStatus.REFUSED
    assert answer.answer == "one did not let this through: no need to know"
    assert answer.rows == ()
    kept = "SELECT count(*) FROM evaluation_cases WHERE origin = 'rejected'"
    assert office.count(kept) == 1
    assert await statuses(workflow, answer.run_id) == ["waiting", "rejected"]
    assert office.faults() == []


async def test_the_asker_may_give_it_up_and_nobody_else(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    approval_id = await asked(workflow, asker)
    with pytest.raises(Forbidden):
        await workflow.decisions.cancel(office.person("one"), approval_id, None)
    await workflow.decisions.cancel(asker, approval_id, None)
    assert (await finished(workflow, approval_id, office.org_id)).status is RunStatus.CANCELLED


async def test_what_nobody_decides_expires(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    approval_id = await asked(workflow, asker)
    office.execute("UPDATE approval_requests SET expires_at = now()")
    answer = await finished(workflow, approval_id, office.org_id)  # the keeper looks every second
    assert answer.status is RunStatus.CANCELLED
    assert await history(workflow, approval_id) == ["request", "expire"]
    with pytest.raises(Conflict, match="expired"):
        await workflow.decisions.approve(office.person("one"), approval_id, "", None)


async def test_another_organisation_has_never_heard_of_it(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    approval_id = await asked(workflow, asker)
    stranger = office.person("stranger").model_copy(update={"org_id": uuid4()})
    for call in (
        workflow.decisions.approve(stranger, approval_id, "", None),
        workflow.decisions.claim(stranger, approval_id, None),
        workflow.decisions.comment(stranger, approval_id, "hello"),
    ):
        with pytest.raises(NotFound):
            await call
    colleague = office.person("colleague", "finance", store_ids=(1,))
    with pytest.raises(NotFound):
        await workflow.decisions.comment(colleague, approval_id, "hello")
    assert await history(workflow, approval_id) == ["request"]


async def test_a_claim_keeps_others_from_deciding_until_it_is_released(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    one, two = office.person("one"), office.person("two")
    approval_id = await asked(workflow, asker)
    claimed = await workflow.decisions.claim(one, approval_id, None)
    assert claimed.status is ApprovalStatus.CLAIMED
    with pytest.raises(Conflict, match="one has had this in hand"):
        await workflow.decisions.approve(two, approval_id, "", None)
    released = await workflow.decisions.release(one, approval_id, claimed.version)
    assert released.status is ApprovalStatus.PENDING
    with pytest.raises(PreconditionFailed):
        await workflow.decisions.approve(two, approval_id, "", claimed.version)
    await workflow.decisions.approve(two, approval_id, "", released.version)
    answer = await finished(workflow, approval_id, office.org_id)
    assert await statuses(workflow, answer.run_id) == ["waiting", "claimed", "released", "approved"]


async def test_an_edit_runs_instead_and_its_editor_cannot_approve_it(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    one, two = office.person("one"), office.person("two")
    approval_id = await asked(workflow, asker)
    before = (await request_of(workflow, approval_id, office.org_id)).item.binding
    plan = Plan(metrics=("rental_count",), dimensions=(Dimension(field="customer_country"),))
    item = await workflow.decisions.edit(one, approval_id, Edit(plan=plan, reason="wider"), 1)
    assert item.binding != before
    with pytest.raises(Forbidden) as refused:
        await workflow.decisions.approve(one, approval_id, "", None)
    assert refused.value.kind == "own-edit"
    await workflow.decisions.approve(two, approval_id, "", item.version)
    answer = await finished(workflow, approval_id, office.org_id)
    assert answer.columns[0].name == "customer_country"
    assert office.count("SELECT count(*) FROM evaluation_cases WHERE origin = 'edited'") == 1
    assert await statuses(workflow, answer.run_id) == ["waiting", "edited", "approved"]
    assert office.faults() == []


@pytest.mark.parametrize(
    "edit",
    [
        Edit(sql="DELETE FROM v_rental_scoped", reason="r"),
        Edit(sql="SELECT * FROM v_customer_masked", reason="r"),
        Edit(plan=Plan(metrics=("no_such_metric",)), reason="r"),
    ],
)
async def test_an_edit_that_the_guardrails_refuse_changes_nothing(
    office: Office, workflow: Workflow, asker: UserContext, edit: Edit
) -> None:
    approval_id = await asked(workflow, asker)
    before = (await request_of(workflow, approval_id, office.org_id)).item
    with pytest.raises(Forbidden) as refused:
        await workflow.decisions.edit(office.person("one"), approval_id, edit, None)
    assert refused.value.kind == "statement-refused"
    assert (await request_of(workflow, approval_id, office.org_id)).item == before
    assert await history(workflow, approval_id) == ["request", "refuse"]


async def test_a_draft_is_judged_by_the_guardrails_alone_and_leaves_no_trace(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    approval_id = await asked(workflow, asker)
    before = (await request_of(workflow, approval_id, office.org_id)).item
    one, parts = office.person("one"), workflow.parts
    plan = Plan(metrics=("rental_count",), dimensions=(Dimension(field="customer_country"),))
    good = await tried(one, approval_id, Draft(plan=plan), parts)
    assert good.verdict == "pass"
    assert [c.name for c in good.columns] == ["customer_country", "rental_count"]
    assert any(line.startswith("+") and "customer_country" in line for line in good.difference)
    assert "rental" in good.plan_in_words
    bad = await tried(one, approval_id, Draft(sql="SELECT *\nFROM pg_shadow"), parts)
    assert (bad.verdict, bad.sql) == ("block", "")
    assert any(f.severity == "block" for f in bad.findings)
    none = await tried(one, approval_id, Draft(plan=Plan(metrics=("no_such",))), parts)
    assert none.verdict == "block"
    assert (await request_of(workflow, approval_id, office.org_id)).item == before
    assert await history(workflow, approval_id) == ["request"]


async def test_who_may_not_edit_may_not_try_either(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    approval_id = await asked(workflow, asker)
    draft = Draft(sql="SELECT 1")
    with pytest.raises(Forbidden) as own:
        await tried(asker, approval_id, draft, workflow.parts)
    assert own.value.kind in ("own-request", "permission-missing")
    with pytest.raises(NotFound):
        await tried(office.person("passer-by", "finance"), approval_id, draft, workflow.parts)
    with pytest.raises(BadRequest):
        await tried(office.person("one"), approval_id, Draft(), workflow.parts)
    await workflow.decisions.reject(office.person("one"), approval_id, "no", None)
    with pytest.raises(Conflict):
        await tried(office.person("two"), approval_id, draft, workflow.parts)
