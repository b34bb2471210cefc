"""Reads thresholds on groups, "categories with more than 500 rentals", and those on the rows of a
dataset that name no field, "payments over 5 dollars"."""

from dataclasses import dataclass, replace
from decimal import Decimal

from workflow.plan import grammar
from workflow.plan.chunks import Chunk
from workflow.plan.grammar import Mark
from workflow.plan.lexicon import RELATIVE
from workflow.plan.outcomes import Unclear
from workflow.plan.parts import DimensionPart, FilterPart, HavingPart, Parts
from workflow.plan.readers.bounds import Bounds, bounds_at
from workflow.plan.readers.ranking import agent_of, is_dimension
from workflow.plan.readers.row_thresholds import again, condition_of, measured_fields, row_reading
from workflow.plan.reading import Reading
from workflow.plan.tokens import root

_OF_ROWS_OR_GROUPS = (
    "I cannot join a condition on single rows and one on whole groups by “or”. "
    "Which of the two do you want?"
)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """`people` is what the groups are, where a verb was part of their name ("customers who
    paid")."""

    having: tuple[HavingPart, ...] = ()
    filters: tuple[FilterPart, ...] = ()
    people: DimensionPart | None = None


def read_thresholds(reading: Reading) -> Thresholds:
    """All that are left after those on named fields."""
    having: list[HavingPart] = []
    filters: list[FilterPart] = []
    people: DimensionPart | None = None
    held: HavingPart | FilterPart | None = None
    end = 0
    for place in range(len(reading.chunks)):
        bounds = bounds_at(reading, place) if reading.is_free(place) else None
        if bounds is None:
            continue
        part, split = _threshold(reading, bounds, held)
        if part is None and held is not None and _goes_on(reading, end, bounds):
            part = _again(reading, held, bounds)
        if part is not None and held is not None and _is_either(reading, end, bounds):
            if type(part) is not type(held):
                raise Unclear(_OF_ROWS_OR_GROUPS)
            part = replace(part, is_or=True)
        if isinstance(part, FilterPart):
            filters.append(part)
        elif part is not None:
            having.append(part)
            people = people or split
        held, end = part, bounds.last
    return Thresholds(tuple(having), tuple(filters), people)


def read_bare_threshold(reading: Reading, before: Parts) -> tuple[HavingPart, ...]:
    """ "More than 30", of the one number that each row before has. Where each of what was counted
    could be compared as well ("payments by month", then "over 8"), nothing is read."""
    names = before.metrics.alternatives[0]
    facts = reading.lexicon.metrics[names[0]]
    is_worked_out = before.extras.is_share or before.extras.is_running
    if len(names) > 1 or is_worked_out or not before.dimensions or (
        facts.is_row_count and measured_fields(reading, (facts.dataset.name,), "currency")
    ):  # fmt: skip
        return ()
    for place in range(len(reading.chunks)):
        bounds = bounds_at(reading, place) if reading.is_free(place) else None
        is_own = bounds is not None and (
            not bounds.unit
            or (bounds.is_money and facts.metric.unit == "currency")
            or (bounds.is_percent and _is_rate(reading, names[0]))
        )
        if bounds is not None and is_own:
            return (_of_groups(reading, names, bounds, bounds.first),)
    return ()


def _threshold(
    reading: Reading, bounds: Bounds, held: HavingPart | FilterPart | None
) -> tuple[HavingPart | FilterPart | None, DimensionPart | None]:
    row = row_reading(reading, bounds)
    row = None if _counts_after(reading, bounds) else row
    is_same = row is not None and isinstance(held, FilterPart) and row.field == held.options[0][0]
    if row is not None and (row.is_likelier or is_same):
        return condition_of(reading, row, bounds), None
    found = _amount(reading, bounds)
    if found is None:
        return None, None
    at, metrics, split = found
    if row is not None:
        said, label = bounds.text(reading), reading.label("metric", metrics[0]).lower()
        reading.assume(f"“{said}” was taken to be about the {label} of each group.")
    return _of_groups(reading, metrics, bounds, at), split


