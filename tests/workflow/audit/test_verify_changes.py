"""Governing changes as a forger would alter them, and what they made as he would alter that."""

import psycopg
import pytest

from contracts.approval import Person
from contracts.governance import NewChange
from kit import governing_changes
from kit.canonical import text_digest
from kit.passwords import HASHER
from tests.workflow.audit.conftest import Record
from tests.workflow.audit.test_seals import seal_now

WHO = Person(user_id="0199d0f0-0000-7000-8000-000000000001", username="ann", role="admin")
ODD = 'quote " slash / \\ tab \t line \n bell \x07 del \x7f umlaut ü euro € emoji 🎈 </script>'
HASH = HASHER.hash("one")
USER = "0199d0f0-0000-7000-8000-00000000000a"


async def add(record: Record, **change: object) -> None:
    async with record.pool.connection() as connection, connection.transaction():
        await governing_changes.record(
            connection, record.org_id, WHO, NewChange.model_validate(change)
        )


@pytest.fixture
async def changed(record: Record) -> Record:
    """Three changes: one that is compared with nothing, a policy and a user, which stand."""
    body, policy = '{"everyone":{}}', text_digest('{"everyone":{}}')
    state = {"username": "bob", "is_active": True, "is_all_stores": False}
    with psycopg.connect(record.url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO risk_policies VALUES (%s, 1, %s, %s, %s, 'ann', 'eve')",
            (record.org_id, body, policy, record.runs[0]),
        )
        connection.execute(
            "INSERT INTO app_users (user_id, org_id, username, password_hash)"
            " VALUES (%s, %s, 'bob', %s)",
            (USER, record.org_id, HASH),
        )
        connection.execute(
            "INSERT INTO app_roles VALUES (%s, 'finance', '{}', '{}')", (record.org_id,)
        )
        connection.execute(
            "INSERT INTO app_user_roles VALUES (%s, %s, 'finance')", (USER, record.org_id)
        )
        connection.execute("INSERT INTO app_user_store_access VALUES (%s, 2), (%s, 1)", [USER] * 2)
    await add(
        record, kind="semantic_model", subject=ODD, action=ODD, before=ODD, after={ODD: [1, None]}
    )
    after = {
        "version": 1,
        "digest": policy,
        "policy": {"everyone": {}},
        "approval_id": str(record.runs[0]),
        "proposed_by": "ann",
        "confirmed_by": "eve",
    }
    await add(record, kind="policy", subject="1", action="put into force", after=after)
    scope = {"roles": ["finance"], "store_ids": [1, 2]}
    await add(record, kind="user", subject=USER, action="added", after={**state, **scope})
    return record


async def test_untouched_changes_are_unbroken(changed: Record) -> None:
    assert (changed.verify().changes, changed.faults()) == (3, [])


@pytest.mark.parametrize(
    ("statement", "place", "what"),
    [
        ("UPDATE governance_changes SET after = '1' WHERE seq = 1", 1, "its content was changed"),
        ("UPDATE governance_changes SET actor_name = 'x' WHERE seq = 2", 2, "its content"),
        ("UPDATE governance_changes SET at = at - interval '1 s' WHERE seq = 3", 3, "its content"),
        ("DELETE FROM governance_changes WHERE seq = 1", 1, "was removed"),
        ("DELETE FROM governance_changes WHERE seq = 2", 2, "was removed"),
        ("DELETE FROM governance_changes WHERE seq = 3", 3, "was removed"),
        ("DELETE FROM governance_changes", 1, "was removed"),
        ("UPDATE governance_heads SET seq = 4", 4, "was removed"),
        ("UPDATE governance_heads SET hash = 'x'", 3, "is not the end"),
        ("DELETE FROM governance_heads", 3, "is not the end"),
    ],
)
async def test_a_forged_change_is_found(
    changed: Record, statement: str, place: int, what: str
) -> None:
    changed.forge(statement)
    assert changed.faults()[0].startswith(
        f"change {place} of organisation {changed.org_id}: {what}"
    )


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE risk_policies SET body = '{}'", "policy 1: is not what change 2 made it"),
        ("UPDATE risk_policies SET confirmed_by = 'bob'", "policy 1: is not what change 2"),
        ("UPDATE risk_policies SET digest = 'x'", "policy 1: is not what change 2 made it"),
        ("DELETE FROM risk_policies", "policy 1: was removed; change 2 says otherwise"),
        (
            "INSERT INTO risk_policies SELECT org_id, 2, body, digest, approval_id, 'bob', 'bob'"
            " FROM risk_policies",
            "policy 2: stands, but no change on record made it",
        ),
        ("UPDATE app_users SET is_all_stores = true", f"user {USER}: is not what change 3"),
        ("UPDATE app_user_store_access SET store_id = 7 WHERE store_id = 1", f"user {USER}: is"),
        ("DELETE FROM app_user_roles", f"user {USER}: is not what change 3 made it"),
        ("DELETE FROM app_users", f"user {USER}: was removed; change 3 says otherwise"),
    ],
)
async def test_what_was_altered_by_hand_is_found(
    changed: Record, statement: str, fault: str
) -> None:
    changed.forge(statement)
    (found,) = changed.faults()
    assert found.startswith(fault)


async def test_a_tail_that_was_sealed_is_missed_though_the_head_was_made_to_fit(
    changed: Record,
) -> None:
    assert await seal_now(changed) == [6]
    assert changed.faults() == []
    changed.forge("DELETE FROM governance_changes WHERE seq = 3")
    changed.forge("UPDATE governance_heads h SET seq = 2, hash = c.hash"
        " FROM governance_changes c WHERE c.seq = 2")  # fmt: skip
    changed.forge("DELETE FROM app_users")
    (fault,) = changed.faults()
    assert fault == (
        f"change 3 of organisation {changed.org_id}: was removed after checkpoint 1 had sealed it"
    )


async def test_a_change_taken_off_the_list_before_it_is_sealed_is_found(changed: Record) -> None:
    changed.forge("DELETE FROM unsealed_entries WHERE kind = 'change'")
    assert len(changed.faults()) == 3
    assert all("is neither sealed nor waiting to be" in fault for fault in changed.faults())


@pytest.mark.parametrize("login", ["countersign_gateway", "countersign_workflow"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE governance_changes SET after = '1'",
        "DELETE FROM governance_changes",
        "TRUNCATE governance_changes",
        "UPDATE governance_heads SET seq = 0",
        "INSERT INTO governance_changes SELECT * FROM governance_changes",
    ],
)
async def test_a_service_adds_to_the_changes_and_does_no_more(
    changed: Record, login: str, statement: str
) -> None:
    with psycopg.connect(changed.url, autocommit=True) as connection:
        connection.execute(f"SET ROLE {login}")
        connection.execute(
            "SELECT record_change(%s, NULL, 'a', 'b', 'user', 'c', 'd', NULL, '1')",
            (changed.org_id,),
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
    with (
        psycopg.connect(changed.url) as owner,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        owner.execute("DELETE FROM governance_changes")


async def test_what_could_not_be_compared_later_is_refused(changed: Record) -> None:
    with pytest.raises(psycopg.errors.UntranslatableCharacter):
        await add(changed, kind="semantic_model", subject="1", action="added", after="\x00")
    assert (changed.verify().changes, changed.faults()) == (3, [])
