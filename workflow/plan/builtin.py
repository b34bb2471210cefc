"""The built-in planner: reads a question against the semantic model, with no model behind it.

    tokens -> spelling -> chunks -> readers (safety, values, time, ranking, dimensions, metrics)
           -> parts -> assemble -> plan

The grammar is data (`grammar.py`); names, labels and synonyms come from the role's semantic
model; values from the data the person may see. What is half understood becomes a question back
with choices that this planner reads without doubt; what may not or cannot be answered is refused
with suggestions. It never guesses.
"""

from collections.abc import Sequence

from contracts.catalog import Suggestion
from contracts.plan import (
    Choice,
    Clarify,
    MetricQuery,
    Plan,
    Planned,
    Refuse,
)
from workflow.plan.agreement import is_same
from workflow.plan.ask_back import alternatives
from workflow.plan.assemble import Assembled
from workflow.plan.follow_up import understand_after
from workflow.plan.ground import Ground
from workflow.plan.history import Exchange
from workflow.plan.outcomes import Refused, Unclear
from workflow.plan.readers.safety import refuse_unsafe
from workflow.plan.readers.scope import refuse_outside_scope
from workflow.plan.readers.values import read_filters
from workflow.plan.role_catalog import role_catalog
from workflow.plan.say import question_of
from workflow.plan.spelling import Correction
from workflow.plan.tokens import tokenize
from workflow.plan.understand import Asker, Outcome, asker_for, read, understand
from workflow.semantic.model import SemanticModel

_MOST_CHOICES = 4
_FEWEST_CHOICES = 2
_SUGGESTED = 3
_CORRECTED_WORD = 0.9
_CORRECTED_VALUE = 0.85
_ASSUMED = 0.9
_HALF = 0.5


def plan(
    question: str,
    ground: Ground,
    *,
    whole: SemanticModel,
    suggestions: Sequence[Suggestion],
    history: Sequence[Exchange] = (),
) -> Planned:
    """The plan that the question asks for, or a question back, or a refusal; never raises.

    The ground's model is the role's part of `whole`. The index of its profile is kept, and found
    fastest for the same object.
    """
    asker = asker_for(ground, whole)
    outcome = understand_after(question, history, asker) if history else understand(question, asker)
    if isinstance(outcome.end, Refused):
        return _refused(question, outcome, suggestions)
    if isinstance(outcome.end, Unclear):
        return _clarify(outcome, outcome.end, asker, suggestions)
    return _planned(outcome, outcome.end)


def gate(
    question: str, ground: Ground, *, whole: SemanticModel, suggestions: Sequence[Suggestion]
) -> Planned | None:
    """The refusal of what no planner may answer: a wish to write, SQL, an argument with the
    rules, a row outside the scope. None where the question may go on to a model."""
    asker = asker_for(ground, whole)
    tokens = tokenize(question)
    reading, corrections = read(tokens, asker)
    try:
        refuse_unsafe(question, reading.chunks)
        refuse_outside_scope(reading, read_filters(reading))
    except Refused as refused:
        return _refused(question, Outcome(refused, reading, corrections), suggestions)
    except Unclear:
        return None
    return None


def question_for(plan: Plan, ground: Ground, *, whole: SemanticModel) -> str | None:
    """A question that this planner reads as a plan of the same meaning, if it knows one."""
    asker = asker_for(ground, whole)
    question = question_of(plan, asker.lexicon)
    outcome = understand(question, asker)
    if not isinstance(outcome.end, Assembled) or outcome.corrections:
        return None
    scope_fields = role_catalog(ground.model).scope_fields
    return question if is_same(outcome.end.plan, plan, ground.context, scope_fields) else None


# -- what is handed back -------------------------------------------------------------------------


def _planned(outcome: Outcome, assembled: Assembled) -> Planned:
    reading = outcome.reading
    notes = [*assembled.notes, *(reading.notes if reading is not None else [])]
    notes += [f"“{c.typed}” was read as “{c.read_as}”." for c in outcome.corrections]
    return Planned(
        output=MetricQuery(plan=assembled.plan, widget=assembled.widget),
        planner="builtin",
        confidence=_confidence(
            outcome.corrections,
            is_assumed=assembled.is_assumed or (reading is not None and reading.is_assumed),
        ),
        used_words=_used(outcome),
        notes=tuple(notes),
    )


def _confidence(corrections: tuple[Correction, ...], *, is_assumed: bool) -> float:
    confidence = _ASSUMED if is_assumed else 1.0
    for correction in corrections:
        confidence *= _CORRECTED_VALUE if correction.is_value else _CORRECTED_WORD
    return round(confidence, 2)


def _used(outcome: Outcome) -> dict[str, str]:
    reading = outcome.reading
    if reading is None:
        return {}
    return {reading.chunks[at].text: said for at, said in sorted(reading.claims.items())}


def _refused(question: str, outcome: Outcome, suggestions: Sequence[Suggestion]) -> Planned:
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
    outcome: Outcome, unclear: Unclear, asker: Asker, suggestions: Sequence[Suggestion]
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


def _choices(plans: Sequence[Plan], asker: Asker) -> list[str]:
    """The plans as questions; only those that read back as the same plan, without a doubt."""
    found: list[str] = []
    for reading in plans:
        question = question_of(reading, asker.lexicon)
        back = understand(question, asker)
        is_same = isinstance(back.end, Assembled) and back.end.plan == reading
        if is_same and _is_certain(back) and question not in found:
            found.append(question)
    return found[:_MOST_CHOICES]


def _is_sure(question: str, asker: Asker) -> bool:
    outcome = understand(question, asker)
    return isinstance(outcome.end, Assembled) and _is_certain(outcome)


def _is_certain(outcome: Outcome) -> bool:
    """Whether nothing was corrected or taken for granted on the way."""
    return not outcome.corrections and not (outcome.reading and outcome.reading.is_assumed)
