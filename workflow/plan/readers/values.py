"""Reads conditions: "store 1", "Shoes", "not in Canada", "amount over 5", "returned"."""

from dataclasses import replace

from contracts.plan import Operator, Scalar
from workflow.plan.calendar_words import WEEKDAY_NUMBERS
from workflow.plan.chunks import Chunk
from workflow.plan.day_kinds import are_two_sides, is_range
from workflow.plan.grammar import Mark
from workflow.plan.lexicon import Term
from workflow.plan.parts import FilterPart
from workflow.plan.readers.comparing_values import set_beside
from workflow.plan.reading import Reading

OPERATORS: dict[Mark, Operator] = {
    Mark.ABOVE: "gt", Mark.AT_LEAST: "gte", Mark.BELOW: "lt", Mark.AT_MOST: "lte",
    Mark.EXACTLY: "eq",
}  # fmt: skip
_LEADING_TO_RANGES = frozenset({"on", "from", "between"})
_BEFORE_NUMBER = frozenset({"number", "no", "#", "id", "is", "=", ":", "nr", "numbers", "ids"})


def read_filters(reading: Reading) -> tuple[FilterPart, ...]:
    """All conditions, in the order: thresholds, numbered things, named values, yes and no."""
    parts = [
        *_thresholds(reading),
        *_numbered(reading),
        *_named(reading),
        *_flags(reading),
        *_missing(reading),
    ]
    merged = _merged(parts, is_compared=reading.has_mark(Mark.VERSUS))
    return _joined(reading, tuple(set_beside(reading, part) for part in merged))


def _joined(reading: Reading, parts: tuple[FilterPart, ...]) -> tuple[FilterPart, ...]:
    """Conditions on different things that stand in one list: "or" between them is kept, and a
    "not" before the list is for all of it."""
    found: list[FilterPart] = []
    for part in sorted(parts, key=lambda p: p.first):
        held = found[-1] if found else None
        between = reading.chunks[held.last + 1 : part.first] if held is not None else ()
        is_list = bool(between) and all(c.has(Mark.AND) or c.is_filler for c in between)
        is_or = is_list and any(c.words == ("or",) for c in between)
        is_bare = is_list and all(c.has(Mark.AND) for c in between)
        is_denied = held is not None and held.operator == "not_in"
        if is_denied and is_bare and part.operator == "in":
            found.append(replace(part, operator="not_in"))
        else:
            found.append(replace(part, is_or=is_or and not is_denied))
    return tuple(found)


def _merged(parts: list[FilterPart], *, is_compared: bool) -> tuple[FilterPart, ...]:
    """Several values of one field are alternatives: "store 1 and store 2" is either."""
    merged: list[FilterPart] = []
    for part in parts:
        names = [name for name, _ in part.options]
        for index, held in enumerate(merged):
            same = held.operator == part.operator and part.operator in ("in", "not_in")
            if same and [name for name, _ in held.options] == names:
                options = tuple(
                    (name, (*ours, *(v for v in theirs if v not in ours)))
                    for (name, ours), (_, theirs) in zip(held.options, part.options, strict=True)
                )
                merged[index] = FilterPart(
                    held.operator, options, f"{held.text} {part.text}", is_compared,
                    min(held.first, part.first), max(held.last, part.last),
                )  # fmt: skip
                break
        else:
            merged.append(part)
    return tuple(merged)


def _field_terms(reading: Reading, chunk: Chunk, types: tuple[str, ...]) -> tuple[Term, ...]:
    terms = [t for t in chunk.terms_of("field") if reading.field_type(t.name) in types]
    best = min((t.rank for t in terms), default=0)
    return tuple(t for t in terms if t.rank == best)


def _negate(reading: Reading, place: int) -> bool:
    found = reading.negation_before(place)
    if found is None or _is_with_and_without(reading, found):
        return False
    reading.claim(found, "excluding")
    return True


