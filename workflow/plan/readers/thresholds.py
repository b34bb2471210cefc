"""Reads thresholds on groups, "categories with more than 500 rentals", and those on the rows of a
dataset that name no field, "payments over 5 dollars"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from contracts.plan import Operator
from workflow.plan import grammar
from workflow.plan.chunks import Chunk
from workflow.plan.grammar import Mark
from workflow.plan.lexicon import RELATIVE, MetricFacts
from workflow.plan.parts import DimensionPart, FilterPart, HavingPart
from workflow.plan.readers.ranking import agent_of, is_dimension
from workflow.plan.readers.values import OPERATORS
from workflow.plan.reading import Reading
from workflow.plan.tokens import root

_DAYS_OF_A_WEEK = 7
_MONEY = frozenset(grammar.MONEY_UNITS)
_MEASURED = re.compile(r"^\w+\((?:\w+\.)?(\w+)\)$")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """`people` is what the groups are, where a verb was part of their name ("customers who
    paid")."""

    having: tuple[HavingPart, ...] = ()
    filters: tuple[FilterPart, ...] = ()
    people: DimensionPart | None = None


@dataclass(frozen=True, slots=True)
class _Bounds:
    """A comparison with numbers, at the places from `first` to `last`; `unit` is the word after
    it, folded."""

    operator: Operator
    numbers: tuple[Decimal, ...]
    first: int
    last: int
    unit: str

    @property
    def is_money(self) -> bool:
        return self.unit in _MONEY


def read_thresholds(reading: Reading) -> Thresholds:
    """All that are left after those on named fields."""
    having: list[HavingPart] = []
    filters: list[FilterPart] = []
    people: DimensionPart | None = None
    for place in range(len(reading.chunks)):
        bounds = _bounds_at(reading, place) if reading.is_free(place) else None
        if bounds is None:
            continue
        row = _row_condition(reading, bounds)
        if row is not None:
            filters.append(row)
            continue
        found = _amount(reading, bounds)
        if found is None:
            continue
        at, metrics, split = found
        people = people or split
        text = " ".join(c.text for c in reading.chunks[bounds.first : bounds.last + 1])
        having.append(HavingPart(bounds.operator, bounds.numbers, metrics, text))
        _claim(reading, bounds, [at], f"{reading.label('metric', metrics[0])} {text}")
    return Thresholds(tuple(having), tuple(filters), people)


def _claim(reading: Reading, bounds: _Bounds, more: Sequence[int], meaning: str) -> None:
    for place in (*range(bounds.first, bounds.last + 1), *more):
        reading.claim(place, meaning)


# -- the numbers ---------------------------------------------------------------------------------


def _bounds_at(reading: Reading, place: int) -> _Bounds | None:
    chunk = reading.chunks[place]
    if chunk.words == ("between",) and (first := _number_at(reading, place + 1)) is not None:
        joiner = reading.at(first[1] + 1)
        second = _number_at(reading, first[1] + 2) if joiner and joiner.has(Mark.AND) else None
        if second is None:
            return None
        numbers = (min(first[0], second[0]), max(first[0], second[0]))
        return _with_unit(reading, "between", numbers, place, second[1])
    operator = next((OPERATORS[m] for m in chunk.marks if m in OPERATORS), None)
    if chunk.words in (("exactly",), ("precisely",)) or _is_of_amount(reading, place):
        operator = "eq"
    is_after = chunk.text == "+" or chunk.words[0] in ("or", "and")  # "5+", "30 or more"
    if chunk.text == "+":
        operator = "gte"
    if operator is None:
        return None
    number = None if chunk.text == "+" else _number_at(reading, place + 1)
    if number is not None:
        return _with_unit(reading, operator, (number[0],), place, number[1])
    before = _number_before(reading, place)
    if before is not None and is_after:
        return _with_unit(reading, operator, (before[0],), before[1], place)
    return None


def _is_of_amount(reading: Reading, place: int) -> bool:
    """ "Payments of 5 dollars"."""
    number = _number_at(reading, place + 1)
    before = reading.at(place - 1)
    if reading.chunks[place].words not in (("of",), ("for",)) or number is None or before is None:
        return False
    is_money = _is_money(reading.at(number[1] + 1)) or reading.chunks[place + 1].text in (
        grammar.MONEY_SIGNS
    )
    return is_money and bool(_datasets_of(reading, place - 1))


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
) -> _Bounds:
    inside = [c.text for c in reading.chunks[first : last + 1]]
    unit = "$" if any(text in grammar.MONEY_SIGNS for text in inside) else ""
    after = reading.at(last + 1)
    if reading.chunks[last].words == ("a", "week"):
        unit = "days"
    elif after is not None and after.words[0] in (*_MONEY, *grammar.UNIT_WORDS, "time", "times"):
        is_own = len(after.words) == 1 and not after.terms
        unit, last = after.words[0], last + (1 if is_own else 0)
    return _Bounds(operator, numbers, first, last, unit)


