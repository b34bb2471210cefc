"""Corrects typing errors, with care: a corrected word is a guess, and it is said.

Only words that nothing knows are touched, and only where one slip of the fingers explains them:
letters swapped, doubled or left out, a vowel for a vowel, a key for its neighbour. A wrong guess
would be a plausible wrong number; a word left alone is only a question back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz.distance import OSA

from workflow.plan import calendar_words, grammar, refused_words
from workflow.plan.lexicon import GRAINS, MARKS, UNREADABLE, Lexicon
from workflow.plan.tokens import Token, root, stem
from workflow.plan.value_index import ValueIndex

_SHORTEST = 5
_SHORTEST_ABBREVIATION, _LONGEST_ABBREVIATION, _CUT_OFF = 3, 5, 3
_LONG = 9
_SHORTEST_MIXED = 7
_MOST_LOOKED_UP = 12
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_VOWELS = frozenset("aeiou")


@dataclass(frozen=True, slots=True)
class Correction:
    """`is_value` says that the word was taken for part of a value of the data."""

    typed: str
    read_as: str
    is_value: bool


def _neighbours() -> frozenset[tuple[str, str]]:
    places = {key: (x, y) for y, row in enumerate(_ROWS) for x, key in enumerate(row)}
    return frozenset(
        (a, b)
        for a, (ax, ay) in places.items()
        for b, (bx, by) in places.items()
        if a != b and abs(ay - by) <= 1 and abs(ax - bx) <= 1
    )


_NEIGHBOURS = _neighbours()


def _grammar_words() -> frozenset[str]:
    ways: list[Iterable[str]] = [
        *MARKS,
        *GRAINS,
        *UNREADABLE,
        *calendar_words.UNITS,
        [*calendar_words.MONTHS],
    ]
    words = {word for way in ways for word in ([way] if isinstance(way, str) else way)}
    more = """today yesterday past last previous since until before after quarter half ago first
        complete completed full"""
    words |= {word for way in calendar_words.STEPS for word in way.split()}
    return frozenset(words | set(more.split()) | {u + "s" for u in calendar_words.UNITS})


_GRAMMAR = _grammar_words()
# One spelling of each stem, the stem itself where it is a word.
_SPELT = {stem(w): w for w in sorted(_GRAMMAR, key=lambda w: (w == stem(w), w))}


class Speller:
    """The words of a model and of the data, arranged for finding near ones."""

    def __init__(self, lexicon: Lexicon, values: ValueIndex) -> None:
        self._lexicon = lexicon
        self._values = values.surface
        self._whole = values.phrases
        self._pairs = values.pairs
        self._near_words = _by_first_letter(lexicon.surface | _SPELT)
        self._near_values = _by_first_letter(values.surface)

    def _is_known(self, token: Token) -> bool:
        return (
            token.is_symbol
            or token.is_date
            or token.number is not None
            or token.word in _GRAMMAR
            or token.word in _OTHER
            or token.stem in calendar_words.WEEKDAY_NUMBERS
            or token.stem in self._lexicon.first_words
            or token.stem in self._values
            or root(token.stem) in self._lexicon.families
        )

    def _is_in_place(self, word: str, tokens: Sequence[Token], at: int) -> bool:
        """Whether the word is a value by itself, or stands beside what it stands beside in one."""
        found = stem(word)
        before = tokens[at - 1].stem if at else ""
        after = tokens[at + 1].stem if at + 1 < len(tokens) else ""
        return (
            (found,) in self._whole or (before, found) in self._pairs
            or (found, after) in self._pairs
        )  # fmt: skip

    def _abbreviated(self, token: Token) -> str | None:
        """The one word of the model that begins so: "rev" for revenue."""
        if len(token.word) > _LONGEST_ABBREVIATION:
            return None
        found = {
            stemmed: word
            for stemmed, word in self._lexicon.surface.items()
            if word.startswith(token.word) and len(word) >= len(token.word) + _CUT_OFF
        }
        return next(iter(found.values())) if len(found) == 1 else None

    def correct(self, tokens: Sequence[Token]) -> tuple[tuple[Token, ...], tuple[Correction, ...]]:
        """The tokens with what could be corrected corrected, and what was."""
        corrected: list[Token] = []
        made: list[Correction] = []
        looked_up = 0
        for at, token in enumerate(tokens):
            is_short = len(token.word) < _SHORTEST_ABBREVIATION
            if self._is_known(token) or is_short or looked_up > _MOST_LOOKED_UP:
                corrected.append(token)
                continue
            looked_up += 1
            is_slip = len(token.word) >= _SHORTEST - 1
            found = _nearest(token, self._near_words, most=2) if is_slip else None
            found = found or self._abbreviated(token)
            is_value = found is None
            if len(token.stem) >= _SHORTEST:
                found = found or _nearest(token, self._near_values, most=1)
            if found is None or (is_value and not self._is_in_place(found, tokens, at)):
                corrected.append(token)
                continue
            is_plural = token.word != token.stem and stem(f"{found}s") == stem(found)
            found = f"{found}s" if is_plural and token.word.endswith("s") else found
            corrected.append(replace(token, word=found, stem=stem(found)))
            made.append(Correction(token.text, found, is_value))
        return tuple(corrected), tuple(made)


_OTHER = frozenset(
    " ".join(
        [
            *refused_words.WRITE_VERBS,
            *refused_words.FOREIGN,
            *grammar.POPULAR,
            *grammar.UNSUPPORTED,
            refused_words.PERSONAL_WISHES,
        ]
    )
    .replace(",", " ")
    .split()
)


def _by_first_letter(surface: Mapping[str, str]) -> dict[str, tuple[tuple[str, str], ...]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for stemmed, word in sorted(surface.items()):
        if len(stemmed) >= _SHORTEST - 1:
            found.setdefault(stemmed[0], []).append((stemmed, word))
    return {letter: tuple(held) for letter, held in found.items()}


def _nearest(
    token: Token, words: Mapping[str, tuple[tuple[str, str], ...]], *, most: int
) -> str | None:
    """The one word that a slip explains; None when there is none, or more than one."""
    typed = token.stem
    near = [w for w in words.get(typed[0], ()) if abs(len(w[0]) - len(typed)) <= most]
    if (
        len(typed) < _SHORTEST
    ):  # of so few letters, only one left out or two swapped explain another
        is_long = len(token.word) >= _SHORTEST
        near = [
            w for w in near
            if len(w[0]) == len(typed) + 1 or (is_long and sorted(w[0]) == sorted(typed))
        ]  # fmt: skip
    slips = {w for s, w in near if any(_is_slip(t, f) for t, f in _forms(token, s, w))}
    if not slips and most > 1 and len(typed) >= _LONG:
        slips = {w for s, w in near if len(s) >= _LONG and OSA.distance(typed, s) == most}
    if len(slips) > 1 and most > 1:
        slips = {w for w in slips if len(w) > len(typed) and _is_within(typed, w)}
    return slips.pop() if len(slips) == 1 else None


def _is_within(typed: str, word: str) -> bool:
    """Whether letters were only left out: the slip of the hurried, before all others."""
    letters = iter(word)
    return all(letter in letters for letter in typed)


def _forms(token: Token, stemmed: str, word: str) -> tuple[tuple[str, str], ...]:
    """What was typed beside the ways to write a word: its stem, as it stands, and the singular
    that ends in -y."""
    singular = f"{stemmed[:-1]}y" if stemmed.endswith("i") else stemmed
    return (token.stem, stemmed), (token.word, word), (token.word, singular)


def _is_slip(typed: str, word: str) -> bool:
    if len(typed) >= _SHORTEST_MIXED and sorted(typed) == sorted(word):
        return OSA.distance(typed, word, score_cutoff=2) in (1, 2)  # "costumer"
    if OSA.distance(typed, word, score_cutoff=1) != 1 or typed[:-1] in (word, word[:-1]):
        return False  # "calculated" is no slip for "calculate", "earner" none for "earned"
    if len(typed) != len(word):
        return True
    differing = [(a, b) for a, b in zip(typed, word, strict=True) if a != b]
    if len(differing) != 1:
        return True  # two letters swapped
    pair = differing[0]
    return pair in _NEIGHBOURS or set(pair) <= _VOWELS or len(typed) >= _LONG


@lru_cache(maxsize=64)
def speller_for(lexicon: Lexicon, values: ValueIndex) -> Speller:
    """The speller of these two, built at the first use."""
    return Speller(lexicon, values)
