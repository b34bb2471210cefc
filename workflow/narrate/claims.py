"""Whether what a sentence claims in words is so: ranks, directions, likeness, all and none.

Every word is either accounted for (a name, a metric, a number with its reason), harmless, or a
claim that is checked here. A word that is none of these is one that nobody can vouch for.
"""

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

from workflow.narrate.comparing import change_at
from workflow.narrate.facts import Column, Grounds, Rows, Table
from workflow.narrate.mentions import NAME
from workflow.narrate.reading import Reading
from workflow.narrate.vocabulary import (
    CHANGES,
    EVERY,
    FALLS,
    FOLLOWS,
    HEDGES,
    HIGHEST,
    LIKE,
    LOWEST,
    MAJORITY,
    NONE,
    PLAIN,
    RANKED,
    RISES,
    STEADY,
    TOGETHER,
)

_ARRIVES = frozenset(("comes", "come", "came", "ranks", "ranked", "is", "are", "was", "were"))
_Check = Callable[[int, str, Reading, Grounds, Table], bool]


def are_true(reading: Reading, grounds: Grounds, table: Table) -> bool:
    """Whether all of its claims are."""
    ordinals = {place for n in reading.ordinals for place in range(n.token, n.end + 1)}
    spoken_for = reading.known | ordinals
    spoken_for |= {place for n in reading.numbers for place in range(n.token, n.end + 1)}
    for place, word in enumerate(reading.tokens):
        if place in spoken_for:
            continue
        check = _CHECKS.get(word)
        if check is not None:
            if not check(place, word, reading, grounds, table):
                return False
        elif word in CHANGES and reading.numbers:
            continue  # the number says which
        elif word not in PLAIN and word not in grounds.words and not _is_sign(word, table):
            return False
    return all(
        number.value is not None
        and number.value == number.value.to_integral_value()
        and _has_rank(number.token, int(number.value), reading.at(number.end + 1), reading, table)
        for number in reading.ordinals
    )


def _is_sign(word: str, table: Table) -> bool:
    return any(word == column.sign for column in table.columns if column.sign)


def _superlative(place: int, word: str, reading: Reading, grounds: Grounds, table: Table) -> bool:
    if word == "most" and reading.at(place + 1) == "of":
        return _majority(place, word, reading, grounds, table)
    if reading.at(place - 1) in RANKED or reading.at(place - 2) in RANKED:
        return True  # "second highest": the rank is checked with its number
    if _is_beside_limit(place, reading):
        return table.order is not None and table.order[1] == (word in HIGHEST)
    return _is_extreme(place, word in HIGHEST, reading, table)


def _is_extreme(place: int, is_high: bool, reading: Reading, table: Table) -> bool:
    metric = reading.metric_claimed(place, table.primary)
    if reading.at(place + 1) in FALLS:
        is_high = not is_high  # "the largest decrease" is the lowest change
    column = _column_claimed(place, metric, reading, table)
    rows = reading.rows_claimed(place)
    if column is None or not _sees_all(column.name, is_high, reading, table):
        return False
    present = column.of(table.everything)
    if len(present) < 2 and not table.is_cut:
        return False  # the highest of one
    if rows is None:
        return bool(reading.numbers)  # which is the extreme, or not so
    extreme = max(present) if is_high else min(present)
    return bool(rows) and rows == {
        row for row, value in enumerate(column.values) if value == extreme
    }


def _is_beside_limit(place: int, reading: Reading) -> bool:
    """Like in "top 5" or "the 5 highest"."""
    return any(
        near in reading.known and reading.at(near)[:1].isdecimal()
        for near in (place - 1, place + 1)
    )


def _column_claimed(place: int, metric: str, reading: Reading, table: Table) -> Column | None:
    """The metric's values, or its changes in "the largest increase"."""
    if reading.at(place + 1) in RISES | FALLS | CHANGES:
        return table.column(metric, "change")
    return table.column(metric) or table.column(metric, "running_total")


def _sees_all(metric: str, is_high: bool, reading: Reading, table: Table) -> bool:
    """Whether the rows that came back decide it, or it is said of them only."""
    if table.is_complete or not HEDGES.isdisjoint(reading.words):
        return True
    return table.order == (metric, is_high)


def _rank_word(place: int, word: str, reading: Reading, grounds: Grounds, table: Table) -> bool:
    following = reading.at(place + 1)
    if following == "-":
        following = reading.at(place + 2)
    if following in HIGHEST or following in LOWEST or _is_rank(place, reading):
        return _has_rank(place, RANKED[word], following, reading, table)
    return word == "first" and _counts_on(place, reading, table)


