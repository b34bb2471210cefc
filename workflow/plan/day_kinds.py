"""Weekdays beside weekends: no field holds the two kinds of days, so each day is offered instead,
or one kind alone."""

from dataclasses import replace

from workflow.plan.calendar_words import WEEKEND, WORKDAYS
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
        and any(set(c.words) & WEEKEND for c in reading.chunks)
        and any(
            set(c.words) & _WORKDAYS and not _is_of_each(reading, at)
            for at, c in enumerate(reading.chunks)
        )
    )


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
