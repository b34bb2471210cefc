"""The views are what was agreed, and everything else is closed."""

from collections.abc import Iterator, Mapping

import psycopg
import pytest

from kit import embedded_postgres
from kit.reader_login import PREFIX, reader_login, reader_password
from migrations.runner import migrate
from migrations.warehouse.readers import grant_readers
from migrations.warehouse.versions.w0001_closed import ALLOWED_STABLE
from migrations.warehouse.views import install_views

COLUMNS = {
    "v_payment_scoped": [
        ("payment_id", "integer"),
        ("payment_date", "timestamp with time zone"),
        ("weekday", "text"),
        ("amount", "numeric"),
        ("rental_id", "integer"),
        ("customer_id", "integer"),
        ("store_id", "integer"),
        ("film_id", "integer"),
        ("film_title", "text"),
        ("category", "text"),
        ("rating", "text"),
        ("language", "text"),
        ("customer_city", "text"),
        ("customer_country", "text"),
        ("staff_id", "integer"),
        ("staff_name", "text"),
        ("rental_date", "timestamp with time zone"),
    ],
    "v_rental_scoped": [
        ("rental_id", "integer"),
        ("rental_date", "timestamp with time zone"),
        ("weekday", "text"),
        ("return_date", "timestamp with time zone"),
        ("is_returned", "boolean"),
        ("rental_days", "numeric"),
        ("allowed_days", "integer"),
        ("is_on_time", "boolean"),
        ("customer_id", "integer"),
        ("store_id", "integer"),
        ("film_id", "integer"),
        ("film_title", "text"),
        ("category", "text"),
        ("rating", "text"),
        ("language", "text"),
        ("customer_city", "text"),
        ("customer_country", "text"),
        ("staff_id", "integer"),
        ("staff_name", "text"),
    ],
    "v_customer_masked": [
        ("customer_id", "integer"),
        ("store_id", "integer"),
        ("masked_name", "text"),
        ("masked_email", "text"),
        ("city", "text"),
        ("country", "text"),
        ("is_active", "boolean"),
        ("create_date", "date"),
    ],
}


