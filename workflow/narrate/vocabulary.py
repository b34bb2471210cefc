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
SCALES = {"hundred": Decimal(100), "dozen": Decimal(12)}
# amounts that no result can confirm
VAGUE = frozenset(_words("hundreds dozens thousands millions billions trillions score scores"))
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
ALL = _words("all these those")
COUNTED = _words(
    "row rows group groups result results entry entries record records combination combinations "
    "value values"
)

# what claims something of the rows: each is checked, and what cannot be is struck
HIGHEST = frozenset(
    _words(
        "highest most largest biggest greatest top topped tops best lead leads leading led leader "
        "peak peaked peaks maximum max strongest"
    )
)
LOWEST = frozenset(
    _words(
        "lowest least smallest fewest worst bottom minimum min weakest trough slowest trails "
        "trailed"
    )
)
RISES = frozenset(
    _words(
        "rose rise rises risen rising grew grow grows grown growing growth increase increased "
        "increases increasing up gain gained gains higher climb climbed climbs more above ahead "
        "larger bigger greater better improved exceeds exceeded beat beats outsold"
    )
)
FALLS = frozenset(
    _words(
        "fell fall falls fallen falling drop dropped drops dropping decline declined declines "
        "declining decrease decreased decreases decreasing down lost lower shrank loss less fewer "
        "below behind smaller worse"
    )
)
CHANGES = frozenset(_words("change changed changes difference differ differs gap apart moved"))
STEADY = frozenset(_words("steadily consistently continuously throughout"))
LIKE = frozenset(_words("same equal equally identical unchanged tied tie flat level"))
EVERY = frozenset(_words("all every each both everything everywhere always entire whole"))
NONE = frozenset(
    _words(
        "no not none nothing nobody never neither nor without except excluding excludes exclude "
        "nil nowhere cannot t"
    )
)
MAJORITY = frozenset(_words("majority mostly mainly"))
FOLLOWS = frozenset(_words("followed follows next"))
RANKED = {
    word: rank
    for rank, word in enumerate(
        _words("first second third fourth fifth sixth seventh eighth ninth tenth"), 1
    )
}
# context of numbers
HEDGES = frozenset(_words("these those them shown listed displayed"))
TOGETHER = frozenset(_words("together combined total totals totalled sum altogether overall"))
SHARE = frozenset(_words("share shares proportion percentage portion part accounts accounted"))
TIMES = frozenset(_words("times x fold")) | set(MULTIPLES)
PER = frozenset(_words("per each every"))
BEFORE = frozenset(_words("before previous previously earlier prior ago"))
RUNNING = frozenset(_words("running cumulative cumulatively"))
# between a number and the name it belongs to: "400.00 in May"
OF_NAME = frozenset(_words("in on for of from at by during the period"))
# what may stand between the names of one list
BETWEEN_NAMES = frozenset(_words(", and or & both"))
CLAUSE_ENDS = frozenset(_words(", ; : ( ) while whereas but and although though with"))
CURRENCY_WORDS = frozenset(
    _words("dollar dollars usd euro euros eur pound pounds gbp yen jpy cent cents pence sterling")
)
TIME_UNITS = frozenset(
    _words("second seconds minute minutes hour hours day days week weeks month months quarter ")
    + _words("quarters year years")
)

# of which the name of a period may be made
TIME_WORDS = TIME_UNITS | frozenset(
    _words(
        "last this past previous current today yesterday recent ago so far to date latest the of "
        "in on since until before after from and first second third fourth half quarter q1 q2 q3 "
        "q4 whole full same mtd qtd ytd "
    )
    + MONTHS
    + tuple(name[:3] for name in MONTHS)
    + _words("monday tuesday wednesday thursday friday saturday sunday weekend")
)

# words that claim nothing by themselves; with those of the model of the result, all that a
# model's sentence may be made of
PLAIN = frozenset(
    _words(
        """
        a an the this that these those it its they their them there here which what who whose
        where when as at by for from in into of on onto to with within during between among across
        since until till through per than then so and or if while whereas but also too both
        however compared comparison versus vs against relative
        is are was were be been being has have had having do does did can could will would may
        make makes made making bring brings brought bringing come comes came coming give gives
        gave given earn earns earned earning generate generates generated produce produced account
        accounts accounted contribute contributes contributed take takes took taken see seen show
        shows shown showing stand stands stood sit sits reach reaches reached record records
        recorded several registered report reports reported get gets got go goes went gone
        amount amounts amounted number numbers value values figure figures total totals totalled sum
        average mean result results row rows group groups table list listed data period periods
        time times date dates range ranges ranged ranging rank ranks ranked ranking place places
        placed position order ordered share shares proportion percentage portion part parts
        rest remainder difference change changes changed ratio rate count counts counted together
        combined overall altogether respectively each other others one ones about around
        approximately roughly rounded exactly precisely decimals decimal equals equivalent
        corresponding respective answer question asked includes include included including
        covers cover covering covered scope only just displayed display followed next before
        previous previously earlier prior after later ago start starts started beginning begins
        began end ends ended finish finished running cumulative cumulatively
        namely minus negative
        read reads reading counting calculated computed based according meaning means taken
        interpreted assumed assuming used using use uses new s
        ( ) , . ; : - – — ' " “ ” ‘ & ! ?
        """
    )
)
