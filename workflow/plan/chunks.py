"""A question cut into chunks: each the longest run of words that means something together.

A chunk keeps every meaning its words can have; which one counts is for the readers, who see its
neighbours.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from contracts.plan import Grain
from workflow.plan import calendar_words, grammar
from workflow.plan.day_ranges import day_number, day_range_at
from workflow.plan.grammar import Mark
from workflow.plan.lexicon import (
    GRAINS,
    LONGEST_MARK,
    MARKS,
    PERSONAL,
    UNREADABLE,
    Lexicon,
    Term,
)
from workflow.plan.time_words import when_at
from workflow.plan.tokens import Token, root
from workflow.plan.value_index import Value, ValueIndex
from workflow.plan.when import When

_ABBREVIATION = 3
_MOST_ELIDED = 3
_ONLY_THEN = grammar.words("on during for at only just")


@dataclass(frozen=True, slots=True)
class Chunk:
    """`words` are the folded words, `text` is as typed. `is_plural` speaks of the last word.
    A chunk without any meaning is a word that the planner does not know."""

    text: str
    words: tuple[str, ...]
    stems: tuple[str, ...]
    is_plural: bool = False
    marks: tuple[Mark, ...] = ()
    terms: tuple[Term, ...] = ()
    values: tuple[Value, ...] = ()
    when: When | None = None
    grain: Grain | None = None
    number: Decimal | None = None
    step: Grain | None = None
    is_personal: bool = False
    is_unreadable_time: bool = False

    def has(self, *marks: Mark) -> bool:
        """Whether one of the marks is among the meanings."""
        held = self.marks
        return bool(held) and not set(held).isdisjoint(marks)

    def terms_of(self, kind: str, *, allowed: bool = True) -> tuple[Term, ...]:
        """The meanings of a kind that the role may use, or (`allowed` false) may not."""
        return tuple(t for t in self.terms if t.kind == kind and t.is_allowed is allowed)

    @property
    def is_filler(self) -> bool:
        """Whether the chunk has no bearing on the number."""
        return not (self.terms or self.values or self.when) and self.has(
            Mark.SOFT, Mark.PREPOSITION, Mark.MY, Mark.EARN, Mark.REQUEST
        )


_NOTHING = Chunk("", (), ())


def _term_at(
    tokens: Sequence[Token], at: int, lexicon: Lexicon
) -> tuple[int, tuple[Term, ...]] | None:
    """The longest phrase of the model; small words inside it may be there or not."""
    best: tuple[int, tuple[Term, ...]] | None = None
    stems: list[str] = []
    has_of = False
    for position in range(at, len(tokens)):
        token = tokens[position]
        if token.is_symbol and token.word not in ("-", "_"):
            break
        if token.is_symbol:
            continue
        has_of = has_of or token.word == "of"
        is_inner = token.word in grammar.INNER or (has_of and token.word in grammar.ARTICLES)
        if stems and is_inner and (*stems, token.stem) not in lexicon.prefixes:
            continue
        stems.append(token.stem)
        if len(stems) > lexicon.longest:
            break
        key = tuple(stems)
        terms = lexicon.phrases.get(key)
        if terms is None and has_of and len(key) > 1:
            terms = lexicon.bags.get(tuple(sorted(key)))
        if terms is not None:
            best = position - at + 1, terms
        if key not in lexicon.prefixes and not _may_be_bag(key, lexicon):
            break
    return best


def _may_be_bag(key: tuple[str, ...], lexicon: Lexicon) -> bool:
    return all(stem in lexicon.bag_words for stem in key)


def _value_at(
    tokens: Sequence[Token], at: int, values: ValueIndex
) -> tuple[int, tuple[Value, ...]] | None:
    named = values.named_days.get(_days_named(tokens, at))
    if named is not None:
        return 1, named
    best: tuple[int, tuple[Value, ...]] | None = None
    stems: list[str] = []
    for position in range(at, len(tokens)):
        token = tokens[position]
        if token.is_symbol:
            if not stems or token.word not in "-'.&,:":
                break
            continue
        stems.append(token.stem)
        if len(stems) > values.longest:
            break
        found = values.phrases.get(tuple(stems), ())
        found = tuple(v for v in found if not v.exact or v.exact == (tokens[at].word,))
        if found:
            best = position - at + 1, found
    return best


def _value_or_days_at(
    tokens: Sequence[Token], at: int, lexicon: Lexicon, values: ValueIndex
) -> tuple[int, tuple[Value, ...]] | None:
    """A value of the data, or the days of a range; both, where something is called so."""
    value = _value_at(tokens, at, values)
    days = day_range_at(tokens, at, lexicon, values)
    if value is None or days is None:
        return value or days
    if value[0] == days[0]:
        return value[0], (*value[1], *days[1])
    return max(value, days, key=lambda found: found[0])


def _days_named(tokens: Sequence[Token], at: int) -> str:
    """ "On weekdays" are the working days; "by weekday" is another matter."""
    before = tokens[at - 1].word if at else ""
    after = tokens[at + 1].word if at + 1 < len(tokens) else ""
    word = tokens[at].word
    is_only = before in _ONLY_THEN or after == "only"
    is_label = day_number(tokens, at + 1) is not None  # "for weekdays Monday and Friday"
    return "workdays" if word == "weekdays" and is_only and not is_label else word


def _mark_at(tokens: Sequence[Token], at: int) -> tuple[int, Chunk] | None:
    token = tokens[at]
    longest = max(LONGEST_MARK.get(token.word, 0), LONGEST_MARK.get(token.stem, 0))
    for length in range(min(longest, len(tokens) - at), 0, -1):
        words = tuple(t.word for t in tokens[at : at + length])
        marks = MARKS.get(words, ())
        grain = GRAINS.get(words) or GRAINS.get(tuple(t.stem for t in tokens[at : at + length]))
        step = calendar_words.STEPS.get(" ".join(words))
        is_personal = words in PERSONAL
        is_unreadable = words in UNREADABLE
        if length > 1 and words[0] in ("and", "or") and _is_compared(tokens, at + length):
            continue  # the "and" of "and more than 30" joins
        if marks or grain or step or is_personal or is_unreadable:
            return length, Chunk(
                "", words, (), marks=marks, grain=grain, step=step, is_personal=is_personal,
                is_unreadable_time=is_unreadable,
            )  # fmt: skip
    return None


def _is_compared(tokens: Sequence[Token], at: int) -> bool:
    after = tokens[at] if at < len(tokens) else None
    return after is not None and (after.word == "than" or after.number is not None)


def cut(tokens: Sequence[Token], lexicon: Lexicon, values: ValueIndex) -> tuple[Chunk, ...]:
    """Cuts from left to right; at each place the longest meaning wins, equal ones are kept."""
    chunks: list[Chunk] = []
    at = 0
    while at < len(tokens):
        length, chunk = _chunk_at(tokens, at, lexicon, values)
        chunks.append(chunk)
        at += length
    return tuple(chunks)


def _hides_allowed(
    tokens: Sequence[Token], at: int, term: tuple[int, tuple[Term, ...]], lexicon: Lexicon
) -> bool:
    """Whether a phrase of another role's covers the beginning of one of this role's: "number of
    customers" in "number of customers who ordered"."""
    if any(t.is_allowed for t in term[1]):
        return False
    inside = (_term_at(tokens, at + skip, lexicon) for skip in range(1, term[0]))
    return any(
        found is not None and skip + found[0] > term[0] and any(t.is_allowed for t in found[1])
        for skip, found in enumerate(inside, start=1)
    )


