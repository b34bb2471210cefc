"""What a question leaves out because the one before it said it: "how many were late", "only the
late ones", "how much did they pay"."""

import re
from collections.abc import Sequence

from contracts.plan import Plan
from workflow.plan import follow_up_words
from workflow.plan.grammar import Mark
from workflow.plan.lexicon import Lexicon
from workflow.plan.reading import Reading
from workflow.plan.tokens import Token, tokenize

_ROWS_BEFORE = re.compile("|".join((*follow_up_words.OF_BEFORE, *follow_up_words.OF_ROWS_BEFORE)))
_OF_ALL = re.compile("|".join(follow_up_words.OF_ALL))

_OF_THEM = tuple(("of", word) for word in ("them", "those", "these"))


def leaves_out_subject(reading: Reading) -> bool:
    """Whether what is counted is missing: "how many were late", "what percentage came back"."""
    for at, chunk in enumerate(reading.chunks):
        after = reading.at(at + 1)
        is_asking = chunk.has(Mark.HOW_MANY, Mark.SHARE) or chunk.words == ("which",)
        if is_asking and after is not None and after.words[0] in follow_up_words.PREDICATES:
            return True
    return False


def speaks_of_rows(reading: Reading) -> bool:
    """Whether it speaks of what was listed: "how many rentals did they have"."""
    return _ROWS_BEFORE.search(_words(reading)) is not None


def speaks_of_all(reading: Reading) -> bool:
    """Whether it says that it is about everything: "how many customers do we have"."""
    return _OF_ALL.search(_words(reading)) is not None


def is_bare(plan: Plan) -> bool:
    """Whether a plan is of a number alone, over everything."""
    return plan == Plan(metrics=plan.metrics)


def is_narrowed(plan: Plan) -> bool:
    """Whether a plan is not about everything."""
    return bool(plan.time or plan.filters or plan.limit or plan.having)


def with_noun(tokens: Sequence[Token], base: Plan, lexicon: Lexicon) -> tuple[Token, ...]:
    """The question with the noun it leaves out: the "late ones", after a question about rentals,
    are "late rentals", and "how many of them rented", after customers, are "how many customers
    rented". Only where all rows of something were counted before."""
    facts = lexicon.metrics[base.metrics[0]]
    if not facts.is_row_count:
        return tuple(tokens)
    nouns = tokenize(facts.dataset.label)
    for at, token in enumerate(tokens):
        words = tuple(t.word for t in tokens[at : at + 2])
        if words in _OF_THEM and facts.dataset.name in lexicon.entities:
            return (*tokens[:at], *nouns, *tokens[at + 2 :])
        key = (token.stem, *(noun.stem for noun in nouns))
        is_known = (token.stem,) in lexicon.phrases
        if not is_known and any(t.kind == "metric" for t in lexicon.phrases.get(key, ())):
            after = tokens[at + 1].word if at + 1 < len(tokens) else ""
            rest = at + 2 if after in ("one", "ones") else at + 1
            return (*tokens[: at + 1], *nouns, *tokens[rest:])
    return tuple(tokens)


def _words(reading: Reading) -> str:
    return " ".join(c.text.lower() for c in reading.chunks)
