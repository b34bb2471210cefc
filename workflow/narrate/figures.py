"""Whether the numbers of a sentence are those of what it speaks of.

A number stands when it is the value of the rows and the metric that it is said of, or declared
arithmetic on them: a sum where groups add up, a share of the whole, a difference, a ratio or a
change in percent between two that are compared, all rounded to two digits or more.
"""

from decimal import Decimal
from typing import Literal

from workflow.narrate.comparing import change_at, direction_at
from workflow.narrate.facts import RATIOS, Column, Table
from workflow.narrate.mentions import DAY, NAME, Number
from workflow.narrate.reading import Reading
from workflow.narrate.vocabulary import (
    BEFORE,
    CHANGES,
    CURRENCY_WORDS,
    FALLS,
    HEDGES,
    HIGHEST,
    LIKE,
    LOWEST,
    PER,
    RISES,
    RUNNING,
    SHARE,
    TIME_UNITS,
    TIMES,
    TOGETHER,
)
from workflow.semantic.model import ColumnKind

_Context = Literal["plain", "change", "times", "share", "per"]
_CHANGING = RISES | FALLS | CHANGES
_BY = frozenset(("by", "of", "a", "an", "about", "around", "approximately", "roughly", "was", "is"))
_PRONOUNS = frozenset(("it", "that", "this", "what"))
_SIGNS = frozenset(("-", "minus", ":"))
_AGAIN = frozenset(("or", "(", ",", "that", "is", "about"))
_LOWEST = LOWEST | {"last"}
_SAME_EACH = LIKE | {"each", "both", "every"}

_CURRENCY_SIGNS = frozenset("$€£¥₹")
_WORDS_OF_SIGN = {
    "$": frozenset(("dollar", "dollars", "usd")),
    "€": frozenset(("euro", "euros", "eur")),
    "£": frozenset(("pound", "pounds", "gbp")),
    "¥": frozenset(("yen", "jpy")),
}


def are_true(reading: Reading, table: Table) -> bool:
    """Whether all of its numbers are."""
    contexts: dict[int, _Context] = {}
    for number in reading.numbers:
        context = _context(number, reading, contexts)
        contexts[number.end] = context
        if not _is_true(number, context, reading, table):
            return False
    return True


def _context(number: Number, reading: Reading, earlier: dict[int, _Context]) -> _Context:
    """What kind of number the words around it make it."""
    after = reading.at(number.end + 1)
    if after in ("times", "x", "fold") or reading.tokens[number.token] in TIMES:
        return "times"
    if after in PER or (after == "for" and reading.at(number.end + 2) in PER):
        return "per" if _metric_after(number, reading) else "plain"
    if after in _CHANGING or _is_after_change(number, reading):
        return "change"
    place = _passed(reading, number.token - 1, _AGAIN | _CHANGING)
    if place in earlier and place < number.token - 1:
        return _as_before(earlier[place], number, reading, after)
    return _of_percent(number, reading, after) if number.is_percent else "plain"


def _is_after_change(number: Number, reading: Reading) -> bool:
    before = number.token - 1
    if reading.at(before) in _CURRENCY_SIGNS:
        before -= 1
    if reading.at(before) == "by" and _CHANGING & reading.words:
        return True
    place = _passed(reading, before, _BY | _SIGNS | _CURRENCY_SIGNS)
    return reading.at(place) in _CHANGING and reading.at(place + 1) != "to"


def _of_percent(number: Number, reading: Reading, after: str) -> _Context:
    """A percentage of another row, or of the whole, or a value of its own."""
    if after == "of":
        is_of_row = reading.at(number.end + 2) in _PRONOUNS or any(
            group.start > number.end for groups in reading.groups.values() for group in groups
        )
        return "times" if is_of_row else "share"
    return "share" if SHARE & reading.words else "plain"


def _passed(reading: Reading, place: int, words: frozenset[str]) -> int:
    """The first place, going back, that is neither one of these words nor a name of the model."""
    while place >= 0 and (_is_passed(reading, place) or reading.at(place) in words):
        place -= 1
    return place


def _as_before(context: _Context, number: Number, reading: Reading, after: str) -> _Context:
    """A number said again in another way: "fell by 100, or 25 %"."""
    if number.is_percent and after == "of" and context == "change":
        return "times"
    if number.is_percent and context == "plain":
        return _of_percent(number, reading, after)
    return context


def _is_passed(reading: Reading, place: int) -> bool:
    return place in reading.known and reading.at(place) not in (NAME, DAY)


def _is_true(number: Number, context: _Context, reading: Reading, table: Table) -> bool:
    if reading.at(number.token - 1) == "number" and number.token - 1 not in reading.known:
        return False  # a rank, or a count of nobody knows what
    metric = reading.metric_at(number.token, number.end, table.primary)
    match context:
        case "change":
            return _is_change(number, metric, reading, table)
        case "times":
            found = change_at(reading, table, metric, number.token, number.end)
            return found is not None and found.is_ordered and is_written(number, found.ratio)
        case "share":
            return _is_share(number, reading, table)
        case "per":
            return _is_per(number, reading, table)
        case "plain":
            column = _column(number, metric, reading, table)
            return (
                column is not None
                and _has_its_unit(number, column, reading)
                and (column.is_ratio or not number.is_percent)
                and _is_value(number, column, reading, table)
            )


def _column(number: Number, metric: str, reading: Reading, table: Table) -> Column | None:
    kind: ColumnKind = "value"
    if not RUNNING.isdisjoint(reading.words):
        kind = "running_total"
    elif number.is_percent and table.column(metric, "share") and SHARE & reading.words:
        kind = "share"
    elif table.column(metric, "before") is not None and _is_before(number, reading):
        kind = "before"
    found = table.column(metric, kind)
    if found is None and kind == "value":
        found = table.column(metric, "running_total")
    return found