def _numbers_a_thing(
    tokens: Sequence[Token], at: int, lexicon: Lexicon, values: ValueIndex
) -> bool:
    """The 1 of "store 1 June revenue" is a store that there is, not a day of June."""
    number = tokens[at].number
    if number is None or at == 0 or tokens[at].is_date:
        return False
    is_grouped = at > 1 and tokens[at - 2].word in (*grammar.EACH, "by")
    terms = lexicon.phrases.get((tokens[at - 1].stem,), ()) if not is_grouped else ()
    fields = [t.name for t in terms if t.kind == "field" and t.is_allowed]
    return any(f"{number:f}" in values.known.get(field, ()) for field in fields)


def _cuts_a_name(
    tokens: Sequence[Token], at: int, term: tuple[int, tuple[Term, ...]], lexicon: Lexicon
) -> bool:
    """ "Revenue per customer country" is revenue per country, not per customer."""
    last = at + term[0] - 1
    is_per = term[0] > 2 and tokens[last - 1].word == "per"
    longer = _term_at(tokens, last, lexicon) if is_per else None
    return longer is not None and longer[0] > 1 and any(t.kind == "field" for t in longer[1])


def _term_before_per(
    tokens: Sequence[Token], at: int, term: tuple[int, tuple[Term, ...]], lexicon: Lexicon
) -> tuple[int, tuple[Term, ...]] | None:
    return _term_at(tokens[: at + term[0] - 2], at, lexicon)


def _is_asked_which(
    tokens: Sequence[Token], at: int, term: tuple[int, tuple[Term, ...]], lexicon: Lexicon
) -> bool:
    """ "Which film was rented most" asks for films, not for the number of films rented."""
    before = tokens[at - 1].word if at else ""
    alone = lexicon.phrases.get((tokens[at].stem,), ())
    is_field = any(t.kind == "field" and t.is_allowed for t in alone)
    is_metric = any(t.kind == "metric" for t in term[1])
    return term[0] > 1 and before in ("which", "what") and is_field and is_metric


