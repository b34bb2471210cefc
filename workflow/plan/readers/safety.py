"""Refuses what is not a question about the data: writes, SQL, attempts to change the rules,
other languages, noise, the future, and what is asked about people."""

import re
from collections.abc import Sequence

from workflow.plan import refused_words
from workflow.plan.chunks import Chunk
from workflow.plan.grammar import Mark
from workflow.plan.outcomes import Refused
from workflow.plan.reading import Reading
from workflow.plan.tokens import Token, fold
from workflow.plan.when import day_words

_MOST_WORDS = 80
_MOST_TOKENS = 3 * _MOST_WORDS  # punctuation is read, too
_SQL = re.compile("|".join(refused_words.SQL), re.DOTALL)
_INJECTION = re.compile("|".join(refused_words.INJECTIONS), re.DOTALL)


def refuse_unreadable(question: str, tokens: Sequence[Token]) -> None:
    """Raises Refused for nothing at all, too much, or letters that are not Latin."""
    words = [t for t in tokens if not t.is_symbol and t.number is None and not t.is_date]
    if not words:
        raise Refused("There is no question in this. Ask about the data in a sentence.")
    letters = [c for c in question if c.isalpha()]
    foreign = sum(not _is_latin(c) for c in letters)
    if foreign * 3 > len(letters):
        raise Refused("I can read English so far. Please ask in English.")
    if len(words) > _MOST_WORDS or len(tokens) > _MOST_TOKENS:
        raise Refused(f"That is too long for me. Please ask in at most {_MOST_WORDS} words.")


def _is_latin(letter: str) -> bool:
    return fold(letter)[:1].isascii() or "\u00c0" <= letter <= "\u024f"


def refuse_unsafe(question: str, chunks: Sequence[Chunk]) -> None:
    """Raises Refused for a wish to write, for SQL, and for text that argues with the rules.

    A value of the data ("Drop Shot" may be a product) is not a wish.
    """
    text = fold(question)
    if _SQL.search(text):
        raise Refused("I do not run SQL from a question. Say in plain words what you want to know.")
    if _INJECTION.search(text):
        raise Refused(
            "I answer questions about the data you may see; a question cannot change the rules."
        )
    for at, chunk in enumerate(chunks):
        if _is_write(chunks, at, chunk):
            raise Refused("I can only read the data; nothing can be changed from here.")


def _is_write(chunks: Sequence[Chunk], at: int, chunk: Chunk) -> bool:
    if chunk.terms or chunk.values or chunk.words[0] not in refused_words.WRITE_VERBS:
        return False
    following = [word for c in chunks[at + 1 : at + 5] for word in c.words]
    if chunk.words[0] in ("create", "write", "add", "set") and refused_words.DISPLAYS & set(
        following
    ):
        return False
    return at == 0 or chunks[at - 1].words[-1] in refused_words.BEFORE_A_WISH


def refuse_unknown_scope(reading: Reading) -> None:
    """Raises Refused for the future, for personal data, and for another language."""
    for chunk in reading.chunks:
        if chunk.has(Mark.FUTURE) and not (chunk.terms or chunk.values):
            newest = day_words(reading.reference(frozenset()))
            raise Refused(f"The data ends on {newest}; I do not say what comes after it.")
        if chunk.is_personal and not chunk.terms and not chunk.values:
            raise Refused(
                f"“{chunk.text}” is not in what can be asked here; personal details stay masked."
            )
    unknown = {w for c in reading.chunks if not _is_known(c) for w in c.words}
    if len(unknown & refused_words.FOREIGN) >= 2:
        raise Refused("I can read English so far. Please ask in English.")


def _is_known(chunk: Chunk) -> bool:
    return bool(
        chunk.marks or chunk.terms or chunk.values or chunk.when or chunk.grain
        or chunk.number is not None
    )  # fmt: skip
