"""Reads which of the rows before is wanted: "which one grew more", "which was best", "sort it by
change"."""

from workflow.plan.grammar import LESS, Mark
from workflow.plan.parts import Parts, RankPart
from workflow.plan.readers.ranking import is_dimension
from workflow.plan.reading import Reading

_WHICH = (("which", "one"), ("which", "ones"), ("which",))


def read_pick(reading: Reading, said: Parts) -> RankPart | None:
    """The order of the rows before, and how many of them; what a ranking says itself where
    nothing is picked."""
    at = next((at for at, _ in reading.free() if _asks_which(reading, at)), None)
    comparatives = [p for p, c in enumerate(reading.chunks) if c.has(Mark.COMPARATIVE)]
    is_moved = said.comparison is not None and said.comparison.is_change
    if at is None or not (said.rank or comparatives or is_moved):
        return said.rank
    for place in (at, *comparatives):
        reading.claim(place, "which of them")
    is_less = any(set(reading.chunks[p].words) & LESS for p in comparatives)
    descending = said.rank.descending if said.rank is not None else not is_less
    after = reading.at(at + 1)
    is_several = "ones" in (reading.chunks[at].words[-1], after.words[0] if after else "")
    limit = None if is_several else 1
    return RankPart(descending, limit, said.rank.target if said.rank is not None else None)


def _asks_which(reading: Reading, at: int) -> bool:
    """Whether "which" names no thing of its own: "which store" does."""
    after = reading.after(at)
    is_thing = after is not None and is_dimension(reading.chunks[after])
    return reading.chunks[at].words in _WHICH and not is_thing
