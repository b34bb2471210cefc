"""Seeding the demo's people, again and again."""

import psycopg
import pytest

from kit.passwords import HASHER
from seeds import identity

ROWS = """
    SELECT u.username, u.password_hash, u.is_all_stores,
        ARRAY(SELECT role FROM app_user_roles AS r WHERE r.user_id = u.user_id ORDER BY role),
        ARRAY(SELECT store_id FROM app_user_store_access AS s WHERE s.user_id = u.user_id
              ORDER BY store_id)
    FROM app_users AS u ORDER BY u.username
"""


def test_a_second_seed_changes_nothing_and_hashes_nothing(
    app_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity.seed_identity(app_url)
    with psycopg.connect(app_url) as connection:
        first = connection.execute(ROWS).fetchall()

    class NoHasher:
        def hash(self, _: str) -> str:
            raise AssertionError("a second start must not hash")

    monkeypatch.setattr(identity, "HASHER", NoHasher())
    identity.seed_identity(app_url)
    with psycopg.connect(app_url) as connection:
        assert connection.execute(ROWS).fetchall() == first
    assert len(first) == 9
    hashes = {row[0]: row[1] for row in first}
    assert HASHER.verify(hashes["manager_store1"], "manager123")
    assert hashes["manager_store1"] != hashes["manager_multi"]  # salted


def test_what_was_changed_of_a_person_stays_and_role_policy_is_brought_up_to_date(
    app_url: str,
) -> None:
    identity.seed_identity(app_url)
    with psycopg.connect(app_url) as connection:
        connection.execute("UPDATE app_users SET is_active = false WHERE username = 'admin_user'")
        connection.execute("UPDATE app_roles SET permissions = '{}' WHERE role = 'admin'")
    identity.seed_identity(app_url)
    with psycopg.connect(app_url) as connection:
        active = connection.execute(
            "SELECT is_active FROM app_users WHERE username = 'admin_user'"
        ).fetchone()
        permissions = connection.execute(
            "SELECT permissions FROM app_roles WHERE role = 'admin'"
        ).fetchone()
    assert active == (False,)
    assert permissions == (["ask", "approve", "admin"],)


def test_role_policy_is_what_was_agreed(app_url: str) -> None:
    identity.seed_identity(app_url)
    with psycopg.connect(app_url) as connection:
        rows = connection.execute(
            "SELECT role, permissions, allowed_views FROM app_roles"
        ).fetchall()
    payments, rentals, customers = "v_payment_scoped", "v_rental_scoped", "v_customer_masked"
    assert {role: (may, views) for role, may, views in rows} == {
        "admin": (["ask", "approve", "admin"], [payments, rentals, customers]),
        "store_manager": (["ask"], [payments, rentals]),
        "marketing": (["ask"], [customers]),
        "finance": (["ask"], [payments]),
        "reviewer": (["approve"], []),
        "auditor": (["audit"], []),
    }
