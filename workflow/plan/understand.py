"""From the words of a question to its plan, or to why there is none.

tokens -> spelling -> chunks -> readers (safety, values, time, ranking, dimensions, metrics)
       -> parts -> assemble -> plan
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from contracts.context import UserContext
from contracts.plan import Plan
from workflow.plan.ask_back import about_unused, partly_named, restricted
from workflow.plan.assemble import Assembled, Assembler
from workflow.plan.chunks import Chunk, cut
from workflow.plan.day_kinds import ASK, each_kind, sets_days_apart
from workflow.plan.grammar import Mark
from workflow.plan.ground import Ground
from workflow.plan.leftovers import unused_words
from workflow.plan.lexicon import Lexicon, lexicon_for
from workflow.plan.outcomes import Refused, Unclear
from workflow.plan.parts import Extras, MetricsPart, Parts
from workflow.plan.ratio_words import with_ratios
from workflow.plan.readers.comparing import read_comparison
from workflow.plan.readers.comparing_values import claim_compared, only_compared_inside
from workflow.plan.readers.dimensions import (
    counts_groups,
    read_compared_groups,
    read_dimensions,
    read_listed,
)
from workflow.plan.readers.extras import read_extras
from workflow.plan.readers.metrics import read_metrics
from workflow.plan.readers.question_words import refuse_not_allowed
from workflow.plan.readers.ranking import (
    ORDERED_BY,
    read_agent,
    read_group_order,
    read_order,
    read_rank,
    say_what_is_ordered,
)
from workflow.plan.readers.safety import refuse_unknown_scope, refuse_unreadable, refuse_unsafe
from workflow.plan.readers.scope import refuse_outside_scope
from workflow.plan.readers.thresholds import Thresholds, read_thresholds
from workflow.plan.readers.time import read_time
from workflow.plan.readers.values import read_filters
from workflow.plan.readers.why import asks_for_meaning, change_parts, claim_why
from workflow.plan.reading import Reading
from workflow.plan.spelling import Correction, speller_for
from workflow.plan.tokens import Token, completed, tokenize
from workflow.plan.value_index import ValueIndex, index_for
from workflow.semantic.model import DataProfile, SemanticModel

_FEW_PLANS = 3
_SUM_OF_GROUPS = "I can give it for each of them, but not for all of them in one. Do you want that?"
_COUNT_OF_GROUPS = "I can list them, but not count them. Do you want the list?"


@dataclass(frozen=True, slots=True)
class Asker:
    """All that a question is read against."""

    lexicon: Lexicon
    values: ValueIndex
    profile: DataProfile
    context: UserContext
    today: date


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question. `reading` is missing where it was refused before being read;
    `is_open` where it names no number."""

    end: Assembled | Refused | Unclear
    reading: Reading | None = None
    corrections: tuple[Correction, ...] = ()
    unused: tuple[str, ...] = ()
    is_open: bool = False


def asker_for(ground: Ground, whole: SemanticModel) -> Asker:
    """Arranged for reading: lexicon and index are built once and kept."""
    values = index_for(ground.profile)
    lexicon = lexicon_for(ground.model, whole)
    return Asker(lexicon, values, ground.profile, ground.context, ground.today)


def read(tokens: Sequence[Token], asker: Asker) -> tuple[Reading, tuple[Correction, ...]]:
    """The chunks of the question, with nothing claimed yet, and what was corrected."""
    said = _said(tuple(tokens), asker.lexicon, asker.values)
    reading = Reading(
        said.chunks,
        lexicon=asker.lexicon,
        values=asker.values,
        profile=asker.profile,
        context=asker.context,
        today=asker.today,
    )
    if said.assumed is not None:
        reading.assume(said.assumed)
    return reading, said.corrections


@dataclass(frozen=True, slots=True)
class _Said:
    chunks: tuple[Chunk, ...]
    corrections: tuple[Correction, ...]
    assumed: str | None


@lru_cache(maxsize=32)  # a question is looked at before a model is asked, and read meanwhile
def _said(tokens: tuple[Token, ...], lexicon: Lexicon, values: ValueIndex) -> _Said:
    corrected, corrections = speller_for(lexicon, values).correct(tokens)
    corrected, assumed = with_ratios(completed(corrected), lexicon)
    return _Said(cut(corrected, lexicon, values), corrections, assumed)


