"""Reads what only a follow-up says: the other way round, this one too, a bare "store 2"."""

from dataclasses import dataclass, replace

from workflow.plan.ellipsis import leaves_out_subject
from workflow.plan.follow_up_words import ADDING
from workflow.plan.grammar import Mark
from workflow.plan.parts import DimensionPart
from workflow.plan.readers.ranking import dimension_at, is_dimension
from workflow.plan.reading import Reading


@dataclass(frozen=True, slots=True)
class FollowUp:
    """`adds` keeps what was there beside what is new, `sets_beside` compares with it; `groups` are
    things named without a "by"; `unscoped` are fields of which all are wanted again."""

    flips: bool = False
    adds: bool = False
    sets_beside: bool = False
    groups: tuple[DimensionPart, ...] = ()
    unscoped: frozenset[str] = frozenset()


def read_follow_up(reading: Reading) -> FollowUp:
    """Claims the words that only join a question to the one before."""
    flips = adds = sets_beside = False
    groups: list[DimensionPart] = []
    is_elliptic = leaves_out_subject(reading)
    for at, chunk in list(reading.free()):
        if chunk.has(Mark.FLIP):
            reading.claim(at, "the other way round")
            flips = True
        elif chunk.has(Mark.FOLLOW, Mark.VERSUS) and not (chunk.terms or chunk.values):
            reading.claim(at, "going on")
            sets_beside = sets_beside or chunk.has(Mark.VERSUS)
        elif is_elliptic and (chunk.has(Mark.HOW_MANY) or chunk.words == ("which",)):
            reading.claim(at, "of what was before")
        elif is_dimension(chunk) and chunk.terms_of("field") and not chunk.values:
            reading.claim(at, "group by")
            groups.append(replace(dimension_at(chunk), grain=chunk.grain))
    for chunk in reading.chunks:
        adds = adds or " ".join(chunk.words) in ADDING
    unscoped = {
        term.name
        for at, meaning in reading.claims.items()
        if meaning == "all in scope"
        for term in reading.chunks[at].terms_of("field")
    }
    return FollowUp(flips, adds, sets_beside, tuple(groups), frozenset(unscoped))
