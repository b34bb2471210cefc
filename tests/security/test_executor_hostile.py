"""Hostile statements, handed straight to the executor, past the guardrails.

As every role and with several scopes: whatever comes back holds nothing from outside the scope,
and nothing anywhere has changed. Rows that must stay hidden carry marks that occur nowhere else,
so a leak shows wherever it turns up.
"""

import asyncio
import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from contracts.context import UserContext
from kit import embedded_postgres
from kit.reader_login import PREFIX, reader_login
from tests.security.hostile_statements import (
    CITY_OF_STORE,
    MARK_OF_STORE,
    SECRETS,
    STATEMENTS,
    V,
)
from workflow.execute.errors import ExecutionError
from workflow.execute.warehouse import Warehouse

ContextOf = Callable[..., UserContext]
SCOPES: tuple[tuple[int, ...] | None, ...] = ((1,), (2,), (), None)


@pytest.fixture(scope="module")
def marked_url(
    cluster: embedded_postgres.Cluster,
    warehouse_template: str,
    views_by_role: Mapping[str, tuple[str, ...]],
    reader_secret: str,
) -> Iterator[str]:
    """A warehouse in which every row says whose it is."""
    from migrations.warehouse.readers import grant_readers

    with psycopg.connect(cluster.url("postgres"), autocommit=True) as operator:
        operator.execute(f'CREATE DATABASE "hostile" TEMPLATE "{warehouse_template}"')
        url = cluster.url("hostile")
        grant_readers(url, views_by_role, reader_secret)
        with psycopg.connect(url) as owner:
            for store, mark in MARK_OF_STORE.items():
                owner.execute(
                    "UPDATE payment SET amount = %s FROM rental JOIN inventory USING (inventory_id)"
                    " WHERE rental.rental_id = payment.rental_id AND store_id = %s",
                    [mark, store],
                )
                owner.execute(
                    "INSERT INTO city (city_id, city, country_id) VALUES (%s, %s, 1)",
                    [9000 + store, CITY_OF_STORE[store]],
                )
                owner.execute(
                    "UPDATE address SET city_id = %s FROM customer WHERE store_id = %s"
                    " AND customer.address_id = address.address_id",
                    [9000 + store, store],
                )
            # a customer rents from a store of their own only, so that a city is a store's
            owner.execute(
                "DELETE FROM payment USING customer WHERE customer.customer_id ="
                " payment.customer_id AND (SELECT store_id FROM rental JOIN inventory"
                " USING (inventory_id) WHERE rental.rental_id = payment.rental_id)"
                " <> customer.store_id"
            )
            owner.execute(
                "DELETE FROM rental USING customer, inventory WHERE customer.customer_id ="
                " rental.customer_id AND inventory.inventory_id = rental.inventory_id"
                " AND customer.store_id <> inventory.store_id"
            )
            owner.execute(
                "UPDATE customer SET first_name = 'Q' || 'Secretname', last_name = 'Secretname',"
                " email = 'secretmail@x.example'"
            )
            owner.execute("UPDATE address SET address = 'Secretstreet', phone = '5559990000'")
            owner.execute("UPDATE staff SET password = 'Secretpassword'")
            owner.execute("ANALYZE")
        yield url
        operator.execute('DROP DATABASE "hostile" WITH (FORCE)')


@pytest.fixture
def marked(
    marked_url: str,
    reader_secret: str,
    views_by_role: Mapping[str, tuple[str, ...]],
    runner: asyncio.Runner,
) -> Iterator[Warehouse]:
    warehouse = Warehouse(
        marked_url,
        reader_secret=reader_secret,
        statement_timeout=3.0,
        pool_size=1,
    )
    yield warehouse
    runner.run(warehouse.close())


def fingerprint(url: str) -> dict[str, str]:
    """Everything a statement might have changed, as the owner sees it."""
    queries = {
        "roles": "SELECT * FROM pg_authid ORDER BY oid",
        "members": "SELECT * FROM pg_auth_members ORDER BY oid",
        "role settings": "SELECT * FROM pg_db_role_setting ORDER BY setrole",
        "settings": "SELECT name, setting, reset_val FROM pg_settings ORDER BY name",
        "relations": "SELECT oid, relname, relkind, relacl FROM pg_class ORDER BY oid",
        "functions": "SELECT oid, proname, proacl FROM pg_proc ORDER BY oid",
        "schemas": "SELECT oid, nspname, nspacl FROM pg_namespace ORDER BY oid",
        "databases": "SELECT oid, datname, datacl FROM pg_database ORDER BY oid",
        "large objects": "SELECT * FROM pg_largeobject_metadata",
        "slots": "SELECT slot_name FROM pg_replication_slots",
        "prepared": "SELECT * FROM pg_prepared_xacts",
        "advisory locks": "SELECT * FROM pg_locks WHERE locktype = 'advisory'",
        "sequences": "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2",
    }
    with psycopg.connect(url) as owner:
        for (table,) in owner.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p', 'v')"
            " AND relnamespace::regnamespace::text IN ('public', 'countersign')"
        ).fetchall():
            queries[table] = f"SELECT * FROM {table} AS t ORDER BY t::text"
        return {
            name: hashlib.sha256(
                repr(owner.execute(query.encode()).fetchall()).encode()
            ).hexdigest()
            for name, query in queries.items()
        } | {"file": str(Path("/tmp/countersign-hostile").exists())}