def understand(question: str, asker: Asker) -> Outcome:
    """What becomes of the question by itself, whatever was said before."""
    tokens = tokenize(question)
    try:
        refuse_unreadable(question, tokens)
    except Refused as refused:
        return Outcome(refused)
    reading, corrections = read(tokens, asker)
    unused: tuple[str, ...] = ()
    parts: Parts | None = None
    try:
        refuse_unsafe(question, reading.chunks)
        is_why = claim_why(reading)
        parts = read_parts(reading, corrections)
        if is_why:
            raise _not_why(reading, parts)
        if asks_for_meaning(question):
            plans = _plans(Assembler(reading, parts), parts.metrics.alternatives)
            raise Unclear("I can give the number, but not what it means. Do you want it?", plans)
        assembled, unused = _assembled(reading, parts)
    except (Refused, Unclear) as end:
        unused = unused or tuple(c.text for _, c in reading.free() if not (c.is_filler or c.marks))
        is_open = parts is None or parts.metrics.is_open
        return Outcome(end, reading, corrections, unused, is_open)
    return Outcome(assembled, reading, corrections)


def _not_why(reading: Reading, parts: Parts) -> Unclear:
    names = parts.metrics.alternatives[0]
    home = reading.lexicon.metrics[names[0]].dataset.name
    whole, _ = change_parts(parts, reading.reference(frozenset({home})))
    plans = _plans(Assembler(reading, whole), (names,))
    return Unclear("I can show what moved, but not why. Do you want to see it?", plans)


def read_parts(
    reading: Reading, corrections: tuple[Correction, ...], *, is_follow_up: bool = False
) -> Parts:
    """Reads the question in order: each reader sees what the ones before it have left. By
    itself it must say something of the data; a follow-up need not."""
    filters = read_filters(reading)
    refuse_outside_scope(reading, filters)
    refuse_unknown_scope(reading)
    thresholds = read_thresholds(reading)
    are_compared = any(p.is_compared for p in filters)
    comparison = read_comparison(reading, has_compared_values=are_compared)
    if comparison is not None:
        filters = only_compared_inside(reading, filters)
    else:
        claim_compared(reading, filters)
    time = read_time(reading)
    extras = read_extras(reading)
    rank = read_rank(reading)
    dimensions = read_dimensions(reading)
    row_order = read_order(reading)
    is_dated = is_follow_up or any(d.grain or d.is_trend for d in dimensions)
    group_order = read_group_order(reading, is_dated=is_dated) if rank is None else None
    say_what_is_ordered(reading, dimensions)
    if rank is None and not dimensions:
        listed = read_listed(reading)
        dimensions = (listed,) if listed is not None else ()
    is_listed = bool(thresholds.having) and rank is None and not dimensions
    if is_listed:
        who = thresholds.people or read_agent(reading)
        dimensions = read_compared_groups(reading, who)
    metrics, flags = read_metrics(reading)
    if thresholds.having:
        metrics, extras = _of_groups(reading, thresholds, metrics, extras, is_listed=is_listed)
    if not is_follow_up:
        _refuse_other_topics(reading, metrics, corrections)
    if rank is not None and rank.limit != 1 and _asks_for_one_number(reading):
        reading.assume("Each of them is shown; they are not added up.")
    return Parts(
        filters=(*filters, *thresholds.filters, *flags),
        time=time,
        rank=rank,
        dimensions=dimensions,
        metrics=metrics,
        is_compared=any(p.is_compared for p in filters) or (time is not None and time.is_compared),
        row_order=row_order,
        comparison=comparison,
        having=thresholds.having,
        extras=extras,
        group_order=group_order,
    )


def _of_groups(
    reading: Reading,
    thresholds: Thresholds,
    metrics: MetricsPart,
    extras: Extras,
    *,
    is_listed: bool,
) -> tuple[MetricsPart, Extras]:
    """The numbers of groups beyond a threshold: what it is on, where no other was named. These
    groups can be listed, but neither counted nor added up."""
    names = tuple(dict.fromkeys(h.metrics[0] for h in thresholds.having))
    if metrics.is_open:
        metrics = MetricsPart((names,))
    elif is_listed and not set(metrics.alternatives[0]) & set(names):
        metrics = replace(metrics, ask=_SUM_OF_GROUPS)
    if counts_groups(reading) or (is_listed and extras.is_share):
        return replace(metrics, ask=_COUNT_OF_GROUPS), replace(extras, is_share=False)
    return metrics, extras