def _is_before(number: Number, reading: Reading) -> bool:
    role = reading.role_at(number.token, number.end)
    if role is not None:
        return role == "before"
    start, end = reading.clause(number.token)
    return not BEFORE.isdisjoint(reading.tokens[start : end + 1])


def _is_value(number: Number, column: Column, reading: Reading, table: Table) -> bool:
    rows = reading.rows_of(number.token, number.end)
    if table.row_count == 1:
        rows = table.everything if rows is None else rows
    is_known_whole = table.is_complete or not HEDGES.isdisjoint(reading.words)
    if rows is None:
        return _is_of_all(number, column, reading, table, is_known_whole=is_known_whole)
    if len(rows) == 1:
        return is_written(number, column.values[next(iter(rows))])
    if not rows:
        return False
    if reading.words & (_SAME_EACH | HIGHEST | _LOWEST):
        return all(is_written(number, column.values[row]) for row in rows)
    is_sum = bool(TOGETHER & reading.words) or not reading.is_list(number.token, number.end)
    return is_sum and table.is_complete and is_written(number, column.total(rows))


def _is_of_all(
    number: Number, column: Column, reading: Reading, table: Table, *, is_known_whole: bool
) -> bool:
    """Where no row is named: the highest or the lowest value where it is called so, a value that
    all rows have, the least and the most they range between, or the sum."""
    values = column.of(table.everything)
    if not values:
        return False
    start, end = reading.clause(number.token)
    words = reading.words & set(reading.tokens[start : end + 1])
    if not words & (HIGHEST | _LOWEST):
        words = reading.words
    for word, extreme, is_high in ((HIGHEST, max(values), True), (_LOWEST, min(values), False)):
        if words & word:
            is_chosen = table.order == (column.metric, is_high)
            return (is_known_whole or is_chosen) and is_written(number, extreme)
    if (
        reading.words & (_SAME_EACH | {"all"})
        and len(set(values)) == 1
        and len(values) == table.row_count
    ):
        return is_written(number, values[0])
    if reading.words & {"range", "ranges", "ranged", "between"}:
        return is_known_whole and any(is_written(number, v) for v in (min(values), max(values)))
    return (
        is_known_whole and column.is_additive and is_written(number, column.total(table.everything))
    )


def _is_change(number: Number, metric: str, reading: Reading, table: Table) -> bool:
    found = change_at(reading, table, metric, number.token, number.end)
    column = table.column(metric)
    if found is None or column is None:
        return False
    if number.is_percent:
        # of a ratio nobody can say whether it is percent or percentage points
        true = None if column.is_ratio else found.growth
    else:
        true = found.difference if _has_its_unit(number, column, reading) else None
    if true is None:
        return False
    direction = direction_at(reading, number.token)
    if number.is_signed:
        return direction != -1 and found.is_ordered and is_written(number, true)
    if direction == 0:
        return is_written(number, abs(true))
    return found.is_ordered and is_written(number, true * direction)


def _is_share(number: Number, reading: Reading, table: Table) -> bool:
    metric = reading.metric_claimed(number.end, table.primary)
    rows = reading.rows_of(number.token, number.end)
    if rows is None and table.row_count == 1:
        rows = table.everything
    share = table.column(metric, "share")
    if share is not None:
        return rows is not None and len(rows) == 1 and is_written(number, share.of(rows)[0])
    column = table.column(metric)
    if column is None or rows is None or not table.is_complete or table.row_count < 2:
        return False
    part, whole = column.total(rows), column.total(table.everything)
    if part is None or whole is None or whole <= 0 or min(column.of(table.everything)) < 0:
        return False
    return column.is_additive and is_written(number, RATIOS.divide(part, whole))


def _metric_after(number: Number, reading: Reading) -> str:
    found = [name for first, _, name in reading.metrics if name and first > number.end]
    return found[0] if found else ""


def _is_per(number: Number, reading: Reading, table: Table) -> bool:
    named = [name for first, _, name in reading.metrics if name and first < number.token]
    over = table.column(named[-1] if named else table.primary)
    under = table.column(_metric_after(number, reading))
    rows = reading.rows_of(number.token, number.end)
    rows = table.everything if rows is None else rows
    if over is None or under is None:
        return False
    top, bottom = over.total(rows), under.total(rows)
    if top is None or not bottom:
        return False
    return is_written(number, RATIOS.divide(top, bottom))


def _has_its_unit(number: Number, column: Column, reading: Reading) -> bool:
    """Whether a sign or a unit beside the number is the column's."""
    before, after = reading.at(number.token - 1), reading.at(number.end + 1)
    if before in ("-", "minus"):
        before = reading.at(number.token - 2)
    if before in _CURRENCY_SIGNS or before in CURRENCY_WORDS:
        return before == column.sign and after not in TIME_UNITS
    if after in _CURRENCY_SIGNS or after in CURRENCY_WORDS:
        return after == column.sign or after in _WORDS_OF_SIGN.get(column.sign, ())
    if after in TIME_UNITS:
        return column.unit is not None and after.rstrip("s") == column.unit.rstrip("s")
    return True


def is_written(number: Number, true: Decimal | None) -> bool:
    """Whether this is how it would be written: as it is, or rounded to two digits or more."""
    if true is None or number.value is None:
        return False
    if number.value == true:
        return True
    return number.digits >= 2 and abs(number.value - true) * 2 <= number.quantum