def _is_with_and_without(reading: Reading, at: int) -> bool:
    """Two numbers in one question; the word is then left for nobody to claim."""
    joiner, first = reading.at(at - 1), reading.at(at - 2)
    is_joined = joiner is not None and joiner.words in (("and",), ("or",), ("vs",), ("versus",))
    return at > 1 and is_joined and first is not None and first.words == ("with",)


def _numbered(reading: Reading) -> list[FilterPart]:
    """A label and the numbers after it: "stores 1 and 2"."""
    parts: list[FilterPart] = []
    for place, chunk in list(reading.free()):
        terms = _field_terms(reading, chunk, ("integer",))
        numbers = _numbers_after(reading, place) if terms else []
        is_asked = bool(terms) and not numbers and _is_asked(reading, place)
        numbers = _numbers_at_end(reading) if is_asked else numbers
        if not numbers:
            continue
        ids: list[Scalar] = []
        for at in numbers:
            number = reading.chunks[at].number
            if number is not None:
                ids.append(int(number))
        is_compared = reading.has_mark(Mark.VERSUS)
        is_negated = _negate(reading, place)
        label = reading.label("field", terms[0].name)
        claimed = (place, *numbers) if is_asked else range(place, numbers[-1] + 1)
        for at in claimed:
            reading.restricted[at] = tuple(t.name for t in terms)
            reading.claim(at, f"{label} {'not ' if is_negated else ''}{_and(ids)}")
        parts.append(
            FilterPart(
                "not_in" if is_negated else "in",
                tuple((t.name, tuple(ids)) for t in terms),
                chunk.text,
                is_compared,
                place,
                numbers[-1],
            )
        )
    return parts


def _is_asked(reading: Reading, place: int) -> bool:
    before = reading.before(place)
    return before is not None and reading.chunks[before].has(Mark.WHICH)


def _numbers_at_end(reading: Reading) -> list[int]:
    """The numbers of "which store earned more, 1 or 2?"."""
    found: list[int] = []
    for at in range(len(reading.chunks) - 1, 0, -1):
        chunk = reading.chunks[at]
        if chunk.number is not None and chunk.number == int(chunk.number) and not chunk.when:
            found.insert(0, at)
        elif not (chunk.words in (("or",), ("vs",), ("versus",)) or not chunk.text.isalnum()):
            break
    return found if len(found) > 1 else []


def _and(values: list[Scalar]) -> str:
    return " and ".join(str(v) for v in values)


def _numbers_after(reading: Reading, place: int) -> list[int]:
    at = place + 1
    while (chunk := reading.at(at)) is not None and chunk.words[-1] in _BEFORE_NUMBER:
        at += 1
    found: list[int] = []
    while (chunk := reading.at(at)) is not None:
        if chunk.number is not None and chunk.number == int(chunk.number):
            found.append(at)
            at += 1
        elif found and chunk.has(Mark.AND, Mark.VERSUS):
            at += 1
        else:
            break
    return found


def _named(reading: Reading) -> list[FilterPart]:
    parts: list[FilterPart] = []
    for place, chunk in enumerate(reading.chunks):
        if reading.is_free(place) and chunk.values:
            part = _named_at(reading, place)
            if part is not None:
                parts.append(part)
    return parts


