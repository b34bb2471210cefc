"""A recorded run, asked again: what is the same, what changed, and what is not shown any more."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from contracts.evidence import Replay
from tests.workflow.desk import SECRET, Desk, open_desk
from workflow.audit.receipt_check import check_receipt, read_receipt
from workflow.receipt_body import Broken
from workflow.receipts import receipt_of
from workflow.replay import NothingToReplay, Recorded, read, replay
from workflow.semantic.load import load
from workflow.semantic.roles import RoleModels

MODEL = Path("seeds/pagila/model.yaml")
QUESTION = "Revenue by category"
OF_STORE = """
SELECT p.payment_id FROM payment p JOIN rental r USING (rental_id)
JOIN inventory i USING (inventory_id) WHERE i.store_id = %s ORDER BY p.payment_id LIMIT 1
"""


@pytest.fixture
async def desk(app_url: str, own_warehouse_url: str, reader_secret: str) -> AsyncIterator[Desk]:
    async with open_desk(app_url, own_warehouse_url, reader_secret) as made:
        yield made


async def recorded(desk: Desk, run_id: UUID) -> Recorded:
    async with desk.workflow.parts.pool.connection() as connection:
        found = await read(connection, run_id)
    assert found is not None
    return found


async def again(desk: Desk, run_id: UUID, models: RoleModels | None = None) -> Replay:
    parts = desk.workflow.parts
    return await replay(await recorded(desk, run_id), models or parts.models, parts.warehouse)


def changed_model(tmp_path: Path, old: str, new: str) -> RoleModels:
    text = MODEL.read_text()
    assert old in text
    path = tmp_path / "model.yaml"
    path.write_text(text.replace(old, new))
    return RoleModels(load(path))


async def test_nothing_changed_is_identical(desk: Desk) -> None:
    run_id = (await desk.ask("manager_store1", QUESTION)).run_id
    found = await again(desk, run_id)
    assert (found.outcome, found.rows, found.difference) == ("identical", None, ())
    assert found.software_then == (found.software_now,)


async def test_changed_figures_are_counted(desk: Desk) -> None:
    answer = await desk.ask("manager_store1", QUESTION)
    with psycopg.connect(desk.warehouse_url) as connection:
        row = connection.execute(OF_STORE, (1,)).fetchone()
    assert row is not None
    desk.change_warehouse("UPDATE payment SET amount = amount + 1 WHERE payment_id = %s", row[0])
    found = await again(desk, answer.run_id)
    assert found.outcome == "data changed"
    assert found.rows is not None
    assert (found.rows.added, found.rows.removed, found.rows.changed) == (0, 0, 1)
    assert found.rows.recorded == found.rows.now == answer.row_count


async def test_a_group_that_went_is_a_row_removed(desk: Desk) -> None:
    answer = await desk.ask("manager_store1", QUESTION)
    gone = str(answer.rows[0][0])
    desk.change_warehouse("UPDATE category SET name = 'Quite another' WHERE name = %s", gone)
    found = await again(desk, answer.run_id)
    assert found.rows is not None
    assert (found.rows.added, found.rows.removed, found.rows.changed) == (1, 1, 0)


async def test_data_outside_the_scope_change_nothing(desk: Desk) -> None:
    run_id = (await desk.ask("manager_store1", QUESTION)).run_id
    with psycopg.connect(desk.warehouse_url) as connection:
        row = connection.execute(OF_STORE, (2,)).fetchone()
    assert row is not None
    desk.change_warehouse("UPDATE payment SET amount = amount + 1 WHERE payment_id = %s", row[0])
    assert (await again(desk, run_id)).outcome == "identical"


async def test_a_changed_definition_is_shown_by_its_statement(desk: Desk, tmp_path: Path) -> None:
    run_id = (await desk.ask("manager_store1", QUESTION)).run_id
    models = changed_model(tmp_path, "SUM(payments.amount)", "SUM(payments.amount * 2)")
    found = await again(desk, run_id, models)
    assert found.outcome == "definition changed"
    assert any(line.startswith("+") and "amount * 2" in line for line in found.difference)
    assert found.model_now == models.whole.digest


async def test_another_version_that_means_the_same_is_identical(desk: Desk, tmp_path: Path) -> None:
    run_id = (await desk.ask("manager_store1", QUESTION)).run_id
    models = RoleModels(replace(desk.workflow.parts.models.whole, digest="f" * 64))
    assert (await again(desk, run_id, models)).outcome == "identical"


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        ("UPDATE app_users SET is_active = false WHERE username = 'manager_multi'", "log in"),
        (
            "DELETE FROM app_user_roles USING app_users u WHERE u.username = 'manager_multi'"
            " AND app_user_roles.user_id = u.user_id",
            "has lost the role",
        ),
        (
            "DELETE FROM app_user_store_access s USING app_users u WHERE store_id = 2"
            " AND u.username = 'manager_multi' AND s.user_id = u.user_id",
            "does not see these stores any more: 2",
        ),
        (
            "UPDATE app_roles SET allowed_views = '{v_rental_scoped}' WHERE role = 'store_manager'",
            "does not read these views any more: v_payment_scoped",
        ),
        (
            "UPDATE app_roles SET permissions = '{}' WHERE role = 'store_manager'",
            "does not ask questions any more",
        ),
    ],
)
async def test_what_the_asker_may_not_see_any_more_is_not_replayed(
    desk: Desk, statement: str, detail: str
) -> None:
    run_id = (await desk.ask("manager_multi", QUESTION)).run_id
    desk.change_app(statement)
    found = await again(desk, run_id)
    assert found.outcome == "not allowed any more"
    assert detail in found.detail
    assert found.rows is None


async def test_more_than_the_asker_had_is_not_used(desk: Desk) -> None:
    run_id = (await desk.ask("manager_store1", QUESTION)).run_id
    desk.change_app("UPDATE app_users SET is_all_stores = true WHERE username = 'manager_store1'")
    assert (await again(desk, run_id)).outcome == "identical"


async def test_a_run_without_a_statement_has_nothing_to_replay(desk: Desk) -> None:
    run_id = (await desk.ask("manager_store1", "delete all payments")).run_id
    with pytest.raises(NothingToReplay):
        await again(desk, run_id)


async def test_nothing_is_compared_with_a_record_that_does_not_hold(desk: Desk) -> None:
    run_id = (await desk.ask("manager_store1", QUESTION)).run_id
    desk.change_app(
        "UPDATE query_audit_events SET detail = (detail::text || ' ')::json WHERE seq = 3"
    )
    with pytest.raises(Broken, match="event 3"):
        await again(desk, run_id)


async def test_another_organisation_s_run_is_not_there(desk: Desk) -> None:
    run_id = (await desk.ask("manager_store1", QUESTION)).run_id
    async with desk.workflow.parts.pool.connection() as connection:
        assert await read(connection, run_id, org_id=UUID(int=7)) is None


async def test_an_investigation_is_replayed_statement_by_statement(
    desk: Desk, tmp_path: Path
) -> None:
    run_id = (await desk.ask("manager_store1", "Why did revenue fall in July 2022?")).run_id
    found = await again(desk, run_id)
    steps = [one.step for one in found.statements]
    assert steps[0] == "change"
    assert len(steps) > 2
    assert all(step.startswith("by ") for step in steps[1:])
    assert found.outcome == "identical"
    assert found.detail == f"All {len(steps)} statements give the same results."
    assert all(one.digest_then == one.digest_now for one in found.statements)

    gone = "UPDATE category SET name = 'Quite another' WHERE name = 'Family'"
    desk.change_warehouse(gone)
    found = await again(desk, run_id)
    changed = {one.step: one.rows for one in found.statements if one.outcome == "data changed"}
    (step,) = [step for step in changed if "category" in step]
    rows = changed[step]
    assert rows is not None
    assert (rows.added, rows.removed) == (1, 1)
    assert found.statements[0].outcome == "identical"
    assert (found.outcome, found.rows) == ("data changed", rows)
    assert f"{len(steps) - len(changed)} of {len(steps)} statements are identical." in found.detail

    models = changed_model(tmp_path, "SUM(payments.amount)", "SUM(payments.amount * 2)")
    found = await again(desk, run_id, models)
    assert {one.outcome for one in found.statements} == {"definition changed"}
    assert all(one.sql_now and one.sql_now != one.sql_then for one in found.statements)


async def test_a_receipt_of_an_investigation_names_each_statement(desk: Desk) -> None:
    answer = await desk.ask("manager_store1", "Why did revenue fall in July 2022?")
    async with desk.workflow.parts.pool.connection() as connection:
        receipt = await receipt_of(connection, answer.run_id, secret=SECRET)
    assert receipt is not None
    steps = receipt.receipt.steps
    assert [step.sql for step in steps] == [step.sql for step in answer.steps]
    assert [step.result.row_count for step in steps] == [len(step.rows) for step in answer.steps]
    keys = {receipt.signature.key_id: await _public_key(desk)}
    check_receipt(read_receipt(receipt.model_dump_json().encode()), keys)


async def _public_key(desk: Desk) -> bytes:
    async with desk.workflow.parts.pool.connection() as connection:
        cursor = await connection.execute("SELECT public_key FROM signing_keys")
        row = await cursor.fetchone()
    assert row is not None
    return bytes(row[0])
