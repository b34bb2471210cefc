"""The built-in planner: reads a question against the semantic model, with no model behind it.

    tokens -> spelling -> chunks -> readers (safety, values, time, ranking, dimensions, metrics)
           -> parts -> assemble -> plan

The grammar is data (`grammar.py`); names, labels and synonyms come from the role's semantic
model; values from the data the person may see. What is half understood becomes a question back
with choices that this planner reads without doubt; what may not or cannot be answered is refused
with suggestions. It never guesses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from contracts.catalog import Suggestion
from contracts.context import UserContext
from contracts.plan import (
    Choice,
    Clarify,
    MetricQuery,
    Plan,
    Planned,
    Refuse,
)
from workflow.plan.ask_back import about_unused, alternatives, partly_named, restricted
from workflow.plan.assemble import Assembled, Assembler
from workflow.plan.chunks import cut
from workflow.plan.history import Exchange
from workflow.plan.leftovers import unused_words
from workflow.plan.lexicon import Lexicon, lexicon_for
from workflow.plan.outcomes import Refused, Unclear
from workflow.plan.parts import MetricsPart, Parts
from workflow.plan.readers.dimensions import ORDERED_BY, read_dimensions, read_listed
from workflow.plan.readers.metrics import read_metrics, refuse_not_allowed
from workflow.plan.readers.ranking import read_order, read_rank
from workflow.plan.readers.safety import refuse_unknown_scope, refuse_unreadable, refuse_unsafe
from workflow.plan.readers.scope import refuse_outside_scope
from workflow.plan.readers.time import read_time
from workflow.plan.readers.values import read_filters
from workflow.plan.reading import Reading
from workflow.plan.say import question_of
from workflow.plan.spelling import Correction, speller_for
from workflow.plan.tokens import Token, tokenize
from workflow.plan.value_index import ValueIndex, index_for
from workflow.semantic.model import DataProfile, SemanticModel

_MOST_CHOICES = 4
_FEW_PLANS = 3
_FEWEST_CHOICES = 2
_SUGGESTED = 3
_CORRECTED_WORD = 0.9
_CORRECTED_VALUE = 0.85
_ASSUMED = 0.9
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class _Asker:
    """All that a question is read against."""

    lexicon: Lexicon
    values: ValueIndex
    profile: DataProfile
    context: UserContext
    today: date


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a question. `reading` is missing where it was refused before being read."""

    end: Assembled | Refused | Unclear
    reading: Reading | None = None
    corrections: tuple[Correction, ...] = ()
    unused: tuple[str, ...] = ()


def plan(
    question: str,
    *,
    model: SemanticModel,
    full_model: SemanticModel,
    profile: DataProfile,
    context: UserContext,
    suggestions: Sequence[Suggestion],
    today: date,
    history: Sequence[Exchange] = (),
) -> Planned:
    """The plan that the question asks for, or a question back, or a refusal; never raises.

    `model` is the role's part of `full_model`; `profile` is what occurs in the data the person
    may see; its index is kept, and found fastest for the same object.
    Relative periods count from the newest day in the data, or from `today` if that is earlier.
    """
    asker = _asker(model, full_model, profile, context, today)
    outcome = _understand(question, asker)
    if isinstance(outcome.end, Refused):
        return _refused(question, outcome, suggestions)
    if isinstance(outcome.end, Unclear):
        return _clarify(outcome, outcome.end, asker, suggestions)
    return _planned(outcome, outcome.end)


def gate(
    question: str,
    *,
    model: SemanticModel,
    full_model: SemanticModel,
    profile: DataProfile,
    context: UserContext,
    suggestions: Sequence[Suggestion],
    today: date,
) -> Planned | None:
    """The refusal of what no planner may answer: a wish to write, SQL, an argument with the
    rules, a row outside the scope. None where the question may go on to a model."""
    asker = _asker(model, full_model, profile, context, today)
    tokens = tokenize(question)
    reading, corrections = _reading(tokens, asker)
    try:
        refuse_unsafe(question, reading.chunks)
        refuse_outside_scope(reading, read_filters(reading))
    except Refused as refused:
        return _refused(question, _Outcome(refused, reading, corrections), suggestions)
    except Unclear:
        return None
    return None


def _asker(
    model: SemanticModel,
    full_model: SemanticModel,
    profile: DataProfile,
    context: UserContext,
    today: date,
) -> _Asker:
    return _Asker(lexicon_for(model, full_model), index_for(profile), profile, context, today)


def _reading(tokens: Sequence[Token], asker: _Asker) -> tuple[Reading, tuple[Correction, ...]]:
    speller = speller_for(asker.lexicon, asker.values)
    corrected, corrections = speller.correct(tokens)
    reading = Reading(
        cut(corrected, asker.lexicon, asker.values),
        lexicon=asker.lexicon,
        values=asker.values,
        profile=asker.profile,
        context=asker.context,
        today=asker.today,
    )
    return reading, corrections