def _named_at(reading: Reading, place: int) -> FilterPart | None:
    chunk = reading.chunks[place]
    places = [place, *_more_values(reading, place)]
    fields = set.intersection(*({v.field for v in reading.chunks[p].values} for p in places))
    label = _label_beside(reading, places[0], places[-1], fields)
    is_weak = all(v.is_weak for p in places for v in reading.chunks[p].values if v.field in fields)
    is_plain = not (chunk.terms or chunk.marks or chunk.grain or is_weak)
    if (label is None and not is_plain) or are_two_sides(reading, places):
        return None
    if label is not None:
        named = {t.name for t in reading.chunks[label].terms_of("field")}
        fields = fields & named or {
            f for f in fields if _is_label_family(reading, reading.chunks[label], f)
        }
    is_compared = reading.has_mark(Mark.VERSUS) and len(places) > 1
    if len(places) == 1 and label is None:
        _say_every_day(reading, place)
    is_negated = _negate(reading, places[0])
    if not is_negated and label is not None and label < place:
        is_negated = _negate(reading, label)
    options = tuple(
        (
            field,
            tuple(v.text for p in places for v in reading.chunks[p].values if v.field == field),
        )
        for field in sorted(fields)
    )
    said = " or ".join(str(v) for v in options[0][1])
    meaning = f"{reading.label('field', options[0][0])} {'is not' if is_negated else 'is'} {said}"
    for p in range(places[0], places[-1] + 1):
        reading.restricted[p] = tuple(sorted(fields))
        reading.claim(p, meaning)
    if label is not None:
        reading.claim(label, meaning)
        before = reading.before(label)
        if label < place and before is not None and reading.chunks[before].has(Mark.BY):
            reading.claim(before, meaning)
    first, last = places[0], places[-1]
    if label is not None:
        first, last = min(first, label), max(last, label)
    return FilterPart(
        "not_in" if is_negated else "in", options, chunk.text, is_compared, first, last,
        is_labelled=label is not None,
    )  # fmt: skip


def _say_every_day(reading: Reading, place: int) -> None:
    """ "On Monday" may be one Monday, and "from Monday to Friday" one week; "on Mondays", and in a
    period, it is each."""
    days = {v.text for v in reading.values.named_days.get("weekend", ())}
    chunk, before = reading.chunks[place], reading.at(place - 1)
    is_day = len(chunk.words) == 1 and chunk.words[0] in WEEKDAY_NUMBERS and bool(days)
    led_by = before.words[-1] if before is not None else ""
    is_led = led_by == "on" if is_day else is_range(chunk) and led_by in _LEADING_TO_RANGES
    if is_led and not chunk.is_plural and not any(c.when for c in reading.chunks):
        held = f"{chunk.values[0].text} to {chunk.values[-1].text}"
        reading.assume(f"Every {chunk.text.capitalize() if is_day else held} is counted.")


def _more_values(reading: Reading, place: int) -> list[int]:
    """Values of the same field that follow after "and", "or", a comma or "versus"."""
    found: list[int] = []
    fields = {v.field for v in reading.chunks[place].values}
    at = place + 1
    while (chunk := reading.at(at)) is not None and reading.is_free(at):
        if chunk.values and not chunk.terms and fields & {v.field for v in chunk.values}:
            fields &= {v.field for v in chunk.values}
            found.append(at)
        elif not chunk.has(Mark.AND, Mark.VERSUS) and not chunk.is_filler:
            break
        at += 1
    return found


def _label_beside(reading: Reading, first: int, last: int, fields: set[str]) -> int | None:
    """The chunk next to the values that names their field: "category Shoes", "Shoes
    category"."""
    earlier = reading.before(first)
    if earlier is not None and reading.chunks[earlier].has(Mark.NOT):
        earlier = reading.before(earlier)  # "category not Shoes"
        if earlier is not None and reading.chunks[earlier].is_plural:
            earlier = None  # "all categories without Shoes"
    for place in (earlier, reading.after(last)):
        if place is None or not reading.is_free(place):
            continue
        beyond = reading.before(place)
        is_grouping = beyond is not None and reading.chunks[beyond].has(Mark.BY)
        if is_grouping and (place < first - 1 or is_range(reading.chunks[first])):
            continue  # "by category for Shoes" groups, and then restricts
        if fields & {t.name for t in reading.chunks[place].terms_of("field")}:
            return place
    for place in (_beside(reading, first, -1), _beside(reading, last, 1)):
        beside = reading.at(place)
        if beside is None or not reading.is_free(place) or beside.terms:
            continue
        if any(_is_label_family(reading, beside, field) for field in fields):
            return place
    return None


