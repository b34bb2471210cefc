"""Reads what to split by: "by store and month", "per category", "monthly", "over time"."""

from dataclasses import replace

from workflow.plan import calendar_words, grammar
from workflow.plan.chunks import Chunk
from workflow.plan.grammar import Mark
from workflow.plan.lexicon import Term
from workflow.plan.parts import DimensionPart
from workflow.plan.readers.ranking import ORDERED_BY, dimension_at, is_dimension
from workflow.plan.readers.scope import seen_words
from workflow.plan.reading import Reading
from workflow.semantic.model import Field

_OWN = frozenset({"my", "our", "ours"})


def read_dimensions(reading: Reading) -> tuple[DimensionPart, ...]:
    """The groups in the order of the question."""
    parts: list[tuple[int, DimensionPart]] = []
    for at, chunk in list(reading.free()):
        if not reading.is_free(at) or _divides(reading, at):
            continue
        if chunk.has(Mark.BY) and _is_of_agent(reading, at):
            for place in range(at, (reading.after(at) or at) + 1):
                reading.claim(place, "by whom")
        elif chunk.has(Mark.BY):
            parts += _doubted(reading, at, _after_by(reading, at))
        elif chunk.has(Mark.ORDER_BY):
            parts += _after_order_by(reading, at, has_groups=bool(parts))
        elif chunk.has(Mark.WITHIN):
            parts += [(-1, replace(part, is_within=True)) for _, part in _after_by(reading, at)]
        elif chunk.words == ("wise",):
            parts += _before_wise(reading, at)
        elif chunk.has(Mark.TREND):
            reading.claim(at, "over time")
            parts.append((at, DimensionPart(is_trend=True, text=chunk.text)))
        elif " ".join(chunk.words) in calendar_words.ADVERB_GRAINS:
            reading.claim(at, "group by")
            parts.append((at, dimension_at(chunk)))
    parts += _asked_which(reading)
    parts += _all_of(reading)
    _claim_last_each(reading, is_split=bool(parts))
    parts += [] if parts else _set_beside(reading)
    has_grain = any(part.grain for _, part in parts)
    ordered = sorted(parts, key=lambda p: p[0])
    return tuple(part for _, part in ordered if not (part.is_trend and has_grain))


def _divides(reading: Reading, by: int) -> bool:
    """ "Divided by payments" is a ratio, "divided by store" a split."""
    thing = reading.after(by)
    is_number = thing is not None and not is_dimension(reading.chunks[thing])
    return reading.chunks[by].words == ("divided", "by") and is_number


def _claim_last_each(reading: Reading, *, is_split: bool) -> None:
    """ "Stores except store 2, revenue each" says once more that it is split."""
    last = next((at for at in range(len(reading.chunks) - 1, -1, -1)
                 if reading.chunks[at].text.isalnum()), None)  # fmt: skip
    is_each = last is not None and reading.is_free(last) and reading.chunks[last].words == ("each",)
    if last is not None and is_split and is_each:
        reading.claim(last, "group by")


def _is_of_agent(reading: Reading, by: int) -> bool:
    """ "Spent by customers in Japan": who did it, and not what it is split by."""
    before, after = reading.at(by - 1), reading.after(by)
    if before is None or after is None or reading.chunks[by].words != ("by",):
        return False
    who = reading.chunks[after]
    is_done = before.words[-1] in grammar.DONE and not before.grain
    return is_done and who.is_plural and bool(who.terms_of("dataset"))


def _doubted(
    reading: Reading, by: int, parts: list[tuple[int, DimensionPart]]
) -> list[tuple[int, DimensionPart]]:
    """ "Rentals by customers in Canada": those of them all, or of each?"""
    thing = reading.after(by)
    beyond = reading.after(thing) if thing is not None else None
    if len(parts) != 1 or thing is None or beyond is None or reading.chunks[by].words != ("by",):
        return parts
    chunk = reading.chunks[thing]
    is_people = chunk.is_plural and bool(chunk.terms_of("dataset"))
    is_restricted = beyond in reading.restricted and reading.chunks[thing + 1].words == ("in",)
    if is_people and (is_restricted or reading.chunks[thing + 1].words == ("from",)):
        return [(at, replace(part, is_doubtful=True)) for at, part in parts]
    return parts


