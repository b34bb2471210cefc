"""What can be known of a statement before anything parses it.

Counted over PostgreSQL's own tokens, which are a flat list: nothing here recurses, so nothing a
text holds can make it.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from pglast.parser import ParseError, scan

MOST_CHARACTERS: Final = 20_000
MOST_TOKENS: Final = 1_500
MOST_COMMENTS: Final = 50
MOST_NESTING: Final = 40
MOST_DOUBLINGS: Final = 5
MOST_PREFIXES: Final = 8
MOST_JOINS: Final = 40
MOST_SET_OPERATIONS: Final = 40
MOST_IDENTIFIER_BYTES: Final = 63
"""PostgreSQL cuts a longer name, so that two names could be the same."""

_OPEN = frozenset({"ASCII_40", "ASCII_91", "CASE"})
_CLOSE = frozenset({"ASCII_41", "ASCII_93", "END_P"})
_LIMITS = frozenset({"LIMIT", "OFFSET", "FETCH"})
_PREFIXES = frozenset({"NOT", "ASCII_43", "ASCII_45", "Op"})
_SET_OPERATIONS = frozenset({"UNION", "EXCEPT", "INTERSECT"})
_UNICODE_ESCAPES = frozenset({"UIDENT", "USCONST"})


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something in the text that rules it out; `offset` in characters."""

    kind: str
    offset: int


@dataclass(frozen=True, slots=True)
class Text:
    """The measures of a text. Those that need tokens are 0 where it was too long to scan.

    `doublings` is how deep those brackets nest for which sqlglot tries two readings of what is
    inside: each such level doubles its time.
    """

    characters: int
    comments: int = 0
    tokens: int = 0
    nesting: int = 0
    doublings: int = 0
    prefixes: int = 0
    joins: int = 0
    set_operations: int = 0
    flaws: tuple[Flaw, ...] = ()


def measure(sql: str) -> Text:
    """Measure a text. Never raises, and takes time in proportion to a bounded length."""
    if len(sql) > MOST_CHARACTERS:
        return Text(characters=len(sql))
    comments = sql.count("/*")  # in a literal too; PostgreSQL takes long over many
    if comments > MOST_COMMENTS:
        return Text(characters=len(sql), comments=comments)
    flaw = _unreadable(sql)
    if flaw is not None:
        return Text(characters=len(sql), flaws=(flaw,))
    try:
        tokens = scan(sql)
    except ParseError as error:
        offset = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], int) else 0
        return Text(characters=len(sql), flaws=(Flaw("unscannable", min(offset, len(sql))),))
    names = [token.name for token in tokens]
    nesting, doublings = _nesting(names)
    return Text(
        characters=len(sql),
        tokens=len(names),
        nesting=nesting,
        doublings=doublings,
        prefixes=_longest_run(names),
        joins=names.count("JOIN"),
        set_operations=sum(name in _SET_OPERATIONS for name in names),
        flaws=tuple(
            Flaw(kind, token.start)
            for token in tokens
            if (kind := _flaw_of(token.name, sql[token.start : token.end + 1]))
        ),
    )


def _unreadable(sql: str) -> Flaw | None:
    """Control characters and halves of surrogate pairs mean nothing good in a statement."""
    for offset, character in enumerate(sql):
        if (character < " " and character not in "\t\n\r\f") or character == "\x7f":
            return Flaw("control character", offset)
        if "\ud800" <= character <= "\udfff":
            return Flaw("broken character", offset)
    return None


def _flaw_of(name: str, text: str) -> str | None:
    if name in _UNICODE_ESCAPES:
        return "unicode escape"
    if name == "IDENT" and len(text.strip('"').encode()) > MOST_IDENTIFIER_BYTES:
        return "long name"
    if name == "PARAM":
        return "parameter"
    return None


def _nesting(names: list[str]) -> tuple[int, int]:
    """How deep brackets nest, and how deep those do that are read twice: `[`, and any that is
    opened after LIMIT or OFFSET."""
    deepest = doublings = 0
    is_doubling: list[bool] = []
    after_limit = [False]
    for name in names:
        if name in _OPEN:
            is_doubling.append(name == "ASCII_91" or (after_limit[-1] and name == "ASCII_40"))
            after_limit.append(False)
            deepest = max(deepest, len(is_doubling))
            if is_doubling[-1]:
                doublings = max(doublings, sum(is_doubling))
        elif name in _CLOSE:
            if is_doubling:
                is_doubling.pop()
                after_limit.pop()
        elif name in _LIMITS:
            after_limit[-1] = True
    return deepest, doublings


def _longest_run(names: list[str]) -> int:
    """How many prefix operators follow each other: each is a level of the parser's recursion."""
    longest = run = int(bool(names) and names[0] in _PREFIXES)
    for before, name in pairwise(names):
        if name in _PREFIXES:
            run = run + 1 if before in _PREFIXES else 1
            longest = max(longest, run)
    return longest
