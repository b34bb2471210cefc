"""What a person may not see has no influence on what they are shown.

Two worlds that differ only in rows outside a person's scope: everything the person gets is the
same, byte for byte, but for ids, times and durations. The one exception, the figures that rest on
the database's own statistics, is for reviewers and the record; it is tested for being no more
than that.
"""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from contracts.run import Answer
from tests.workflow.desk import Desk, open_desk
from workflow.approve.risk import STATISTICS
from workflow.audit.journal import public_event
from workflow.plan.suggestions import suggestions
from workflow.receipts import receipt_of
from workflow.store import audit_events

QUESTIONS = {
    "manager_store1": [
        "What is total revenue for my store 1?",
        "Revenue by category",
        "top 5 films by revenue",
        "Revenue by month",
        "monthly revenue compared with the month before",
        "How many rentals were there last month?",
        "Revenue for store 2",  # refused: outside the scope
        "Revenue of film ZEBRA UNSEEN",  # a film that only the other store has
        "revenue of Zzyzx",
        "How is revenue defined?",
        "rentals by customer",  # waits
        "delete all payments",
        "revenue",
    ],
    "marketing_user": ["How many customers are there?", "What is total revenue?"],
    "finance_user": ["Revenue by staff", "revenue per film category this month"],
}
# Rows of store 2 alone: other amounts and days, a film that only it has, a customer who only
# rented there, and payments a hundred times as many.
OTHER_STORE = """
WITH film AS (
    INSERT INTO film (title, description, release_year, language_id, rental_duration, rental_rate,
        length, replacement_cost, rating, last_update)
    SELECT 'ZEBRA UNSEEN', 'x', 2006, language_id, 3, 4.99, 90, 20, 'PG', '2022-01-01'
    FROM language ORDER BY language_id LIMIT 1 RETURNING film_id),
categorised AS (
    INSERT INTO film_category (film_id, category_id, last_update)
    SELECT film_id, 1, '2022-01-01' FROM film RETURNING film_id),
copy AS (
    INSERT INTO inventory (film_id, store_id, last_update)
    SELECT film_id, 2, '2022-01-01' FROM categorised RETURNING inventory_id),
rented AS (
    INSERT INTO rental (rental_date, inventory_id, customer_id, return_date, staff_id, last_update)
    SELECT '2022-07-01'::timestamptz + n * interval '1 second', inventory_id, c.customer_id,
        NULL, s.staff_id, '2022-07-01'
    FROM copy, generate_series(1, 3000) AS n,
        (SELECT customer_id FROM customer WHERE store_id = 2 ORDER BY 1 LIMIT 1) AS c,
        (SELECT staff_id FROM staff WHERE store_id = 2 ORDER BY 1 LIMIT 1) AS s
    RETURNING rental_id, customer_id, staff_id, rental_date)
INSERT INTO payment (customer_id, staff_id, rental_id, amount, payment_date)
SELECT customer_id, staff_id, rental_id, 123.45, rental_date FROM rented
"""
OTHER_DOCUMENT = """
INSERT INTO rag_documents (org_id, document_key, position, title, body, kind, roles, content_hash)
SELECT org_id, 'secret', 0, 'Revenue by category and film', 'Revenue of store 2, by month: much.',
    'metric_glossary', '{admin}', 'x' FROM organisations WHERE name = 'Demo'
"""
NOT_COMPARED = re.compile(
    r'"(run_id|approval_id|conversation_id|hash|prev_hash|head|log_hash|at|asked_at|ended_at|requested_at|expires_at|duration_ms|'
    r'answer_digest|key_id|value)":\s*("[^"]*"|[0-9.]+)'
)


def comparable(value: str) -> str:
    """Without ids, times and durations, and the digests over those."""
    data = json.loads(value)
    if isinstance(data, dict):
        data.pop("timings", None)
    return NOT_COMPARED.sub(r'"\1":null', json.dumps(data))


@pytest.fixture
async def desk(app_url: str, own_warehouse_url: str, reader_secret: str) -> AsyncIterator[Desk]:
    async with open_desk(app_url, own_warehouse_url, reader_secret) as made:
        yield made


