"""What a person reads: an answer whose every number is known to be true, and its widgets."""

from collections.abc import Iterable, Sequence
from decimal import localcontext

from contracts.context import UserContext
from contracts.plan import (
    Clarify,
    Investigation,
    Knowledge,
    MetricQuery,
    Plan,
    Planned,
    RawSql,
    Refuse,
)
from contracts.result import ResultSet
from contracts.run import Source
from kit.display import EXACT, clean, listed
from workflow.narrate import grounds, knowledge, shape, template
from workflow.narrate.draft import Draft, Narration
from workflow.narrate.facts import Extent, Grounds
from workflow.narrate.grounding import sort_out, strike
from workflow.narrate.mentions import mentions, plain
from workflow.narrate.phrases import subtitle
from workflow.narrate.shape import Shape
from workflow.narrate.widgets import Intent, widgets
from workflow.semantic.model import Compiled, SemanticModel

_MOST_SUGGESTIONS = 3
NO_EXTENT = Extent()
_UNSAID = "The answer is in the table; no sentence about it could be confirmed."


def narrate(
    planned: Planned,
    result: ResultSet | None,
    compiled: Compiled | None,
    sources: Sequence[Source],
    context: UserContext,
    model: SemanticModel,
    extent: Extent = NO_EXTENT,
) -> Narration:
    """Tell the outcome of a run, by template."""
    return draft(planned, result, compiled, sources, context, model, extent).narration()


def draft(
    planned: Planned,
    result: ResultSet | None,
    compiled: Compiled | None,
    sources: Sequence[Source],
    context: UserContext,
    model: SemanticModel,
    extent: Extent = NO_EXTENT,
) -> Draft:
    """What code says of the outcome of a run.

    A metric query needs `result` and `compiled`, raw SQL needs `result`; the other kinds use
    neither. `sources` are what was retrieved, in the order of their rank. Pure.
    """
    with localcontext(EXACT):
        output = planned.output
        match output:
            case MetricQuery():
                if result is None or compiled is None:
                    raise ValueError("a metric query needs its result and its compiled plan")
                seen = shape.of_plan(output.plan, compiled, result, model)
                return _metric_query(planned, output.plan, seen, context, model, extent)
            case RawSql():
                if result is None:
                    raise ValueError("raw SQL needs its result")
                return _raw_sql(planned, shape.of_columns(result), context, model)
            case Investigation():
                raise ValueError("an investigation is told by its own narrator")
            case Knowledge():
                words = (*planned.used_words, *planned.unused_words)
                told = knowledge.answer_from(sources, output.document_ids, words)
                return Draft(tuple(told))
            case Clarify():
                labels = [f"“{clean(choice.label)}”" for choice in output.choices]
                after = f"Did you mean {listed(labels, 'or')}?" if labels else ""
                return _without_result(planned, output.question, after, context)
            case Refuse():
                asked = [f"“{clean(text)}”" for text in output.suggestions[:_MOST_SUGGESTIONS]]
                after = f"You can ask, for example: {listed(asked, 'or')}." if asked else ""
                return _without_result(planned, output.reason, after, context)


def _metric_query(
    planned: Planned,
    plan: Plan,
    seen: Shape,
    context: UserContext,
    model: SemanticModel,
    extent: Extent,
) -> Draft:
    known = grounds.of_result(seen, plan, context, model)
    told = template.tell(seen, plan, context, model, extent)
    body, struck = sort_out(told.body, known)
    fine_print, struck_too = sort_out(told.fine_print, known)
    notes, struck_notes = _notes(planned, known)
    return Draft(
        body or (_UNSAID,),
        (*fine_print, *notes, *told.remarks, *template.unused(planned.unused_words)),
        widgets(seen, subtitle(plan, context, model), _intent(planned, plan)),
        (*struck, *struck_too, *struck_notes),
        seen,
        known,
    )


def _raw_sql(planned: Planned, seen: Shape, context: UserContext, model: SemanticModel) -> Draft:
    known = grounds.of_columns(seen, context)
    told = template.tell_columns(seen)
    kept, struck = sort_out([*told.body, *told.fine_print], known)
    notes, struck_notes = _notes(planned, known)
    return Draft(kept or (_UNSAID,), notes, widgets(seen, "", Intent()), (*struck, *struck_notes))


def _without_result(planned: Planned, text: str, after: str, context: UserContext) -> Draft:
    """A planner's own sentences. A language model has seen no data, so that a number it names is
    made up, unless the question had it."""
    prose = clean(text)
    struck: tuple[str, ...] = ()
    if not _is_trusted(planned):
        known = grounds.of_words(context, (*planned.used_words, *planned.unused_words))
        kept, struck = strike(prose, known)
        prose = " ".join(kept) or "This cannot be answered as it was asked."
    parts: Iterable[str] = (part for part in (prose, after, *_noted(planned)) if part)
    return Draft(tuple(parts), struck=struck)


def _intent(planned: Planned, plan: Plan) -> Intent:
    words = (*planned.used_words, *planned.used_words.values(), *planned.unused_words)
    asked = planned.output.widget if isinstance(planned.output, MetricQuery) else None
    return Intent(asked, words, is_ordered=bool(plan.order))


def _notes(planned: Planned, known: Grounds) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The planner's notes that stand, and those that do not. A language model wrote its own before
    there was a result: the days it counted from are its reading, and any other number is made
    up."""
    notes = _noted(planned)
    if _is_trusted(planned):
        return tuple(notes), ()
    days = frozenset(day.value for note in notes for day in mentions(plain(note)).days)
    return sort_out(notes, Grounds(anchored=known.anchored, counted=known.counted, days=days))


def _noted(planned: Planned) -> list[str]:
    return [note for text in planned.notes if (note := clean(text))]


def _is_trusted(planned: Planned) -> bool:
    return planned.planner != "model"