def read_compared_groups(
    reading: Reading, people: DimensionPart | None
) -> tuple[DimensionPart, ...]:
    """The groups that a threshold is on, where no "by" names them: "categories with more than
    500 rentals"."""
    if people is not None:
        return (people,)
    for at, chunk in list(reading.free()):
        if is_dimension(chunk) and (chunk.is_plural or _is_every(reading, at)):
            reading.claim(at, "group by")
            return (dimension_at(chunk),)
    return ()


def counts_groups(reading: Reading) -> bool:
    """Whether the question is how many groups there are, "how many customers spent over 100"."""
    return any(
        chunk.has(Mark.HOW_MANY) and not chunk.terms
        and (thing := reading.after(at)) is not None
        and reading.claims.get(thing) == "group by"
        for at, chunk in enumerate(reading.chunks)
    )  # fmt: skip


def _is_every(reading: Reading, at: int) -> bool:
    before = reading.at(at - 1)
    return before is not None and before.has(Mark.ALL, Mark.BY)


def read_listed(reading: Reading) -> DimensionPart | None:
    """ "List the customers": the rows of a dataset go by the first personal name it has, "list
    the categories" by the thing itself."""
    place = next((at for at, c in reading.free() if c.has(Mark.LIST) and not c.terms), None)
    if place is None:
        return None
    for at, chunk in list(reading.free()):
        if at < place or not chunk.terms:
            continue
        fields = tuple(t for t in chunk.terms_of("field"))
        if fields and not (chunk.terms_of("dataset") or chunk.terms_of("metric")):
            reading.claim(place, "list")
            reading.claim(at, "group by")
            return DimensionPart(fields, text=chunk.text)
        for term in chunk.terms_of("dataset"):
            dataset = reading.lexicon.datasets[term.name]
            named = sorted(
                (f for f in dataset.fields if f.type == "text" and _is_name(f)),
                key=lambda f: not f.is_personal,
            )
            if named:
                reading.claim(place, f"each by {named[0].label.lower()}")
                return DimensionPart((Term("field", named[0].name, 0),), text=chunk.text)
    return None


def _is_name(field: Field) -> bool:
    """Whether the field names one row's thing: personal, or called a name and not shared."""
    said = " ".join((field.label, *field.synonyms)).lower()
    return field.is_personal or (not field.is_indexed and "name" in said)


def _after_by(reading: Reading, by: int) -> list[tuple[int, DimensionPart]]:
    found: list[tuple[int, DimensionPart]] = []
    at = reading.after(by)
    while at is not None and reading.chunks[at].has(Mark.CHANGE, Mark.SHARE, Mark.RUNNING):
        at = reading.after(at)  # "by change in revenue"
    is_first = True
    while at is not None:
        chunk = reading.chunks[at]
        if found and reading.chunks[at - 1].has(Mark.PREPOSITION):
            break  # "by film with rental date in June"
        if chunk.has(Mark.ALL) and is_first and _is_all_of(reading, at):
            reading.claim(by, "all")
            break
        if is_first and _is_amount_of_rank(reading, chunk):
            reading.claim(by, ORDERED_BY)
            return found
        if reading.is_free(at) and is_dimension(chunk):
            found.append((at, _with_grain(reading, at)))
        elif reading.is_free(at) and is_first and (
            chunk.terms_of("metric") or chunk.terms_of("dataset")
        ):  # fmt: skip
            if reading.chunks[by].words[-1] in grammar.EACH:
                break  # "pay more per rental" orders nothing
            found += _ordered_thing(reading, by)
            reading.claim(by, ORDERED_BY)
            return found
        elif at in reading.restricted and is_first:
            reading.claim(by, reading.claims[at])
            break
        elif not (chunk.has(Mark.AND, Mark.BY) and _leads_to_dimension(reading, at)):
            break
        else:
            reading.claim(at, "and")
        is_first = False
        at = reading.after(at)
    if found:
        reading.claim(by, "group by")
    return found


