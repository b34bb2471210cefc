"""Strike what a sentence cannot know.

A number stands when it is in the result, belongs to the plan or the person's scope and is said
as such ("store 1", "top 5", a day of the period), or is arithmetic on the result: a sum of an
additive metric, a share of it, a count of rows, a rounding to two digits or more, and between
rows (or metrics of one row) that the sentence names, a difference, a ratio or a change in
percent. When a sentence names rows of the result, its numbers must be those of these rows.
A sentence with any other number is struck whole.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Context, Decimal
from itertools import permutations

from workflow.narrate.display import EXACT
from workflow.narrate.grounds import Fact, Grounds
from workflow.narrate.mentions import REMOVED, Day, Mentions, Number, mentions, plain
from workflow.narrate.sentences import sentences
from workflow.narrate.vocabulary import CONNECTORS, FALLS, RATIO_WORDS, RISES

_COMPARED_ROWS = 6
_RATIOS = Context(prec=40)


def strike(prose: str, grounds: Grounds) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sentences of a text that stand, and those that are struck."""
    return sort_out((piece.strip() for piece in sentences(prose)), grounds)


def sort_out(pieces: Iterable[str], grounds: Grounds) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The same for a text that is in sentences already."""
    kept: list[str] = []
    struck: list[str] = []
    for piece in pieces:
        (kept if is_grounded(piece, grounds) else struck).append(piece)
    return tuple(kept), tuple(struck)


def states_a_figure(sentence: str) -> bool:
    """Whether it says more than words."""
    return bool(mentions(plain(sentence)).numbers)


def is_grounded(sentence: str, grounds: Grounds) -> bool:
    """Whether every number and every date of the sentence is known to be true."""
    text, named = _without_names(plain(sentence), grounds)
    found = mentions(text)
    if not found.numbers and not found.days:
        return True
    for day in found.days:
        if not _is_known_day(day, grounds):
            return False
        _add(named, grounds.keys.get(day, {}))
    rows = _rows(named)
    compared = None
    for number in found.numbers:
        if _is_placed(number, found, grounds) or _is_fact(number, rows, grounds):
            continue
        if compared is None:
            compared = _compared(rows, grounds)
        if not any(_is_comparison(number, fact, found) for fact in compared):
            return False
    return True


def _without_names(text: str, grounds: Grounds) -> tuple[str, dict[int, set[int]]]:
    """The text without the names it contains, and the rows they stand for, by dimension."""
    named: dict[int, set[int]] = {}
    for name in grounds.longest_names:
        start = text.find(name)
        while start >= 0:
            end = start + len(name)
            if not _goes_on(text, start - 1, start) and not _goes_on(text, end, end - 1):
                text = f"{text[:start]} {REMOVED} {text[end:]}"
                _add(named, grounds.names[name])
                end = start + 3
            start = text.find(name, end)
    return text, named


def _goes_on(text: str, outside: int, inside: int) -> bool:
    """Whether a word or a number runs across the edge of a name."""
    if not 0 <= outside < len(text):
        return False
    edge = text[outside]
    if edge.isalnum() and text[inside].isalnum():
        return True
    beyond = outside + (outside - inside)
    is_decimal = edge in ".,-" and 0 <= beyond < len(text) and text[beyond].isdigit()
    return is_decimal and text[inside].isdigit()


def _add(named: dict[int, set[int]], found: dict[int, frozenset[int]]) -> None:
    for dimension, rows in found.items():
        named.setdefault(dimension, set()).update(rows)


def _rows(named: dict[int, set[int]]) -> frozenset[int] | None:
    """The rows that agree with every dimension named; None when none is."""
    if not named:
        return None
    first, *others = named.values()
    return frozenset(first.intersection(*others))


def _is_known_day(day: Day, grounds: Grounds) -> bool:
    value = day.value
    if day.precision == "year":
        return value.year in grounds.years
    if day.precision == "quarter":
        return any((value.year, value.month + n) in grounds.months for n in range(3))
    if day.precision == "month":
        return (value.year, value.month) in grounds.months
    if day.has_year:
        return value in grounds.days
    return any((known.month, known.day) == (value.month, value.day) for known in grounds.days)


def _is_placed(number: Number, found: Mentions, grounds: Grounds) -> bool:
    """Whether it is a number of the plan or the scope beside the word it belongs to, a count
    beside what is counted, a rank or a year."""
    value = number.value
    if value is None or number.is_percent:
        return False
    if number.is_ordinal:
        return 1 <= value <= grounds.ranks and value == value.to_integral_value()
    is_year = number.digits == 4 and found.tokens[number.token].isdecimal()
    return (
        (is_year and int(value) in grounds.years)
        or value in grounds.anchored.get(_anchor(number, found), ())
        or any(value in grounds.counted.get(word, ()) for word in _following(number, found))
    )


def _anchor(number: Number, found: Mentions) -> str:
    """The word that a number belongs to, past connecting words and other numbers."""
    place = number.token - 1
    while place >= 0 and (found.tokens[place] in CONNECTORS or found.tokens[place][0].isdecimal()):
        place -= 1
    return found.tokens[place] if place >= 0 else ""


def _following(number: Number, found: Mentions) -> Iterator[str]:
    """The next words, in the same part of the sentence."""
    for token in found.tokens[number.token + 1 : number.token + 4]:
        if token in (".", ",", ";", REMOVED):
            return
        yield token


def _is_fact(number: Number, rows: frozenset[int] | None, grounds: Grounds) -> bool:
    if number.value is None:
        return False
    candidates = [number.value, *([number.value * 100] if number.is_percent else [])]
    for value in candidates:
        for fact in grounds.by_value.get(value, ()):
            if _is_of(fact, rows) and _matches(number, fact):
                return True
    return number.digits >= 2 and any(
        _is_of(fact, rows) and _matches(number, fact) for fact in grounds.facts
    )


def _is_of(fact: Fact, rows: frozenset[int] | None) -> bool:
    return rows is None or fact.row is None or fact.row in rows


def _matches(number: Number, fact: Fact) -> bool:
    """Whether the fact, as it is or rounded, was written so."""
    if number.value is None:
        return False
    written, quantum = number.value, number.quantum
    if number.is_percent and not fact.is_ratio:
        if not fact.is_raw:
            return False
        if _is_written(written, quantum, number.digits, fact.value):
            return True
        written, quantum = written.scaleb(2), quantum.scaleb(2)
    return _is_written(written, quantum, number.digits, fact.value)


def _is_comparison(number: Number, fact: Fact, found: Mentions) -> bool:
    """The same for arithmetic between cells, whose kind is told in words: "fell by 300" is -300,
    "1.2 times", "3.94 for each"."""
    if fact.is_ratio and not number.is_percent and RATIO_WORDS.isdisjoint(found.tokens):
        return False
    if number.is_signed or not fact.is_change:
        return _matches(number, fact)
    tells_rise = any(token in RISES for token in found.tokens)
    tells_fall = any(token in FALLS for token in found.tokens)
    contradicts = tells_rise if fact.value < 0 else tells_fall
    if contradicts and tells_rise is not tells_fall:
        return False
    return _matches(number, replace(fact, value=abs(fact.value)))


def _is_written(written: Decimal, quantum: Decimal, digits: int, true: Decimal) -> bool:
    if written == true:
        return True
    return digits >= 2 and abs(EXACT.subtract(written, true)) * 2 <= quantum


def _compared(rows: frozenset[int] | None, grounds: Grounds) -> tuple[Fact, ...]:
    """Arithmetic on the cells that the sentence is about: between those of one metric in the rows
    it names, or between the metrics of a row, and their shares of a total."""
    cells = [fact for fact in grounds.facts if fact.row is not None and fact.metric is not None]
    if rows is None and len({fact.row for fact in cells}) != 1:
        return ()
    cells = [fact for fact in cells if rows is None or fact.row in rows]
    if len({fact.row for fact in cells}) > _COMPARED_ROWS:
        return ()
    facts = [
        Fact(_RATIOS.divide(cell.value, total), is_ratio=True)
        for cell in cells
        if (total := grounds.totals.get(cell.metric or 0)) and rows is not None
    ]
    for one, other in permutations(cells, 2):
        facts.extend(_between(one, other, grounds))
    return tuple(facts)


def _between(one: Fact, other: Fact, grounds: Grounds) -> Iterator[Fact]:
    """From `other` to `one`."""
    if one.metric != other.metric:
        if one.row == other.row and other.value:
            yield Fact(_RATIOS.divide(one.value, other.value), is_ratio=True)
        return
    times = grounds.times
    is_backwards = one.row in times and other.row in times and times[one.row] < times[other.row]
    if not is_backwards:
        yield Fact(EXACT.subtract(one.value, other.value), is_change=True)
    if other.value:
        ratio = _RATIOS.divide(one.value, other.value)
        yield Fact(ratio, is_ratio=True)
        if not is_backwards:
            yield Fact(_RATIOS.subtract(ratio, Decimal(1)), is_ratio=True, is_change=True)