# -- what is compared ----------------------------------------------------------------------------


def _amount(
    reading: Reading, bounds: _Bounds
) -> tuple[int, tuple[str, ...], DimensionPart | None] | None:
    """The place and the metrics that the numbers are about: the word after them, else the one
    before."""
    after = reading.after(bounds.last)
    if after is not None and bounds.unit not in ("time", "times"):
        metrics = _metrics_at(reading, after, bounds)
        if metrics:
            return after, metrics, None
    before = bounds.first - 1
    while (chunk := reading.at(before)) is not None and (
        (chunk.is_filler and not chunk.has(Mark.EARN))
        or chunk.has(Mark.TOTAL, Mark.AVERAGE, Mark.WHO)
    ):
        before -= 1
    money = _money(reading)
    is_made = _is_made(reading, before + 1, bounds.first)
    if money and (bounds.is_money or is_made):
        is_unsure = not is_made and _speaks_of_rows_in_money(reading, money)
        return None if is_unsure else (bounds.first, money, None)
    if chunk is None or not reading.is_free(before):
        return None
    if chunk.has(Mark.EARN) and not chunk.terms_of("metric"):
        return (before, money, None) if money else None
    people = _people(reading, chunk, is_counted=bounds.unit in ("time", "times"))
    if people is not None:
        verb = chunk.words[-1]
        metrics = _money(reading) if verb in grammar.PAYING else _counted(reading, chunk.stems[-1])
        return (before, metrics, people) if metrics else None
    metrics = _metrics_at(reading, before, bounds)
    if not metrics and (is_dimension(chunk) or chunk.text == ","):
        before, metrics = bounds.first, _only_number(reading, bounds)
    return (before, metrics, None) if metrics else None


def _speaks_of_rows_in_money(reading: Reading, money: tuple[str, ...]) -> bool:
    """ "Payments by month, over 5 dollars" may be of payments or of months."""
    facts = reading.lexicon.metrics
    home = facts[money[0]].dataset.name
    free = [at for at, _ in reading.free()]
    named = {t.name for at in free for t in reading.chunks[at].terms_of("metric")}
    is_money_named = any(facts[n].metric.unit == "currency" for n in named)
    is_paid = any(reading.chunks[at].has(Mark.EARN) for at in free)
    counted = {facts[n].dataset.name for n in named if facts[n].is_row_count}
    return home in counted and not is_money_named and not is_paid


def _only_number(reading: Reading, bounds: _Bounds) -> tuple[str, ...]:
    """The number of "revenue by category, above 4000": the only one asked for, where rows of its
    dataset could not be meant."""
    free = [chunk for _, chunk in reading.free()]
    if bounds.unit or not any(c.has(Mark.BY) for c in free):
        return ()
    named = {t.name for c in free for t in c.terms_of("metric") if t.rank == 0 or not c.values}
    facts = [f for n, f in reading.lexicon.metrics.items() if n in named]
    if len(facts) != 1 or any(c.terms_of("dataset") for c in free):
        return ()
    return (facts[0].metric.name,)


def _is_made(reading: Reading, first: int, last: int) -> bool:
    """Whether it is something that was made: "films that made more than 150"."""
    return any(set(c.words) & grammar.MAKING for c in reading.chunks[first:last])


def _metrics_at(reading: Reading, place: int, bounds: _Bounds) -> tuple[str, ...]:
    chunk = reading.chunks[place]
    if not reading.is_free(place) or chunk.values:
        return ()
    facts = reading.lexicon.metrics
    named = [facts[t.name] for t in chunk.terms_of("metric") if t.name in facts]
    rows = [
        facts[count]
        for t in chunk.terms_of("dataset")
        if (count := reading.lexicon.row_counts.get(t.name))
    ]
    if bounds.is_money:
        named = [f for f in named if f.metric.unit == "currency"]
        rows = []
    found = [*named, *(r for r in rows if r not in named)]
    ranks = {t.name: t.rank for t in chunk.terms_of("metric")}
    best = [f for f in found if ranks.get(f.metric.name, 1) == 0] or found
    return tuple(f.metric.name for f in best[:1])