@pytest.fixture
def owner(own_warehouse_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(own_warehouse_url, autocommit=True) as connection:
        yield connection


def reader(
    url: str, role: str, *, stores: str = "", all_stores: bool = False
) -> psycopg.Connection:
    connection = psycopg.connect(url, user=reader_login(role), autocommit=True)
    connection.execute(f"SET countersign.store_ids = '{stores}'".encode())
    connection.execute(
        f"SET countersign.is_all_stores = '{'on' if all_stores else 'off'}'".encode()
    )
    return connection


def test_the_views_have_the_agreed_columns(owner: psycopg.Connection) -> None:
    found: dict[str, list[tuple[str, str]]] = {}
    for view, column, type_ in owner.execute(
        "SELECT c.relname, a.attname, format_type(a.atttypid, NULL) FROM pg_class AS c"
        " JOIN pg_attribute AS a ON a.attrelid = c.oid WHERE c.relkind = 'v' AND a.attnum > 0"
        " AND c.relnamespace = 'analytics'::regnamespace ORDER BY c.relname, a.attnum"
    ):
        found.setdefault(view, []).append((column, type_))
    assert found == COLUMNS


def test_the_views_are_security_barriers(owner: psycopg.Connection) -> None:
    assert owner.execute(
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'analytics'::regnamespace"
        " AND reloptions = '{security_barrier=true}'"
    ).fetchone() == (3,)


@pytest.mark.parametrize(
    ("stores", "all_stores", "expected"),
    [
        ("1", False, {1}),
        ("1,2", False, {1, 2}),
        ("", False, set()),
        ("3", False, set()),
        ("2", True, {1, 2}),
    ],
)
def test_each_view_keeps_to_the_scope(
    warehouse_url: str, stores: str, all_stores: bool, expected: set[int]
) -> None:
    with reader(warehouse_url, "admin", stores=stores, all_stores=all_stores) as connection:
        for view in COLUMNS:
            rows = connection.execute(f"SELECT DISTINCT store_id FROM {view}".encode())
            assert {store for (store,) in rows} == expected


def test_without_a_scope_there_are_no_rows(warehouse_url: str) -> None:
    with psycopg.connect(warehouse_url, user=reader_login("admin")) as connection:
        for view in COLUMNS:
            assert connection.execute(f"SELECT count(*) FROM {view}".encode()).fetchone() == (0,)


def test_a_scope_that_is_no_list_of_numbers_is_an_error(warehouse_url: str) -> None:
    for value in ("1;2", "all", "1,,2", "1) OR (true"):
        with (
            reader(warehouse_url, "admin", stores=value) as connection,
            pytest.raises(psycopg.errors.InvalidTextRepresentation),
        ):
            connection.execute("SELECT count(*) FROM v_payment_scoped")


def test_customers_are_masked_in_the_database(
    own_warehouse_url: str, owner: psycopg.Connection
) -> None:
    people = owner.execute(
        "SELECT first_name || ' ' || last_name, email, address, phone FROM customer"
        " JOIN address USING (address_id)"
    ).fetchall()
    with reader(own_warehouse_url, "marketing", all_stores=True) as connection:
        rows = connection.execute("SELECT * FROM v_customer_masked ORDER BY customer_id").fetchall()
    assert len(rows) == len(people) == 599
    for row in rows:
        assert len(row[2]) == len("M. S.")
        assert row[3][1:] == "***@***"
    seen = {str(cell) for row in rows for cell in row}
    assert not seen & {part for person in people for part in person}


def test_an_active_customer_is_one_with_active_set(
    own_warehouse_url: str, owner: psycopg.Connection
) -> None:
    owner.execute("UPDATE customer SET active = NULL, email = NULL WHERE customer_id = 1")
    with reader(own_warehouse_url, "marketing", all_stores=True) as connection:
        assert connection.execute(
            "SELECT is_active, masked_email FROM v_customer_masked WHERE customer_id = 1"
        ).fetchone() == (False, None)
        assert connection.execute(
            "SELECT count(*) FROM v_customer_masked WHERE NOT is_active"
        ).fetchone() == (16,)


def test_a_film_of_two_categories_is_counted_once(
    own_warehouse_url: str, owner: psycopg.Connection
) -> None:
    truth = owner.execute("SELECT count(*), sum(amount) FROM payment").fetchone()
    owner.execute(
        "INSERT INTO film_category (film_id, category_id)"
        " SELECT film_id, category_id % 16 + 1 FROM film_category"
    )
    with reader(own_warehouse_url, "admin", all_stores=True) as connection:
        assert (
            connection.execute("SELECT count(*), sum(amount) FROM v_payment_scoped").fetchone()
            == truth
        )
        (category,) = connection.execute("SELECT category FROM v_rental_scoped").fetchone() or ("",)
        first, second = category.split(", ")
        assert first < second


def test_joins_that_are_not_asked_for_are_left_out(warehouse_url: str) -> None:
    with psycopg.connect(warehouse_url, user=reader_login("admin")) as connection:
        lines = connection.execute("EXPLAIN SELECT sum(amount) FROM v_payment_scoped").fetchall()
    plan = "\n".join(line for (line,) in lines)
    for table in ("film", "customer", "address", "city", "country", "staff", "category"):
        assert f" on {table}" not in plan
    assert plan.count("InitPlan 1\n") == 1


def test_public_may_run_only_what_the_list_allows(owner: psycopg.Connection) -> None:
    rows = owner.execute(
        "SELECT DISTINCT proname, provolatile FROM pg_proc"
        " WHERE has_function_privilege('countersign_reader_admin', oid, 'EXECUTE')"
        " AND provolatile <> 'i' AND pronamespace::regnamespace::text"
        " IN ('pg_catalog', 'information_schema', 'analytics')"
    ).fetchall()
    assert {volatility for _, volatility in rows} == {"s"}
    others = {name for name, _ in rows} - set(ALLOWED_STABLE) - {"scope_store_ids"}
    times = ("date_", "timestamp_", "timestamptz_", "interval_")
    assert all(name.startswith(times) for name in others)
    # and each name on the list is one of PostgreSQL's
    assert set(ALLOWED_STABLE) <= {name for name, _ in rows}


def test_no_reader_may_read_any_relation_but_its_views(
    owner: psycopg.Connection, views_by_role: Mapping[str, tuple[str, ...]]
) -> None:
    for role, views in views_by_role.items():
        if not views:
            continue
        rows = owner.execute(
            """
            SELECT c.oid::regclass::text FROM pg_class AS c
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 't')
              AND has_schema_privilege(%(login)s, c.relnamespace, 'USAGE')
              AND (
                has_table_privilege(%(login)s, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
                OR has_table_privilege(%(login)s, c.oid, 'REFERENCES, TRIGGER, MAINTAIN')
                OR has_any_column_privilege(%(login)s, c.oid, 'SELECT')
              )
            """,
            {"login": reader_login(role)},
        ).fetchall()
        assert {name for (name,) in rows} == {f"analytics.{view}" for view in views}


def test_it_can_be_done_again_at_any_time(
    own_warehouse_url: str,
    owner: psycopg.Connection,
    views_by_role: Mapping[str, tuple[str, ...]],
    reader_secret: str,
) -> None:
    def privileges() -> list[tuple[object, ...]]:
        return owner.execute(
            "SELECT relname, relacl::text FROM pg_class"
            " WHERE relnamespace = 'analytics'::regnamespace ORDER BY 1"
        ).fetchall()

    before = privileges()
    migrate("warehouse", own_warehouse_url)
    grant_readers(own_warehouse_url, views_by_role, reader_secret)
    assert privileges() == before
    # new definitions: the views are made anew, and read by the same logins
    owner.execute("COMMENT ON SCHEMA analytics IS 'views of an earlier version'")
    migrate("warehouse", own_warehouse_url)
    assert privileges() == before


def test_a_role_that_is_gone_loses_everything(
    own_warehouse_url: str, views_by_role: Mapping[str, tuple[str, ...]], reader_secret: str
) -> None:
    grant_readers(own_warehouse_url, {**views_by_role, "finance": ()}, reader_secret)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        reader(own_warehouse_url, "finance")
    # and one that has less reads less
    grant_readers(
        own_warehouse_url, {**views_by_role, "admin": ("v_customer_masked",)}, reader_secret
    )
    with (
        reader(own_warehouse_url, "admin", all_stores=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT 1 FROM v_payment_scoped")


def test_a_login_that_was_tampered_with_is_put_right(
    own_warehouse_url: str,
    owner: psycopg.Connection,
    views_by_role: Mapping[str, tuple[str, ...]],
    reader_secret: str,
) -> None:
    owner.execute("ALTER ROLE countersign_reader_finance SUPERUSER CREATEDB")
    owner.execute("GRANT pg_read_all_data TO countersign_reader_finance")
    owner.execute("ALTER ROLE countersign_reader_finance SET statement_timeout = 0")
    owner.execute("GRANT SELECT ON public.customer TO countersign_reader_finance")
    grant_readers(own_warehouse_url, views_by_role, reader_secret)
    assert owner.execute(
        "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = 'countersign_reader_finance'"
    ).fetchone() == (False, False)
    with reader(own_warehouse_url, "finance") as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("15s",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT 1 FROM public.customer")


def test_a_password_is_derived_and_stored_as_a_verifier(
    owner: psycopg.Connection, reader_secret: str
) -> None:
    login = reader_login("admin")
    password = reader_password(reader_secret, login)
    assert len(password) == 64
    assert password != reader_password(reader_secret, reader_login("finance"))
    assert password != reader_password("another", login)
    (stored,) = owner.execute(
        "SELECT rolpassword FROM pg_authid WHERE rolname = %s", [login]
    ).fetchone() or ("",)
    assert stored.startswith("SCRAM-SHA-256$")


@pytest.mark.parametrize("role", ["", "Admin", "a b", 'a"; DROP ROLE x', "a" * 41, "1a", "é"])
def test_a_role_that_cannot_be_a_login_is_refused(role: str) -> None:
    with pytest.raises(ValueError, match="is not a role"):
        reader_login(role)


def test_a_migration_by_somebody_who_is_no_superuser_says_so(
    cluster: embedded_postgres.Cluster, empty_database_url: str
) -> None:
    with psycopg.connect(empty_database_url, autocommit=True) as owner:
        owner.execute("CREATE ROLE somebody LOGIN")
        name = owner.info.dbname
        owner.execute(f'ALTER DATABASE "{name}" OWNER TO somebody'.encode())
    try:
        with pytest.raises(Exception, match="has to be migrated by a superuser"):
            migrate("warehouse", cluster.url(name, "somebody"))
    finally:
        with psycopg.connect(empty_database_url, autocommit=True) as owner:
            owner.execute("REASSIGN OWNED BY somebody TO postgres; DROP OWNED BY somebody")
            owner.execute(f'ALTER DATABASE "{name}" OWNER TO postgres'.encode())
            owner.execute("DROP ROLE somebody")


def test_readers_are_named_as_readers(owner: psycopg.Connection) -> None:
    assert reader_login("admin") == f"{PREFIX}admin"
    install_views(owner)  # unchanged: nothing to do, nothing to lose
    assert owner.execute("SELECT count(*) FROM analytics.v_payment_scoped").fetchone() == (0,)
