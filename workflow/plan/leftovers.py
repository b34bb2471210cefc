"""What no reader claimed, and whether it could change the number."""

from workflow.plan import grammar
from workflow.plan.chunks import Chunk
from workflow.plan.grammar import Mark
from workflow.plan.parts import Parts
from workflow.plan.reading import Reading
from workflow.plan.tokens import phrase

_IDLE = (Mark.SOFT, Mark.REQUEST, Mark.PREPOSITION, Mark.MY, Mark.AND, Mark.FOLLOW)
_HARMLESS = (Mark.ALL, Mark.TOTAL, Mark.AND)


def unused_words(reading: Reading, parts: Parts) -> tuple[tuple[int, str], ...]:
    """Places and texts of the content words that the reading leaves out."""
    several = len(parts.dimensions) + sum(len(a) for a in parts.metrics.alternatives[:1]) > 1
    is_compared = several or parts.is_compared or parts.rank is not None
    preamble = _preamble(reading)
    return tuple(
        (at, chunk.text)
        for at, chunk in list(reading.free())
        if at >= preamble and not _is_harmless(reading, at, chunk, parts, is_compared=is_compared)
    )


def _preamble(reading: Reading) -> int:
    """Where the request begins: "I am preparing for a meeting, could you tell me …". What stands
    before it is left out only if nothing in it could bear on the number."""
    start = max((at for at, c in enumerate(reading.chunks) if c.has(Mark.REQUEST)), default=0)
    bears = any(
        c.terms or c.values or c.when or c.grain or c.number is not None or c.is_personal
        or c.is_unreadable_time or (c.marks and not c.has(*_IDLE))
        for c in reading.chunks[:start]
    )  # fmt: skip
    return 0 if bears else start


def _is_harmless(
    reading: Reading, at: int, chunk: Chunk, parts: Parts, *, is_compared: bool
) -> bool:
    if chunk.terms or chunk.values:
        return (
            chunk.is_filler
            or _is_noun_of_condition(reading, at, chunk)
            or _is_what_all_did(reading, chunk, parts)
        )
    if _bounds_a_period(reading, at) or _asks_for_both(reading, chunk, parts):
        return False
    if chunk.is_filler or chunk.has(*_HARMLESS):
        return not (chunk.words[0] == "where" and _asks_where(reading, at))
    if len(chunk.words) == 1 and chunk.words[0] in (*grammar.UNIT_WORDS, *grammar.CURRENCIES):
        return _is_own_unit(reading, at, chunk.words[0], parts)
    if chunk.is_unreadable_time or chunk.is_personal or chunk.number is not None:
        return False
    return _is_harmless_word(reading, at, chunk, is_compared=is_compared)


def _bounds_a_period(reading: Reading, at: int) -> bool:
    """The "to" of "revenue to June", which may be in June or up to it."""
    after = reading.at(at + 1)
    is_period = after is not None and after.when is not None and after.when.relation == "in"
    return is_period and reading.chunks[at].words[-1] in grammar.UNBOUND


def _asks_for_both(reading: Reading, chunk: Chunk, parts: Parts) -> bool:
    """ "Customers who rented both Horror and Comedy" are not those who rented either."""
    names = parts.metrics.alternatives[0] if parts.metrics.alternatives else ()
    return chunk.words == ("both",) and any(reading.lexicon.is_distinct(name) for name in names)


def _is_what_all_did(reading: Reading, chunk: Chunk, parts: Parts) -> bool:
    """Whether the chunk only says how a thing that lasts began: all customers have joined."""
    lexicon = reading.lexicon
    homes = [lexicon.metrics[n].dataset for n in parts.metrics.alternatives[0]]
    own = {d.time_field for d in homes if d.name in lexicon.entities}
    fields = {t.name for t in chunk.terms_of("field")}
    is_verb = not {"date", "day"} & set(chunk.words)
    return is_verb and not chunk.values and bool(fields) and fields <= own