def _is_rank(place: int, reading: Reading) -> bool:
    near = {reading.at(place - 1), reading.at(place - 2), reading.at(place + 1)}
    return bool(near & (_ARRIVES | {"place", "rank"}))


def _counts_on(place: int, reading: Reading, table: Table) -> bool:
    """Like in "only the first 200 rows are shown"."""
    return place + 1 in reading.known and reading.at(place + 1)[:1].isdecimal()


def _last(place: int, word: str, reading: Reading, grounds: Grounds, table: Table) -> bool:
    if not _is_rank(place, reading):
        return False
    if reading.rows_claimed(place) is None:
        return bool(reading.numbers)  # which is the lowest, or not so
    return _has_rank(place, 1, "lowest", reading, table)


def _has_rank(place: int, rank: int, following: str, reading: Reading, table: Table) -> bool:
    """Whether the one row that is claimed to have a rank does; rows with the same value share
    the ranks that they take together."""
    is_high = following not in LOWEST
    column = table.column(reading.metric_claimed(place, table.primary))
    rows = reading.rows_claimed(place)
    if column is None or rows is None or not _sees_all(column.metric, is_high, reading, table):
        return False
    values = column.of(rows)
    if not values or len(values) != len(rows) or len(set(values)) != 1:
        return False
    present = column.of(table.everything)
    ahead = sum(v > values[0] if is_high else v < values[0] for v in present)
    return ahead < rank <= ahead + present.count(values[0])


def _direction(place: int, word: str, reading: Reading, grounds: Grounds, table: Table) -> bool:
    if _is_no_direction(place, word, reading, table):
        return True
    sign = 1 if word in RISES else -1
    metric = reading.metric_claimed(place, table.primary)
    if _is_moved_on(place, reading):
        return True
    found = change_at(reading, table, metric, place, place)
    if found is not None:
        return (
            found.is_ordered
            and found.difference * sign > 0
            and _each_moves(place, sign, metric, reading, table)
        )
    return reading.rows_claimed(place) is None and _is_monotonic(metric, sign, table)


def _is_no_direction(place: int, word: str, reading: Reading, table: Table) -> bool:
    """ "Up to", and "there are more" of a result that was cut."""
    if word == "up" and reading.at(place + 1) == "to":
        return True
    is_more = reading.tokens[max(place - 2, 0) : place] == ("there", "are")
    return word == "more" and is_more and not table.is_complete


def _is_moved_on(place: int, reading: Reading) -> bool:
    """The noun of "the largest increase", which is checked with its adjective."""
    return reading.at(place - 1) in HIGHEST or reading.at(place - 1) in LOWEST


def _each_moves(place: int, sign: int, metric: str, reading: Reading, table: Table) -> bool:
    """Where the plan compares: whether every row that the claim is about moved so."""
    before, after = table.column(metric, "before"), table.column(metric)
    if before is None or after is None:
        return True
    rows = reading.rows_claimed(place)
    if rows is None and EVERY.isdisjoint(reading.words):
        return True  # it is said of the whole
    for row in table.everything if rows is None else rows:
        one, other = before.values[row], after.values[row]
        if one is None or other is None or (other - one) * sign <= 0:
            return not _compares_rows(reading)
    return True


def _compares_rows(reading: Reading) -> bool:
    return "than" not in reading.tokens


def _is_monotonic(metric: str, sign: int, table: Table) -> bool:
    """Whether it moved that way from each period to the next, with nothing beside time."""
    column = table.column(metric)
    is_whole = table.is_complete and len(set(table.cells)) == 1
    if column is None or len(table.times) < 2 or not is_whole:
        return False
    values = [column.values[row] for row in sorted(table.times, key=lambda row: table.times[row])]
    return all(
        one is not None and other is not None and (other - one) * sign > 0
        for one, other in pairwise(values)
    )


def _steady(place: int, word: str, reading: Reading, grounds: Grounds, table: Table) -> bool:
    metric = reading.metric_claimed(place, table.primary)
    signs = {1 if word in RISES else -1 for word in reading.tokens if word in RISES | FALLS}
    return len(signs) == 1 and _is_monotonic(metric, signs.pop(), table)


def _alike(place: int, word: str, reading: Reading, grounds: Grounds, table: Table) -> bool:
    metric = reading.metric_claimed(place, table.primary)
    column, before = table.column(metric), table.column(metric, "before")
    rows = reading.rows_claimed(place)
    if column is None:
        return False
    if before is not None and reading.at(place + 1) == "as":
        now = column.total(rows or table.everything)
        return now is not None and now == before.total(rows or table.everything)
    if rows is None or len(rows) < 2:
        rows = table.everything
    values = column.of(rows)
    return len(values) == len(rows) > 1 and len(set(values)) == 1


