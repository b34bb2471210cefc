"""Weekdays beside weekends: no field holds the two kinds of days, so each day is offered instead,
or one kind alone. Nor can other stretches of days stand beside each other."""

from collections.abc import Sequence
from dataclasses import replace

from workflow.plan.calendar_words import WEEKDAY_NUMBERS, WEEKEND, WORKDAYS
from workflow.plan.chunks import Chunk
from workflow.plan.grammar import Mark
from workflow.plan.lexicon import Term
from workflow.plan.parts import DimensionPart, FilterPart, Parts
from workflow.plan.reading import Reading

ASK = "I can show each day, or one kind of days, but not both kinds side by side. Which one?"
_WORKDAYS = WORKDAYS | {"weekday", "weekdays"}


def sets_days_apart(reading: Reading) -> bool:
    """Whether the question names both kinds of days, and the data tell days apart."""
    return (
        bool(reading.values.named_days)
        and any(set(c.words) & WEEKEND or _spans(reading, c, "weekend") for c in reading.chunks)
        and any(
            (set(c.words) & _WORKDAYS and not _is_of_each(reading, at))
            or _spans(reading, c, "workdays")
            for at, c in enumerate(reading.chunks)
        )
    )


def is_range(chunk: Chunk) -> bool:
    """Whether the chunk is one of days, from one to another."""
    ends = {chunk.stems[0], chunk.stems[-1]}
    return len(chunk.stems) > 1 and ends <= WEEKDAY_NUMBERS.keys() and bool(chunk.values)


def are_two_sides(reading: Reading, places: Sequence[int]) -> bool:
    """Whether days are set against each other, so that a range is not a condition: "Monday to
    Thursday against Friday", "how did it change from Friday to Saturday"."""
    if not any(is_range(reading.chunks[at]) for at in places):
        return False
    before = reading.at(places[0] - 1)
    is_change = before is not None and before.words == ("from",) and reading.has_mark(Mark.CHANGE)
    return is_change or (len(places) > 1 and reading.has_mark(Mark.VERSUS))


def _spans(reading: Reading, chunk: Chunk, kind: str) -> bool:
    return is_range(chunk) and set(chunk.values) == set(reading.values.named_days.get(kind, ()))


def _is_of_each(reading: Reading, at: int) -> bool:
    before = reading.before(at)
    return before is not None and reading.chunks[before].has(Mark.BY, Mark.WHICH)


def each_kind(reading: Reading, parts: Parts) -> tuple[Parts, ...]:
    """The question for each day, for weekends alone and for the other days alone."""
    days = reading.values.named_days
    names = {value.field for value in days["weekend"]}
    field = sorted(names)[0]
    terms = (Term("field", field, 0),)
    base = replace(
        parts,
        filters=tuple(p for p in parts.filters if not names & {f for f, _ in p.options}),
        dimensions=tuple(d for d in parts.dimensions if not names & {t.name for t in d.terms}),
        rank=None,
    )
    by_day = replace(base, dimensions=(*base.dimensions, DimensionPart(terms, text="weekday")))
    alone = [
        FilterPart("in", ((field, tuple(v.text for v in days[kind] if v.field == field)),), kind)
        for kind in ("weekend", "workdays")
    ]
    return (by_day, *(replace(base, filters=(*base.filters, part)) for part in alone))
