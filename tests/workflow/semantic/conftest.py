"""A small shop: its model as a document, its rows in Python, and both in PostgreSQL."""

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from kit import embedded_postgres
from workflow.semantic.load import load
from workflow.semantic.model import SemanticModel

Row = dict[str, object]

FIELDS: dict[str, list[tuple[str, str]]] = {
    "sales": [
        ("sale_id", "Integer"), ("sold_at", "DateTimeTz"), ("amount", "Decimal"),
        ("quantity", "Integer"), ("product", "String"), ("region", "String"),
        ("customer_id", "Integer"), ("shop_id", "Integer"), ("shipped_on", "Date"),
    ],
    "visits": [
        ("visit_id", "Integer"), ("visited_at", "DateTimeTz"), ("minutes", "Decimal"),
        ("product", "String"), ("region", "String"), ("is_bought", "Boolean"),
        ("customer_id", "Integer"), ("shop_id", "Integer"),
    ],
    "customers": [
        ("customer_id", "Integer"), ("name", "String"), ("is_member", "Boolean"),
        ("joined", "Date"), ("tier_id", "Integer"),
    ],
    "tiers": [("tier_id", "Integer"), ("tier", "String")],
}  # fmt: skip
# fields that are no columns
COMPUTED = {"sales": [("is_big", "Boolean", "amount > 5 OR quantity > 2")]}
TIMES = {"sales": "sold_at", "visits": "visited_at", "customers": "joined"}
METRICS = {
    "revenue": ("SUM(sales.amount)", "currency"),
    "sale_count": ("COUNT(sales.sale_id)", "count"),
    "average_sale": ("AVG(sales.amount)", "currency"),
    "units": ("SUM(sales.quantity)", "count"),
    "buyers": ("COUNT(DISTINCT sales.customer_id)", "count"),
    "last_sale": ("MAX(sales.sold_at)", None),
    "revenue_per_buyer": ("SUM(sales.amount) / COUNT(DISTINCT sales.customer_id)", "ratio"),
    "visit_count": ("COUNT(visits.visit_id)", "count"),
    "minutes": ("SUM(visits.minutes)", None),
    "bought_share": (
        "COUNT(CASE WHEN visits.is_bought THEN visits.visit_id END) / COUNT(visits.visit_id)",
        "ratio",
    ),
    "customer_count": ("COUNT(customers.customer_id)", "count"),
    "sales_per_visit": ("COUNT(sales.sale_id) / COUNT(visits.visit_id)", "ratio"),
}
RELATIONSHIPS = [
    ("sale_of_customer", "sales", "customers", "customer_id"),
    ("visit_of_customer", "visits", "customers", "customer_id"),
    ("customer_of_tier", "customers", "tiers", "tier_id"),
]


def document() -> str:
    """The shop's semantic model."""
    lines = ['version: "0.2.0.dev0"', "semantic_model:", "  - name: shop", "    datasets:"]
    for name, fields in FIELDS.items():
        time = f', "time_field": "{TIMES[name]}"' if name in TIMES else ""
        key = fields[0][0]
        lines += [
            f"      - name: {name}",
            f"        source: scratch.v_{name}",
            f"        primary_key: [{key}]",
            "        custom_extensions:",
            "          - vendor_name: COUNTERSIGN",
            f"            data: '{{\"complete\": true{time}}}'",
            "        fields:",
        ]
        for field, type_ in fields:
            lines += [
                f"          - name: {field}",
                "            expression: "
                f"{{dialects: [{{dialect: ANSI_SQL, expression: {field}}}]}}",
                f"            datatype: {type_}",
            ]
        for field, type_, expression in COMPUTED.get(name, []):
            lines += [
                f"          - name: {field}",
                "            expression:",
                f"              dialects: [{{dialect: ANSI_SQL, expression: {expression}}}]",
                f"            datatype: {type_}",
            ]
    lines.append("    relationships:")
    for name, many, one, key in RELATIONSHIPS:
        lines.append(
            f"      - {{name: {name}, from: {many}, to: {one}, "
            f"from_columns: [{key}], to_columns: [{key}]}}"
        )
    lines.append("    metrics:")
    for name, (expression, unit) in METRICS.items():
        lines += [
            f"      - name: {name}",
            "        expression:",
            f'          dialects: [{{dialect: ANSI_SQL, expression: "{expression}"}}]',
        ]
        if unit:
            lines += [
                "        custom_extensions:",
                f'          - {{vendor_name: COUNTERSIGN, data: \'{{"unit": "{unit}"}}\'}}',
            ]
    return "\n".join(lines) + "\n"


