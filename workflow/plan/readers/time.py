"""Reads the period of a question. The days themselves are settled when the metric is known."""

from itertools import pairwise

from workflow.plan.grammar import Mark
from workflow.plan.parts import TimePart
from workflow.plan.reading import Reading


def read_time(reading: Reading) -> TimePart | None:
    """The periods in the order of the question, or None when there is none."""
    places = [at for at, chunk in reading.free() if chunk.when is not None]
    if not places:
        return None
    for at in places:
        reading.claim(at, "period")
    is_joined = all(_is_joined(reading, a, b) for a, b in pairwise(places))
    between = range(places[0], places[-1])
    joiners = [p for p in between if reading.chunks[p].has(Mark.VERSUS, Mark.AND)]
    is_versus = any(c.has(Mark.VERSUS) for _, c in reading.free())
    is_compared = len(places) > 1 and is_versus
    stamp = places[0] - 1
    while stamp >= 0 and reading.chunks[stamp].is_filler:
        stamp -= 1
    if not is_joined and len(places) > 1 and is_compared:
        joiners = []
    for p in joiners:
        reading.claim(p, "and")
    whens = tuple(w for p in places if (w := reading.chunks[p].when) is not None)
    if len(whens) == 1 and whens[0].relation == "between" and is_versus:
        is_compared = True  # "the difference between May and June" names two periods, not a range
    if not is_compared and any(reading.keeps_apart(a, b) for a, b in pairwise(places)):
        reading.assume("The periods are shown one by one.")
        is_compared = True
    return TimePart(whens, is_compared, stamp if stamp >= 0 else None, is_joined)


def _is_joined(reading: Reading, first: int, second: int) -> bool:
    """Whether only joining words stand between two periods."""
    between = [reading.chunks[p] for p in range(first + 1, second)]
    is_list = any(c.has(Mark.AND, Mark.VERSUS) for c in between)
    return is_list and all(c.is_filler or c.has(Mark.AND, Mark.VERSUS) for c in between)
