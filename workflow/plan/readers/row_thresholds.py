"""Reads thresholds on the rows of a dataset that name no field: "payments over 5", "rentals longer
than 5 days"."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from workflow.plan import grammar
from workflow.plan.calendar_words import ADVERB_GRAINS
from workflow.plan.grammar import Mark
from workflow.plan.lexicon import MetricFacts
from workflow.plan.parts import FilterPart
from workflow.plan.readers.bounds import Bounds, datasets_of
from workflow.plan.readers.ranking import is_dimension
from workflow.plan.reading import Reading

_MEASURED = re.compile(r"^\w+\((?:\w+\.)?(\w+)\)$")


@dataclass(frozen=True, slots=True)
class RowReading:
    """That each row's `field` is compared, of the rows named at `place`, with the verbs between.
    `is_doubtful` where the number of rows in each group could be meant as well, `is_likelier`
    where the field is meant rather."""

    field: str
    place: int
    verbs: tuple[int, ...]
    is_doubtful: bool
    is_likelier: bool


def row_reading(reading: Reading, bounds: Bounds) -> RowReading | None:
    """The rows just before the numbers, where their dataset measures one field in this unit."""
    verbs: list[int] = []
    place = reading.before(bounds.first)
    while place is not None and reading.chunks[place].words[0] in grammar.BEFORE_A_THRESHOLD:
        verbs.append(place)
        place = reading.before(place)
    if place is None or not reading.is_free(place) or bounds.is_percent:
        return None
    datasets = datasets_of(reading, place)
    unit = "days" if grammar.UNIT_WORDS.get(bounds.unit) == "days" else "currency"
    fields = measured_fields(reading, datasets, unit)
    if len(fields) != 1:
        return None
    is_fraction = any(number != int(number) for number in bounds.numbers)  # no count of anything
    is_doubtful = not (bounds.unit or is_fraction) and _has_groups(reading, place)
    if is_doubtful and not reading.chunks[place].terms_of("dataset"):
        return None  # "payment count over 100" is how many there are
    is_likelier = not is_doubtful or _is_split_after(reading, bounds)
    return RowReading(fields.pop(), place, tuple(verbs), is_doubtful, is_likelier)


def condition_of(reading: Reading, row: RowReading, bounds: Bounds) -> FilterPart:
    """The condition, claimed. What is only likely is said."""
    text = bounds.text(reading)
    label = reading.label("field", row.field)
    if row.is_doubtful:
        rows = reading.chunks[row.place].text.lower()
        reading.assume(f"“{text}” was taken to be about the {label.lower()} of each of the {rows}.")
    bounds.claim(reading, row.verbs, f"{label} {text}")
    return FilterPart(
        bounds.operator, ((row.field, bounds.numbers),), text, first=bounds.first, last=bounds.last
    )


def again(reading: Reading, held: FilterPart, bounds: Bounds) -> FilterPart:
    """ "... and under 8", of the same field as the condition before."""
    text = bounds.text(reading)
    options = tuple((field, bounds.numbers) for field, _ in held.options)
    bounds.claim(reading, (), f"{reading.label('field', options[0][0])} {text}")
    return FilterPart(bounds.operator, options, text, first=bounds.first, last=bounds.last)


def measured_fields(reading: Reading, datasets: Collection[str], unit: str) -> set[str]:
    """The fields of these datasets that metrics in this unit are made of."""
    return {
        field
        for f in reading.lexicon.metrics.values()
        if f.dataset.name in datasets and f.metric.unit == unit
        and (field := _measured(f)) is not None
    }  # fmt: skip


def _measured(facts: MetricFacts) -> str | None:
    """The field that a plain aggregate is made of."""
    if facts.aggregate not in ("sum", "average", "min", "max"):
        return None
    found = _MEASURED.match(facts.metric.expression.replace(" ", ""))
    name = found[1] if found else None
    return name if any(f.name == name for f in facts.dataset.fields) else None


def _has_groups(reading: Reading, amount: int) -> bool:
    return any(
        at != amount and is_dimension(c) and (c.is_plural or _is_asked(reading, at))
        for at, c in reading.free()
    )


def _is_split_after(reading: Reading, bounds: Bounds) -> bool:
    """ "Payments over 8 by month": what is compared was named before the months were, and no
    other group stands before it, as in "categories with payments over 8"."""
    groups = [at for at, c in reading.free() if is_dimension(c) and (c.is_plural or c.grain)]
    is_after = any(c.has(Mark.BY) for c in reading.chunks[bounds.last + 1 :])
    is_adverb = any(" ".join(c.words) in ADVERB_GRAINS for c in reading.chunks[bounds.last + 1 :])
    return (is_after or is_adverb) and all(
        at > bounds.last or _is_rows(reading, at) for at in groups
    )


def _is_rows(reading: Reading, at: int) -> bool:
    return bool(reading.chunks[at].terms_of("dataset"))


def _is_asked(reading: Reading, at: int) -> bool:
    before = reading.before(at)
    return before is not None and reading.chunks[before].has(Mark.WHICH, Mark.BY)
