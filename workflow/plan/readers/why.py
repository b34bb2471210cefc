"""Reads "why" and "what does it mean": questions that are not after a number."""

import re
from dataclasses import replace
from datetime import date

from workflow.plan import other_words
from workflow.plan.grammar import Mark
from workflow.plan.parts import ComparisonPart, Parts, TimePart
from workflow.plan.reading import Reading
from workflow.plan.tokens import fold
from workflow.plan.when import add_months, time_range, unit_start

_DEFINITION = re.compile("|".join(other_words.DEFINITIONS))


def asks_for_meaning(question: str) -> bool:
    """Whether the question is what a word means or how a number comes about."""
    return _DEFINITION.search(fold(question[:1000])) is not None


def claim_why(reading: Reading) -> bool:
    """Marks the "why" as read; whether there is one."""
    places = [at for at, chunk in reading.free() if chunk.has(Mark.WHY) and not chunk.terms]
    for at in places:
        reading.claim(at, "why")
    return bool(places)


def change_parts(parts: Parts, reference: date) -> tuple[Parts, bool]:
    """The same question about the movement as a whole; whether its period, then the last whole
    month, was assumed."""
    time, is_assumed = parts.time, False
    if time is None:
        end = unit_start(reference, "month")
        time = TimePart((), False, None, settled=time_range(add_months(end, -1), end))
        is_assumed = True
    comparison = parts.comparison or ComparisonPart("previous_period", is_change=True)
    whole = replace(parts, time=time, comparison=comparison, dimensions=(), rank=None, having=())
    return whole, is_assumed
