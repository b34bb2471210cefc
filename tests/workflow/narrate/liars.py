"""Narrators that lie: each makes sentences about a result that are false, and known to be.

They are built from the rows themselves, not from what the checker knows of them, so that a fault
of the checker does not hide one of its own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from contracts.plan import Plan
from kit import display
from workflow.narrate.draft import Draft
from workflow.narrate.shape import Measure, Shape

_NUMBER = re.compile(r"(?<![\w.,])-?\d[\d,]*(?:\.\d+)?(?![\w])")
_MONTHS = "January February March April May June July August September October November December"
_OPPOSITES = {
    "highest": "lowest",
    "lowest": "highest",
    "leads": "comes last in",
    "comes last": "comes first",
    "lead": "come last in",
    "come last": "come first",
    "up": "down",
    "down": "up",
    "rose": "fell",
    "fell": "rose",
    "was": "was not",
    "is": "is not",
    "leads the": "does not lead the",
    "higher": "lower",
    "lower": "higher",
    "largest": "smallest",
}


@dataclass(frozen=True)
class Row:
    """A row by its name in a sentence, with its value."""

    name: str
    value: Decimal


@dataclass(frozen=True)
class Subject:
    """A result that is lied about; `rows` are those with a value of `metric`."""

    draft: Draft
    shape: Shape
    plan: Plan
    metric: Measure
    rows: tuple[Row, ...]
    is_cut: bool
    is_every_store: bool

    def say(self, value: Decimal) -> str:
        return self.metric.show(value).text

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted((row.name for row in self.rows), key=len, reverse=True))


def subject_of(draft: Draft, plan: Plan, *, is_every_store: bool) -> Subject:
    shape = draft.shape
    assert shape is not None
    values = [m for m in shape.metrics if m.kind in ("value", "running_total")]
    named = {measure.name: measure for measure in values}
    metric = next((named[o.by] for o in plan.order if o.by in named), values[0])
    rows = tuple(
        Row(shape.key(row), value)
        for row, value in zip(shape.result.rows, shape.numbers(metric), strict=True)
        if value is not None
    )
    is_cut = (
        bool(plan.having)
        or shape.result.truncated
        or (plan.limit is not None and len(shape.result.rows) >= plan.limit)
    )
    return Subject(draft, shape, plan, metric, rows, is_cut, is_every_store)


def lies(subject: Subject) -> Iterator[str]:
    """All of them."""
    for liar in LIARS:
        yield from islice(liar(subject), 60)


def truths(subject: Subject) -> Iterator[str]:
    """Sentences in the same words that are true, to show that not everything is struck."""
    m, rows = subject.metric.subject, subject.rows
    if len(rows) == 1 and not subject.shape.dimensions:
        yield f"The {m} was {subject.say(rows[0].value)}."
    if not _is_by_one(subject):
        return
    for row in rows[:10]:
        yield f"The {m} of {row.name} was {subject.say(row.value)}."
    top = max(row.value for row in rows)
    best = [row for row in rows if row.value == top]
    if len(best) == 1 and len(rows) > 1 and not subject.is_cut:
        yield f"{display.upper(best[0].name)} has the highest {m}, with {subject.say(top)}."
        for other in [row for row in rows if row.value < top][:5]:
            gap = subject.say(top - other.value)
            if gap.replace(",", "") == f"{top - other.value:f}":
                yield f"{best[0].name} has {gap} more {m} than {other.name}."


def _mask(text: str, names: tuple[str, ...]) -> tuple[str, list[str]]:
    held: list[str] = []
    for name in names:
        while name and name in text:
            text = text.replace(name, chr(0xE000 + len(held)), 1)
            held.append(name)
    return text, held


def _unmask(text: str, held: list[str]) -> str:
    for place, name in enumerate(held):
        text = text.replace(chr(0xE000 + place), name)
    return text


def wrong_numbers(subject: Subject) -> Iterator[str]:
    """One number of a true sentence is another: near, rounded to a lie, ten times, negative."""
    for sentence in subject.draft.body:
        masked, held = _mask(sentence, subject.names)
        for found in _NUMBER.finditer(masked):
            written = found[0].replace(",", "")
            true = Decimal(written)
            step = Decimal(1).scaleb(-len(written.partition(".")[2]))
            for false in {true + step, true - step, true * 10, -true, true + 7, true * 2}:
                if false != true:
                    told = f"{masked[: found.start()]}{false:,f}{masked[found.end() :]}"
                    yield _unmask(told, held)


def plausible_roundings(subject: Subject) -> Iterator[str]:
    """Rounded too far, or the wrong way."""
    for row in subject.rows[:8]:
        if abs(row.value) < 100 or row.value % 100 == 0 or not _is_by_one(subject):
            continue
        for false in (
            f"{row.value.quantize(Decimal(1).scaleb(row.value.adjusted())):,f}",
            f"{row.value.quantize(Decimal(1)) + 1:,f}",
            f"more than {row.value + 1:,.2f}",
            f"nearly {row.value * 2:,.0f}",
            f"{row.value / 1000 + Decimal('0.15'):.1f}k",
        ):
            if false != f"{row.value:,.0f}":
                yield f"The {subject.metric.subject} of {row.name} was {false}."


def swapped_names(subject: Subject) -> Iterator[str]:
    """A number is said of another row."""
    if not _is_by_one(subject):
        return
    for one, other in zip(subject.rows, subject.rows[1:] + subject.rows[:1], strict=True):
        if subject.say(one.value) == subject.say(other.value):
            continue
        yield f"{display.upper(one.name)} had {subject.say(other.value)}."
        yield f"The {subject.metric.subject} of {one.name} was {subject.say(other.value)}."
        yield (
            f"{display.upper(one.name)} had {subject.say(other.value)} and {other.name} had "
            f"{subject.say(one.value)}."
        )
        yield f"{one.name} and {other.name} had {subject.say(one.value)}."
        yield f"{one.name} and {other.name} had {subject.say(one.value)} each."


def swapped_in_the_template(subject: Subject) -> Iterator[str]:
    """A true sentence, of somebody else."""
    values = {row.name: row.value for row in subject.rows}
    for sentence in subject.draft.body:
        for one, own in values.items():
            if one not in sentence or sum(one in name for name in values) > 1:
                continue
            for other, value in list(values.items())[:6]:
                if subject.say(value) != subject.say(own) and other not in sentence:
                    yield sentence.replace(one, other)


def opposites(subject: Subject) -> Iterator[str]:
    """A word of a true sentence says the opposite."""
    if len({row.value for row in subject.rows}) < 2 and subject.shape.dimensions:
        return
    for sentence in subject.draft.body:
        masked, held = _mask(sentence, subject.names)
        for word, opposite in _OPPOSITES.items():
            told, count = re.subn(rf"\b{word}\b", opposite, masked, count=1)
            if count and "There is no" not in masked:
                yield _unmask(told, held)


def wrong_ranks(subject: Subject) -> Iterator[str]:
    """Off by one, and the wrong one first."""
    values = [row.value for row in subject.rows]
    if not _is_by_one(subject) or len(set(values)) < 2:
        return
    m = subject.metric.subject
    for row in subject.rows[:12]:
        ahead = sum(value > row.value for value in values)
        behind = sum(value < row.value for value in values)
        if ahead:
            yield f"{display.upper(row.name)} has the highest {m}."
            yield f"{display.upper(row.name)} leads by {m}, with {subject.say(row.value)}."
            yield f"The most {m} came from {row.name}."
            yield f"{row.name} ranks first."
            yield f"{row.name} is number 1."
        if behind:
            yield f"{display.upper(row.name)} has the lowest {m}."
            yield f"{row.name} comes last."
        ties = values.count(row.value)
        yield f"{row.name} is ranked {_ordinal(ahead + ties + 1)} by {m}."
        yield f"{row.name} has the {_ordinal(ahead + ties + 2)} highest {m}."


def wrong_comparisons(subject: Subject) -> Iterator[str]:
    """The direction, the difference or the ratio between two rows."""
    if not _is_by_one(subject):
        return
    m = subject.metric.subject
    for one, other in zip(subject.rows, subject.rows[1:], strict=False):
        if one.value == other.value:
            continue
        high, low = (one, other) if one.value > other.value else (other, one)
        gap = subject.say(high.value - low.value)
        wrong_gap = subject.say((high.value - low.value) * 3 + 11)
        yield f"{low.name} has more {m} than {high.name}."
        yield f"{low.name} is ahead of {high.name}."
        yield f"{high.name} has less {m} than {low.name}."
        yield f"{low.name} has {gap} more {m} than {high.name}."
        yield f"{high.name} has {wrong_gap} more {m} than {low.name}."
        yield f"The difference between {one.name} and {other.name} is {wrong_gap}."
        yield f"{high.name} and {low.name} have the same {m}."
        if low.value > 0 and high.value != low.value * 5:
            yield f"{high.name} has five times the {m} of {low.name}."
            yield f"{high.name} has 5.0 times the {m} of {low.name}."
            if high.value != low.value * 2:
                yield f"{high.name} has double what {low.name} has."
                yield f"{low.name} has half of what {high.name} has."


def invented_percentages(subject: Subject) -> Iterator[str]:
    """Shares and changes that nobody computed."""
    m = subject.metric.subject
    yield f"{display.upper(m)} rose by 12.3 %."
    yield f"{display.upper(m)} grew 8 percent over the previous period."
    yield f"{display.upper(m)} was up 63 per cent."
    yield f"The {m} doubled."
    values = [row.value for row in subject.rows]
    if values != sorted(values, reverse=True):
        yield f"The {m} fell steadily."
    yield "This is 34 % more than a year before."
    total = sum((row.value for row in subject.rows), Decimal(0))
    for row in subject.rows[:8]:
        if not _is_by_one(subject) or total <= 0 or len(subject.rows) < 2:
            continue
        false = (row.value / total * 100 + 13).quantize(Decimal("0.1"))
        yield f"{row.name} had {false} % of all {m}."
        yield f"{row.name} accounts for {false} % of the total."
        if subject.plan.comparison is None:
            yield f"{row.name} grew by {false} %."


def wrong_sums(subject: Subject) -> Iterator[str]:
    """Sums over rows that are not all there, sums of what does not add up, and wrong ones."""
    total = sum((row.value for row in subject.rows), Decimal(0))
    if len(subject.rows) < 2:
        return
    m = subject.metric.subject
    if subject.is_cut or not subject.metric.is_additive:
        yield f"The total is {total:,f}."
        yield f"The {m} was {total:,f} in all."
        yield f"Overall, {m} came to {subject.say(total)}."
    yield f"The total is {total + 1:,f}."
    yield f"Together they have {subject.say(total + 101)}."
    yield f"The average is {subject.say(total / len(subject.rows) + 3)}."
    if _is_by_one(subject) and len(subject.rows) > 2 and not subject.metric.is_share:
        one, other = subject.rows[:2]
        yield f"{one.name} and {other.name} have {subject.say(total + 5)} together."
        if total != one.value:
            yield f"{one.name} had {total:,f}."


def other_times(subject: Subject) -> Iterator[str]:
    """Another year, another month, another day."""
    months = _MONTHS.split()
    for sentence in subject.draft.body:
        masked, _ = _mask(sentence, ())
        for year in ("2021", "2023", "1999"):
            if re.search(r"\b2022\b", masked):
                yield masked.replace("2022", year)
        for place, month in enumerate(months):
            if re.search(rf"\b{month} 2022", masked):
                other = months[(place + 5) % 12]
                if f"{other} 2022" not in masked:
                    yield re.sub(rf"\b{month} 2022", f"{other} 2022", masked, count=1)
    said = subject.say(subject.rows[0].value) if subject.rows else "0"
    m = subject.metric.subject
    yield f"In 2019 the {m} was {said}."
    yield f"On 30 February 2022 the {m} was {said}."
    yield f"Since 3 March 2020 the {m} was {said}."
    yield f"Last year the {m} was {said}."
    yield f"Yesterday the {m} was {said}."


def other_units(subject: Subject) -> Iterator[str]:
    """Another unit, a currency that nobody named."""
    for sentence in subject.draft.body:
        masked, held = _mask(sentence, subject.names)
        found = next((n for n in _NUMBER.finditer(masked) if _is_measured(masked, n)), None)
        if found is None:
            continue
        before, after = masked[: found.end()], masked[found.end() :]
        for unit in ("hours", "dollars", "euros", "kilometres", "weeks"):
            if not after.startswith((" %", " days")):
                yield _unmask(f"{before} {unit}{after}", held)
        yield _unmask(f"{masked[: found.start()]}€{masked[found.start() :]}", held)
        if not after.startswith((" %", " days")):
            yield _unmask(f"{before} %{after}", held)


def _is_measured(text: str, found: re.Match[str]) -> bool:
    """Neither a year nor a store."""
    return found[0] != "2022" and not re.search(
        r"\bstores?( \d,?)*( and)? $", text[: found.start()]
    )


def other_scopes(subject: Subject) -> Iterator[str]:
    """Of other stores than those that were counted."""
    for sentence in subject.draft.body:
        masked, held = _mask(sentence, subject.names)
        if not _NUMBER.search(masked):
            continue
        for scope in ("store 9", "stores 1, 2 and 3", "every branch", "the whole company"):
            yield _unmask(f"{masked.rstrip('.')} for {scope}.", held)
        if not subject.is_every_store:
            yield _unmask(f"{masked.rstrip('.')} for all stores.", held)
            yield _unmask(f"{masked.rstrip('.')} across every store.", held)


def strangers(subject: Subject) -> Iterator[str]:
    """Names that are not in the result."""
    m = subject.metric.subject
    value = subject.say(subject.rows[0].value) if subject.rows else "1"
    for name in ("Westerns", "Atlantis", "John Smith", "ACADEMY DINOSAUR II"):
        yield f"{name} leads with {value}."
        yield f"{name} had a {m} of {value}."
        yield f"The {m} was {value}, mostly from {name}."


def everything_and_nothing(subject: Subject) -> Iterator[str]:
    """All, none, always and never."""
    m = subject.metric.subject
    if len({row.value for row in subject.rows}) > 1:
        yield f"All of them have the same {m}."
        if [row.value for row in subject.rows] != sorted(row.value for row in subject.rows):
            yield "Every one rose."
        yield f"All have {subject.say(subject.rows[0].value)} each."
    if any(row.value for row in subject.rows):
        yield f"There is no {m}."
        yield "There was no data."
        yield f"None of them had any {m}."
        yield "Nothing was found."
    yield f"The {m} never fell."
    yield f"The {m} always grows."


def _is_by_one(subject: Subject) -> bool:
    return len(subject.shape.dimensions) == 1 and len(subject.rows) > 1


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in (11, 12, 13) else 0)
    return f"{number}{ending or 'th'}"


LIARS = (
    wrong_numbers,
    plausible_roundings,
    swapped_names,
    swapped_in_the_template,
    opposites,
    wrong_ranks,
    wrong_comparisons,
    invented_percentages,
    wrong_sums,
    other_times,
    other_units,
    other_scopes,
    strangers,
    everything_and_nothing,
)