def hidden_from(scope: tuple[int, ...] | None) -> tuple[str, ...]:
    """Marks that must not turn up."""
    stores = {1, 2} - set((1, 2) if scope is None else scope)
    return (
        *SECRETS,
        *(MARK_OF_STORE[store] for store in stores),
        *(CITY_OF_STORE[store] for store in stores),
    )


ROLES = ("admin", "store_manager", "marketing", "finance", "reviewer", "auditor")


@pytest.mark.parametrize("role", ROLES)
def test_no_statement_leaves_its_scope_or_a_trace(
    marked: Warehouse, marked_url: str, context_of: ContextOf, runner: asyncio.Runner, role: str
) -> None:
    before = fingerprint(marked_url)

    async def attack(statement: str, scope: tuple[int, ...] | None) -> None:
        context = context_of(role, scope)
        try:
            estimate = await marked.explain(statement, context)
            assert set(type(estimate).__slots__) == {"rows", "cost"}
        except ExecutionError as error:
            assert not any(mark in error.message for mark in hidden_from(()))
        try:
            result = await marked.run(statement, context)
        except ExecutionError as error:
            assert not any(mark in error.message for mark in hidden_from(())), statement
        else:
            seen = repr(result)
            for mark in hidden_from(scope):
                assert mark not in seen, (statement, scope)
        if role in ("admin", "store_manager", "finance"):  # and the session is as it was
            total = await marked.run(f"SELECT DISTINCT amount::text FROM {V} ORDER BY 1", context)
            stores = sorted({1, 2} & set((1, 2) if scope is None else scope))
            assert total.rows == tuple((MARK_OF_STORE[store],) for store in stores), statement

    for scope in SCOPES:
        for statement in STATEMENTS:
            runner.run(attack(statement, scope))
    after = fingerprint(marked_url)
    assert {name for name in before if before[name] != after[name]} == set()


@pytest.mark.parametrize(
    "statement",
    [s for s in STATEMENTS if not (s.startswith("SELECT") and "analytics" in s)]
    + [s for s in STATEMENTS if "set_config" in s or "pg_get_viewdef" in s],
)
def test_only_harmless_statements_are_run_at_all(
    marked: Warehouse, context_of: ContextOf, runner: asyncio.Runner, statement: str
) -> None:
    with pytest.raises(ExecutionError) as caught:
        runner.run(marked.run(statement, context_of("admin")))
    assert caught.value.kind in ("refused", "failed")
    with pytest.raises(ExecutionError):
        runner.run(marked.explain(statement, context_of("admin")))


def test_a_hidden_row_is_not_told_by_whether_a_statement_fails(
    marked: Warehouse, context_of: ContextOf, runner: asyncio.Runner
) -> None:
    # each divides by zero on a row of the other store, if it ever looks at one
    for own_store, other in ((1, 2), (2, 1)):
        statement = f"SELECT count(*) FROM {V} WHERE 1 / (amount - {MARK_OF_STORE[other]}) < 9"
        assert runner.run(marked.run(statement, context_of("finance", (own_store,)))).row_count == 1
        with pytest.raises(ExecutionError):
            runner.run(marked.run(statement, context_of("finance", (own_store, other))))


@pytest.mark.parametrize("role", ["admin", "store_manager", "marketing", "finance"])
def test_a_role_reads_its_own_views_and_no_other(
    marked: Warehouse,
    context_of: ContextOf,
    runner: asyncio.Runner,
    views_by_role: Mapping[str, tuple[str, ...]],
    role: str,
) -> None:
    for view in views_by_role["admin"]:
        statement = f"SELECT count(*) FROM analytics.{view}"
        if view in views_by_role[role]:
            assert runner.run(marked.run(statement, context_of(role))).rows[0][0] != 0
        else:
            with pytest.raises(ExecutionError) as caught:
                runner.run(marked.run(statement, context_of(role)))
            assert caught.value.kind == "refused"