def _is_amount_of_rank(reading: Reading, chunk: Chunk) -> bool:
    """The "customers" of "top 5 countries by customers": what is ranked was named already."""
    is_ranked = "ranking" in reading.claims.values() and "group by" in reading.claims.values()
    return (
        is_ranked
        and chunk.is_plural
        and bool(chunk.terms_of("metric") or chunk.terms_of("dataset"))
    )


def _before_wise(reading: Reading, wise: int) -> list[tuple[int, DimensionPart]]:
    """ "Store-wise revenue" is by store."""
    at = reading.before(wise)
    if at is None or not reading.is_free(at) or not is_dimension(reading.chunks[at]):
        return []
    reading.claim(wise, "group by")
    reading.claim(at, "group by")
    return [(at, dimension_at(reading.chunks[at]))]


def _with_grain(reading: Reading, at: int) -> DimensionPart:
    """A thing to split by; a date and a grain beside each other are one: "by return date by
    month", "by month of return date"."""
    part = dimension_at(reading.chunks[at])
    reading.claim(at, "group by")
    beside = reading.after(at)
    if beside is not None and reading.chunks[beside].has(Mark.BY):
        beside = reading.after(beside)
    if beside is None or not reading.is_free(beside):
        return part
    other = dimension_at(reading.chunks[beside])
    dated, graining = (part, other) if part.terms else (other, part)
    is_date = any(reading.lexicon.is_date(t.name) for t in dated.terms)
    if not is_date or graining.grain is None:
        return part
    for p in range(at, beside + 1):
        reading.claim(p, "group by")
    return replace(dated, grain=graining.grain)


def _after_order_by(
    reading: Reading, order: int, *, has_groups: bool
) -> list[tuple[int, DimensionPart]]:
    at = reading.after(order)
    if at is None:
        return []
    amount = reading.chunks[at]
    if not (amount.terms_of("metric") or amount.terms_of("dataset")):
        return []
    found = [] if has_groups else _ordered_thing(reading, order)
    reading.claim(order, ORDERED_BY)
    return found


def _ordered_thing(reading: Reading, by: int) -> list[tuple[int, DimensionPart]]:
    """What stands before "by revenue" is what there is a revenue of: "stores by revenue"."""
    for at in range(by - 1, -1, -1):
        chunk = reading.chunks[at]
        before = reading.at(at - 1)
        is_doer = before is not None and before.words[-1] in grammar.DOING  # "do customers rent"
        if reading.is_free(at) and is_dimension(chunk) and chunk.terms and not is_doer:
            reading.claim(at, "group by")
            return [(at, dimension_at(chunk))]
    return []


def _leads_to_dimension(reading: Reading, joiner: int) -> bool:
    """Whether the word after "and" is one more thing to split by. A word that may also be a
    metric is taken for one only directly after "by"."""
    at = reading.after(joiner)
    if at is not None and reading.chunks[at].has(Mark.BY, Mark.AND):
        joiner, at = at, reading.after(at)
    if at is None or not reading.is_free(at):
        return False
    chunk = reading.chunks[at]
    is_by = reading.chunks[joiner].has(Mark.BY)
    return is_dimension(chunk) and (is_by or not chunk.terms_of("metric"))


def _asked_which(reading: Reading) -> list[tuple[int, DimensionPart]]:
    """ "Which products were ordered in July" asks for each of them."""
    found: list[tuple[int, DimensionPart]] = []
    for at, chunk in list(reading.free()):
        asked = reading.after(at) if chunk.has(Mark.WHICH) else None
        if asked is None or not reading.is_free(asked):
            continue
        held = reading.chunks[asked]
        is_first_thing = asked == at + 1 and not held.terms_of("metric")
        if is_dimension(held) and (is_first_thing or (held.is_plural and asked == at + 1)):
            reading.claim(at, "which")
            reading.claim(asked, "group by")
            found.append((asked, replace(dimension_at(held), is_asked=True)))
    return found