def _of_groups(reading: Reading, metrics: tuple[str, ...], bounds: Bounds, at: int) -> HavingPart:
    text = bounds.text(reading)
    bounds.claim(reading, (at,), f"{reading.label('metric', metrics[0])} {text}")
    return HavingPart(bounds.operator, _as_ratio(reading, metrics[0], bounds), metrics, text)


def _goes_on(reading: Reading, end: int, bounds: Bounds) -> bool:
    """Whether only "and" stands between the threshold before and this one."""
    between = reading.chunks[end + 1 : bounds.first]
    return bool(between) and all(c.has(Mark.AND) or c.words == ("but",) for c in between)


def _is_either(reading: Reading, end: int, bounds: Bounds) -> bool:
    """Whether an "or" joins it to the threshold before: none that stands between values does."""
    between = reading.chunks[end + 1 : bounds.first]
    return any(c.words == ("or",) for c in between) and not any(c.values or c.when for c in between)


def _again(
    reading: Reading, held: HavingPart | FilterPart, bounds: Bounds
) -> HavingPart | FilterPart:
    """ "Over 100 and under 120" are both of the same."""
    if isinstance(held, FilterPart):
        return again(reading, held, bounds)
    return _of_groups(reading, held.metrics, bounds, bounds.first)


def _as_ratio(reading: Reading, metric: str, bounds: Bounds) -> tuple[Decimal, ...]:
    """A rate that is shown in percent is a number up to 1: "over 20 %" and "over 20" are 0.2."""
    is_hundredths = bounds.is_percent or max(bounds.numbers) > 1
    if not (_is_rate(reading, metric) and is_hundredths):
        return bounds.numbers
    return tuple(number / 100 for number in bounds.numbers)


def _is_rate(reading: Reading, metric: str) -> bool:
    held = reading.lexicon.metrics[metric].metric.format
    return held is not None and held.style == "percent"


# -- what is compared ----------------------------------------------------------------------------


def _amount(
    reading: Reading, bounds: Bounds
) -> tuple[int, tuple[str, ...], DimensionPart | None] | None:
    """The place and the metrics that the numbers are about: the word after them, else the one
    before."""
    after = reading.after(bounds.last)
    if after is not None and bounds.unit not in ("time", "times"):
        metrics = _metrics_at(reading, after, bounds)
        if metrics:
            return after, metrics, None
    before = bounds.first - 1
    while (chunk := reading.at(before)) is not None and (
        (chunk.is_filler and not chunk.has(Mark.EARN))
        or chunk.has(Mark.TOTAL, Mark.AVERAGE, Mark.WHO)
    ):
        before -= 1
    money = _money(reading)
    is_made = _is_made(reading, before + 1, bounds.first)
    if money and (bounds.is_money or is_made):
        is_unsure = not is_made and _speaks_of_rows_in_money(reading, money)
        if not (is_unsure or is_made or _names_money(reading)):
            label = reading.label("metric", money[0]).lower()
            reading.assume(f"“{bounds.text(reading)}” was taken to be about the {label} of each.")
        return None if is_unsure else (bounds.first, money, None)
    if chunk is None or not reading.is_free(before):
        return None
    if chunk.has(Mark.EARN) and not chunk.terms_of("metric"):
        return (before, money, None) if money else None
    people = _people(reading, chunk, is_counted=bounds.unit in ("time", "times"))
    if people is not None:
        verb = chunk.words[-1]
        metrics = _money(reading) if verb in grammar.PAYING else _counted(reading, chunk.stems[-1])
        return (before, metrics, people) if metrics else None
    metrics = _metrics_at(reading, before, bounds)
    if not metrics and (is_dimension(chunk) or chunk.text == ","):
        before, metrics = bounds.first, _only_number(reading, bounds)
    return (before, metrics, None) if metrics else None


def _speaks_of_rows_in_money(reading: Reading, money: tuple[str, ...]) -> bool:
    """ "Payments by month, over 5 dollars" may be of payments or of months."""
    facts = reading.lexicon.metrics
    home = facts[money[0]].dataset.name
    free = [at for at, _ in reading.free()]
    named = {t.name for at in free for t in reading.chunks[at].terms_of("metric")}
    is_money_named = any(facts[n].metric.unit == "currency" for n in named)
    is_paid = any(reading.chunks[at].has(Mark.EARN) for at in free)
    counted = {facts[n].dataset.name for n in named if facts[n].is_row_count}
    return home in counted and not is_money_named and not is_paid


