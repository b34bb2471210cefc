"""What each role would get, and what a proposed policy would have done: nothing is run for it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import psycopg
import pytest

from contracts.policy import Limits, Policy
from contracts.simulation import OtherFate, SimulatedRole, SimulateRequest
from tests.workflow.desk import Desk, open_desk
from workflow.policy_trial import other_fates
from workflow.simulate import simulate
from workflow.store import checked_runs

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
async def desk(app_url: str, warehouse_url: str, reader_secret: str) -> AsyncIterator[Desk]:
    async with open_desk(app_url, warehouse_url, reader_secret) as made:
        yield made


async def roles(desk: Desk, question: str, *stores: int) -> dict[str, SimulatedRole]:
    request = SimulateRequest(question=question, store_ids=stores)
    found = await simulate(request, desk.person("auditor_user"), desk.workflow.parts)
    return {one.role: one for one in found.roles}


def counts(desk: Desk) -> tuple[int, ...]:
    with psycopg.connect(desk.app_url) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM narrow_questions)"
        ).fetchone()
    assert row is not None
    return tuple(row)


def trial(desk: Desk, policy: Policy, since: datetime = LONG_AGO) -> list[OtherFate]:
    with psycopg.connect(desk.app_url) as connection:
        return list(other_fates(checked_runs.since(connection, since), policy))


async def test_each_role_that_asks_is_told_of(desk: Desk) -> None:
    found = await roles(desk, "Revenue by category")
    assert set(found) == {"admin", "store_manager", "finance", "marketing"}
    assert found["finance"].fate == "runs at once"
    assert found["finance"].row_scope == "all"
    assert found["finance"].risk is not None
    assert "v_payment_scoped" in str(found["finance"].sql)
    assert found["marketing"].fate == "no statement"
    assert found["marketing"].sql is None


async def test_the_scope_is_the_one_that_was_named(desk: Desk) -> None:
    found = await roles(desk, "Revenue by category", 2)
    assert found["finance"].row_scope == (2,)
    assert "store_id IN (2)" in str(found["finance"].sql)


async def test_what_would_wait_says_so(desk: Desk) -> None:
    found = await roles(desk, "rentals by customer")
    assert found["store_manager"].fate == "waits for one approver"
    assert found["store_manager"].findings


async def test_nothing_is_asked_recorded_or_counted_against_anybody(desk: Desk) -> None:
    before = counts(desk)
    await roles(desk, "rentals by customer")
    await roles(desk, "Revenue of store 1 by film")
    assert counts(desk) == before


async def test_the_policy_of_then_changes_nothing(desk: Desk) -> None:
    for question in ("Revenue by category", "rentals by customer", "delete all payments"):
        await desk.ask("manager_store1", question)
    assert trial(desk, Policy()) == []


async def test_a_stricter_policy_is_told_question_by_question(desk: Desk) -> None:
    run_id = (await desk.ask("manager_store1", "Revenue by category")).run_id
    await desk.ask("finance_user", "Revenue by category")
    strict = Limits(one_approver_from=0, two_approvers_from=0, never_from=101)
    (found,) = trial(desk, Policy(roles={"store_manager": strict}))
    assert (found.run_id, found.role) == (run_id, "store_manager")
    assert (found.then, found.now) == ("runs at once", "waits for two approvers")
    never = Limits(one_approver_from=0, two_approvers_from=0, never_from=0)
    assert {one.now for one in trial(desk, Policy(everyone=never))} == {"blocked"}
    assert trial(desk, Policy(everyone=never), datetime(2100, 1, 1, tzinfo=UTC)) == []


async def test_what_the_guardrails_hold_back_waits_under_any_policy(desk: Desk) -> None:
    await desk.ask("manager_store1", "rentals by customer")
    lax = Limits(one_approver_from=101, two_approvers_from=101, never_from=101)
    assert trial(desk, Policy(everyone=lax)) == []
