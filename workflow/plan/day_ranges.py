"""Days of the week from one to another: "mon-fri", "Monday to Friday", "Friday through Monday"."""

from collections.abc import Sequence

from workflow.plan.calendar_words import WEEKDAY_NUMBERS
from workflow.plan.grammar import Mark, words
from workflow.plan.lexicon import MARKS, Lexicon
from workflow.plan.tokens import Token
from workflow.plan.value_index import Value, ValueIndex

_TO = frozenset({"-", "to", "through", "thru", "till", "until"})
_NAMING = words("called named titled entitled title name \" '")
_BEFORE_A_NOUN = words("the a of for")
_DAYS = 7


def day_range_at(
    tokens: Sequence[Token], at: int, lexicon: Lexicon, values: ValueIndex
) -> tuple[int, tuple[Value, ...]] | None:
    """How many tokens a range of days takes, and its days, both ends included. It has none where
    it is the name of something else, or two days that are no range."""
    first, last = day_number(tokens, at), day_number(tokens, at + 2)
    if first is None or last is None or not values.days or not _is_joined(tokens, at + 1):
        return None
    is_list = day_number(tokens, at + 4) is not None and tokens[at + 3].word in _TO
    if first == last or is_list or _is_name(tokens, at, lexicon):
        return 3, ()
    count = (last - first) % _DAYS + 1
    days = [values.days[(first + n) % _DAYS] for n in range(count)]
    return 3, tuple(value for day in days for value in day)


def day_number(tokens: Sequence[Token], at: int) -> int | None:
    """Which day of the week is named at a place, 0 for Monday."""
    return WEEKDAY_NUMBERS.get(tokens[at].stem) if 0 <= at < len(tokens) else None


def _is_joined(tokens: Sequence[Token], at: int) -> bool:
    """Whether what stands between two days spans them. "Between Monday and Friday" does, but for
    "the difference between" them."""
    if tokens[at].word in _TO:
        return True
    is_between = at > 1 and tokens[at - 2].word == "between" and tokens[at].word in ("and", "&")
    return is_between and not any(Mark.VERSUS in MARKS.get((t.word,), ()) for t in tokens)


def _is_name(tokens: Sequence[Token], at: int, lexicon: Lexicon) -> bool:
    """The "Monday to Friday" of "the film Monday to Friday"."""
    if at == 0:
        return False
    noun = tokens[at - 1]
    if noun.word in _NAMING:
        return True
    is_thing = at > 1 and tokens[at - 2].word in _BEFORE_A_NOUN and not noun.word.endswith("s")
    fields = [t.name for t in lexicon.phrases.get((noun.stem,), ()) if t.kind == "field"]
    types = {lexicon.fields[name].type for name in fields if name in lexicon.fields}
    return is_thing and "text" in types
