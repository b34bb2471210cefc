"""Reads which number is meant where none is named: "how much did we make", "the busiest day", "the
top 5 spenders"."""

from collections.abc import Sequence

from workflow.plan.grammar import BUSIEST, MAKING, OF_MONEY, POPULAR, Mark
from workflow.plan.lexicon import MetricFacts, Term
from workflow.plan.outcomes import Refused
from workflow.plan.parts import MetricsPart
from workflow.plan.reading import Reading
from workflow.plan.tokens import phrase

AGGREGATORS = (
    Mark.HOW_MANY, Mark.TIMES, Mark.HOW_MUCH, Mark.HOW_LONG, Mark.AVERAGE, Mark.TOTAL,
)  # fmt: skip


def by_question_word(reading: Reading) -> MetricsPart:
    """ "How much did we make": the question word alone, when only one metric can answer it."""
    marks = {m for _, c in reading.free() for m in c.marks if not c.terms}
    facts = reading.lexicon.metrics.values()
    found: list[MetricFacts] = []
    is_money = reading.has_mark(Mark.EARN) or _is_made(reading) or _is_of_spenders(reading)
    marks |= {Mark.HOW_MUCH} if is_money else set()
    if Mark.HOW_MUCH in marks and Mark.AVERAGE not in marks:
        found = [f for f in facts if f.aggregate == "sum" and f.metric.unit == "currency"]
    elif Mark.HOW_MUCH in marks and not _is_by_time(reading):
        found = [f for f in facts if f.aggregate == "average" and f.metric.unit == "currency"]
    elif Mark.HOW_LONG in marks:
        found = [f for f in facts if f.aggregate == "average" and f.metric.unit == "days"]
    if not found and Mark.HOW_MUCH in marks and reading.lexicon.money_elsewhere:
        refuse_not_allowed(reading, reading.lexicon.money_elsewhere)
    if len(found) == 1:
        claim_aggregators(reading)
        return MetricsPart((metric_names(found),))
    is_used = any(set(c.words) <= POPULAR or set(c.words) & BUSIEST for c in reading.chunks)
    busy = _said_to_be_busy(reading) if is_used else []
    if len(busy) == 1:
        reading.notes.append(f"How busy it was is taken from: {busy[0].metric.label.lower()}.")
        return MetricsPart((metric_names(busy),), is_assumed=True)
    offered = _counts_of_use(reading) if is_used else found
    offered = offered or _one_of_each(list(facts))
    return MetricsPart(
        tuple((name,) for name in metric_names(offered)), "Which number do you want?", is_open=True
    )


def _is_by_time(reading: Reading) -> bool:
    """ "How much do we make a day on average" is an average of days, not of payments."""
    groups = (c for at, c in enumerate(reading.chunks) if reading.claims.get(at) == "group by")
    return any(c.grain for c in groups)


def _is_made(reading: Reading) -> bool:
    """ "Did we make more in July", "which store makes the most"."""
    for at, chunk in enumerate(reading.chunks):
        after = reading.after(at)
        if set(chunk.words) & MAKING and after is not None and not chunk.terms:
            amount = reading.chunks[after]
            if amount.has(Mark.MOST, Mark.LEAST) or set(amount.words) & {"more", "less"}:
                return True
    return False


def _is_of_spenders(reading: Reading) -> bool:
    groups = (c for at, c in enumerate(reading.chunks) if reading.claims.get(at) == "group by")
    return any(set(c.stems) & OF_MONEY for c in groups)


def _said_to_be_busy(reading: Reading) -> list[MetricFacts]:
    """What the model itself calls busy."""
    terms = reading.lexicon.phrases.get(phrase("busy"), ())
    return [reading.lexicon.metrics[t.name] for t in terms if t.kind == "metric" and t.is_allowed]


def _counts_of_use(reading: Reading) -> list[MetricFacts]:
    """What happens often or seldom: the rows of what is done, not of the things that last."""
    entities = reading.lexicon.entities
    facts = reading.lexicon.metrics.values()
    return [f for f in facts if f.is_row_count and f.dataset.name not in entities]


def _one_of_each(facts: list[MetricFacts]) -> list[MetricFacts]:
    """The first metric of each dataset, then the others."""
    firsts = {f.dataset.name: f for f in reversed(facts)}
    return sorted(facts, key=lambda f: firsts[f.dataset.name] is not f)


def claim_aggregators(reading: Reading) -> None:
    """Marks "how many", "average" and their like as read."""
    for at, chunk in list(reading.free()):
        if chunk.has(*AGGREGATORS) and not chunk.terms:
            reading.claim(at, "how it is counted")


def metric_names(facts: Sequence[MetricFacts]) -> tuple[str, ...]:
    """The names of the metrics, each once."""
    return tuple(dict.fromkeys(f.metric.name for f in facts))


def refuse_not_allowed(reading: Reading, foreign: Sequence[Term]) -> None:
    """Says that what these terms name is another role's."""
    order = {"metric": 0, "dataset": 1, "field": 2}
    first = min(foreign, key=lambda t: (order[t.kind], t.rank))
    label = reading.label(first.kind, first.name)
    role = reading.context.role.replace("_", " ")
    verb = "are" if first.kind != "field" and label.endswith("s") else "is"
    raise Refused(f"{label} {verb} not part of what the {role} role may see.")