def _is_all_of(reading: Reading, at: int) -> bool:
    thing = reading.after(at)
    return thing is not None and is_dimension(reading.chunks[thing])


def _all_of(reading: Reading) -> list[tuple[int, DimensionPart]]:
    """ "All stores", "my store": the scope says which these are, and it applies anyway. To
    compare them is to split by them."""
    parts: list[tuple[int, DimensionPart]] = []
    for at, chunk in list(reading.free()):
        thing = at + 1
        while (held := reading.at(thing)) is not None and (
            held.is_filler or _is_their_number(reading, held) or _is_kind(reading, thing)
        ):
            thing += 1
        if held is None or not reading.is_free(thing):
            continue
        fields = {t.name for t in held.terms_of("field")}
        is_scope = bool(fields & reading.lexicon.scope_fields)
        only_field = {t.kind for t in held.terms} == {"field"}
        is_mine = is_scope and chunk.has(Mark.MY) and bool(set(chunk.words) & _OWN)
        is_list = chunk.has(Mark.ALL) and bool(fields) and _is_list(reading, at, thing)
        is_all = chunk.has(Mark.ALL) and held.is_plural and (only_field or is_list)
        if not (is_mine or is_all):
            continue
        for place in range(at, thing + 1):
            reading.claim(place, "all in scope")
        if (is_all and is_list) or (held.is_plural and reading.has_mark(Mark.VERSUS)):
            parts.append((thing, dimension_at(held)))
        if is_all and is_scope and not reading.context.is_all_stores:
            seen = seen_words(reading, sorted(fields)[0])
            reading.notes.append(f"{seen} Nothing else is in this answer.")
    return parts


def _is_kind(reading: Reading, at: int) -> bool:
    """The "Horror" of "all Horror films"."""
    return at in reading.restricted and bool(reading.chunks[at].values)


def _is_list(reading: Reading, at: int, thing: int) -> bool:
    """ "All categories without Horror, with their revenue": they are asked for one by one.
    "Revenue of all stores" and "all stores' revenue" are one number."""
    before = reading.at(at - 1)
    is_part = before is not None and before.has(Mark.PREPOSITION)
    rows = _is_amount(reading.chunks[thing])
    if is_part or any(_is_amount(c) for c in reading.chunks[:at]):
        return False
    amount = next((p for p, c in enumerate(reading.chunks) if p > thing and _is_amount(c)), thing)
    led = {c.words[-1] for c in reading.chunks[thing + 1 : amount]}
    # "all customers and rentals" may be two numbers
    return bool(led & (grammar.THEIRS - grammar.JOINING if rows else grammar.THEIRS))


def _is_amount(chunk: Chunk) -> bool:
    return bool(chunk.terms_of("metric") or chunk.terms_of("dataset"))


def _set_beside(reading: Reading) -> list[tuple[int, DimensionPart]]:
    """ "How do the stores compare in revenue", "compare the two stores", "store comparison": each
    of them beside the others."""
    versus = next((at for at, c in reading.free() if c.has(Mark.VERSUS)), None)
    if versus is None:
        return []
    for at, chunk in list(reading.free()):
        is_thing = is_dimension(chunk) and {t.kind for t in chunk.terms} == {"field"}
        if not is_thing or chunk.grain or not (chunk.is_plural or at == versus - 1):
            continue
        number = reading.at(at - 1)
        if number is not None and number.number is not None:
            fields = {t.name for t in chunk.terms_of("field")}
            if number.number not in {len(reading.values.known.get(f, ())) for f in fields}:
                return []
            reading.claim(at - 1, "all of them")
        for place in (versus, at):
            reading.claim(place, "group by")
        return [(at, dimension_at(chunk))]
    return []


def _is_their_number(reading: Reading, chunk: Chunk) -> bool:
    """The "two" of "my two stores", where there are two."""
    return chunk.number is not None and chunk.number == len(reading.context.store_ids)
