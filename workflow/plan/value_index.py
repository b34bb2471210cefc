"""What occurs in the data a person may see, by the words it is made of."""

from dataclasses import dataclass

from workflow.plan import grammar
from workflow.plan.tokens import phrase, tokenize
from workflow.semantic.model import DataProfile

_CACHE_SIZE = 64
_FEW = 3


@dataclass(frozen=True, slots=True)
class Value:
    """A value and the field it occurs in. A weak one is an everyday word: only with the field's
    label beside it does it count."""

    field: str
    text: str
    is_weak: bool = False


class ValueIndex:
    """Built once for a profile, then only read. `surface` gives a spelling of each stem."""

    def __init__(self, profile: DataProfile) -> None:
        self.known = {name: frozenset(values) for name, values in profile.values.items()}
        phrases: dict[tuple[str, ...], list[Value]] = {}
        partial: dict[str, list[Value]] = {}
        surface: dict[str, str] = {}
        for name, values in profile.values.items():
            for text in values:
                key = phrase(text)
                if not key or all(word.replace(".", "").isdigit() for word in key):
                    continue  # numbers are read beside a label, never by themselves
                value = Value(name, text, len(key) == 1 and text.lower() in grammar.WEAK_VALUES)
                phrases.setdefault(key, []).append(value)
                for token in tokenize(text):
                    surface.setdefault(token.stem, token.word)
                for word in set(key):
                    partial.setdefault(word, []).append(value)
        self.phrases = {key: tuple(values) for key, values in phrases.items()}
        self.longest = max((len(key) for key in phrases), default=0)
        self._partial = partial
        self.surface = surface

    def containing(self, word: str) -> tuple[Value, ...]:
        """The values that a stem is a part of, if they are few enough to choose from."""
        found = self._partial.get(word, [])
        return tuple(found) if len(found) <= _FEW else ()


_cache: dict[int, tuple[DataProfile, ValueIndex]] = {}


def index_for(profile: DataProfile) -> ValueIndex:
    """The index of this very profile object, built at the first use.

    Profiles are refreshed by replacing them, so identity is version; the cache holds the profile
    itself, so that an address is never taken over by another.
    """
    held = _cache.get(id(profile))
    if held is not None and held[0] is profile:
        return held[1]
    if len(_cache) >= _CACHE_SIZE:
        _cache.clear()
    index = ValueIndex(profile)
    _cache[id(profile)] = (profile, index)
    return index
