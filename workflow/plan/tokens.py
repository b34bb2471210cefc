"""A question as tokens, folded so that case, accents and plurals do not matter."""

import re
import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

NUMBER_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30,
    "forty": 40, "fifty": 50, "hundred": 100, "zero": 0,
}  # fmt: skip
# The first that fits decides: an ending, and what stands for it.
_ENDINGS = (("ies", "i"), ("ie", "i"), *((f"{c}es", c) for c in ("ss", "sh", "ch", "x", "z")))
_TYPOGRAPHIC = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-"})
_TOKEN = re.compile(
    r"""(?P<date>\d{4}-\d{1,2}(?:-\d{1,2})?(?!\d)|\d{4}/\d{1,2}/\d{1,2}(?!\d)|\d{1,2}[/.]\d{1,2}[/.]\d{4}(?!\d))
      | (?P<ordinal>\d{1,2})(?:st|nd|rd|th)\b(?:'s\b)?
      | (?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?)(?:'s\b)?
      | (?P<word>[qhQH][1-4]\b|[^\W\d_]+)(?P<clitic>'[^\W\d_]{1,2}\b)?
      | (?P<symbol>[^\s\w]|_)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """`word` is folded, `stem` has its plural ending off; `text` is as typed. A symbol is a
    token of its own. `number` is set for digits and for the words one to twelve. `is_shouted`
    marks capitals in a text that is not all capitals: an abbreviation, not a small word."""

    text: str
    word: str
    stem: str
    number: Decimal | None = None
    is_date: bool = False
    is_symbol: bool = False
    is_shouted: bool = False


def fold(text: str) -> str:
    """Lower case, compatibility forms unified, accents off."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.translate(_TYPOGRAPHIC))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower()


# Short forms, the same word on both sides of a comparison.
_SHORT_FORMS = {"avg": "average", "max": "maximum", "min": "minimum"}


_UNITS = frozenset({"day", "week", "month", "quarter", "year"})
# What is written short in a hurry, and always means the same.
_HURRIED = {
    "lst": "last", "hw": "how", "yr": "year", "yrs": "years", "mth": "month", "mths": "months",
    "wk": "week", "wks": "weeks", "wkend": "weekend", "wkends": "weekends", "qtr": "quarter",
    "qtrs": "quarters", "yday": "yesterday", "u": "you", "ur": "your", "pls": "please",
    "plz": "please", "thx": "thanks", "btwn": "between", "incl": "including", "whats": "what",
}  # fmt: skip


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """The word without its plural ending, the same for "cookie(s)" and "category/ies"."""
    if len(word) < 4:
        return _SHORT_FORMS.get(word, word)
    for ending, stands in _ENDINGS:
        if word.endswith(ending):
            return word[: -len(ending)] + stands
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "i"
    is_plural = word.endswith("s") and word[-2] not in "sui"
    return word[:-1] if is_plural else word


@lru_cache(maxsize=8192)
def root(stemmed: str) -> str:
    """What "arrival", "arrived" and "arriving" share; only for comparing words of one family."""
    for ending in ("ing", "ed", "al", "e"):
        if stemmed.endswith(ending) and len(stemmed) - len(ending) >= 4:
            return stemmed[: -len(ending)]
    return stemmed


def _word(text: str) -> Token:
    word = fold(text)
    word = _HURRIED.get(word, word)
    number = NUMBER_WORDS.get(word)
    return Token(text, word, stem(word), None if number is None else Decimal(number))


def _tokens_of(match: re.Match[str]) -> tuple[Token, ...]:
    text = match.group()
    if match["word"]:
        word, clitic = match["word"], match["clitic"] or ""
        if clitic == "'t" and word[-1:] in "nN":  # haven't, isn't: the denial must not be lost
            return (_word(word[:-1]), _word("not"))
        return (_word(word),)
    if match["symbol"]:
        return (Token(text, text, text, is_symbol=True),)
    if match["date"]:
        return (Token(text, text, text, is_date=True),)
    digits = match["ordinal"] or match["number"]
    number = Decimal(digits.replace(",", ""))
    plain = text.removesuffix("'s")
    return (Token(text, plain, plain, number),)


@lru_cache(maxsize=32)  # a question is read for several ends
def tokenize(text: str) -> tuple[Token, ...]:
    """All tokens in order; never raises, whatever the text."""
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text.translate(_TYPOGRAPHIC)):
        tokens.extend(_tokens_of(match))
    if not text.isupper():
        return tuple(
            replace(t, is_shouted=True) if len(t.text) > 1 and t.text.isupper() else t
            for t in tokens
        )
    return tuple(tokens)


def completed(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """With the unit that "this month vs last" leaves out."""
    for at, token in enumerate(tokens):
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        if token.word not in ("last", "previous") or not (after is None or after.is_symbol):
            continue
        units = [b for a, b in pairwise(tokens[:at]) if a.word == "this" and b.word in _UNITS]
        if len(units) == 1:
            return (*tokens[: at + 1], units[0], *tokens[at + 1 :])
    return tokens


def phrase(text: str) -> tuple[str, ...]:
    """The stems of a name, a label or a value: the key under which it is looked up."""
    return tuple(t.stem for t in tokenize(text.replace("_", " ")) if not t.is_symbol)