def _asks_for_one_number(reading: Reading) -> bool:
    """ "The total of the top 5", "what percentage comes from the top 10": of them together."""
    for at, chunk in enumerate(reading.chunks):
        first, before = chunk.words[0], reading.at(at - 1)
        asked = {first, before.words[0] if before is not None else ""} & {"what", "how", "which"}
        if at in reading.claims and not chunk.terms and (
            chunk.has(Mark.SUM) or (asked and chunk.has(Mark.SHARE))
        ):  # fmt: skip
            return True
    return False


def _refuse_other_topics(
    reading: Reading, metrics: MetricsPart, corrections: tuple[Correction, ...]
) -> None:
    """Raises Refused when nothing in the question is of the data, or is of another role's."""
    for _, chunk in reading.free():
        if chunk.terms and not chunk.values and not any(t.is_allowed for t in chunk.terms):
            refuse_not_allowed(reading, chunk.terms)
    guessed = {word for c in corrections for word in [c.read_as] if c.is_value}
    is_about_values = any(c.values and not guessed & set(c.words) for c in reading.chunks)
    if metrics.ask is None or is_about_values or any(c.terms for c in reading.chunks):
        return
    unread = next((c.text for c in reading.chunks if c.is_unreadable_time), None)
    if unread is not None:
        raise Unclear(f"I cannot go by “{unread}”. What do you want to know?")
    unknown = [c for c in reading.chunks if not (c.marks or c.when or c.grain) and c.text.isalnum()]
    partly = [c for c in unknown if any(reading.values.containing(s) for s in c.stems)]
    if 2 * len(partly) > len(unknown):
        return
    known = (c.marks or c.when or c.grain or not c.text.isalnum() for c in reading.chunks)
    if all(known):
        return
    topics = [d.label.lower() for d in reading.lexicon.model.datasets]
    told = f"{', '.join(topics[:-1])} and {topics[-1]}" if len(topics) > 1 else "".join(topics)
    raise Refused(
        f"That is not something I can answer from the data. Ask about {told}."
        if topics
        else "There is no data that your role may ask about."
    )


def _assembled(reading: Reading, parts: Parts) -> tuple[Assembled, tuple[str, ...]]:
    """The plan, if everything is settled and no word is left over. Raises Refused or Unclear."""
    assembler = Assembler(reading, parts)
    if not parts.metrics.alternatives:
        raise Refused("There is no number that your role may ask about.")
    if sets_days_apart(reading):
        kinds = each_kind(reading, parts)
        kinds = kinds if parts.metrics.ask is None else kinds[:1]
        offered = (_plans(Assembler(reading, k), parts.metrics.alternatives) for k in kinds)
        raise Unclear(ASK, tuple(plan for plans in offered for plan in plans))
    if parts.metrics.ask is not None:
        plans = _plans(assembler, parts.metrics.alternatives)
        meant = partly_named(reading, unused_words(reading, parts))[:1]
        plans = tuple(restricted(plan, v) for plan in plans for v in meant) or plans
        raise Unclear(parts.metrics.ask, plans)
    assembled = assembler.build(parts.metrics.alternatives[0])
    if parts.metrics.is_assumed:
        assembled = replace(assembled, is_assumed=True)
    left = unused_words(reading, parts)
    if left:
        raise about_unused(reading, assembled.plan, left)
    is_ordered_only = ORDERED_BY in reading.claims.values() and not assembled.plan.dimensions
    if is_ordered_only:
        raise Unclear("By what should it be split?", (assembled.plan,))
    return assembled, ()


def _plans(assembler: Assembler, alternatives: tuple[tuple[str, ...], ...]) -> tuple[Plan, ...]:
    """The plans of the readings that can be built; the others are no choice."""
    found: list[Plan] = []
    for names in alternatives:
        try:
            found.append(assembler.build(names).plan)
        except (Refused, Unclear) as end:
            found += end.plans[:1] if isinstance(end, Unclear) else ()
        if len(found) == _FEW_PLANS:
            break
    return tuple(found)
