"""Reads comparisons of periods: "May against April", "than the month before", "how did revenue
change in June", "month over month". Which days they are is settled in `comparing`."""

from dataclasses import replace

from workflow.plan.chunks import Chunk
from workflow.plan.grammar import Mark
from workflow.plan.lexicon import FALLING, RISING
from workflow.plan.parts import ComparisonPart
from workflow.plan.reading import Reading

_TOWARDS = frozenset({"to", "with", "than", "against"})
_FROM = frozenset({"from", "on"})
_BEFORE = frozenset({"previous", "prior", "preceding"})
_BESIDE = (Mark.VERSUS, Mark.THAN)


def read_comparison(reading: Reading, *, has_compared_values: bool) -> ComparisonPart | None:
    """What stands beside the period of the question; None where nothing does. Claims the other
    period, so that the one that is left is what the question is about."""
    changes = [at for at, c in reading.free() if c.has(Mark.CHANGE) and not (c.terms or c.values)]
    is_versus = _is_of_periods(reading, has_compared_values=has_compared_values)
    part = _stepped(reading) or _named(reading, has_change=bool(changes), is_versus=is_versus)
    if part is None and not changes:
        return None
    is_rate = False
    for at, chunk in list(reading.free()):
        if chunk.has(Mark.SHARE) and changes:
            reading.claim(at, "in percent")
            is_rate = True
        elif chunk.has(Mark.THAN, Mark.COMPARATIVE) or (is_versus and chunk.has(Mark.VERSUS)):
            reading.claim(at, "compared")
        elif at in changes:
            reading.claim(at, "change")
    texts = [reading.chunks[at].words for at in changes]
    return replace(
        part or ComparisonPart("previous_period"),
        is_change=bool(changes),
        is_falling=any(words in FALLING for words in texts),
        is_rising=any(words in RISING for words in texts),
        is_rate=is_rate,
    )


def _stepped(reading: Reading) -> ComparisonPart | None:
    """ "Month over month", "the same month last year", "the period before"."""
    for at, chunk in reading.free():
        if chunk.step is not None:
            reading.claim(at, f"each {chunk.step} beside the one before")
            return ComparisonPart("previous_period", step=chunk.step)
    for at, chunk in reading.free():
        if chunk.has(Mark.YEAR_BEFORE):
            reading.claim(at, "compared with the same period of the year before")
            return ComparisonPart("previous_year")
        after = reading.at(at + 1)
        if chunk.has(Mark.PERIOD_BEFORE) and (after is None or after.when is None):
            reading.claim(at, "compared with the period before")
            return ComparisonPart("previous_period")
    return None


def _is_of_periods(reading: Reading, *, has_compared_values: bool) -> bool:
    """Whether "versus", "compare" or "than" is about periods. Beside values that are compared it
    is about those, unless it stands right before a period."""
    for at, chunk in reading.free():
        after = reading.at(at + 1)
        if after is None or not chunk.has(*_BESIDE):
            continue
        if after.when is not None or after.has(Mark.PERIOD_BEFORE, Mark.YEAR_BEFORE):
            return True
    return not has_compared_values and any(c.has(*_BESIDE) for _, c in reading.free())


def _named(reading: Reading, *, has_change: bool, is_versus: bool) -> ComparisonPart | None:
    places = [at for at, chunk in reading.free() if chunk.when is not None]
    if len(places) == 2:
        is_between = _is_between(reading, *places)
        if is_versus or is_between or (has_change and _is_from(reading.chunks[places[1]])):
            return _beside(reading, places[1], has_other=True)
    if len(places) != 1:
        return None
    chunk = reading.chunks[places[0]]
    if chunk.when is not None and chunk.when.relation == "between":
        return ComparisonPart("named") if is_versus or has_change else None
    before = reading.at(places[0] - 1)
    is_towards = before is not None and (before.has(*_BESIDE) or before.words[-1] in _TOWARDS)
    is_changed = before is not None and before.has(Mark.CHANGE) and before.words[-1] in _FROM
    is_from = has_change and (_is_from(chunk) or is_changed)
    if (is_versus and is_towards) or is_from or _is_above(before):
        return _beside(reading, places[0], has_other=False)
    return None


def _beside(reading: Reading, place: int, *, has_other: bool) -> ComparisonPart:
    """The period at `place` is the other one; "the previous month" counts from the one asked
    for, where one is."""
    chunk = reading.chunks[place]
    reading.claim(place, "compared with")
    if (before := reading.at(place - 1)) is not None and _is_above(before):
        reading.claim(place - 1, "compared")
    if has_other and set(chunk.words) & _BEFORE:
        return ComparisonPart("previous_period")
    return ComparisonPart("named", when=chunk.when)


def _is_from(chunk: Chunk) -> bool:
    return chunk.words[0] == "from"


def _is_above(chunk: Chunk | None) -> bool:
    """ "Higher than" right before a period compares with it."""
    return chunk is not None and chunk.has(Mark.ABOVE, Mark.BELOW) and chunk.words[-1] == "than"


def _is_between(reading: Reading, first: int, second: int) -> bool:
    """Whether "than" or "higher than" stands between two periods."""
    held = reading.chunks[first + 1 : second]
    return any(c.has(Mark.THAN) or _is_above(c) for c in held)