def _rows() -> dict[str, list[Row]]:
    """Always the same rows, with missing values, ties, orphans and hours around midnight."""
    random_ = random.Random(7)
    products = ["tea", "coffee", "Tea", "50% off_box", "o'clock \\ jam", None]
    regions = ["north", "south", None]
    start = datetime(2022, 1, 30, 22, tzinfo=UTC)
    tiers: list[Row] = [{"tier_id": n, "tier": t} for n, t in ((1, "gold"), (2, "blue"), (3, None))]
    customers: list[Row] = [
        {
            "customer_id": n,
            "name": f"c{n % 5}",
            "is_member": random_.choice([True, False, None]),
            "joined": date(2022, 1, 1) + timedelta(days=n * 9),
            "tier_id": random_.choice([1, 2, 3, None]),
        }
        for n in range(1, 13)
    ]
    sales: list[Row] = [
        {
            "sale_id": n,
            "sold_at": start + timedelta(hours=random_.randrange(0, 24 * 100)),
            "amount": random_.choice([None, *(Decimal(c) / 100 for c in range(99, 1000, 50))]),
            "quantity": random_.choice([1, 2, 3, None]),
            "product": random_.choice(products),
            "region": random_.choice(regions),
            "customer_id": random_.choice([None, 99, *range(1, 10)]),
            "shop_id": random_.choice([1, 2]),
            "shipped_on": random_.choice([None, date(2022, 2, 28), date(2022, 3, 1)]),
        }
        for n in range(1, 121)
    ]
    visits: list[Row] = [
        {
            "visit_id": n,
            "visited_at": start + timedelta(hours=random_.randrange(0, 24 * 130)),
            "minutes": random_.choice([None, Decimal("2.5"), Decimal("11.25"), Decimal("0")]),
            "product": random_.choice([*products, "cocoa"]),
            "region": random_.choice(regions),
            "is_bought": random_.choice([True, False, None]),
            "customer_id": random_.choice([None, 99, *range(1, 13)]),
            "shop_id": random_.choice([1, 2, 3]),
        }
        for n in range(1, 91)
    ]
    return {"sales": sales, "visits": visits, "customers": customers, "tiers": tiers}


ROWS = _rows()
_SQL_TYPES = {
    "Integer": "integer", "DateTimeTz": "timestamptz", "Decimal": "numeric(8,2)",
    "String": "text", "Boolean": "boolean", "Date": "date",
}  # fmt: skip
_numbers = itertools.count()


@pytest.fixture(scope="session")
def shop_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "model.yaml"
    path.write_text(document())
    return path


@pytest.fixture(scope="session")
def shop(shop_file: Path) -> SemanticModel:
    return load(shop_file)


@pytest.fixture(scope="session")
def shop_db(cluster: embedded_postgres.Cluster) -> Iterator[psycopg.Connection]:
    """A connection on which the shop's views can be called by their bare names. Its session is
    far from UTC, because a compiled statement must not depend on that."""
    name = f"semantic_{next(_numbers)}"
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as owner:
        owner.execute(f'CREATE DATABASE "{name}"')
        with psycopg.connect(cluster.url(name), autocommit=True) as connection:
            connection.execute("CREATE SCHEMA scratch")
            connection.execute("SET search_path = scratch")
            connection.execute("SET TIME ZONE 'Pacific/Auckland'")
            for table, fields in FIELDS.items():
                columns = ", ".join(f"{field} {_SQL_TYPES[type_]}" for field, type_ in fields)
                connection.execute(f"CREATE TABLE v_{table} ({columns})")
                names = ", ".join(field for field, _ in fields)
                with connection.cursor().copy(f"COPY v_{table} ({names}) FROM STDIN") as copy:
                    for row in ROWS[table]:
                        copy.write_row([row[field] for field, _ in fields])
            yield connection
        owner.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