async def everything_shown(desk: Desk, username: str) -> dict[str, str]:
    """All that the person gets: answers with their charts, sources, risk and errors; the events
    of their runs; receipts; suggestions."""
    shown: dict[str, str] = {}
    context = desk.person(username)
    parts = desk.workflow.parts
    model = parts.models.part(context)
    for question in QUESTIONS[username]:
        answer = await desk.ask(username, question)
        shown[question] = comparable(answer.model_dump_json())
        async with parts.pool.connection() as connection:
            events = await audit_events.of_run(connection, answer.run_id)
            if events[-1].stage == "completed":
                receipt = await receipt_of(connection, answer.run_id, secret="k" * 40)
                assert receipt is not None
                shown[f"receipt: {question}"] = comparable(receipt.receipt.model_dump_json())
        told = [public_event(event).model_dump_json() for event in events]
        shown[f"events: {question}"] = comparable("[" + ",".join(told) + "]")
    profile = await parts.profiles.get(model, context)
    shown["values"] = repr(sorted(profile.values.items()))
    shown["newest"] = repr(sorted(profile.newest.items()))
    offered = suggestions(model, context, profile, full_model=parts.models.whole)
    shown["suggestions"] = repr(offered)
    shown["catalog"] = parts.models.catalog(context).model_dump_json()
    return shown


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What is another, from a little before the place on."""
    found = []
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name, ""), after.get(name, "")
        if one != other:
            pairs = enumerate(zip(one, other, strict=False))
            at = next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
            start = max(0, at - 80)
            found.append(f"{name}: {one[start : at + 80]!r} / {other[start : at + 80]!r}")
    return found


def forget(desk: Desk) -> None:
    """What is kept for a while is read anew: estimates, profiles, counts."""
    desk.workflow.parts.forget_data()


def analysed(desk: Desk) -> None:
    with psycopg.connect(desk.warehouse_url, autocommit=True) as connection:
        connection.execute("ANALYZE")


@pytest.mark.parametrize("username", ["manager_store1", "finance_user"])
async def test_rows_of_another_store_change_nothing(desk: Desk, username: str) -> None:
    before = await everything_shown(desk, username)
    desk.change_warehouse(OTHER_STORE)
    desk.change_warehouse(
        "UPDATE payment p SET amount = amount + 7, payment_date = '2022-07-31 23:59' FROM rental r"
        " JOIN inventory i USING (inventory_id) WHERE p.rental_id = r.rental_id AND store_id = 2"
    )
    analysed(desk)
    forget(desk)
    assert differences(before, await everything_shown(desk, username)) == []


async def test_payments_change_nothing_for_who_sees_none(desk: Desk) -> None:
    before = await everything_shown(desk, "marketing_user")
    desk.change_warehouse(OTHER_STORE)
    desk.change_warehouse("UPDATE payment SET amount = amount + 5")
    analysed(desk)
    forget(desk)
    assert differences(before, await everything_shown(desk, "marketing_user")) == []


async def test_what_is_behind_a_mask_changes_nothing(desk: Desk) -> None:
    before = await everything_shown(desk, "marketing_user")
    desk.change_warehouse(
        "UPDATE customer SET first_name = first_name || 'X', last_name = 'Y' || last_name,"
        " email = 'z' || email"
    )
    forget(desk)
    assert differences(before, await everything_shown(desk, "marketing_user")) == []


async def test_documents_of_other_roles_change_nothing(desk: Desk) -> None:
    before = await everything_shown(desk, "manager_store1")
    desk.change_app(OTHER_DOCUMENT)
    forget(desk)
    assert differences(before, await everything_shown(desk, "manager_store1")) == []


async def test_other_people_and_their_runs_change_nothing(desk: Desk) -> None:
    before = await everything_shown(desk, "manager_store1")
    desk.change_app("UPDATE app_users SET is_active = false WHERE username = 'finance_user'")
    desk.change_app(
        "UPDATE app_roles SET allowed_views = '{v_payment_scoped}' WHERE role = 'admin'"
    )
    for question in QUESTIONS["manager_store1"][:3]:
        await desk.ask("admin_user", question)
    forget(desk)
    assert differences(before, await everything_shown(desk, "manager_store1")) == []


async def test_the_test_sees_what_a_person_may_see(desk: Desk) -> None:
    """The same comparison, for rows inside the scope: were it blind, it would prove nothing."""
    before = await everything_shown(desk, "manager_store1")
    desk.change_warehouse(
        "UPDATE payment p SET amount = amount + 7 FROM rental r JOIN inventory i"
        " USING (inventory_id) WHERE p.rental_id = r.rental_id AND store_id = 1"
    )
    forget(desk)
    after = await everything_shown(desk, "manager_store1")
    assert after["Revenue by category"] != before["Revenue by category"]
    assert after["receipt: Revenue by category"] != before["receipt: Revenue by category"]


async def test_the_database_s_estimates_are_on_record_and_not_shown(desk: Desk) -> None:
    """The one exception, and where it ends."""
    desk.change_warehouse(OTHER_STORE)
    analysed(desk)
    answer = await desk.ask("admin_user", "Revenue by month")
    async with desk.workflow.parts.pool.connection() as connection:
        events = await audit_events.of_run(connection, answer.run_id)
    (validation,) = [event for event in events if event.stage == "validation"]
    recorded = {f["name"] for f in json.loads(validation.detail)["value"]["risk"]["factors"]}
    assert recorded & STATISTICS
    assert not factors_of(answer) & STATISTICS


def factors_of(answer: Answer) -> set[str]:
    risk: Any = answer.security.risk
    return {factor.name for factor in risk.factors}
