"""What a question wants that is not a number: why something moved, or what a word means."""

from dataclasses import dataclass
from typing import Literal

from contracts.plan import Comparison, Filter, FilterGroup, Plan, TimeRange
from workflow.plan import grammar
from workflow.plan.assemble import Assembler
from workflow.plan.grammar import Mark
from workflow.plan.ground import Ground
from workflow.plan.leftovers import unused_words
from workflow.plan.outcomes import Refused, Unclear
from workflow.plan.parts import Parts
from workflow.plan.readers.safety import refuse_unreadable, refuse_unsafe
from workflow.plan.readers.why import asks_for_meaning, change_parts, claim_why
from workflow.plan.reading import Reading
from workflow.plan.tokens import tokenize
from workflow.plan.understand import Asker, asker_for, read, read_parts
from workflow.semantic.model import SemanticModel

__all__ = ["Change", "asks_for_meaning", "asks_why", "read_change"]
_MOST_UNUSED = 3
_WHY = tuple(f" {' '.join(way.split())} " for way in grammar.WORDS[Mark.WHY].split(","))


@dataclass(frozen=True, slots=True)
class Change:
    """The movement that a "why" is about. `direction` is the one the question takes for granted,
    which the numbers may not bear out. `is_assumed` when the period was not said: it is then the
    last whole month. `unused_words` had no part in the reading; `notes` must be passed on."""

    metric: str
    filters: tuple[Filter | FilterGroup, ...]
    period: TimeRange
    comparison: Comparison
    direction: Literal["up", "down"] | None
    is_assumed: bool
    unused_words: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def plan(self) -> Plan:
        """The change as a plan."""
        return Plan(
            metrics=(self.metric,),
            filters=self.filters,
            time=self.period,
            comparison=self.comparison,
        )


def asks_why(question: str) -> bool:
    """Whether the question is after reasons."""
    words = f" {' '.join(t.word for t in tokenize(question[:1000]))} "
    return any(way in words for way in _WHY)


def read_change(question: str, ground: Ground, *, whole: SemanticModel) -> Change | None:
    """What the question asks the reason of; None where it does not say which number, names
    several, or is to be refused anyway."""
    asker = asker_for(ground, whole)
    tokens = tokenize(question)
    try:
        refuse_unreadable(question, tokens)
        reading, corrections = read(tokens, asker)
        refuse_unsafe(question, reading.chunks)
        claim_why(reading)
        parts = read_parts(reading, corrections)
        return _change(reading, parts, asker)
    except (Refused, Unclear):
        return None


def _change(reading: Reading, parts: Parts, asker: Asker) -> Change | None:
    if parts.metrics.ask is not None or len(parts.metrics.alternatives) != 1:
        return None
    names = parts.metrics.alternatives[0]
    if len(names) != 1:
        return None
    home = asker.lexicon.metrics[names[0]].dataset.name
    moved, is_assumed = change_parts(parts, reading.reference(frozenset({home})))
    assembled = Assembler(reading, moved).build(names)
    plan = assembled.plan
    left = unused_words(reading, parts)
    is_lost = any(reading.chunks[at].terms or reading.chunks[at].values for at, _ in left)
    if plan.time is None or plan.comparison is None or is_lost or len(left) > _MOST_UNUSED:
        return None
    held = parts.comparison
    return Change(
        metric=names[0],
        filters=plan.filters,
        period=plan.time,
        comparison=plan.comparison,
        direction="down" if held and held.is_falling else "up" if held and held.is_rising else None,
        is_assumed=is_assumed or assembled.is_assumed or reading.is_assumed,
        unused_words=tuple(text for _, text in left),
        notes=(*assembled.notes, *reading.notes),
    )
