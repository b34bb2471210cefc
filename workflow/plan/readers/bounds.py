"""Finds what a number is compared with a number by: "over 5 dollars", "between 20 and 25", "30 or
more"."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from contracts.plan import Operator
from workflow.plan import grammar
from workflow.plan.chunks import Chunk
from workflow.plan.grammar import Mark
from workflow.plan.readers.values import OPERATORS
from workflow.plan.reading import Reading

_DAYS_OF_A_WEEK = 7
_MONEY = frozenset(grammar.MONEY_UNITS)
_UNITS = (*_MONEY, *grammar.PERCENT, *grammar.UNIT_WORDS, "time", "times")


@dataclass(frozen=True, slots=True)
class Bounds:
    """A comparison with numbers, at the places from `first` to `last`; `unit` is the word after
    it, folded."""

    operator: Operator
    numbers: tuple[Decimal, ...]
    first: int
    last: int
    unit: str

    @property
    def is_money(self) -> bool:
        """Whether the numbers are said to be of money."""
        return self.unit in _MONEY

    @property
    def is_percent(self) -> bool:
        """Whether the numbers are said to be of a hundred."""
        return self.unit in grammar.PERCENT

    def text(self, reading: Reading) -> str:
        """As it was typed."""
        return " ".join(c.text for c in reading.chunks[self.first : self.last + 1])

    def claim(self, reading: Reading, more: Iterable[int], meaning: str) -> None:
        """Marks its chunks, and more, as used for `meaning`."""
        for place in (*range(self.first, self.last + 1), *more):
            reading.claim(place, meaning)


def bounds_at(reading: Reading, place: int) -> Bounds | None:
    """The comparison that begins at a place; None where there is none, or it is denied."""
    chunk = reading.chunks[place]
    if chunk.words == ("between",) and (first := _number_at(reading, place + 1)) is not None:
        joiner = reading.at(first[1] + 1)
        second = _number_at(reading, first[1] + 2) if joiner and joiner.has(Mark.AND) else None
        if second is None:
            return None
        numbers = (min(first[0], second[0]), max(first[0], second[0]))
        return _with_unit(reading, "between", numbers, place, second[1])
    operator = _operator_at(reading, place)
    is_after = chunk.text == "+" or chunk.words[0] in ("or", "and")  # "5+", "30 or more"
    if operator is None:
        return None
    number = None if chunk.text == "+" else _number_at(reading, place + 1)
    if number is not None:
        return (
            None
            if _is_stretch(reading, number[1])
            else _with_unit(reading, operator, (number[0],), place, number[1])
        )
    before = _number_before(reading, place)
    if before is not None and is_after:
        return _with_unit(reading, operator, (before[0],), before[1], place)
    return None


def _operator_at(reading: Reading, place: int) -> Operator | None:
    chunk = reading.chunks[place]
    if chunk.text == "+":
        return "gte"
    operator = next((OPERATORS[m] for m in chunk.marks if m in OPERATORS), None)
    if _is_of_amount(reading, place):
        operator = "eq"
    is_denied = operator == "eq" and reading.negation_before(place) is not None
    return None if is_denied else operator


def _is_stretch(reading: Reading, number: int) -> bool:
    """ "Over 3 months" is a time and no amount, unless the unit is one that is measured in."""
    after = reading.at(number + 1)
    if after is None or after.words[0] in grammar.UNIT_WORDS or len(after.words) > 1:
        return False
    return after.is_unreadable_time or (after.grain is not None and after.is_plural)


def _is_of_amount(reading: Reading, place: int) -> bool:
    """ "Payments of 5 dollars"."""
    number = _number_at(reading, place + 1)
    before = reading.at(place - 1)
    if reading.chunks[place].words not in (("of",), ("for",)) or number is None or before is None:
        return False
    is_money = _is_money(reading.at(number[1] + 1)) or reading.chunks[place + 1].text in (
        grammar.MONEY_SIGNS
    )
    return is_money and bool(datasets_of(reading, place - 1))


def _number_at(reading: Reading, place: int) -> tuple[Decimal, int] | None:
    """The number at a place or after a currency sign there, with the place it ends at."""
    while (chunk := reading.at(place)) is not None and chunk.text in grammar.MONEY_SIGNS:
        place += 1
    after = reading.at(place + 1)
    if chunk is not None and chunk.words[0] in ("a", "one") and _is_money(after):
        return Decimal(1), place
    if chunk is not None and chunk.words == ("a", "week"):
        return Decimal(_DAYS_OF_A_WEEK), place
    if chunk is None or chunk.number is None or not reading.is_free(place):
        return None
    beside = reading.at(place + 1)
    factor = grammar.MULTIPLES.get(beside.words[0]) if beside is not None else None
    if factor is not None:
        return chunk.number * factor, place + 1
    return chunk.number, place


def _is_money(chunk: Chunk | None) -> bool:
    return chunk is not None and chunk.words[0] in _MONEY


def _number_before(reading: Reading, place: int) -> tuple[Decimal, int] | None:
    at = place - 1
    while (chunk := reading.at(at)) is not None and chunk.words[0] in _MONEY:
        at -= 1
    if chunk is None or chunk.number is None or not reading.is_free(at):
        return None
    return chunk.number, at


def _with_unit(
    reading: Reading, operator: Operator, numbers: tuple[Decimal, ...], first: int, last: int
) -> Bounds:
    inside = [c.text for c in reading.chunks[first : last + 1]]
    unit = "$" if any(text in grammar.MONEY_SIGNS for text in inside) else ""
    after = reading.at(last + 1)
    if reading.chunks[last].words == ("a", "week"):
        unit = "days"
    elif after is not None and after.words[0] in _UNITS:
        is_own = len(after.words) == 1 and not after.terms
        unit, last = after.words[0], last + (1 if is_own else 0)
    return Bounds(operator, numbers, first, last, unit)


def datasets_of(reading: Reading, place: int) -> list[str]:
    """The datasets whose rows a chunk counts, or of which it takes the largest or smallest."""
    chunk = reading.chunks[place]
    found = [t.name for t in chunk.terms_of("dataset")]
    for term in chunk.terms_of("metric"):
        facts = reading.lexicon.metrics[term.name]
        if facts.is_row_count or facts.aggregate in ("min", "max"):
            found.append(facts.dataset.name)
    return list(dict.fromkeys(found))