def _beside(reading: Reading, place: int, step: int) -> int:
    """The place of the word beside, over a hyphen."""
    beside = reading.at(place + step)
    return place + 2 * step if beside is not None and beside.text == "-" else place + step


def _is_label_family(reading: Reading, chunk: Chunk, field: str) -> bool:
    """Whether the word is of the family of the field's label: "A-rated" for a rating."""
    words = reading.label("field", field).lower().split()
    families = {_family(w) for w in words}
    return len(chunk.words) == 1 and len(chunk.text) > 3 and _family(chunk.words[0]) in families


def _family(word: str) -> str:
    for ending in ("ings", "ing", "ed", "es", "e", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _flags(reading: Reading) -> list[FilterPart]:
    """Yes-or-no fields; a word that is also a metric is left to the metrics."""
    parts: list[FilterPart] = []
    for place, chunk in list(reading.free()):
        if not chunk.terms_of("metric") and not chunk.terms_of("dataset"):
            part = flag_at(reading, place)
            if part is not None:
                parts.append(part)
    return parts


def _missing(reading: Reading) -> list[FilterPart]:
    """ "Rentals with no return date", "without a return date"."""
    parts: list[FilterPart] = []
    for place, chunk in list(reading.free()):
        negation = reading.negation_before(place)
        terms = _field_terms(reading, chunk, ("date", "timestamp"))
        if negation is None or not terms or chunk.terms_of("metric"):
            continue
        meaning = f"no {reading.label('field', terms[0].name).lower()}"
        for at in (negation, place):
            reading.claim(at, meaning)
        options = tuple((t.name, ()) for t in terms)
        parts.append(FilterPart("is_null", options, chunk.text, first=place, last=place))
    return parts


def flag_at(reading: Reading, place: int) -> FilterPart | None:
    """The condition that a yes-or-no field at this place makes; None where it is grouped by."""
    terms = _field_terms(reading, reading.chunks[place], ("boolean",))
    before = reading.before(place)
    if not terms or (before is not None and reading.chunks[before].has(Mark.BY)):
        return None
    is_true = _negate(reading, place) is terms[0].is_negated
    label = reading.label("field", terms[0].name)
    reading.claim(place, f"{label} is {'yes' if is_true else 'no'}")
    text = reading.chunks[place].text
    return FilterPart(
        "eq", tuple((t.name, (is_true,)) for t in terms), text, first=place, last=place
    )


def _amount_terms(reading: Reading, chunk: Chunk) -> tuple[Term, ...]:
    """Numeric fields that measure; a key is a number too, but nobody means "ids above 10"."""
    terms = _field_terms(reading, chunk, ("integer", "decimal"))
    return tuple(t for t in terms if t.name not in reading.lexicon.keys)


def _thresholds(reading: Reading) -> list[FilterPart]:
    """A numeric field compared with a number: "amount over 5", "more than 5 days open"."""
    parts: list[FilterPart] = []
    for place, chunk in enumerate(reading.chunks):
        mark = next((m for m in chunk.marks if m in OPERATORS), None)
        number = place + 1
        while (held := reading.at(number)) is not None and held.text in ("$", "€", "£", "="):
            number += 1
        if mark is None or held is None or held.number is None:
            continue
        for label in (reading.before(place), reading.after(number)):
            if label is None or not reading.is_free(label):
                continue
            terms = _amount_terms(reading, reading.chunks[label])
            if not terms:
                continue
            meaning = f"{reading.label('field', terms[0].name)} {mark.value} {held.number}"
            for p in (place, number, label):
                reading.claim(p, meaning)
            parts.append(
                FilterPart(
                    OPERATORS[mark],
                    tuple((t.name, (held.number,)) for t in terms),
                    chunk.text,
                    first=min(place, label),
                    last=max(number, label),
                )
            )
            break
    return parts
