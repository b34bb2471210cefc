"""Whether an answer's rows are those that a reference query gives."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal, InvalidOperation
from itertools import islice, product

import sqlglot
from pydantic import JsonValue
from sqlglot import exp

from contracts.result import Column

Row = tuple[object, ...]
_PLACES = Decimal("1e-10")
_WIDE = Context(prec=200)
_NUMBERS = frozenset({"decimal", "integer", "float"})
_MOST_ARRANGEMENTS = 5000


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference query without its limit, so that ties at the cut can be told: `keys` are the
    positions of the columns it is ordered by, of `width` in all."""

    sql: str
    width: int
    limit: int | None
    keys: tuple[int, ...]


def reference(sql: str) -> Reference:
    """Take the limit and the order off a query. An order must be by position or by column name.

    Raises ValueError when the text is not one SELECT.
    """
    try:
        tree = sqlglot.parse_one(sql, dialect="postgres")
    except sqlglot.errors.SqlglotError as error:
        raise ValueError(f"the reference query cannot be read: {error}") from error
    if not isinstance(tree, exp.Query):
        raise ValueError("the reference query is not a SELECT")
    limit = tree.args.get("limit")
    if not isinstance(limit, exp.Limit):
        return Reference(sql, len(tree.selects), None, _keys(tree))
    keys = _keys(tree)
    count = int(limit.expression.name)
    tree.set("limit", None)
    return Reference(tree.sql(dialect="postgres"), len(tree.selects), count, keys)


def _keys(tree: exp.Query) -> tuple[int, ...]:
    order = tree.args.get("order")
    names = [projection.alias_or_name for projection in tree.selects]
    keys = []
    for term in order.expressions if isinstance(order, exp.Order) else ():
        by = term.this
        if isinstance(by, exp.Literal) and not by.is_string:
            keys.append(int(by.name) - 1)
        elif isinstance(by, exp.Column) and by.name in names:
            keys.append(names.index(by.name))
        else:
            raise ValueError("the reference query must be ordered by positions or columns")
    return tuple(keys)


def plain(value: object) -> object:
    """A value of a database driver in a form that can be compared: numbers are decimals of ten
    places at most, instants are in UTC, and midnight in UTC is the day."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        number = Decimal(str(value))
        if not number.is_finite():
            return str(number)
        return (
            number
            if number == number.to_integral_value()
            else number.quantize(_PLACES, context=_WIDE)
        )
    if isinstance(value, datetime):
        instant = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        is_day = instant.time() == time()
        return instant.date().isoformat() if is_day else instant.isoformat()
    return value.isoformat() if isinstance(value, date) else value


def plain_json(value: JsonValue, type_: str) -> object:
    """A value of an answer, whose column says its type, in the same form as `plain`."""
    if value is None:
        return None
    try:
        if type_ in ("decimal", "integer", "float"):
            return plain(Decimal(str(value)))
        if type_ == "timestamp" and isinstance(value, str):
            return plain(datetime.fromisoformat(value))
    except (InvalidOperation, ValueError):
        return value
    return value


def difference(
    columns: Sequence[Column],
    rows: Sequence[Sequence[JsonValue]],
    wanted: Sequence[Sequence[object]],
    gold: Reference,
    *,
    is_ordered: bool,
) -> str | None:
    """Why an answer is not right, in a sentence, or None when it is.

    `wanted` are all rows of the reference query, without its limit. Where several rows tie at
    the limit, any of them will do, or all; rows that tie may come in any order. The answer's
    columns may come in any order, and there may be more of them where those are numbers, such as
    the change that a comparison adds: what else is known of the same rows makes none of it wrong.
    """
    types = [column.type for column in columns]
    got = [
        tuple(plain_json(value, type_) for value, type_ in zip(row, types, strict=True))
        for row in rows
    ]
    everything = [tuple(plain(value) for value in row) for row in wanted]
    expected = _first(everything, gold, len(got))
    if len(types) < gold.width:
        return f"{len(types)} columns instead of {gold.width}"
    if len(got) != len(expected):
        return f"{len(got)} rows instead of {len(expected)}"
    fault = None
    for places in _arrangements(got, everything, types, gold.width):
        chosen = [_at(row, places) for row in got]
        found = _difference(chosen, everything, expected, gold, is_ordered=is_ordered)
        if found is None:
            return None
        fault = fault or found
    if fault is None and len(types) > gold.width:
        return f"{len(types)} columns instead of {gold.width}"
    return fault or _difference(got, everything, expected, gold, is_ordered=is_ordered)


def _first(everything: Sequence[Row], gold: Reference, count: int) -> Sequence[Row]:
    """The rows inside the limit; with those that tie with the last, if there are `count`."""
    expected = everything[: gold.limit]
    if gold.limit is None or not gold.keys or count <= len(expected):
        return expected
    last = tuple(expected[-1][key] for key in gold.keys)
    tied = [row for row in everything[len(expected) :] if _at(row, gold.keys) == last]
    with_ties = [*expected, *tied]
    return with_ties if len(with_ties) == count else expected


def _at(row: Row, places: Iterable[int]) -> Row:
    return tuple(row[place] for place in places)


def _arrangements(
    got: Sequence[Row], everything: Sequence[Row], types: Sequence[str], width: int
) -> Iterator[tuple[int, ...]]:
    """Which columns of the answer may stand for those of the reference: each holds only what
    occurs there, and none is left out that is not a number."""
    if not got or not everything:
        yield tuple(range(width))
        return
    known = [{row[place] for row in everything} for place in range(width)]
    may = [
        [at for at in range(len(types)) if {row[at] for row in got} <= known[place]]
        for place in range(width)
    ]
    needed = {at for at, type_ in enumerate(types) if type_ not in _NUMBERS}
    for places in islice(product(*may), _MOST_ARRANGEMENTS):
        if len(set(places)) == width and needed <= set(places):
            yield places


def _difference(
    got: Sequence[Row],
    everything: Sequence[Row],
    expected: Sequence[Row],
    gold: Reference,
    *,
    is_ordered: bool,
) -> str | None:
    unknown = Counter(got) - Counter(everything)
    if unknown:
        return f"a row that should not be there: {_shown(next(iter(unknown)))}"
    keys = gold.keys or tuple(range(gold.width))
    got_keys = [_at(row, keys) for row in got]
    expected_keys = [_at(row, keys) for row in expected]
    if Counter(got_keys) != Counter(expected_keys):
        return "other rows are at the top"
    if is_ordered and got_keys != expected_keys:
        return "the rows are in another order"
    return None


def _shown(row: Row) -> str:
    return ", ".join(str(value) for value in row)
