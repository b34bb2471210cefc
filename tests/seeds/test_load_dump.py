"""Restoring the real Pagila in place of the generated rows."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from kit.reader_login import reader_login
from seeds.pagila.contents import Contents, WarehouseNotEmpty, contents
from seeds.pagila.load_dump import DATA_FILE, SCHEMA_FILE, DumpError, load_dump
from seeds.pagila.warehouse import seed_warehouse

HEADER = "--\n-- PostgreSQL database dump\n--\n"


@pytest.fixture
def dump(shared_data: Path) -> Path:
    return shared_data / "pagila"


def as_reader(url: str, role: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, user=reader_login(role)) as connection:
        connection.execute("SET LOCAL countersign.is_all_stores = 'on'")
        return connection.execute(query.encode()).fetchall()


def test_the_real_rows_are_read_through_the_same_views(own_warehouse_url: str, dump: Path) -> None:
    load_dump(own_warehouse_url, dump)
    assert as_reader(
        own_warehouse_url,
        "admin",
        "SELECT count(*), sum(amount), count(DISTINCT film_id), count(category)"
        " FROM v_payment_scoped",
    ) == [(16049, Decimal("67416.51"), 958, 16049)]
    assert as_reader(
        own_warehouse_url,
        "marketing",
        "SELECT is_active, count(*) FROM v_customer_masked GROUP BY 1 ORDER BY 1",
    ) == [(False, 15), (True, 584)]
    assert as_reader(
        own_warehouse_url,
        "admin",
        "SELECT count(*), count(*) FILTER (WHERE NOT is_returned) FROM v_rental_scoped",
    ) == [(16044, 183)]


def test_months_are_those_of_utc(own_warehouse_url: str, dump: Path) -> None:
    load_dump(own_warehouse_url, dump)
    # under another zone the sums differ by the payments of the first and last hours of a month
    assert as_reader(
        own_warehouse_url,
        "finance",
        "SELECT to_char(date_trunc('month', payment_date), 'YYYY-MM'), sum(amount)"
        " FROM v_payment_scoped GROUP BY 1 ORDER BY 1",
    ) == [
        ("2022-01", Decimal("3094.78")),
        ("2022-02", Decimal("10164.97")),
        ("2022-03", Decimal("11413.86")),
        ("2022-04", Decimal("10759.52")),
        ("2022-05", Decimal("11347.28")),
        ("2022-06", Decimal("10923.45")),
        ("2022-07", Decimal("9712.65")),
    ]


def test_readers_keep_their_views_and_gain_nothing(
    own_warehouse_url: str, dump: Path, views_by_role: Mapping[str, tuple[str, ...]]
) -> None:
    load_dump(own_warehouse_url, dump)
    everything = views_by_role["admin"]
    for role, views in views_by_role.items():
        for view in everything if views else ():
            if view in views:
                as_reader(own_warehouse_url, role, f"SELECT 1 FROM {view} LIMIT 1")
            else:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    as_reader(own_warehouse_url, role, f"SELECT 1 FROM {view} LIMIT 1")
    # the dump's last line opens its schema to everybody
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_reader(own_warehouse_url, "admin", "SELECT 1 FROM public.film")


def test_it_can_be_done_twice_and_into_an_empty_database(
    empty_database_url: str, dump: Path
) -> None:
    load_dump(empty_database_url, dump)
    load_dump(empty_database_url, dump)
    with psycopg.connect(empty_database_url) as connection:
        assert contents(connection) == Contents("dump", 1)
    with pytest.raises(WarehouseNotEmpty, match="restored"):
        seed_warehouse(empty_database_url)


def failing(folder: Path, schema: str | None, data: str | None) -> Path:
    for name, text in ((SCHEMA_FILE, schema), (DATA_FILE, data)):
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("schema", "data", "message"),
    [
        (None, None, "pagila-schema.sql is not there"),
        (HEADER, None, "pagila-data.sql is not there"),
        ("CREATE TABLE public.x (y int);", HEADER, "not a PostgreSQL dump"),
        (HEADER + "CREATE TABL public.x;", HEADER, "is not SQL"),
        (HEADER + "CREATE TABLE public.x (y int);\nCOMMIT;", HEADER, "line 5:.*COMMIT"),
        (HEADER + "SELECT pg_catalog.set_config('a', (SELECT 'b'), false);", HEADER, "SELECT"),
        (HEADER + "DROP DATABASE x;", HEADER, "DROP DATABASE"),
        (HEADER + "CREATE TABLE public.x (y int);", HEADER + "INSERT INTO x VALUES (1);", "COPY"),
        (HEADER, HEADER + "COPY public.x (y) FROM PROGRAM 'id';", "not hold a line"),
        (
            HEADER + "CREATE TABLE public.x (y int);",
            HEADER + "COPY public.x (y) FROM stdin;\n1\n",
            "cut short",
        ),
        (
            HEADER + "CREATE TABLE public.x (y int);",
            HEADER + "COPY public.x (y) FROM stdin;\nmany\n\\.\n",
            "did not take the dump: .*integer.*COPY x, line 1",
        ),
        (
            HEADER + "CREATE TABLE public.x (y int);",
            HEADER + "COPY public.x (y) FROM stdin;\n1\n\\.\n",
            "not Pagila's",
        ),
    ],
)
def test_a_bad_dump_is_refused_and_changes_nothing(
    own_warehouse_url: str, tmp_path: Path, schema: str | None, data: str | None, message: str
) -> None:
    before = as_reader(
        own_warehouse_url, "admin", "SELECT count(*), sum(amount) FROM v_payment_scoped"
    )
    with pytest.raises(DumpError, match=f"(?s){message}"):
        load_dump(own_warehouse_url, failing(tmp_path, schema, data))
    after = as_reader(
        own_warehouse_url, "admin", "SELECT count(*), sum(amount) FROM v_payment_scoped"
    )
    assert after == before
    assert before[0][0] == 16049


def test_tables_of_somebody_else_are_left_alone(empty_database_url: str, dump: Path) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("CREATE TABLE public.customer (mine text)")
    with pytest.raises(WarehouseNotEmpty, match="not ours"):
        load_dump(empty_database_url, dump)