def _understand(question: str, asker: _Asker) -> _Outcome:
    tokens = tokenize(question)
    try:
        refuse_unreadable(question, tokens)
    except Refused as refused:
        return _Outcome(refused)
    reading, corrections = _reading(tokens, asker)
    unused: tuple[str, ...] = ()
    try:
        refuse_unsafe(question, reading.chunks)
        parts = _parts(reading, corrections)
        assembled, unused = _assembled(reading, parts)
    except (Refused, Unclear) as end:
        unused = unused or tuple(c.text for _, c in reading.free() if not (c.is_filler or c.marks))
        return _Outcome(end, reading, corrections, unused)
    return _Outcome(assembled, reading, corrections)


def _parts(reading: Reading, corrections: tuple[Correction, ...]) -> Parts:
    """Reads the question in order: each reader sees what the ones before it have left."""
    filters = read_filters(reading)
    refuse_outside_scope(reading, filters)
    refuse_unknown_scope(reading)
    time = read_time(reading)
    rank = read_rank(reading)
    dimensions = read_dimensions(reading)
    row_order = read_order(reading)
    if rank is None and not dimensions:
        listed = read_listed(reading)
        dimensions = (listed,) if listed is not None else ()
    metrics, flags = read_metrics(reading)
    _refuse_other_topics(reading, metrics, corrections)
    return Parts(
        filters=(*filters, *flags),
        time=time,
        rank=rank,
        dimensions=dimensions,
        metrics=metrics,
        is_compared=any(p.is_compared for p in filters) or (time is not None and time.is_compared),
        row_order=row_order,
    )


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
    if parts.metrics.ask is not None:
        plans = _plans(assembler, parts.metrics.alternatives)
        meant = partly_named(reading, unused_words(reading, parts))[:1]
        plans = tuple(restricted(plan, v) for plan in plans for v in meant) or plans
        raise Unclear(parts.metrics.ask, plans)
    assembled = assembler.build(parts.metrics.alternatives[0])
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


# -- what is handed back -------------------------------------------------------------------------


def _planned(outcome: _Outcome, assembled: Assembled) -> Planned:
    reading = outcome.reading
    notes = [*assembled.notes, *(reading.notes if reading is not None else [])]
    notes += [f"“{c.typed}” was read as “{c.read_as}”." for c in outcome.corrections]
    return Planned(
        output=MetricQuery(plan=assembled.plan),
        planner="builtin",
        confidence=_confidence(outcome.corrections, is_assumed=assembled.is_assumed),
        used_words=_used(outcome),
        notes=tuple(notes),
    )


def _confidence(corrections: tuple[Correction, ...], *, is_assumed: bool) -> float:
    confidence = _ASSUMED if is_assumed else 1.0
    for correction in corrections:
        confidence *= _CORRECTED_VALUE if correction.is_value else _CORRECTED_WORD
    return round(confidence, 2)


def _used(outcome: _Outcome) -> dict[str, str]:
    reading = outcome.reading
    if reading is None:
        return {}
    return {reading.chunks[at].text: said for at, said in sorted(reading.claims.items())}


def _refused(question: str, outcome: _Outcome, suggestions: Sequence[Suggestion]) -> Planned:
    return Planned(
        output=Refuse(reason=str(outcome.end), suggestions=_nearest(question, suggestions)),
        planner="builtin",
        used_words=_used(outcome),
        unused_words=outcome.unused,
    )


def _nearest(question: str, suggestions: Sequence[Suggestion]) -> tuple[str, ...]:
    """The suggestions that share most words with the question, in their own order."""
    asked = {t.stem for t in tokenize(question[:1000])}

    def shared(suggestion: Suggestion) -> int:
        return len(asked & {t.stem for t in tokenize(suggestion.question)})

    nearest = sorted(suggestions, key=shared, reverse=True)[:_SUGGESTED]
    return tuple(s.question for s in suggestions if s in nearest)[:_SUGGESTED]


def _clarify(
    outcome: _Outcome, unclear: Unclear, asker: _Asker, suggestions: Sequence[Suggestion]
) -> Planned:
    choices = _choices(unclear.plans, asker)
    if len(choices) < _FEWEST_CHOICES:
        choices = _choices((*unclear.plans, *alternatives(unclear.plans, asker.lexicon)), asker)
    for question in _nearest(" ".join(_used(outcome)), suggestions):
        if len(choices) < _FEWEST_CHOICES and question not in choices and _is_sure(question, asker):
            choices.append(question)
    return Planned(
        output=Clarify(
            question=unclear.ask, choices=tuple(Choice(label=q, question=q) for q in choices)
        ),
        planner="builtin",
        confidence=_HALF,
        used_words=_used(outcome),
        unused_words=outcome.unused,
    )


def _choices(plans: Sequence[Plan], asker: _Asker) -> list[str]:
    """The plans as questions; only those that read back as the same plan, without a doubt."""
    found: list[str] = []
    for reading in plans:
        question = question_of(reading, asker.lexicon)
        back = _understand(question, asker)
        is_same = isinstance(back.end, Assembled) and back.end.plan == reading
        if is_same and not back.corrections and question not in found:
            found.append(question)
    return found[:_MOST_CHOICES]


def _is_sure(question: str, asker: _Asker) -> bool:
    outcome = _understand(question, asker)
    return isinstance(outcome.end, Assembled) and not outcome.corrections
