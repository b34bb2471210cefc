"""Strike what a sentence cannot know.

A sentence about a result stands when it speaks of rows, periods and stores that are there, its
numbers are those of what it speaks of, or declared arithmetic on them, what it claims in words
(ranks, directions, all, none) is so, and every other word is known to claim nothing. Any other
sentence is struck whole. Where there is no table to speak of, numbers have to be known ones.
"""

from collections.abc import Iterable

from workflow.narrate import claims, figures
from workflow.narrate.facts import Grounds
from workflow.narrate.mentions import Number, mentions, plain
from workflow.narrate.reading import is_placed, read
from workflow.narrate.sentences import sentences


def strike(prose: str, grounds: Grounds) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sentences of a text that stand, and those that are struck."""
    return sort_out((piece.strip() for piece in sentences(prose)), grounds)


def sort_out(pieces: Iterable[str], grounds: Grounds) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The same for a text that is in sentences already."""
    kept: list[str] = []
    struck: list[str] = []
    for piece in pieces:
        (kept if is_grounded(piece, grounds) else struck).append(piece)
    return tuple(kept), tuple(struck)


def states_a_figure(sentence: str) -> bool:
    """Whether it says more than words."""
    return bool(mentions(plain(sentence)).numbers)


def is_grounded(sentence: str, grounds: Grounds) -> bool:
    """Whether everything that the sentence states is known to be true."""
    if grounds.table is None:
        return _has_known_numbers(sentence, grounds)
    reading = read(sentence, grounds, grounds.table)
    return (
        reading is not None
        and figures.are_true(reading, grounds.table)
        and claims.are_true(reading, grounds, grounds.table)
    )


def _has_known_numbers(sentence: str, grounds: Grounds) -> bool:
    found = mentions(plain(sentence))
    return all(day.value in grounds.days for day in found.days) and all(
        is_placed(number, found, grounds) or _is_known(number, grounds) for number in found.numbers
    )


def _is_known(number: Number, grounds: Grounds) -> bool:
    return any(
        figures.is_written(number, value)
        for value, is_percent in grounds.numbers
        if is_percent == number.is_percent
    )