def _is_harmless_word(reading: Reading, at: int, chunk: Chunk, *, is_compared: bool) -> bool:
    if chunk.has(Mark.WHO):
        noun = reading.at(at - 1)
        is_of_noun = noun is not None and bool(noun.terms)  # "customers who paid"
        return is_of_noun or (is_compared and at == 0 and _asks_for_people(reading))
    if chunk.words[0] in grammar.ANYONE and len(chunk.words) == 1:
        return _is_anyone(reading, at)
    if chunk.has(Mark.LIST):
        return is_compared  # "list categories by revenue"
    if chunk.has(Mark.WHICH):
        is_asked = chunk.words[0] == "what" or _asks_for_rows(reading, at, is_split=is_compared)
        return is_asked or _is_relative(reading, at)
    if chunk.has(Mark.VERSUS):
        return is_compared
    is_symbol = not any(c.isalnum() for c in chunk.text)
    return is_symbol and chunk.text not in grammar.MEANINGFUL_SYMBOLS


def _is_anyone(reading: Reading, at: int) -> bool:
    """The "people" of "how often do people rent": whoever does it, and not what is counted."""
    before = reading.at(at - 1)
    return before is not None and before.words[-1] in grammar.DOING


def _asks_where(reading: Reading, at: int) -> bool:
    """ "Where do our customers come from"; not the "where" of "rentals where the rating is PG"."""
    after = reading.at(at + 1)
    is_first = all(c.is_filler and not c.terms for c in reading.chunks[:at])
    return is_first and after is not None and after.words[-1] in (*grammar.DOING, "are", "is")


def _is_relative(reading: Reading, at: int) -> bool:
    """ "Months in which we made more than 10000"."""
    before = reading.before(at - 1) if at > 1 else None
    preposition = reading.at(at - 1)
    is_of = preposition is not None and preposition.has(Mark.PREPOSITION)
    return is_of and before is not None and reading.claims.get(before) == "group by"


def _asks_for_people(reading: Reading) -> bool:
    """ "Who took in the most money among the staff": people are what is listed."""
    groups = [at for at, meaning in reading.claims.items() if meaning == "group by"]
    return any(
        grammar.PEOPLE & set(phrase(reading.label("field", t.name)))
        for at in groups
        for t in reading.chunks[at].terms_of("field")
    )


def _asks_for_rows(reading: Reading, at: int, *, is_split: bool) -> bool:
    """ "Which rentals are still out, by category": the rows themselves are what is counted."""
    after = reading.after(at)
    chunk = reading.chunks[after] if after is not None else None
    return is_split and chunk is not None and bool(chunk.terms_of("dataset"))


def _is_own_unit(reading: Reading, at: int, word: str, parts: Parts) -> bool:
    """ "In days" says nothing new of a metric in days, nor "in dollars" of one in US dollars."""
    before = reading.at(at - 1)
    metrics = [reading.lexicon.metrics[name].metric for name in parts.metrics.alternatives[0]]
    unit, code = grammar.UNIT_WORDS.get(word), grammar.CURRENCIES.get(word)
    is_own = all(
        m.unit == unit if code is None else m.format is not None and m.format.currency == code
        for m in metrics
    )
    return is_own and before is not None and before.words == ("in",)


def _is_noun_of_condition(reading: Reading, at: int, chunk: Chunk) -> bool:
    """Whether the chunk only names what a condition beside it is about: "Shoes products",
    "customers in Canada". Not so "stores in Canada" where the country is the customer's."""
    if not chunk.terms or not any(t.is_allowed for t in chunk.terms):
        return False
    names = {t.name for t in chunk.terms_of("field")}
    is_detail = not (chunk.terms_of("dataset") or chunk.terms_of("metric")) and any(
        field.type == "text" and not field.is_indexed
        for field in (reading.lexicon.fields.get(name) for name in names)
        if field is not None
    )
    if is_detail or names & reading.lexicon.scope_fields:
        return False  # "customer e-mails in Canada" are not its customers
    after = reading.after(at)
    if after is not None and reading.chunks[after].has(Mark.NOT):
        after = reading.after(after)  # "films that are not PG"
        fields = reading.restricted.get(after, ()) if after is not None else ()
        if chunk.is_plural and names & set(fields):
            return False  # "all categories without Horror" are asked for one by one
    for beside in (reading.before(at), after):
        for field in reading.restricted.get(beside, ()) if beside is not None else ():
            owner = set(phrase(field)[:-1])
            if not owner or owner & set(chunk.stems):
                reading.claim(at, "what it is about")
                return True
    return False
