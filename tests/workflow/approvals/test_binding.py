"""What runs is what was approved: any difference makes the request stale, and it is asked again."""

from dataclasses import replace

import pytest

from contracts.approval import Edit, Remember
from contracts.context import UserContext
from contracts.governance import ChangeSearch
from contracts.plan import Dimension, Plan
from contracts.policy import ApproverRule, Limits, Policy, PolicyChange
from contracts.run import ApprovalStatus, RunStatus
from kit.problems import Conflict, Forbidden, NotFound
from tests.workflow.approvals.conftest import (
    CALM,
    Office,
    ask,
    asked,
    finished,
    policy_version,
    request_of,
    rested,
    run_of,
    statuses,
)
from workflow import bootstrap
from workflow.bootstrap import Workflow
from workflow.policy_changes import propose
from workflow.remembering import remember, retire
from workflow.store import approvals, changes


@pytest.fixture
def asker(office: Office) -> UserContext:
    return office.person("asker", "store_manager", store_ids=(1,))


async def change_policy(office: Office, workflow: Workflow, policy: Policy) -> None:
    """One admin proposes, another confirms."""
    now = await policy_version(workflow, office.org_id)
    change = PolicyChange(base_version=now, policy=policy, reason="a reason")
    async with workflow.parts.pool.connection() as connection, connection.transaction():
        item = await propose(connection, office.person("ann", "admin"), change, workflow.parts)
    await workflow.decisions.approve(office.person("bob", "admin"), item.approval_id, "", None)


async def test_a_policy_needs_a_second_admin(office: Office, workflow: Workflow) -> None:
    ann = office.person("ann", "admin")
    change = PolicyChange(
        base_version=0, policy=Policy(everyone=Limits(one_approver_from=1)), reason="a reason"
    )
    async with workflow.parts.pool.connection() as connection, connection.transaction():
        item = await propose(connection, ann, change, workflow.parts)
    with pytest.raises(Forbidden):
        await workflow.decisions.approve(ann, item.approval_id, "", None)
    with pytest.raises(Forbidden):
        await workflow.decisions.approve(office.person("one"), item.approval_id, "", None)
    assert await policy_version(workflow, office.org_id) == 0
    await workflow.decisions.approve(office.person("bob", "admin"), item.approval_id, "", None)
    assert await policy_version(workflow, office.org_id) == 1
    manager = office.person("asker", "store_manager", store_ids=(1,))
    assert (await ask(workflow, manager, CALM)).status is RunStatus.NEEDS_APPROVAL


async def test_of_two_proposals_the_second_starts_from_what_is_no_more(
    office: Office, workflow: Workflow
) -> None:
    ann, bob = office.person("ann", "admin"), office.person("bob", "admin")
    items = []
    for limit in (10, 20):
        policy = Policy(everyone=Limits(one_approver_from=limit))
        change = PolicyChange(base_version=0, policy=policy, reason="a reason")
        async with workflow.parts.pool.connection() as connection, connection.transaction():
            items.append(await propose(connection, ann, change, workflow.parts))
    await workflow.decisions.approve(bob, items[0].approval_id, "", None)
    with pytest.raises(Conflict, match="at version 1 by now"):
        await workflow.decisions.approve(bob, items[1].approval_id, "", None)
    assert await policy_version(workflow, office.org_id) == 1


