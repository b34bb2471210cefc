"""Reads rankings: "top 10 products", "which store has the most revenue", "worst 3 categories"."""

from collections.abc import Sequence
from dataclasses import replace

from workflow.plan import grammar
from workflow.plan.chunks import Chunk
from workflow.plan.grammar import Mark, words
from workflow.plan.outcomes import Unclear
from workflow.plan.parts import DimensionPart, RankPart
from workflow.plan.reading import Reading
from workflow.plan.tokens import root

ORDERED_BY = "ordered by"
_DEFAULT_LIMIT = 10
_MOST_ROWS = 200
# After these comes an amount ("the most customers"), after the others a thing ("the top
# customers").
_OF_AMOUNT = words(
    """most least fewest highest lowest largest smallest biggest greatest maximum minimum max min"""
)


def read_rank(reading: Reading) -> RankPart | None:
    """The order and the number of rows asked for; None when nothing is ranked."""
    places = [at for at, c in reading.free() if c.has(Mark.MOST, Mark.LEAST) and not c.terms]
    places = places or _more_of_two(reading)
    if not places:
        return None
    rank = _ranked(reading, places)
    is_both = len({_is_upwards(reading.chunks[p]) for p in places}) > 1
    return replace(rank, is_both=is_both)


def _ranked(reading: Reading, places: list[int]) -> RankPart:
    for place in places:
        reading.claim(place, "ranking")
    descending = _is_upwards(reading.chunks[places[0]])
    asked_at = [at for at, c in reading.free() if c.has(Mark.WHICH)]
    number = _number_beside(reading, [*places, *asked_at])
    target = _target(reading, places, has_number=number is not None)
    for at, chunk in list(reading.free()):
        if set(chunk.words) <= grammar.POPULAR and not chunk.terms:
            reading.claim(at, "counted")
    agent = read_agent(reading) if target is None else None
    if agent is not None:
        return RankPart(descending, number or 1, agent)
    if number is not None and _is_of_all(reading, asked_at):
        number = None  # "which of the two stores earns more"
    if number is None and target is not None:
        number = _number_beside(reading, [target])
    if number is None and any(reading.chunks[p].has(Mark.COMPARATIVE) for p in places):
        number = 1  # "which of my stores had more"
    return _rank(reading, descending, number, target)


def _target(reading: Reading, places: list[int], *, has_number: bool) -> int | None:
    """Where the things stand that are ranked."""
    target = _asked_which(reading)
    for place in places:
        if target is None:
            target = _target_after(reading, place, has_number=has_number)
    if target is None:
        target = _target_before(reading, places[0])
    target = _only_one(reading, places[0]) if target is None else target
    return _only_thing(reading) if target is None else target


def _only_one(reading: Reading, place: int) -> int | None:
    """ "The highest revenue in a single day", "most rentals by one customer"."""
    for at in range(place + 1, len(reading.chunks)):
        chunk, thing = reading.chunks[at], reading.at(at + 1)
        is_one = chunk.words in (("a",), ("one",), ("any", "one"), ("single",), ("a", "single"))
        is_thing = thing is not None and is_dimension(thing) and not thing.is_plural
        if is_one and is_thing and reading.is_free(at + 1):
            before = reading.at(at - 1)
            if before is not None and before.has(Mark.BY):
                reading.claim(at - 1, "one of them")
            reading.claim(at, "one of them")
            return at + 1
        if chunk.words[0] == "a" and chunk.grain and len(chunk.words) > 1 and reading.is_free(at):
            return at  # "in a month"
    return None


def _is_of_all(reading: Reading, asked_at: list[int]) -> bool:
    asked = [reading.chunks[at].words for at in asked_at]
    return reading.has_mark(Mark.COMPARATIVE) and any(
        words[:2] == ("which", "of") for words in asked
    )


def read_agent(reading: Reading) -> DimensionPart | None:
    """ "Who spent the most": spenders, which the model has a field for."""
    who = next((at for at, c in reading.free() if c.has(Mark.WHO)), None)
    if who is None or reading.chunks[who].words[-1] != "who":
        return None
    before = reading.at(who - 1)
    if before is not None and before.terms:
        return None  # "customers who" says already who
    for chunk in reading.chunks[who + 1 :]:
        found = agent_of(reading, chunk.words[0], chunk.stems[0])
        if found is not None and not chunk.values:
            reading.claim(who, "who")
            if before is not None and set(before.words) <= grammar.ANYONE:
                reading.claim(who - 1, "who")
            return found
    return None


def agent_of(reading: Reading, verb: str, stem: str) -> DimensionPart | None:
    """Whoever does what a verb says, where the model has a field for them."""
    noun = grammar.AGENTS.get(verb, f"{root(stem)}er")
    terms = tuple(t for t in reading.lexicon.phrases.get((noun,), ()) if t.kind == "field")
    allowed = tuple(t for t in terms if t.is_allowed)
    return DimensionPart(allowed, text=noun) if allowed else None


def _more_of_two(reading: Reading) -> list[int]:
    """ "Which store earns more" asks for the one that earns the most."""
    if not reading.has_mark(Mark.WHICH) or reading.has_mark(Mark.THAN):
        return []
    return [at for at, c in reading.free() if c.has(Mark.COMPARATIVE) and not c.terms]


def _is_upwards(chunk: Chunk) -> bool:
    return chunk.has(Mark.MOST) or (
        chunk.has(Mark.COMPARATIVE) and not set(chunk.words) & grammar.LESS
    )


