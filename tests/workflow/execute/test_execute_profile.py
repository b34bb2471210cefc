"""What a profile holds, and for whom."""

import asyncio
from collections.abc import Callable
from datetime import date

import psycopg

from contracts.context import UserContext
from workflow.execute.errors import ExecutionError
from workflow.execute.profile import MAX_VALUES, profile, profile_sql
from workflow.execute.warehouse import Warehouse
from workflow.semantic.model import Dataset, Field, SemanticModel

ContextOf = Callable[..., UserContext]


def field(name: str, expression: str | None = None, *, indexed: bool = True) -> Field:
    return Field(name, expression or name, "text", name, is_indexed=indexed)


PAYMENTS = Dataset(
    name="payments",
    source="analytics.v_payment_scoped",
    view="v_payment_scoped",
    label="Payments",
    fields=(
        field("category"),
        field("store", "store_id"),
        field("month", "to_char(payment_date, 'YYYY-MM')"),
        field("customer_city", indexed=False),
        field("paid_at", "payment_date", indexed=False),
    ),
    time_field="paid_at",
)
CUSTOMERS = Dataset(
    name="customers",
    source="analytics.v_customer_masked",
    view="v_customer_masked",
    label="Customers",
    fields=(field("city"), field("store", "store_id")),
)


def model(*datasets: Dataset) -> SemanticModel:
    return SemanticModel("m", "digest", datasets, (), ())


def test_it_holds_the_values_and_the_newest_day_of_the_scope(
    warehouse: Warehouse, warehouse_url: str, context_of: ContextOf, runner: asyncio.Runner
) -> None:
    found = runner.run(profile(warehouse, model(PAYMENTS, CUSTOMERS), context_of("admin", (2,))))
    assert found.values["store"] == ("2",)
    assert found.values["month"] == tuple(f"2022-0{n}" for n in range(1, 8))
    assert len(found.values["category"]) == 16
    assert "customer_city" not in found.values
    assert "paid_at" not in found.values
    assert found.newest == {"payments": date(2022, 7, 31)}
    with psycopg.connect(warehouse_url) as connection:
        cities = connection.execute(
            "SELECT DISTINCT city FROM customer JOIN address USING (address_id)"
            " JOIN city USING (city_id) WHERE customer.store_id = 2"
        ).fetchall()
    assert found.values["city"] == tuple(sorted(city for (city,) in cities))


def test_nobody_learns_of_a_value_they_may_not_see(
    own_warehouse_url: str, reader_secret: str, context_of: ContextOf, runner: asyncio.Runner
) -> None:
    with psycopg.connect(own_warehouse_url) as connection:
        connection.execute(
            "UPDATE city SET city = 'Hidden' WHERE city_id IN (SELECT city_id FROM customer"
            " JOIN address USING (address_id) WHERE store_id = 2 EXCEPT SELECT city_id"
            " FROM customer JOIN address USING (address_id) WHERE store_id = 1)"
        )
    warehouse = Warehouse(own_warehouse_url, reader_secret=reader_secret)
    for stores, is_known in (((1,), False), ((2,), True), (None, True), ((), False)):
        found = runner.run(profile(warehouse, model(CUSTOMERS), context_of("admin", stores)))
        assert ("Hidden" in found.values.get("city", ())) is is_known
    runner.run(warehouse.close())


def test_a_field_with_very_many_values_gives_the_first_of_them(
    warehouse: Warehouse, context_of: ContextOf, runner: asyncio.Runner
) -> None:
    many = Dataset(
        "payments", "analytics.v_payment_scoped", "v", "l",
        (field("category"), field("id", "lpad(payment_id::text, 8, '0')")),
    )  # fmt: skip
    found = runner.run(profile(warehouse, model(many), context_of()))
    assert len(found.values["id"]) == MAX_VALUES
    assert found.values["id"][0] == "00000001"
    assert len(found.values["category"]) == 16


def test_a_role_that_may_not_read_the_dataset_is_refused(
    warehouse: Warehouse, context_of: ContextOf, runner: asyncio.Runner
) -> None:
    try:
        runner.run(profile(warehouse, model(PAYMENTS), context_of("marketing")))
    except ExecutionError as error:
        assert error.kind == "refused"
    else:
        raise AssertionError("marketing read the payments")


def test_a_dataset_that_takes_too_long_is_left_out(
    warehouse: Warehouse, context_of: ContextOf, runner: asyncio.Runner
) -> None:
    class Slow(Warehouse):
        async def run(self, statement: str, context: UserContext, **_: object):  # type: ignore[no-untyped-def, override]
            if "v_payment_scoped" in statement:
                raise ExecutionError("timeout")
            return await warehouse.run(statement, context, max_rows=1000)

    slow = Slow("", reader_secret="")
    found = runner.run(profile(slow, model(PAYMENTS, CUSTOMERS), context_of("admin", (1,))))
    assert found.newest == {}
    assert set(found.values) == {"city", "store"}


def test_identifiers_are_not_read_as_sql() -> None:
    odd = Dataset("d", 'analytics."v; DROP TABLE x"', "v", "l", (field("a", '"a"" b"'),))
    assert 'analytics."v; DROP TABLE x"' in profile_sql(odd)
    assert '"a"" b" AS f0' in profile_sql(odd)
