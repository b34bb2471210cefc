"""The sample warehouse: Pagila's tables, filled with data of our own."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
from psycopg import sql

from migrations.runner import migrate
from migrations.warehouse.views import install_views
from seeds.pagila import people, trade, words
from seeds.pagila.contents import Contents, WarehouseNotEmpty, contents, has_tables, mark
from seeds.pagila.copying import STAMP, copy_rows, copy_text, timestamp
from seeds.pagila.people import Row

HERE = Path(__file__).parent
MAX_SCALE = 1000
CHUNK = 20_000
MONTHS = range(1, 8)
SEQUENCES = (
    "actor", "address", "category", "city", "country", "customer", "film", "inventory",
    "language", "payment", "rental", "staff", "store",
)  # fmt: skip

Progress = Callable[[str, float], None]
"""Called with what is being done, and how far the whole is, from 0 to 1."""


def seed_warehouse(url: str, *, scale: int = 1, progress: Progress | None = None) -> None:
    """Migrate the warehouse at `url` (a superuser's) and fill it: 599 customers, 4,581 copies
    and 16,044 rentals with 16,049 payments, each times `scale`. The rows are the same on every
    run.

    Does nothing where that was done before. All or nothing: one transaction. Raises
    WarehouseNotEmpty where the warehouse holds something else, ValueError for a scale that is
    not from 1 to 1,000.
    """
    if not 1 <= scale <= MAX_SCALE:
        raise ValueError(f"the scale has to be from 1 to {MAX_SCALE}, not {scale}")
    report = progress or (lambda _what, _share: None)
    migrate("warehouse", url)
    with psycopg.connect(url) as connection:
        if _is_done(connection, Contents("generated", scale)):
            return
        # the text format of timestamps below is in UTC, and says so; dates are not
        connection.execute("SET LOCAL TimeZone = 'UTC'")
        report("tables", 0.0)
        connection.execute((HERE / "tables.sql").read_bytes())
        report("films and customers", 0.02)
        _copy_people(connection, scale)
        _copy_trade(connection, scale, report)
        report("indices", 0.7)
        connection.execute((HERE / "constraints.sql").read_bytes())
        _set_sequences(connection)
        report("statistics", 0.95)
        connection.execute("ANALYZE")
        install_views(connection)
        mark(connection, Contents("generated", scale))
    report("done", 1.0)


def _is_done(connection: psycopg.Connection, wanted: Contents) -> bool:
    have = contents(connection)
    if have == wanted:
        return True
    if have is not None:
        raise WarehouseNotEmpty(
            "The warehouse holds the restored Pagila; it was left as it is."
            if have.kind == "dump"
            else f"The warehouse is filled at scale {have.scale}, not {wanted.scale}; to fill it "
            "anew, start with an empty database."
        )
    if has_tables(connection):
        raise WarehouseNotEmpty(
            "The warehouse holds tables that are not ours; it was left as it is. Give an empty "
            "database in WAREHOUSE_URL."
        )
    return False


def _copy_people(connection: psycopg.Connection, scale: int) -> None:
    def numbered(names: tuple[str, ...]) -> Iterator[Row]:
        yield from enumerate(names, 1)

    copies: tuple[tuple[str, str, Iterator[Row]], ...] = (
        ("country", "country_id country", people.countries()),
        ("city", "city_id city country_id", people.cities()),
        (
            "address",
            "address_id address address2 district city_id postal_code phone",
            people.addresses(scale),
        ),
        ("category", "category_id name", numbered(words.CATEGORIES)),
        ("language", "language_id name", numbered(words.LANGUAGES)),
        ("actor", "actor_id first_name last_name", people.actors()),
        (
            "film",
            "film_id title description release_year language_id original_language_id "
            "rental_duration rental_rate length replacement_cost rating special_features",
            people.films(),
        ),
        ("film_actor", "actor_id film_id", people.film_actors()),
        ("film_category", "film_id category_id", people.film_categories()),
        ("store", "store_id manager_staff_id address_id", people.stores()),
        (
            "staff",
            "staff_id first_name last_name address_id email store_id active username",
            people.staff(),
        ),
        (
            "customer",
            "customer_id store_id first_name last_name email address_id activebool create_date "
            "active",
            people.customers(scale),
        ),
        ("inventory", "inventory_id film_id store_id", people.inventory(scale)),
    )
    for table, columns, rows in copies:
        copy_rows(connection, table, [*columns.split(), "last_update"], rows)


def _copy_trade(connection: psycopg.Connection, scale: int, report: Progress) -> None:
    copies = list(people.inventory(scale))
    customers = list(people.customers(scale))
    rentals = trade.rentals(
        scale,
        store_of_copy=[store_id for _, _, store_id in copies],
        film_of_copy=[film_id for _, film_id, _ in copies],
        terms=list(people.rental_terms()),
        store_of_customer=[row[1] for row in customers],
        joined=[row[7] for row in customers],
    )
    payments = _Payments()

    def lines() -> Iterator[str]:
        """The rentals, while the payments are put aside for their partitions."""
        chunk: list[str] = []
        for rental in rentals:
            back = rental.returned_at
            chunk.append(
                f"{rental.rental_id}\t{timestamp(rental.rented_at)}\t{rental.inventory_id}\t"
                f"{rental.customer_id}\t{timestamp(back) if back else chr(92) + 'N'}\t"
                f"{rental.staff_id}\t{STAMP}\n"
            )
            payments.add(rental)
            if len(chunk) == CHUNK:
                yield "".join(chunk)
                chunk.clear()
                report("rentals", 0.05 + 0.5 * rental.rental_id / (trade.RENTALS * scale))
        yield "".join(chunk)

    columns = "rental_id rental_date inventory_id customer_id return_date staff_id last_update"
    copy_text(connection, "rental", columns.split(), lines())
    report("payments", 0.55)
    payments.copy(connection)


class _Payments:
    """Lines of COPY text, by the month of the payment."""

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = {f"2022-{month:02d}": [] for month in MONTHS}
        self._count = 0

    def add(self, rental: trade.Rental) -> None:
        self._add(rental, rental.amount)
        if trade.has_second_payment(rental.rental_id):
            self._add(rental, trade.DAMAGE_FEE)

    def _add(self, rental: trade.Rental, amount: Decimal) -> None:
        self._count += 1
        paid_at = timestamp(rental.paid_at)
        self._lines[paid_at[:7]].append(
            f"{self._count}\t{rental.customer_id}\t{rental.staff_id}\t{rental.rental_id}\t"
            f"{amount}\t{paid_at}\n"
        )

    def copy(self, connection: psycopg.Connection) -> None:
        columns = "payment_id customer_id staff_id rental_id amount payment_date"
        for month, lines in self._lines.items():
            chunks = ("".join(lines[i : i + CHUNK]) for i in range(0, len(lines), CHUNK))
            copy_text(connection, f"payment_p{month.replace('-', '_')}", columns.split(), chunks)


def _set_sequences(connection: psycopg.Connection) -> None:
    for table in SEQUENCES:
        column = f"{table}_id"
        connection.execute(
            sql.SQL("SELECT setval({}, (SELECT max({}) FROM public.{}))").format(
                sql.Literal(f"public.{table}_{column}_seq"),
                sql.Identifier(column),
                sql.Identifier(table),
            )
        )