def _rank(reading: Reading, descending: bool, number: int | None, target: int | None) -> RankPart:
    if number is not None and not 1 <= number <= _MOST_ROWS:
        raise Unclear(f"I can show between 1 and {_MOST_ROWS} rows. How many do you want?")
    if target is None:
        return RankPart(descending, number, None)
    chunk = reading.chunks[target]
    part = dimension_at(chunk)
    reading.claim(target, "group by")
    limit = number if number is not None else (_DEFAULT_LIMIT if chunk.is_plural else 1)
    return RankPart(descending, limit, part, number is None and chunk.is_plural)


def dimension_at(chunk: Chunk) -> DimensionPart:
    """What a chunk groups by: its fields, else its grain."""
    terms = tuple(t for t in chunk.terms if t.kind == "field")
    return DimensionPart(terms, None if terms else chunk.grain, text=chunk.text)


def is_dimension(chunk: Chunk) -> bool:
    """Whether the chunk names something to group by."""
    return bool(chunk.grain) or any(t.kind == "field" for t in chunk.terms)


def _number_beside(reading: Reading, places: list[int]) -> int | None:
    for place in places:
        for beside in (place + 1, place - 1):
            chunk = reading.at(beside)
            if chunk is not None and chunk.number is not None and reading.is_free(beside):
                is_place = chunk.text[0].isdigit() and chunk.text[-1].isalpha()  # "2nd best"
                if chunk.number != int(chunk.number) or is_place:
                    continue
                reading.claim(beside, "number of rows")
                return int(chunk.number)
    return None


def _asked_which(reading: Reading) -> int | None:
    for at, chunk in reading.free():
        if chunk.has(Mark.WHICH) and (asked := reading.after(at)) is not None:
            while reading.chunks[asked].number is not None and asked + 1 < len(reading.chunks):
                asked += 1
            if reading.is_free(asked) and is_dimension(reading.chunks[asked]):
                reading.claim(at, "which")
                return asked
    return None


def _target_after(reading: Reading, place: int, *, has_number: bool) -> int | None:
    """The first thing after the superlative; an amount may stand between ("most
    ordered products")."""
    prefers_amount = not has_number and bool(set(reading.chunks[place].words) & _OF_AMOUNT)
    amounts = 0
    for at in range(place + 1, len(reading.chunks)):
        chunk = reading.chunks[at]
        if not reading.is_free(at) or chunk.values or set(chunk.words) <= grammar.POPULAR:
            continue
        can_be_amount = bool(chunk.terms_of("metric") or chunk.terms_of("dataset"))
        if is_dimension(chunk) and not (can_be_amount and prefers_amount):
            return at
        if can_be_amount and amounts == 0:
            amounts += 1
            continue
        if not chunk.has(Mark.SOFT, Mark.MY, Mark.AVERAGE, Mark.TOTAL, Mark.EARN):
            return None
    return None


def _only_thing(reading: Reading) -> int | None:
    """ "Who took in the most money among the staff": the one thing there is to rank."""
    things = [
        at for at, c in reading.free()
        if _is_thing(reading, c) and c.terms_of("field") and not (c.terms_of("metric") or c.values)
        and not _is_grouped(reading, at)
    ]  # fmt: skip
    return things[0] if len(things) == 1 else None


def _is_grouped(reading: Reading, at: int) -> bool:
    before = reading.before(at)
    return before is not None and reading.chunks[before].has(Mark.BY)


def _target_before(reading: Reading, place: int) -> int | None:
    """The thing that has the most: "the category with the highest revenue"."""
    for at in range(place - 1, -1, -1):
        chunk = reading.chunks[at]
        beyond = reading.before(at)
        if beyond is not None and reading.chunks[beyond].has(Mark.BY):
            return None
        if reading.is_free(at) and _is_thing(reading, chunk) and not chunk.terms_of("metric"):
            return at
    return None


def _is_thing(reading: Reading, chunk: Chunk) -> bool:
    """Whether the chunk names what can be ranked; "joined" names a date, but only says which."""
    dates = [reading.lexicon.is_date(t.name) for t in chunk.terms_of("field")]
    is_verb = bool(dates) and all(dates) and not {"date", "day"} & set(chunk.words)
    return is_dimension(chunk) and not is_verb


def read_group_order(reading: Reading, *, is_dated: bool) -> bool | None:
    """Whether rows go by what they are of, from the newest (True) or the oldest, or from Z or A.
    Only what has a date can be new or old."""
    for at, chunk in list(reading.free()):
        is_of_letters = chunk.has(Mark.FROM_A, Mark.FROM_Z)
        if is_of_letters or (is_dated and chunk.has(Mark.NEWEST_FIRST, Mark.OLDEST_FIRST)):
            reading.claim(at, "order")
            return chunk.has(Mark.NEWEST_FIRST, Mark.FROM_Z)
    return None


def say_what_is_ordered(reading: Reading, groups: Sequence[DimensionPart]) -> None:
    """Rows by month "in descending order" may go by the month; "highest first" may not."""
    order = (c for at, c in enumerate(reading.chunks) if reading.claims.get(at) == "order")
    is_plain = any(set(c.words) & {"ascending", "asc", "descending", "desc"} for c in order)
    is_dated = any(group.grain for group in groups)
    if is_dated and is_plain and ORDERED_BY not in reading.claims.values():
        reading.assume("The rows go by their amount, not by their date.")


def read_order(reading: Reading) -> bool | None:
    """Whether rows go down from the largest (True) or up (False); None when nobody said. What
    they are ordered by is read with the dimensions."""
    direction: bool | None = None
    for at, chunk in list(reading.free()):
        if chunk.has(Mark.ASCENDING, Mark.DESCENDING):
            direction = chunk.has(Mark.DESCENDING)
            reading.claim(at, "order")
    return direction
