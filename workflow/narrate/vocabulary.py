"""The English words by which the checker understands a sentence."""

from decimal import Decimal


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


MONTHS = _words(
    "january february march april may june july august september october november december"
)
QUARTERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4}

_UNITS = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TENS = _words("twenty thirty forty fifty sixty seventy eighty ninety")
NUMBERS = {word: Decimal(value) for value, word in enumerate(_UNITS)}
NUMBERS |= {word: Decimal(value * 10) for value, word in enumerate(_TENS, 2)}
MULTIPLES = {
    **dict.fromkeys(_words("half halved halves"), Decimal("0.5")),
    **dict.fromkeys(_words("twice double doubled doubles"), Decimal(2)),
    **dict.fromkeys(_words("thrice triple tripled triples"), Decimal(3)),
}
POWERS = {
    **dict.fromkeys(_words("k thousand thousands"), 3),
    **dict.fromkeys(_words("m mn million millions"), 6),
    **dict.fromkeys(_words("b bn billion billions"), 9),
    **dict.fromkeys(_words("trillion trillions"), 12),
}
# amounts that no result can confirm
VAGUE = frozenset(_words("hundred hundreds dozen dozens thousands millions billions trillions"))
FRACTIONS = frozenset(_words("third thirds quarter quarters fifth fifths tenth tenths"))
NUMERATORS = frozenset(_words("a one two three four"))
PERCENT = frozenset(_words("% percent pct percentage"))
ORDINALS = frozenset(_words("st nd rd th"))
# "one" that counts nothing: "one of", "no one", "the one"
AFTER_PRONOUN = frozenset(_words("of another or by"))
BEFORE_PRONOUN = frozenset(_words("no any every each this that which only the some"))

# what may stand between a number and the word it belongs to: "stores 1, 2 and 3"
CONNECTORS = frozenset(
    _words(
        ", and or & # : ( = < > is are of below above under over at least most than more less "
        "between from to up other not equal equals number no nos id ids by the only"
    )
)
RANKS = _words("top bottom first last highest lowest best worst largest smallest leading")
# by which a ratio between numbers is said, where it is not in percent
RATIO_WORDS = frozenset(_words("times x fold ratio per each every average averaged")) | set(
    MULTIPLES
)
ALL = _words("all these those")
COUNTED = _words(
    "row rows group groups result results entry entries record records combination combinations "
    "value values"
)
RISES = frozenset(
    _words(
        "rose rise rises risen grew grow grows growth increase increased increases up gain gained "
        "higher climb climbed more above ahead"
    )
)
FALLS = frozenset(
    _words(
        "fell fall falls fallen drop dropped drops decline declined decrease decreased decreases "
        "down lost lower shrank loss less fewer below behind"
    )
)
