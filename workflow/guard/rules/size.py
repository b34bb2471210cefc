"""A statement is of a size that can be judged: nothing here may recurse, hang or fill memory."""

from collections.abc import Iterator

from contracts.verdict import Finding
from workflow.guard import text as limits
from workflow.guard.findings import block
from workflow.guard.reading import MOST_DEPTH, Reading
from workflow.guard.text import Text


def of_text(text: Text, _starts: list[int]) -> Iterator[Finding]:
    """Measures that stand for how deep a parser would have to go."""
    measures = (
        (text.characters, limits.MOST_CHARACTERS, "characters"),
        (text.comments, limits.MOST_COMMENTS, "comments"),
        (text.tokens, limits.MOST_TOKENS, "words and signs"),
        (text.nesting, limits.MOST_NESTING, "levels of nesting"),
        (text.doublings, limits.MOST_DOUBLINGS, "levels of arrays and limits"),
        (text.prefixes, limits.MOST_PREFIXES, "operators in a row"),
        (text.joins, limits.MOST_JOINS, "joins"),
        (text.set_operations, limits.MOST_SET_OPERATIONS, "set operations"),
    )
    for measured, most, what in measures:
        if measured > most:
            yield block(
                "size", f"The statement has {measured:,} {what}; at most {most:,} are judged."
            )


def of_reading(reading: Reading, _starts: list[int]) -> Iterator[Finding]:
    """The depth of the parse tree."""
    if reading.depth > MOST_DEPTH:
        yield block("size", "The statement is nested too deeply to be judged.")
