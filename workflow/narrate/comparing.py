"""What a sentence compares, and what the comparison comes to."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from kit.display import EXACT
from workflow.narrate.facts import RATIOS, Column, Rows, Table
from workflow.narrate.reading import Group, Reading
from workflow.narrate.vocabulary import FALLS, RISES

_OBJECT_FOLLOWS = frozenset(
    ("than", "what", "versus", "vs", "against", "ahead", "behind", "above", "below", "compared")
)
_POSITIONAL = _OBJECT_FOLLOWS | {"times", "x", "fold", "of", "beat", "beats", "outsold", "exceeds"}


@dataclass(frozen=True, slots=True)
class Pair:
    """`subject` is compared with `base`. Where `is_ordered` is false, either may be meant."""

    subject: Rows
    base: Rows
    is_ordered: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """From one number to another, if there are both."""

    before: Decimal
    after: Decimal
    is_ordered: bool = True

    @property
    def difference(self) -> Decimal:
        """After minus before."""
        return EXACT.subtract(self.after, self.before)

    @property
    def ratio(self) -> Decimal | None:
        """After divided by before."""
        return RATIOS.divide(self.after, self.before) if self.before else None

    @property
    def growth(self) -> Decimal | None:
        """The difference divided by before, whose sign must then be a plus."""
        if self.before <= 0:
            return None
        return RATIOS.divide(self.difference, self.before)


def change_at(reading: Reading, table: Table, metric: str, start: int, end: int) -> Change | None:
    """The change that a number or a word at these places is about: between two rows that are
    compared in words, else against the period that the plan compares with, else between two
    periods that are named, else from the period right before the one that is."""
    column = table.column(metric)
    if column is None:
        return None
    rows = reading.rows_of(start, end)
    pair = _pair(reading, table, start, rows)
    if pair is not None and (pair[1] or table.column(metric, "before") is None):
        return _between(column, pair[0])
    earlier = table.column(metric, "before")
    if rows is None and table.row_count == 1:
        rows = table.everything
    if earlier is not None:
        return _totals(earlier, column, rows if rows is not None else table.everything)
    if rows is not None and len(rows) == 1:
        (row,) = rows
        previous = table.earlier(row)
        if previous is not None:
            return _between(column, Pair(rows, frozenset((previous,))))
    return None


def direction_at(reading: Reading, place: int) -> int:
    """1 where the word of direction nearest to a number says up, -1 where it says down, 0 where
    there is none."""
    words = [
        (abs(where - place), 1 if token in RISES else -1)
        for where, token in enumerate(reading.tokens)
        if token in RISES or token in FALLS
    ]
    return min(words)[1] if words else 0


def _totals(before: Column, after: Column, rows: Rows) -> Change | None:
    earlier, later = before.total(rows), after.total(rows)
    if earlier is None or later is None:
        return None
    return Change(earlier, later)


def _between(column: Column, pair: Pair) -> Change | None:
    before, after = column.total(pair.base), column.total(pair.subject)
    if before is None or after is None:
        return None
    return Change(before, after, pair.is_ordered)


def _pair(
    reading: Reading, table: Table, place: int, rows: Rows | None
) -> tuple[Pair, bool] | None:
    """Two groups of one dimension, and whether words compare them; what the sentence says of
    other dimensions holds for both."""
    for dimension, groups in reading.groups.items():
        chosen = _two(groups, place)
        if chosen is None:
            if len(groups) == 1 and groups[0].count == 2 and len(groups[0].rows) == 2:
                one, other = sorted(groups[0].rows)
                return Pair(frozenset((one,)), frozenset((other,)), is_ordered=False), True
            continue
        first, second = chosen
        one_rows, other_rows = (
            _with_others(reading, dimension, group, place) for group in (first, second)
        )
        between = set(reading.tokens[first.end + 1 : second.start])
        opening = set(reading.tokens[: first.start])
        if dimension == table.time_dimension and not between & _POSITIONAL - {"of"}:
            return _in_time(table, one_rows, other_rows), True
        if between & _POSITIONAL:
            return Pair(one_rows, other_rows), True
        if opening & _OBJECT_FOLLOWS:
            return Pair(other_rows, one_rows), True
    return None


def _two(groups: tuple[Group, ...], place: int) -> tuple[Group, Group] | None:
    if len(groups) < 2:
        return None
    before = [group for group in groups if group.end < place]
    after = [group for group in groups if group.start > place]
    if len(groups) == 2:
        return groups[0], groups[1]
    return (before[-1], after[0]) if before and after else None


def _with_others(reading: Reading, dimension: int, group: Group, place: int) -> Rows:
    rows = group.rows
    for other, groups in reading.groups.items():
        if other != dimension:
            nearest = min(groups, key=lambda one: abs(one.start - place))
            rows &= nearest.rows
    return rows


def _in_time(table: Table, one: Rows, other: Rows) -> Pair:
    def day(rows: Rows) -> Iterator[int]:
        return (table.times[row].toordinal() for row in rows if row in table.times)

    is_later = max(day(one), default=0) > max(day(other), default=0)
    return Pair(one, other) if is_later else Pair(other, one)
