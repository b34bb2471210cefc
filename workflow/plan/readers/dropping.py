"""Reads what a follow-up takes away or recounts: "drop the rentals", "without the month", "make it
ten"."""

from collections.abc import Sequence
from dataclasses import replace

from workflow.plan.follow_up_words import OF_A_DATABASE, REVISING
from workflow.plan.grammar import Mark
from workflow.plan.parts import MetricsPart, Parts, RankPart
from workflow.plan.readers.ranking import is_dimension
from workflow.plan.reading import Reading
from workflow.plan.refused_words import BEFORE_A_WISH
from workflow.plan.tokens import Token, tokenize


def revising_tokens(tokens: Sequence[Token]) -> tuple[Token, ...] | None:
    """The tokens of "drop Horror" as those of "without Horror"; None where nothing of the plan
    before is wished away or added."""
    if any(t.word in OF_A_DATABASE for t in tokens):
        return None
    for at, token in enumerate(tokens):
        if token.word in REVISING:
            said = tokenize(REVISING[token.word])
            return (*tokens[:at], replace(said[0], text=token.text), *tokens[at + 1 :])
        if token.word not in BEFORE_A_WISH:
            return None
    return None


def read_dropped(reading: Reading, before: Parts) -> frozenset[str]:
    """Names of metrics and fields, and grains, of the plan before that are not wanted any more.
    "Without store 2" is a condition and drops nothing."""
    groups = {t.name for d in before.dimensions for t in d.terms}
    grains = {d.grain for d in before.dimensions if d.grain}
    names = set(before.metrics.alternatives[0])
    dropped: set[str] = set()
    for at, chunk in list(reading.free()):
        place = reading.after(at) if chunk.has(Mark.NOT) and not chunk.values else None
        thing = reading.at(place) if place is not None else None
        if place is None or thing is None or thing.values or _has_value_after(reading, place):
            continue
        found = {t.name for t in thing.terms if t.is_allowed} & names
        if is_dimension(thing):
            found |= {t.name for t in thing.terms_of("field")} & groups
            found |= {thing.grain} & grains if thing.grain else set()
        if found:
            for claimed in (at, place):
                reading.claim(claimed, "left out")
            dropped |= found
    return frozenset(dropped)


def _has_value_after(reading: Reading, place: int) -> bool:
    after = reading.after(place)
    chunk = reading.at(after) if after is not None else None
    return chunk is not None and bool(chunk.values or chunk.number is not None)


def without_dropped(before: Parts, dropped: frozenset[str]) -> Parts:
    """The plan before without these; it keeps at least one number."""
    names = tuple(n for n in before.metrics.alternatives[0] if n not in dropped)
    groups = tuple(
        d
        for d in before.dimensions
        if d.grain not in dropped and not dropped & {t.name for t in d.terms}
    )
    if not dropped:
        return before
    is_regrouped = groups != before.dimensions
    return replace(
        before,
        metrics=MetricsPart((names,)) if names else before.metrics,
        dimensions=groups,
        rank=None if is_regrouped else before.rank,
        having=() if is_regrouped else before.having,
        row_order=None if is_regrouped else before.row_order,
        group_order=None if is_regrouped else before.group_order,
    )


def read_count(reading: Reading, before: Parts, said: Parts) -> RankPart | None:
    """ "Make it ten", after the top five."""
    numbers = [at for at, chunk in reading.free() if chunk.number is not None]
    rank = before.rank
    if rank is None or rank.limit is None or len(numbers) != 1:
        return None
    if said.filters or said.having or said.time or said.dimensions:
        return None
    number = reading.chunks[numbers[0]].number
    if number is None or number != int(number) or number < 1:
        return None
    reading.claim(numbers[0], "how many")
    return replace(rank, limit=int(number))
