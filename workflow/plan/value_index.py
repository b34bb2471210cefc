"""What occurs in the data a person may see, by the words it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from cachetools import LRUCache

from workflow.plan import calendar_words, grammar
from workflow.plan.tokens import phrase, tokenize
from workflow.semantic.model import DataProfile

_CACHE_SIZE = 32
_FEW = 3
_MANY = 30


@dataclass(frozen=True, slots=True)
class Value:
    """A value and the field it occurs in. A weak one is an everyday word: only with the field's
    label beside it does it count. `exact` are the words it must be written in, where the field has
    so many values that a plural more or less would hit one by chance."""

    field: str
    text: str
    is_weak: bool = False
    exact: tuple[str, ...] = ()


class ValueIndex:
    """Built once for a profile, then only read. `surface` gives a spelling of each
    stem, `pairs` the stems that follow each other in some value."""

    def __init__(self, profile: DataProfile) -> None:
        self.known = {name: frozenset(values) for name, values in profile.values.items()}
        phrases: dict[tuple[str, ...], list[Value]] = {}
        partial: dict[str, list[Value]] = {}
        surface: dict[str, str] = {}
        pairs: set[tuple[str, str]] = set()
        for name, values in profile.values.items():
            is_large = len(values) > _MANY
            for text in dict.fromkeys(values):
                key = phrase(text)
                if not key or all(word.replace(".", "").isdigit() for word in key):
                    continue  # numbers are read beside a label, never by themselves
                tokens = [t for t in tokenize(text) if not t.is_symbol]
                is_weak = len(key) == 1 and text.lower() in grammar.WEAK_VALUES
                exact = tuple(t.word for t in tokens) if is_large and len(key) == 1 else ()
                value = Value(name, text, is_weak, exact)
                phrases.setdefault(key, []).append(value)
                pairs.update(pairwise(key))
                for token in tokens:
                    surface.setdefault(token.stem, token.word)
                for word in set(key):
                    partial.setdefault(word, []).append(value)
        self.phrases = {key: tuple(values) for key, values in phrases.items()}
        self.longest = max((len(key) for key in phrases), default=0)
        self.days = _days(self.phrases)
        self.named_days = _named_days(self.phrases)
        self._partial = partial
        self.surface = surface
        self.pairs = frozenset(pairs)

    def containing(self, word: str) -> tuple[Value, ...]:
        """The values that a stem is a part of, if they are few enough to choose from."""
        found = self._partial.get(word, [])
        return tuple(found) if len(found) <= _FEW else ()


def _days(
    phrases: Mapping[tuple[str, ...], tuple[Value, ...]],
) -> tuple[tuple[Value, ...], ...]:
    """The days from Monday on, each in the fields that hold all of them; nothing where none do."""
    held = [phrases.get(phrase(day), ()) for day in calendar_words.WEEKDAYS]
    fields = set.intersection(*({v.field for v in values} for values in held))
    return tuple(tuple(v for v in values if v.field in fields) for values in held if fields)


def _named_days(
    phrases: Mapping[tuple[str, ...], tuple[Value, ...]],
) -> dict[str, tuple[Value, ...]]:
    """What "weekend" stands for: the values of the fields that hold both of its days."""
    found: dict[str, tuple[Value, ...]] = {}
    for names, days in (
        (calendar_words.WEEKEND, slice(5, 7)),
        (calendar_words.WORKDAYS, slice(0, 5)),
    ):
        held = [phrases.get(phrase(day), ()) for day in calendar_words.WEEKDAYS[days]]
        fields = set.intersection(*({v.field for v in values} for values in held))
        meant = tuple(v for values in held for v in values if v.field in fields)
        found |= dict.fromkeys(names, meant) if meant else {}
    return found


_Content = tuple[tuple[str, tuple[str, ...]], ...]
_by_profile = LRUCache[int, tuple[DataProfile, ValueIndex]](_CACHE_SIZE)
_by_content = LRUCache[_Content, ValueIndex](_CACHE_SIZE)


def index_for(profile: DataProfile) -> ValueIndex:
    """The index of what the profile holds, built at the first use.

    A refreshed profile with the same values shares the index of the one before. The cache holds
    the profiles themselves, so that an address is never taken over by another.
    """
    held = _by_profile.get(id(profile))
    if held is not None and held[0] is profile:
        return held[1]
    content = tuple(sorted(profile.values.items()))
    index = _by_content.get(content)
    if index is None:
        index = _by_content[content] = ValueIndex(profile)
    _by_profile[id(profile)] = (profile, index)
    return index