def _is_on_a_value(
    tokens: Sequence[Token],
    at: int,
    term: tuple[int, tuple[Term, ...]],
    lexicon: Lexicon,
    values: ValueIndex,
) -> bool:
    """The "on" of "rented on Saturdays" belongs to the days, not to the name of a date."""
    end = at + term[0]
    is_on = term[0] == 2 and tokens[end - 1].word == "on" and end < len(tokens)
    is_date = all(t.kind == "field" and lexicon.is_date(t.name) for t in term[1] if t.is_allowed)
    alone = lexicon.phrases.get((tokens[at].stem,), ())
    return (
        is_on and is_date and any(t.is_allowed for t in alone)
        and _value_at(tokens, end, values) is not None and when_at(tokens, end) is None
    )  # fmt: skip


def _elided_at(
    tokens: Sequence[Token], at: int, lexicon: Lexicon
) -> tuple[int, tuple[Term, ...]] | None:
    """The "returned" of "returned and open rentals" is "returned rentals"."""
    place = at
    for _ in range(_MOST_ELIDED):
        joiner = tokens[place + 1].word if place + 2 < len(tokens) else ""
        if joiner not in grammar.JOINING:
            return None
        place += 2
        whole = _term_at(tokens, place, lexicon)
        if whole is not None and whole[0] > 1 and any(t.kind == "metric" for t in whole[1]):
            noun = tokens[place + whole[0] - 1].stem
            terms = lexicon.phrases.get((tokens[at].stem, noun), ())
            named = tuple(t for t in terms if t.kind == "metric")
            return (1, named) if named else None
    return None


def _is_place_word(tokens: Sequence[Token], at: int) -> bool:
    before = tokens[at - 1].word if at else ""
    return tokens[at].word in grammar.PLACE_WORDS and before in grammar.BEFORE_A_PLACE


def _named_at(
    tokens: Sequence[Token], at: int, lexicon: Lexicon, values: ValueIndex
) -> tuple[int, tuple[Term, ...]] | None:
    """The phrase of the model at a place, cut where its words belong to something else."""
    token = tokens[at]
    term = _term_at(tokens, at, lexicon) if token.stem in lexicon.first_words else None
    if term is not None and _hides_allowed(tokens, at, term, lexicon):
        term = None
    if term is not None and _is_on_a_value(tokens, at, term, lexicon, values):
        term = 1, lexicon.phrases[token.stem,]
    if term is not None and _cuts_a_name(tokens, at, term, lexicon):
        term = _term_before_per(tokens, at, term, lexicon)
    if term is not None and _is_asked_which(tokens, at, term, lexicon):
        term = 1, lexicon.phrases[token.stem,]
    elided = None if token.is_symbol else _elided_at(tokens, at, lexicon)
    return elided if elided is not None and (term is None or term[0] == 1) else term


def _unless_a_name(
    tokens: Sequence[Token], at: int, mark: tuple[int, Chunk] | None
) -> tuple[int, Chunk] | None:
    """The words of the grammar at a place, but for "US", which is not "us"."""
    if mark is None or _is_place_word(tokens, at):
        return None
    taken = tokens[at : at + mark[0]]
    is_shouted = any(t.is_shouted and len(t.text) <= _ABBREVIATION for t in taken)
    return None if is_shouted and mark[1].has(Mark.SOFT) else mark


def _chunk_at(
    tokens: Sequence[Token], at: int, lexicon: Lexicon, values: ValueIndex
) -> tuple[int, Chunk]:
    token = tokens[at]
    term = _named_at(tokens, at, lexicon, values)
    value = None if token.is_symbol else _value_or_days_at(tokens, at, lexicon, values)
    mark = _mark_at(tokens, at)
    when = None if token.is_symbol else when_at(tokens, at)
    if when is not None and _numbers_a_thing(tokens, at, lexicon, values):
        when = None
    lengths = [found[0] for found in (term, value, mark, when) if found is not None]
    length = max(lengths, default=1)
    if value is not None and _days_named(tokens, at) in values.named_days:
        term = None
    mark = _unless_a_name(tokens, at, mark)
    if when is not None and when[0] >= length > 1:
        term = value = mark = None  # a date of several words is nothing else
    held = mark[1] if mark is not None and mark[0] == length else _NOTHING
    taken = tokens[at : at + length]
    terms = term[1] if term is not None and term[0] == length else ()
    if not lengths:
        terms = lexicon.families.get(root(token.stem), ())
    last = taken[-1]
    return length, replace(
        held,
        text=" ".join(t.text for t in taken),
        words=tuple(t.word for t in taken),
        stems=tuple(t.stem for t in taken),
        is_plural=last.word != last.stem and last.word.endswith("s"),
        terms=terms,
        values=value[1] if value is not None and value[0] == length else (),
        when=when[1] if when is not None and when[0] == length else None,
        number=token.number if length == 1 else None,
    )
