"""The sample warehouse: its size, its plausibility, and that it is the same each time."""

import hashlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import psycopg
import pytest

from seeds.pagila.contents import Contents, WarehouseNotEmpty, contents
from seeds.pagila.warehouse import seed_warehouse


@pytest.fixture
def connection(warehouse_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(warehouse_url) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def one(connection: psycopg.Connection, query: str) -> tuple[object, ...]:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize(
    ("table", "count"),
    [
        ("film", 1000), ("customer", 599), ("store", 2), ("staff", 2), ("category", 16),
        ("language", 6), ("actor", 200), ("inventory", 4581), ("rental", 16044),
        ("payment", 16049), ("film_category", 1000), ("address", 603),
    ],
)  # fmt: skip
def test_it_has_the_size_of_pagila(connection: psycopg.Connection, table: str, count: int) -> None:
    assert one(connection, f"SELECT count(*) FROM public.{table}") == (count,)


def test_its_data_are_plausible(connection: psycopg.Connection) -> None:
    assert one(connection, "SELECT count(*) FROM customer WHERE active = 0 AND activebool") == (15,)
    assert one(connection, "SELECT count(*) FROM rental WHERE return_date < rental_date") == (0,)
    assert one(
        connection,
        "SELECT count(*) FROM payment JOIN rental USING (rental_id)"
        " WHERE payment_date < rental_date",
    ) == (0,)
    (not_returned,) = one(connection, "SELECT count(*) FROM rental WHERE return_date IS NULL")
    assert isinstance(not_returned, int)
    assert 100 < not_returned < 1000
    assert one(
        connection,
        "SELECT min(payment_date)::date, max(payment_date)::date, min(amount), max(amount)"
        " FROM payment",
    ) == (date(2022, 1, 2), date(2022, 7, 31), Decimal("0.00"), Decimal("7.99"))


def test_no_copy_is_in_two_hands_at_once(connection: psycopg.Connection) -> None:
    assert one(
        connection,
        """
        SELECT count(*) FROM (
            SELECT rental_date,
                lag(coalesce(return_date, 'infinity')) OVER (
                    PARTITION BY inventory_id ORDER BY rental_date
                ) AS free_from
            FROM rental
        ) AS r WHERE rental_date < free_from
        """,
    ) == (0,)


def test_nobody_rents_before_joining(connection: psycopg.Connection) -> None:
    assert one(
        connection,
        "SELECT count(*) FROM rental JOIN customer USING (customer_id)"
        " WHERE rental_date < create_date",
    ) == (0,)


def test_business_is_seasonal(connection: psycopg.Connection) -> None:
    months = [
        count
        for (count,) in connection.execute(
            "SELECT count(*) FROM rental GROUP BY extract(month FROM rental_date) ORDER BY"
            " extract(month FROM rental_date)"
        )
    ]
    assert len(months) == 7
    assert months[0] < months[2] < months[5] < months[6]
    weekend, week = one(
        connection,
        "SELECT count(*) FILTER (WHERE extract(isodow FROM rental_date) >= 5) / 3.0,"
        " count(*) FILTER (WHERE extract(isodow FROM rental_date) < 5) / 4.0 FROM rental",
    )
    assert isinstance(weekend, Decimal)
    assert isinstance(week, Decimal)
    assert weekend > week


def digest(url: str) -> dict[str, str]:
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind = 'r' ORDER BY 1"
        ).fetchall()
        out = {}
        for (table,) in tables:
            with connection.cursor().copy(f"COPY (SELECT * FROM {table}) TO STDOUT".encode()) as c:
                out[table] = hashlib.sha256(b"".join(bytes(block) for block in c)).hexdigest()
        return out


def test_it_is_the_same_bytes_on_every_run(warehouse_url: str, empty_database_url: str) -> None:
    seed_warehouse(empty_database_url)
    again = digest(empty_database_url)
    assert len(again) > 20
    assert again == digest(warehouse_url)


def test_seeding_again_changes_nothing(own_warehouse_url: str) -> None:
    with psycopg.connect(own_warehouse_url) as connection:
        connection.execute("UPDATE public.film SET title = 'Mine' WHERE film_id = 1")
    seed_warehouse(own_warehouse_url)
    with psycopg.connect(own_warehouse_url) as connection:
        assert one(connection, "SELECT title FROM public.film WHERE film_id = 1") == ("Mine",)
        assert contents(connection) == Contents("generated", 1)


def test_another_scale_is_refused(own_warehouse_url: str) -> None:
    with pytest.raises(WarehouseNotEmpty, match="scale 1, not 2"):
        seed_warehouse(own_warehouse_url, scale=2)


def test_tables_of_somebody_else_are_left_alone(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("CREATE TABLE public.customer (mine text)")
    with pytest.raises(WarehouseNotEmpty, match="not ours"):
        seed_warehouse(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        assert one(connection, "SELECT count(*) FROM public.customer") == (0,)


def test_a_scale_out_of_range_is_refused(empty_database_url: str) -> None:
    with pytest.raises(ValueError, match="from 1 to 1000"):
        seed_warehouse(empty_database_url, scale=0)


def test_a_larger_scale_multiplies_customers_copies_rentals_and_payments(
    empty_database_url: str,
) -> None:
    said: list[float] = []
    seed_warehouse(empty_database_url, scale=3, progress=lambda _what, share: said.append(share))
    with psycopg.connect(empty_database_url) as connection:
        counts = {
            table: one(connection, f"SELECT count(*) FROM public.{table}")[0]
            for table in ("customer", "inventory", "rental", "payment", "film", "store")
        }
    assert counts == {
        "customer": 599 * 3,
        "inventory": 4581 * 3,
        "rental": 16044 * 3,
        "payment": 16049 * 3,
        "film": 1000,
        "store": 2,
    }
    assert said == sorted(said)
    assert said[-1] == 1.0


def test_a_failed_seeding_leaves_nothing_behind(empty_database_url: str) -> None:
    class Stopped(Exception):
        pass

    def stop(what: str, _share: float) -> None:
        if what == "payments":
            raise Stopped

    with pytest.raises(Stopped):
        seed_warehouse(empty_database_url, progress=stop)
    seed_warehouse(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        assert one(connection, "SELECT count(*) FROM public.payment") == (16049,)