async def test_a_changed_policy_makes_it_stale_and_it_is_asked_again(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    approval_id = await asked(workflow, asker)
    await change_policy(office, workflow, Policy(smallest_group=7))
    with pytest.raises(Conflict, match="the policy changed") as refused:
        await workflow.decisions.approve(office.person("one"), approval_id, "", None)
    assert refused.value.kind == "stale"
    stale = (await request_of(workflow, approval_id, office.org_id)).item
    assert stale.status is ApprovalStatus.STALE
    assert stale.stale_because == ("the policy",)
    run = await run_of(workflow, approval_id, office.org_id)
    assert run.status is RunStatus.NEEDS_APPROVAL
    async with workflow.parts.pool.connection() as connection:
        again = await approvals.last_of_run(connection, run.run_id)
    assert again is not None
    assert again.replaces == approval_id
    assert again.policy_version == 1
    await workflow.decisions.approve(office.person("one"), again.approval_id, "", None)
    answer = await finished(workflow, again.approval_id, office.org_id)
    assert answer.status is RunStatus.COMPLETED
    assert await statuses(workflow, run.run_id) == ["waiting", "stale", "waiting", "approved"]
    assert office.faults() == []


async def test_what_was_edited_is_not_its_editors_to_approve_when_it_is_asked_again(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    one, two = office.person("one"), office.person("two")
    approval_id = await asked(workflow, asker)
    plan = Plan(metrics=("rental_count",), dimensions=(Dimension(field="customer_country"),))
    await workflow.decisions.edit(one, approval_id, Edit(plan=plan, reason="wider"), None)
    await change_policy(office, workflow, Policy(smallest_group=7))
    with pytest.raises(Conflict):
        await workflow.decisions.approve(two, approval_id, "", None)
    run = await run_of(workflow, approval_id, office.org_id)
    async with workflow.parts.pool.connection() as connection:
        again = await approvals.last_of_run(connection, run.run_id)
    assert again is not None
    assert again.editors == (one.user_id,)
    with pytest.raises(Forbidden) as refused:
        await workflow.decisions.approve(one, again.approval_id, "", None)
    assert refused.value.kind == "own-edit"
    await workflow.decisions.approve(two, again.approval_id, "", None)
    answer = await finished(workflow, again.approval_id, office.org_id)
    assert answer.columns[0].name == "customer_country"


async def test_an_asker_who_has_lost_a_store_gets_nothing(
    office: Office, workflow: Workflow
) -> None:
    asker = office.person("asker", "store_manager", store_ids=(1, 2))
    office.execute(
        """
        INSERT INTO app_roles (org_id, role, permissions, allowed_views)
        VALUES (%(org)s, 'store_manager', '{ask}', %(views)s);
        """,
        org=office.org_id,
        views=list(asker.allowed_views),
    )
    office.execute(
        """
        INSERT INTO app_users (user_id, org_id, username, password_hash)
        VALUES (%(user)s, %(org)s, 'asker', '$argon2id$')
        """,
        user=asker.user_id,
        org=office.org_id,
    )
    office.execute(
        "INSERT INTO app_user_roles (user_id, org_id, role) VALUES (%(user)s, %(org)s, %(role)s)",
        user=asker.user_id,
        org=office.org_id,
        role="store_manager",
    )
    for store in (1, 2):
        office.execute(
            "INSERT INTO app_user_store_access VALUES (%(user)s, %(store)s)",
            user=asker.user_id,
            store=store,
        )
    approval_id = await asked(workflow, asker)
    office.execute("DELETE FROM app_user_store_access WHERE store_id = 2")
    with pytest.raises(Conflict, match="what the asker may see"):
        await workflow.decisions.approve(office.person("one"), approval_id, "", None)
    answer = await finished(workflow, approval_id, office.org_id)
    assert answer.status is RunStatus.BLOCKED
    assert answer.rows == ()


async def test_a_new_semantic_model_between_approval_and_execution_is_noticed(
    office: Office, asker: UserContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies after the approval; the one that takes the run over has another model."""
    async with office.running() as dying:
        approval_id = await asked(dying, asker)
        monkeypatch.setattr(dying.runner, "start", lambda *_: None)
        await dying.decisions.approve(office.person("one"), approval_id, "", None)
        run = await run_of(dying, approval_id, office.org_id)
        assert run.status is RunStatus.RUNNING
    load = bootstrap.load
    monkeypatch.setattr(bootstrap, "load", lambda path: replace(load(path), digest="another"))
    async with office.running() as later:
        await rested(later, approval_id, office.org_id)
        assert await statuses(later, run.run_id) == ["waiting", "approved", "stale", "waiting"]
        assert await statuses(later, run.run_id, "db_execution") == []


async def test_what_is_remembered_runs_without_waiting_while_it_fits(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    one = office.person("one")
    approval_id = await asked(workflow, asker)
    await workflow.decisions.approve(one, approval_id, "", None)
    await finished(workflow, approval_id, office.org_id)
    with pytest.raises(Forbidden):
        await remember(office.person("two"), approval_id, Remember(), workflow.parts)
    wish = Remember(patterns=("who rents how often?",))
    await remember(one, approval_id, wish, workflow.parts)
    for question in ("rentals by customer", "Who rents how often", "rentals by customer number"):
        answer = await ask(workflow, asker, question)
        assert answer.status is RunStatus.COMPLETED, question
        assert answer.explain is not None
        assert answer.explain.planner == "verified"
    other = office.person("other", "store_manager", store_ids=(2,))
    theirs = await ask(workflow, other, "who rents how often")
    assert theirs.status is RunStatus.COMPLETED
    assert "2" in (theirs.sql or "")  # in their own scope
    admin = office.person("admin", "admin")
    assert (await ask(workflow, admin)).status is RunStatus.NEEDS_APPROVAL  # not their role's
    await change_policy(office, workflow, Policy(smallest_group=7))
    assert (await ask(workflow, asker)).status is RunStatus.NEEDS_APPROVAL


async def test_what_was_agreed_is_on_record_and_cannot_be_altered_unseen(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    approval_id = await asked(workflow, asker)
    one = office.person("one")
    await workflow.decisions.approve(one, approval_id, "", None)
    await finished(workflow, approval_id, office.org_id)
    verified = await remember(one, approval_id, Remember(patterns=("who rents?",)), workflow.parts)
    await change_policy(office, workflow, Policy(smallest_group=7))
    await retire(one, verified.verified_id, workflow.parts)
    with pytest.raises(NotFound):
        await retire(one, verified.verified_id, workflow.parts)
    async with workflow.parts.pool.connection() as connection:
        found = await changes.page(connection, office.org_id, ChangeSearch())
    assert [(c.kind, c.action, c.actor_name) for c in found] == [
        ("verified_query", "revoked", "one"),
        ("policy", "put into force", "bob"),
        ("verified_query", "added", "one"),
    ]
    assert isinstance(found[1].before, dict) and isinstance(found[1].after, dict)
    assert (found[1].before["version"], found[1].after["proposed_by"]) == (0, "ann")
    assert office.faults() == []
    office.execute("UPDATE verified_queries SET roles = array_append(roles, 'marketing')")
    assert office.faults() == [
        f"verified query {verified.verified_id}: is not what change 3 made it"
    ]


async def test_nobody_approves_with_an_account_that_the_asker_has_in_hand(
    office: Office, workflow: Workflow
) -> None:
    ann = office.person("ann", "admin")
    made, other = office.person("made", "admin"), office.person("other", "admin")
    office.execute(
        "SELECT record_change(%(org)s, %(ann)s, 'ann', 'admin', 'user', %(made)s::text,"
        " 'password reset', NULL, NULL)",
        org=office.org_id,
        ann=ann.user_id,
        made=made.user_id,
    )
    change = PolicyChange(base_version=0, policy=Policy(smallest_group=7), reason="a reason")
    async with workflow.parts.pool.connection() as connection, connection.transaction():
        item = await propose(connection, ann, change, workflow.parts)
    with pytest.raises(Forbidden, match="ann changed your access"):
        await workflow.decisions.approve(made, item.approval_id, "", None)
    assert await policy_version(workflow, office.org_id) == 0
    await workflow.decisions.approve(other, item.approval_id, "", None)
    assert await policy_version(workflow, office.org_id) == 1


MAKE = """
SELECT record_change(%(org)s, %(by)s, 'ann', 'admin', 'user', %(made)s::text, %(what)s, NULL, NULL)
"""


@pytest.mark.parametrize(
    ("what", "made", "refused"),
    [
        ("added", ("asker",), {"ann": "You made the account of asker"}),
        ("changed", ("asker", "one"), {}),
        ("password reset", ("asker", "one"), {"ann": "You made", "one": "ann made your account"}),
        ("added", ("one", "two"), {}),
    ],
)
async def test_nobody_is_both_people_by_way_of_accounts_that_they_made(
    office: Office,
    workflow: Workflow,
    asker: UserContext,
    what: str,
    made: tuple[str, ...],
    refused: dict[str, str],
) -> None:
    people = {name: office.person(name) for name in ("one", "two")}
    people["ann"] = office.person("ann", "admin")
    for name in made:
        office.execute(
            MAKE,
            org=office.org_id,
            by=people["ann"].user_id,
            made=office.people[name],
            what=what,
        )
    approval_id = await asked(workflow, asker)
    for name, why in refused.items():
        with pytest.raises(Forbidden, match=why) as found:
            await workflow.decisions.approve(people[name], approval_id, "", None)
        assert found.value.kind == "made-by-asker"
    free = next(name for name in ("one", "ann", "two") if name not in refused)
    item = await workflow.decisions.approve(people[free], approval_id, "", None)
    assert item.status is ApprovalStatus.APPROVED
    await finished(workflow, approval_id, office.org_id)


async def test_nobody_lets_their_own_question_through_by_remembering_another_s(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    """An admin approves what a manager asks, remembers it for admins, and asks it themselves."""
    ann, bob = office.person("ann", "admin"), office.person("bob", "admin")
    office.execute(
        "INSERT INTO app_roles (org_id, role, permissions, allowed_views)"
        " VALUES (%(org)s, 'admin', '{ask,approve,admin}', %(views)s)",
        org=office.org_id,
        views=list(ann.allowed_views),
    )
    approval_id = await asked(workflow, asker)
    await workflow.decisions.approve(ann, approval_id, "", None)
    await finished(workflow, approval_id, office.org_id)
    await remember(ann, approval_id, Remember(roles=("admin",)), workflow.parts)
    assert (await ask(workflow, bob)).status is RunStatus.COMPLETED  # ann has consented
    assert (await ask(workflow, ann)).status is RunStatus.NEEDS_APPROVAL


async def test_nobody_remembers_for_a_role_they_may_not_decide_for(
    office: Office, workflow: Workflow, asker: UserContext
) -> None:
    rules = (ApproverRule(role="reviewer", asker_roles=("store_manager",), beyond_own_scope=True),)
    await change_policy(office, workflow, Policy(approvers=(Policy().approvers[0], *rules)))
    one = office.person("one")
    approval_id = await asked(workflow, asker)
    await workflow.decisions.approve(one, approval_id, "", None)
    await finished(workflow, approval_id, office.org_id)
    with pytest.raises(Forbidden, match="for the role admin"):
        await remember(one, approval_id, Remember(roles=("admin",)), workflow.parts)
    no_more = one.model_copy(update={"permissions": ("audit",)})
    with pytest.raises(Forbidden, match="approve permission"):
        await remember(no_more, approval_id, Remember(), workflow.parts)
    await remember(one, approval_id, Remember(), workflow.parts)
    assert (await ask(workflow, asker)).status is RunStatus.COMPLETED
