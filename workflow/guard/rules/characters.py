"""A text says what it seems to say: no control characters, no escapes that hide a name."""

from collections.abc import Iterator
from typing import Final

from contracts.verdict import Finding
from workflow.guard.findings import block, where
from workflow.guard.text import Text

_MESSAGES: Final = {
    "control character": "The statement contains a control character.",
    "broken character": "The statement contains a broken character.",
    "unicode escape": "Write letters as they are: Unicode escapes (U&) are not accepted.",
    "long name": "A name is longer than 63 bytes, and PostgreSQL would cut it.",
    "parameter": "The statement has a parameter ($1); write the value itself.",
    "unscannable": "PostgreSQL cannot read this: a quote or a comment may not be closed.",
}


def of_text(text: Text, starts: list[int]) -> Iterator[Finding]:
    """Each flaw, where it is."""
    for flaw in text.flaws:
        yield block("characters", _MESSAGES[flaw.kind], where(starts, flaw.offset))
