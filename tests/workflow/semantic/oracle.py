"""What a plan over the shop means, worked out in Python, row by row, without any SQL."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from contracts.plan import Dimension, Filter, Plan

Row = dict[str, object]
Tables = dict[str, list[Row]]
Key = tuple[object, ...]

TIMES = {"sales": "sold_at", "visits": "visited_at", "customers": "joined"}
_PATHS = {
    "sales": (("customers", "customer_id"), ("tiers", "tier_id")),
    "visits": (("customers", "customer_id"), ("tiers", "tier_id")),
    "customers": (("tiers", "tier_id"),),
}


def _values(rows: list[Row], name: str) -> list[object]:
    return [row[name] for row in rows if row[name] is not None]


def _sum(rows: list[Row], name: str) -> object:
    values = [Decimal(str(v)) for v in _values(rows, name)]
    return sum(values, Decimal()) if values else None


def _count(rows: list[Row], name: str) -> int:
    return len(_values(rows, name))


# each aggregate that a metric is made of: its dataset, and how it is computed
PARTS: dict[str, tuple[str, Callable[[list[Row]], object]]] = {
    "revenue": ("sales", lambda rows: _sum(rows, "amount")),
    "units": ("sales", lambda rows: _sum(rows, "quantity")),
    "sale_count": ("sales", lambda rows: _count(rows, "sale_id")),
    "buyers": ("sales", lambda rows: len(set(_values(rows, "customer_id")))),
    "last_sale": ("sales", lambda rows: max(_values(rows, "sold_at"), default=None)),  # type: ignore[type-var]  # they are all of one type
    "visit_count": ("visits", lambda rows: _count(rows, "visit_id")),
    "minutes": ("visits", lambda rows: _sum(rows, "minutes")),
    "bought": ("visits", lambda rows: sum(row["is_bought"] is True for row in rows)),
    "customer_count": ("customers", lambda rows: _count(rows, "customer_id")),
}
RATIOS = {
    "revenue_per_buyer": ("revenue", "buyers"),
    "bought_share": ("bought", "visit_count"),
    "sales_per_visit": ("sale_count", "visit_count"),
}
_EMPTY = {"sale_count": 0, "buyers": 0, "visit_count": 0, "bought": 0, "customer_count": 0}


def parts_of(metric: str) -> tuple[str, ...]:
    return RATIOS.get(metric, (metric,))


def datasets_of(plan: Plan) -> list[str]:
    return list(dict.fromkeys(PARTS[part][0] for m in plan.metrics for part in parts_of(m)))


def answer(plan: Plan, tables: Tables) -> list[Key]:
    """The rows without order or limit: dimensions, then metrics."""
    datasets = datasets_of(plan)
    parts = {part for metric in plan.metrics for part in parts_of(metric)}
    groups: dict[Key, dict[str, object]] = {}
    for dataset in datasets:
        times = {TIMES[d] for d in datasets} if len(datasets) > 1 else set()
        grouped: dict[Key, list[Row]] = {} if plan.dimensions else {(): []}
        for row in (_joined(row, dataset, tables) for row in tables[dataset]):
            if _in_time(row, dataset, plan) and all(_passes(row, f) for f in plan.filters):
                key = tuple(_dimension(row, d, dataset, times) for d in plan.dimensions)
                grouped.setdefault(key, []).append(row)
        for key, rows in grouped.items():
            found = groups.setdefault(key, {})
            for part in parts:
                if PARTS[part][0] == dataset:
                    found[part] = PARTS[part][1](rows)
    return [(*key, *(_metric(m, found) for m in plan.metrics)) for key, found in groups.items()]


def _metric(name: str, found: dict[str, object]) -> object:
    values = [found.get(part, _EMPTY.get(part)) for part in parts_of(name)]
    if len(values) == 1:
        return values[0]
    top, bottom = values
    if top is None or not bottom:
        return None
    return Decimal(str(top)) / Decimal(str(bottom))


def _is_big(row: Row) -> bool | None:
    amount, quantity = row["amount"], row["quantity"]
    big = [None if v is None else v > limit for v, limit in ((amount, 5), (quantity, 2))]  # type: ignore[operator]  # numbers
    return True if True in big else None if None in big else False


def _joined(row: Row, dataset: str, tables: Tables) -> Row:
    """The row with the fields of what it belongs to; its own fields win."""
    full = dict(row)
    if dataset == "sales":
        full["is_big"] = _is_big(row)
    current: Row = row
    for other, key in _PATHS[dataset]:
        found = [
            r for r in tables[other] if current.get(key) is not None and r[key] == current[key]
        ]
        empty: Row = dict.fromkeys(tables[other][0])
        current = found[0] if found else empty
        full = {**current, **full}
    return full


def _in_time(row: Row, dataset: str, plan: Plan) -> bool:
    if plan.time is None:
        return True
    day = _day(row[TIMES[dataset]])
    assert day is not None
    return (plan.time.start is None or day >= plan.time.start) and (
        plan.time.end is None or day < plan.time.end
    )


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).date()
    return value if isinstance(value, date) else None


def _dimension(row: Row, dimension: Dimension, dataset: str, times: set[str]) -> object:
    if dimension.grain is None:
        return row[dimension.field]
    field = TIMES[dataset] if dimension.field in times else dimension.field
    day = _day(row[field])
    if day is None:
        return None
    return {
        "day": day,
        "week": day - timedelta(days=day.weekday()),
        "month": day.replace(day=1),
        "quarter": date(day.year, (day.month - 1) // 3 * 3 + 1, 1),
        "year": date(day.year, 1, 1),
    }[dimension.grain]


def _passes(row: Row, given: Filter) -> bool:
    value = row[given.field]
    if isinstance(value, datetime):
        value = _day(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    wanted = [Decimal(v) if type(v) is int else v for v in given.values]
    if given.operator == "is_null":
        return value is None
    if given.operator == "ne":
        return value != wanted[0]
    if given.operator == "not_in":
        return value not in wanted
    if value is None:
        return False
    tests: dict[str, Callable[[], bool]] = {
        "is_not_null": lambda: True,
        "eq": lambda: value == wanted[0],
        "in": lambda: value in wanted,
        "lt": lambda: value < wanted[0],  # type: ignore[operator]  # generated values fit
        "lte": lambda: value <= wanted[0],  # type: ignore[operator]
        "gt": lambda: value > wanted[0],  # type: ignore[operator]
        "gte": lambda: value >= wanted[0],  # type: ignore[operator]
        "between": lambda: wanted[0] <= value <= wanted[1],  # type: ignore[operator]
        "contains": lambda: str(wanted[0]).lower() in str(value).lower(),
    }
    return tests[given.operator]()


def rounded(row: Key) -> str:
    """A row as text that can be compared and sorted: numbers to ten places, by way of the twelve
    that DuckDB has of a quotient, so that what is a tie there is one everywhere."""

    def plain(value: object) -> object:
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int | Decimal):
            places = Decimal(value).quantize(Decimal("1e-12"))
            return str(places.quantize(Decimal("1e-10")).normalize() + 0)
        if isinstance(value, datetime):
            aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value
            return aware.astimezone(UTC).isoformat()
        return value.isoformat() if isinstance(value, date) else value

    return json.dumps([plain(v) for v in row])
