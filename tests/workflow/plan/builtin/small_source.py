"""A small, realistic source: payments, rentals and customers, and who may see which."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from contracts.context import UserContext
from workflow.semantic.model import (
    DataProfile,
    Dataset,
    Field,
    FieldType,
    Metric,
    Relationship,
    SemanticModel,
)

TODAY = date(2026, 7, 1)
NEWEST = date(2022, 8, 31)


def _field(name: str, label: str, type_: FieldType = "text", *synonyms: str, **more: bool) -> Field:
    return Field(
        name, name, type_, label, synonyms=synonyms,
        is_time=more.get("time", False),
        is_personal=more.get("personal", False),
        is_indexed=more.get("indexed", False),
    )  # fmt: skip


_FILM = (
    _field("film_title", "Film", "text", "film title", "movie", "title", indexed=True),
    _field("category", "Category", "text", "film category", "genre", indexed=True),
    _field("rating", "Rating", "text", "film rating", "age rating", indexed=True),
    _field("language", "Language", "text", "film language", indexed=True),
)
_PLACE = (
    _field("customer_city", "Customer city", "text", "city", "town", indexed=True),
    _field("customer_country", "Customer country", "text", "country", indexed=True),
    _field(
        "staff_name", "Staff member", "text", "staff", "employee", "clerk", "seller", indexed=True
    ),
)
_STORE = _field("store_id", "Store", "integer", "shop", "branch")
_CUSTOMER = _field(
    "customer_id",
    "Customer number",
    "integer",
    "customer",
    "client",
    "spender",
    "borrower",
    "renter",
)

PAYMENTS = Dataset(
    name="payments", source="s.payments", view="pay_view", label="Payments",
    synonyms=("transactions",), primary_key=("payment_id",), scope_field="store_id",
    time_field="payment_date",
    fields=(
        _field("payment_id", "Payment number", "integer"),
        _field("payment_date", "Payment date", "timestamp", "paid on", time=True),
        _field("amount", "Amount", "decimal", "payment amount"),
        _CUSTOMER, _STORE, *_FILM, *_PLACE,
        _field("rental_date", "Rental date", "timestamp", time=True),
    ),
)  # fmt: skip
RENTALS = Dataset(
    name="rentals", source="s.rentals", view="rent_view", label="Rentals",
    primary_key=("rental_id",), scope_field="store_id", time_field="rental_date",
    fields=(
        _field("rental_id", "Rental number", "integer"),
        _field("rental_date", "Rental date", "timestamp", time=True),
        _field("return_date", "Return date", "timestamp", time=True),
        _field("is_returned", "Returned", "boolean"),
        _field("rental_days", "Rental days", "decimal", "days rented"),
        _CUSTOMER, _STORE, *_FILM, *_PLACE,
    ),
)  # fmt: skip
CUSTOMERS = Dataset(
    name="customers", source="s.customers", view="customer_view", label="Customers",
    primary_key=("customer_id",), scope_field="store_id", time_field="create_date",
    fields=(
        _CUSTOMER, _STORE,
        _field("masked_name", "Customer name", "text", "masked name", personal=True),
        _field("masked_email", "Masked e-mail", "text", personal=True),
        _field("city", "City", "text", "town", indexed=True),
        _field("country", "Country", "text", indexed=True),
        _field("is_active", "Active", "boolean"),
        _field("create_date", "Create date", "date", "joined", "signed up", time=True),
    ),
)  # fmt: skip


def _metric(
    name: str, dataset: str, expression: str, label: str, unit: str, *synonyms: str
) -> Metric:
    type_: FieldType = "integer" if unit == "count" else "decimal"
    return Metric(name, dataset, expression, label, type_, synonyms=synonyms, unit=unit)


METRICS = (
    _metric("revenue", "payments", "sum(amount)", "Revenue", "currency",
            "sales", "turnover", "income", "takings", "total revenue", "earnings"),
    _metric("payment_count", "payments", "count(*)", "Payment count", "count",
            "number of payments", "payments"),
    _metric("average_payment", "payments", "avg(amount)", "Average payment", "currency",
            "average payment amount", "average transaction"),
    _metric("paying_customers", "payments", "count(distinct customer_id)", "Paying customers",
            "count", "customers who paid"),
    _metric("rental_count", "rentals", "count(*)", "Rental count", "count",
            "number of rentals", "rentals", "popular"),
    _metric("open_rentals", "rentals", "count(*) filter (where return_date is null)",
            "Open rentals", "count", "not returned", "outstanding rentals", "still out",
            "unreturned rentals"),
    _metric("returned_rentals", "rentals", "count(return_date)", "Returned rentals", "count",
            "returned"),
    _metric("average_rental_days", "rentals", "avg(rental_days)", "Average rental days", "days",
            "average rental length", "average rental duration", "average rental period"),
    _metric("films_rented", "rentals", "count(distinct film_id)", "Distinct films rented",
            "count", "different films rented"),
    _metric("customer_count", "customers", "count(*)", "Customer count", "count",
            "customers", "number of customers"),
    _metric("active_customers", "customers", "count(*) filter (where is_active)",
            "Active customers", "count"),
)  # fmt: skip

_BY_CUSTOMER = ("customer_id",)

FULL = SemanticModel(
    name="rental", digest="d1", datasets=(PAYMENTS, RENTALS, CUSTOMERS),
    relationships=(
        Relationship("payment_customer", "payments", "customers", _BY_CUSTOMER, _BY_CUSTOMER),
        Relationship("rental_customer", "rentals", "customers", _BY_CUSTOMER, _BY_CUSTOMER),
        Relationship("payment_rental", "payments", "rentals", ("rental_id",), ("rental_id",)),
    ),
    metrics=METRICS,
)  # fmt: skip

VIEWS = {
    "admin": ("pay_view", "rent_view", "customer_view"),
    "store_manager": ("pay_view", "rent_view"),
    "marketing": ("customer_view",),
    "finance": ("pay_view",),
}

_TITLES = (
    "ACADEMY DINOSAUR", "ACE GOLDFINGER", "BUCKET BROTHERHOOD", "DROP WATERFRONT",
    "ALTER VICTORY", "ROCKETEER MOTHER", "SECRETS PARADISE", "ZORRO ARK", "JUNE BRIDE",
    "ALIEN CENTER", "AFRICAN EGG", "STREET ALLEY",
)  # fmt: skip
_FILM_VALUES = {
    "film_title": _TITLES,
    "category": ("Action", "Children", "Classics", "Comedy", "Family", "Games", "Horror", "New",
                 "Sci-Fi", "Sports", "Travel"),
    "rating": ("G", "NC-17", "PG", "PG-13", "R"),
    "language": ("English",),
    "customer_city": ("Aurora", "London", "Lethbridge", "Springfield"),
    "customer_country": ("Canada", "United Kingdom", "United States", "Mexico", "Slovenia"),
    "staff_name": ("Mike Hillyer", "Jon Stephens", "Aurora"),
    "store_id": ("1", "2"),
}  # fmt: skip
_CUSTOMER_VALUES = {
    "city": ("Aurora", "London", "Lethbridge", "Springfield"),
    "country": ("Canada", "United Kingdom", "United States", "Mexico", "Slovenia"),
    "store_id": ("1", "2"),
}


def restricted(role: str) -> SemanticModel:
    """The role's part of the model, as `restrict` makes it."""
    datasets = tuple(d for d in FULL.datasets if d.view in VIEWS[role])
    names = {d.name for d in datasets}
    return replace(
        FULL,
        datasets=datasets,
        relationships=tuple(r for r in FULL.relationships if {r.many, r.one} <= names),
        metrics=tuple(m for m in FULL.metrics if m.dataset in names),
    )


def profiled(role: str) -> DataProfile:
    """What occurs in the data of the role's views."""
    names = {d.name for d in restricted(role).datasets}
    values: dict[str, tuple[str, ...]] = {}
    if names & {"payments", "rentals"}:
        values |= _FILM_VALUES
    if "customers" in names:
        values |= _CUSTOMER_VALUES
    return DataProfile(values=values, newest=dict.fromkeys(sorted(names), NEWEST))


def person(role: str, *stores: int) -> UserContext:
    """Someone of a role; without stores, someone who sees all of them."""
    return UserContext(
        user_id=UUID(int=1), username=role, org_id=UUID(int=2), role=role, permissions=("ask",),
        store_ids=stores, is_all_stores=not stores, allowed_views=VIEWS[role],
    )  # fmt: skip
