"""Which of a field's many values a model is shown: those whose words stand in the question."""

import re
from collections.abc import Sequence
from functools import lru_cache

from cachetools import LRUCache
from rapidfuzz import fuzz, process

from workflow.plan.tokens import fold

MAX_VALUES_SEARCHED = 5_000
_WORD = re.compile(r"[^\W_]+")
_MAX_WORDS = 200
_SHORTEST_MISSPELT = 5
_ALIKE = 80.0
_MAX_REMEMBERED = 4_096


class _ValueWords:
    """The values of one field, by word. Spellings that were looked up are remembered: questions
    share most of their words."""

    def __init__(self, values: Sequence[str]) -> None:
        self._values = values[:MAX_VALUES_SEARCHED]
        self._by_word: dict[str, list[int]] = {}
        for at, value in enumerate(self._values):
            for word in set(_words(value)):
                self._by_word.setdefault(word, []).append(at)
        self._vocabulary = [word for word in self._by_word if len(word) >= _SHORTEST_MISSPELT]
        self._remembered = LRUCache[str, tuple[int, ...]](_MAX_REMEMBERED)

    def nearest(self, question: str, limit: int) -> list[str]:
        """Values that share a word with the question, best first."""
        folded = fold(question)
        found = {at for word in dict.fromkeys(_words(folded)) for at in self._having(word)}
        hits = process.extract(
            folded,
            {at: fold(self._values[at]) for at in sorted(found)},
            scorer=fuzz.partial_ratio,
            limit=limit,
        )
        return [self._values[at] for _, _, at in hits]

    def _having(self, word: str) -> tuple[int, ...]:
        known = self._remembered.get(word)
        if known is None:
            known = self._remembered[word] = self._look_up(word)
        return known

    def _look_up(self, word: str) -> tuple[int, ...]:
        exact = self._by_word.get(word)
        if exact is not None:
            return tuple(exact)
        if len(word) < _SHORTEST_MISSPELT:
            return ()
        alike = process.extract(word, self._vocabulary, limit=5, score_cutoff=_ALIKE)
        return tuple(at for spelt, _, _ in alike for at in self._by_word[spelt])


def nearest(question: str, values: tuple[str, ...], limit: int) -> list[str]:
    """At most `limit` of the values: all where they are few, else the ones that come nearest to
    the question, and none where none does."""
    return list(values) if len(values) <= limit else _words_of(values).nearest(question, limit)


@lru_cache(maxsize=128)
def _words_of(values: tuple[str, ...]) -> _ValueWords:
    return _ValueWords(values)


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))[:_MAX_WORDS]