def _names_money(reading: Reading) -> bool:
    """Whether an amount of money, or that something was paid, is named anywhere."""
    facts = reading.lexicon.metrics
    return any(
        chunk.has(Mark.EARN) or chunk.words[-1] in grammar.PAYING
        or any(facts[t.name].metric.unit == "currency" for t in chunk.terms_of("metric"))
        for chunk in reading.chunks
    )  # fmt: skip


def _only_number(reading: Reading, bounds: Bounds) -> tuple[str, ...]:
    """The number of "revenue by category, above 4000": the only one asked for, where rows of its
    dataset could not be meant."""
    free = [chunk for _, chunk in reading.free()]
    if bounds.unit or not any(c.has(Mark.BY) for c in free):
        return ()
    named = {t.name for c in free for t in c.terms_of("metric") if t.rank == 0 or not c.values}
    facts = [f for n, f in reading.lexicon.metrics.items() if n in named]
    if len(facts) != 1 or any(c.terms_of("dataset") for c in free):
        return ()
    return (facts[0].metric.name,)


def _is_made(reading: Reading, first: int, last: int) -> bool:
    """Whether it is something that was made: "films that made more than 150"."""
    return any(set(c.words) & grammar.MAKING for c in reading.chunks[first:last])


def _metrics_at(reading: Reading, place: int, bounds: Bounds) -> tuple[str, ...]:
    chunk = reading.chunks[place]
    if not reading.is_free(place) or chunk.values:
        return ()
    facts = reading.lexicon.metrics
    named = [facts[t.name] for t in chunk.terms_of("metric") if t.name in facts]
    rows = [
        facts[count]
        for t in chunk.terms_of("dataset")
        if (count := reading.lexicon.row_counts.get(t.name))
    ]
    if bounds.is_percent:
        named = [f for f in named if _is_rate(reading, f.metric.name)]
        rows = []
    if bounds.is_money:
        named = [f for f in named if f.metric.unit == "currency"]
        rows = []
    found = [*named, *(r for r in rows if r not in named)]
    ranks = {t.name: t.rank for t in chunk.terms_of("metric")}
    best = [f for f in found if ranks.get(f.metric.name, 1) == 0] or found
    return tuple(f.metric.name for f in best[:1])


def _money(reading: Reading) -> tuple[str, ...]:
    found = [
        f.metric.name
        for f in reading.lexicon.metrics.values()
        if f.aggregate == "sum" and f.metric.unit == "currency"
    ]
    return tuple(found) if len(found) == 1 else ()


def _counted(reading: Reading, stem: str) -> tuple[str, ...]:
    terms = reading.lexicon.phrases.get((stem,), ())
    names = [t.name for t in terms if t.kind == "metric" and t.is_allowed]
    for term in (*terms, *reading.lexicon.families.get(root(stem), ())):
        counted = reading.lexicon.row_counts.get(term.name) if term.kind == "dataset" else None
        names += [counted] if counted is not None and term.is_allowed else []
    return tuple(names[:1])


def _people(reading: Reading, chunk: Chunk, *, is_counted: bool) -> DimensionPart | None:
    """The "customers" of "customers who paid", the "films" of "films rented 30 times"."""
    if len(chunk.stems) < 2 or not chunk.terms_of("metric"):
        return None
    is_verb = bool(set(chunk.words[1:-1]) & RELATIVE) or chunk.words[-1] in grammar.PAYING
    if not (is_verb or is_counted):
        return None
    terms = tuple(
        t
        for t in reading.lexicon.phrases.get((chunk.stems[0],), ())
        if t.kind == "field" and t.is_allowed
    )
    if not terms and chunk.words[0] in grammar.ANYONE:
        return agent_of(reading, chunk.words[-1], chunk.stems[-1])
    return DimensionPart(terms, text=chunk.text.split(" ", 1)[0]) if terms else None


def _counts_after(reading: Reading, bounds: Bounds) -> bool:
    after = reading.after(bounds.last)
    return after is not None and bool(_metrics_at(reading, after, bounds))