def test_a_statement_that_eats_time_or_space_is_stopped(
    marked_url: str, reader_secret: str, context_of: ContextOf, runner: asyncio.Runner
) -> None:
    warehouse = Warehouse(
        marked_url, reader_secret=reader_secret, statement_timeout=0.5, pool_size=1
    )
    for statement in (
        "SELECT count(*) FROM generate_series(1, 1000000000000)",
        f"SELECT count(*) FROM {V} AS a CROSS JOIN {V} AS b CROSS JOIN {V} AS c",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r",
        "SELECT count(*) FROM (SELECT n, repeat('x', 1000) AS t FROM generate_series(1, 100000000)"
        " AS n ORDER BY t DESC, n) AS s",
        "SELECT " + "(" * 100_000 + "1" + ")" * 100_000,
        "SELECT 1" + " + 1" * 200_000,
        "SELECT * FROM generate_series(1, 100000000)",
    ):
        try:
            result = runner.run(warehouse.run(statement, context_of("admin")))
            assert result.row_count == 200
            assert result.truncated
        except ExecutionError as error:
            assert error.kind in ("timeout", "failed", "refused")
        assert runner.run(warehouse.run("SELECT 1", context_of("admin"))).rows == ((1,),)
    runner.run(warehouse.close())


def test_the_login_itself_is_of_no_use_without_the_executor(
    marked_url: str, cluster: embedded_postgres.Cluster, app_template: str
) -> None:
    """With the plain protocol, as somebody would who got hold of the password."""
    login = reader_login("admin")
    for statement in (
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "SET default_transaction_read_only = off; CREATE TABLE analytics.x (y int)",
        "SET default_transaction_read_only = off; CREATE TEMP TABLE x (y int)",
        "SET default_transaction_read_only = off; CREATE SCHEMA x",
        "SET default_transaction_read_only = off; DELETE FROM analytics.v_payment_scoped",
        "SET default_transaction_read_only = off; SELECT lo_create(0)",
        "DO $$ BEGIN END $$",
        "COPY (SELECT 1) TO '/tmp/countersign-hostile'",
        "COPY (SELECT 1) TO PROGRAM 'id'",
        "CREATE ROLE x",
        "ALTER ROLE countersign_reader_admin CREATEDB",
        "GRANT countersign_reader_admin TO countersign_reader_finance",
        "SET temp_file_limit = -1",
        "SELECT * FROM public.customer",
        "SELECT * FROM pg_catalog.pg_stats",
        "ALTER SYSTEM SET work_mem = '1GB'",
    ):
        with (
            psycopg.connect(marked_url, user=login, autocommit=True) as connection,
            pytest.raises(psycopg.errors.DatabaseError),
        ):
            connection.execute(statement.encode())
    for database in (app_template, "postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(cluster.url(database, login))


def test_no_login_is_a_member_of_anything_or_owns_anything(marked_url: str) -> None:
    with psycopg.connect(marked_url) as owner:
        rows = owner.execute(
            "SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolreplication,"
            " rolbypassrls, rolcanlogin, rolconnlimit FROM pg_roles WHERE starts_with(rolname, %s)"
            " ORDER BY 1",
            [PREFIX],
        ).fetchall()
        assert [row[0].removeprefix(PREFIX) for row in rows] == [
            "admin", "finance", "marketing", "store_manager",
        ]  # fmt: skip
        for row in rows:
            assert row[1:8] == (False, False, False, False, False, False, True)
            assert 0 < row[8] < 100
        for query in (
            "SELECT 1 FROM pg_auth_members AS m JOIN pg_roles AS r ON r.oid IN (m.member, m.roleid)"
            " WHERE starts_with(r.rolname, %s)",
            "SELECT 1 FROM pg_shdepend AS d JOIN pg_roles AS r ON r.oid = d.refobjid"
            " WHERE d.deptype = 'o' AND starts_with(r.rolname, %s)",
        ):
            assert owner.execute(query.encode(), [PREFIX]).fetchall() == []


def test_a_dead_client_leaves_no_statement_running(marked_url: str, reader_secret: str) -> None:
    """SIGKILL in the middle of a statement: the server notices within seconds."""
    code = (
        "import psycopg, sys\n"
        "c = psycopg.connect(sys.argv[1], user=sys.argv[2], autocommit=True)\n"
        "c.execute('SET statement_timeout = 0')\n"
        "print('ready', flush=True)\n"
        "c.execute('SELECT count(*) FROM generate_series(1, 1000000000000)')\n"
    )
    client = subprocess.Popen(
        [sys.executable, "-c", code, marked_url, reader_login("admin")], stdout=subprocess.PIPE
    )
    assert client.stdout is not None
    assert client.stdout.readline() == b"ready\n"
    query = (
        b"SELECT 1 FROM pg_stat_activity WHERE usename = 'countersign_reader_admin'"
        b" AND state = 'active' AND datname = 'hostile'"
    )
    with psycopg.connect(marked_url, autocommit=True) as owner:

        async def until(is_running: bool) -> None:
            async with asyncio.timeout(20):
                # another process's state: nobody sets an event
                while bool(owner.execute(query).fetchall()) != is_running:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)

        asyncio.run(until(True))
        client.kill()
        client.wait()
        client.stdout.close()
        asyncio.run(until(False))