def _money(reading: Reading) -> tuple[str, ...]:
    found = [
        f.metric.name
        for f in reading.lexicon.metrics.values()
        if f.aggregate == "sum" and f.metric.unit == "currency"
    ]
    return tuple(found) if len(found) == 1 else ()


def _counted(reading: Reading, stem: str) -> tuple[str, ...]:
    terms = reading.lexicon.phrases.get((stem,), ())
    names = [t.name for t in terms if t.kind == "metric" and t.is_allowed]
    for term in (*terms, *reading.lexicon.families.get(root(stem), ())):
        counted = reading.lexicon.row_counts.get(term.name) if term.kind == "dataset" else None
        names += [counted] if counted is not None and term.is_allowed else []
    return tuple(names[:1])


def _people(reading: Reading, chunk: Chunk, *, is_counted: bool) -> DimensionPart | None:
    """The "customers" of "customers who paid", the "films" of "films rented 30 times"."""
    if len(chunk.stems) < 2 or not chunk.terms_of("metric"):
        return None
    is_verb = bool(set(chunk.words[1:-1]) & RELATIVE) or chunk.words[-1] in grammar.PAYING
    if not (is_verb or is_counted):
        return None
    terms = tuple(
        t
        for t in reading.lexicon.phrases.get((chunk.stems[0],), ())
        if t.kind == "field" and t.is_allowed
    )
    if not terms and chunk.words[0] in grammar.ANYONE:
        return agent_of(reading, chunk.words[-1], chunk.stems[-1])
    return DimensionPart(terms, text=chunk.text.split(" ", 1)[0]) if terms else None


# -- conditions on rows --------------------------------------------------------------------------


def _row_condition(reading: Reading, bounds: _Bounds) -> FilterPart | None:
    """ "Payments over 5", "rentals longer than 5 days": each row is compared, by the one field
    that its dataset measures in this unit."""
    verbs: list[int] = []
    before = reading.before(bounds.first)
    while before is not None and reading.chunks[before].words[0] in grammar.BEFORE_A_THRESHOLD:
        verbs.append(before)
        before = reading.before(before)
    if before is None or not reading.is_free(before):
        return None
    datasets = _datasets_of(reading, before)
    if not datasets or _counts_after(reading, bounds):
        return None
    unit = "days" if grammar.UNIT_WORDS.get(bounds.unit) == "days" else "currency"
    is_said = bool(bounds.unit)
    if not is_said and _has_groups(reading, before):
        return None
    fields = {
        field
        for f in reading.lexicon.metrics.values()
        if f.dataset.name in datasets and f.metric.unit == unit
        and (field := _measured(f)) is not None
    }  # fmt: skip
    if len(fields) != 1:
        return None
    field = fields.pop()
    text = " ".join(c.text for c in reading.chunks[bounds.first : bounds.last + 1])
    _claim(reading, bounds, verbs, f"{reading.label('field', field)} {text}")
    return FilterPart(
        bounds.operator, ((field, bounds.numbers),), text, first=bounds.first, last=bounds.last
    )


def _datasets_of(reading: Reading, place: int) -> list[str]:
    """The datasets whose rows a chunk counts, or of which it takes the largest or smallest."""
    chunk = reading.chunks[place]
    found = [t.name for t in chunk.terms_of("dataset")]
    for term in chunk.terms_of("metric"):
        facts = reading.lexicon.metrics[term.name]
        if facts.is_row_count or facts.aggregate in ("min", "max"):
            found.append(facts.dataset.name)
    return list(dict.fromkeys(found))


def _measured(facts: MetricFacts) -> str | None:
    """The field that a plain aggregate is made of."""
    if facts.aggregate not in ("sum", "average", "min", "max"):
        return None
    found = _MEASURED.match(facts.metric.expression.replace(" ", ""))
    name = found[1] if found else None
    return name if any(f.name == name for f in facts.dataset.fields) else None


def _counts_after(reading: Reading, bounds: _Bounds) -> bool:
    after = reading.after(bounds.last)
    return after is not None and bool(_metrics_at(reading, after, bounds))


def _has_groups(reading: Reading, amount: int) -> bool:
    return any(
        at != amount and is_dimension(c) and (c.is_plural or _is_asked(reading, at))
        for at, c in reading.free()
    )


def _is_asked(reading: Reading, at: int) -> bool:
    before = reading.before(at)
    return before is not None and reading.chunks[before].has(Mark.WHICH, Mark.BY)
