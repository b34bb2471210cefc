"""A result in a few sentences, without a model. What is said follows from the result's shape."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from contracts.context import UserContext
from contracts.plan import Plan
from kit.display import clean, day_words, listed, lower, plural, upper
from workflow.narrate.facts import Extent
from workflow.narrate.grounds import is_cut
from workflow.narrate.phrases import datasets_of, period, where
from workflow.narrate.shape import Shape
from workflow.narrate.tell_groups import groups
from workflow.narrate.teller import MOST_NAMED, Teller
from workflow.semantic.model import SemanticModel


@dataclass(frozen=True, slots=True)
class Told:
    """Sentences in order: what the result says, what has to be said of it in any case, and
    remarks on the data and the question, which hold nothing of the result."""

    body: list[str]
    fine_print: list[str]
    remarks: list[str] = field(default_factory=list)


def tell(
    shape: Shape, plan: Plan, context: UserContext, model: SemanticModel, extent: Extent
) -> Told:
    """The sentences for the result of a plan, in order. Each number in them is in the result, in
    the plan or in the scope, or is arithmetic on the result's."""
    teller = Teller(
        shape,
        plan,
        where(plan, context, model),
        period(shape.before),
        is_cut=is_cut(shape, plan),
    )
    if not shape.dimensions:
        told = _totals(teller)
    elif shape.result.rows:
        told = groups(teller)
    else:
        told = [_nothing(shape, plan, teller.about, model)]
    fine_print = [*_shown(shape), *teller.roundings_said()]
    return Told(told, fine_print, [*_tied(shape, plan), *_of_the_data(shape, plan, extent)])


def tell_columns(shape: Shape) -> Told:
    """The sentences for the result of raw SQL, whose columns nobody declared: what came back,
    and no reading of it."""
    count = len(shape.result.rows)
    if count != 1:
        many = f"{count:,}" if count else "no"
        return Told([f"The statement returned {many} rows."], _shown(shape))
    teller = Teller(shape, Plan(metrics=()), "")
    said = [teller.cell(metric, 0, " is ") for metric in shape.metrics]
    if said and len(said) == len(shape.result.columns) <= MOST_NAMED:
        told = f"The statement returned a single row: {listed(said)}."
    else:
        told = "The statement returned a single row."
    return Told([told], teller.roundings_said())


def unused(words: Sequence[str]) -> list[str]:
    """What of the question was left out; words that a person or a model wrote, so only words."""
    said = [f"“{clean(word)}”" for word in words if word.isalpha() and len(word) <= 30]
    return [f"Not taken into account: {listed(said)}."] if said else []


def _totals(teller: Teller) -> list[str]:
    """A result without dimensions: one row."""
    said: list[str] = []
    changes: list[str] = []
    missing: list[str] = []
    for metric in teller.shape.metrics:
        if metric.kind not in ("value", "running_total"):
            continue
        value = next(iter(teller.shape.numbers(metric)), None)
        if value is None:
            missing.append(metric.subject)
            continue
        article = "the " if metric.subject.startswith("number of") else ""
        told = f"{article}{metric.subject} was {teller.say(metric, value)}"
        if changed := teller.change(metric, 0):
            changes.append(f"{told}{teller.about}, {changed}")
        else:
            said.append(told)
    told_all = [upper(f"{one}.") for one in changes]
    told_all += [upper(f"{listed(said)}{teller.about}.")] if said else []
    if missing:
        told_all.append(f"There is no data for {listed(missing, 'or')}{teller.about}.")
    return [*told_all, *_nothing_before(teller)]


def _nothing_before(teller: Teller) -> list[str]:
    """What there is nothing to compare with."""
    missing = []
    for metric in teller.shape.metrics:
        earlier = teller.shape.measure(metric.metric, "before")
        if metric.kind != "value" or earlier is None or not teller.shape.result.rows:
            continue
        if teller.number(earlier, 0) is None and teller.number(metric, 0) is not None:
            missing.append(metric.subject)
    return [f"There is no data for {listed(missing, 'or')} {teller.before}."] if missing else []


def _nothing(shape: Shape, plan: Plan, about: str, model: SemanticModel) -> str:
    datasets = datasets_of(plan, model)
    if plan.having and len(shape.dimensions) == 1:
        label = lower(shape.dimensions[0].grain or shape.dimensions[0].label)
        return f"There are no {plural(label)}{about}."
    if len(datasets) == 1 and not plan.having:
        return f"There are no {lower(datasets[0].label)}{about}."
    measured = [m.subject for m in shape.metrics if m.kind in ("value", "running_total")]
    return f"There is no data for {listed(measured, 'or')}{about}."


def _shown(shape: Shape) -> list[str]:
    result = shape.result
    if not result.truncated:
        return []
    if result.total_rows is None:
        return [f"Only the first {len(result.rows):,} rows are shown; there are more."]
    return [f"{len(result.rows):,} of {result.total_rows:,} rows are shown."]


def _tied(shape: Shape, plan: Plan) -> list[str]:
    if not plan.with_ties or plan.limit is None or len(shape.result.rows) <= plan.limit:
        return []
    return ["Rows equal to the last one asked for are included."]


def _of_the_data(shape: Shape, plan: Plan, extent: Extent) -> list[str]:
    """Where the data begins and ends: where nothing was found, or where the period goes on after
    its end."""
    first, last = extent.first, extent.last
    if last is None:
        return []
    is_empty = not any(value for metric in shape.metrics for value in shape.numbers(metric))
    if is_empty and first is not None and plan.time is not None:
        return [f"The data goes from {day_words(first)} to {day_words(last)}."]
    end = plan.time.end if plan.time else None
    is_over = end is not None and end - timedelta(days=1) <= last
    return [] if is_over else [f"The data goes up to {day_words(last)}."]