def _every(place: int, word: str, reading: Reading, grounds: Grounds, table: Table) -> bool:
    following = reading.at(place + 1)
    if word in ("all", "every") and (
        following in grounds.scope_words or reading.at(place + 2) in grounds.scope_words
    ):
        is_counted = place + 1 in reading.known and following[:1].isdecimal()
        return grounds.is_every_store or is_counted
    if word == "each":
        return bool(reading.numbers)
    if word == "both":
        return any(len(g) == 2 or g[0].count == 2 for g in reading.groups.values())
    if word == "every":
        return _steady(place, word, reading, grounds, table)
    is_counted = place + 1 in reading.known and following[:1].isdecimal()
    is_number = is_counted or following in _COUNTING
    is_sum = not TOGETHER.isdisjoint(reading.words) or reading.at(place - 1) == "of"
    is_only = following in ("in", "on") and table.row_count == 1 and not table.is_cut
    return word == "all" and (
        is_number or is_only or (is_sum and bool(reading.numbers)) or _moves_alike(reading)
    )


_COUNTING = frozenset(["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"])


def _moves_alike(reading: Reading) -> bool:
    """All of what has a direction, which is then checked for every row."""
    return not (RISES | FALLS).isdisjoint(reading.words) and not reading.groups


def _none(place: int, word: str, reading: Reading, grounds: Grounds, table: Table) -> bool:
    """Nothing there: no row, or rows without a value or with a count of 0."""
    columns = _columns_spoken_of(reading, table)
    is_of_some = reading.at(place - 1) in ("has", "have") and not reading.groups
    if is_of_some or (word == "without" and reading.at(place + 1) == "data"):
        return any(value is None for column in columns for value in column.values)
    return word == "no" and all(not value for column in columns for value in column.values)


def _columns_spoken_of(reading: Reading, table: Table) -> list[Column]:
    """The numbers of the metrics that are named, or of all, in the period that is named."""
    named = {name for _, _, name in reading.metrics if name}
    is_before = {role for _, role in reading.roles} == {"before"}
    kinds = ("before",) if is_before else ("value", "running_total")
    return [
        column
        for column in table.columns
        if column.kind in kinds and (not named or column.metric in named)
    ]


def _only(place: int, word: str, reading: Reading, grounds: Grounds, table: Table) -> bool:
    """One row, the first rows of more, or the stores of the scope."""
    following = reading.at(place + 1)
    is_first = reading.tokens[place + 1 : place + 3] == ("the", "first")
    return (
        (table.row_count == 1 and not table.is_cut)
        or (is_first and not table.is_complete)
        or (following in grounds.scope_words and not grounds.is_every_store)
        or (following == NAME and not reading.groups)
    )


def _majority(place: int, word: str, reading: Reading, grounds: Grounds, table: Table) -> bool:
    column = table.column(reading.metric_claimed(place, table.primary))
    rows = reading.rows_claimed(place)
    if column is None or rows is None or not table.is_complete or not column.is_additive:
        return False
    part, whole = column.total(rows), column.total(table.everything)
    smallest = min(column.of(table.everything), default=-1)
    return part is not None and whole is not None and smallest >= 0 and part * 2 > whole


def _follows(place: int, word: str, reading: Reading, grounds: Grounds, table: Table) -> bool:
    """ "A, followed by B": nothing lies between them in the order of the metric."""
    column = table.column(reading.metric_claimed(place, table.primary))
    if column is None or word == "next" or len(reading.groups) != 1:
        return False
    (groups,) = reading.groups.values()
    before = [group for group in groups if group.end < place]
    after = [group for group in groups if group.start > place]
    if not before or not after or not _sees_all(column.metric, True, reading, table):
        return False
    one, other = _lowest(column, before[-1].rows), _lowest(column, after[0].rows)
    if one is None or other is None:
        return False
    between = [v for v in column.of(table.everything) if other < v < one]
    return other <= one and not between and after[0].count == 1


def _lowest(column: Column, rows: Rows) -> Decimal | None:
    return min(column.of(rows), default=None)


_CHECKS: dict[str, _Check] = {
    **dict.fromkeys(HIGHEST | LOWEST, _superlative),
    **dict.fromkeys(RISES | FALLS, _direction),
    **dict.fromkeys(RANKED, _rank_word),
    **dict.fromkeys(STEADY, _steady),
    **dict.fromkeys(LIKE, _alike),
    **dict.fromkeys(EVERY, _every),
    **dict.fromkeys(NONE, _none),
    **dict.fromkeys(MAJORITY, _majority),
    **dict.fromkeys(FOLLOWS, _follows),
    "last": _last,
    "only": _only,
}
