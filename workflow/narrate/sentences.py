"""Where one sentence ends and the next begins."""

import re

_END = re.compile(r"[.!?]+[\"'”’)\]]*(?=\s)|\n")
_NEXT = re.compile(r"\s*([\"'“‘(\[]*\S)")
_ABBREVIATED = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|etc|vs|approx|ca|cf|no|nos|mr|mrs|ms|dr|st|jr|sr|inc|ltd|co|[A-Z])\.$",
    re.IGNORECASE,
)


def sentences(answer: str) -> tuple[str, ...]:
    """The answer in pieces of a sentence each, white space after it included: joined again they
    are the answer. A line break ends a sentence; a decimal point or an abbreviation does not."""
    pieces: list[str] = []
    start = 0
    for end in _END.finditer(answer):
        following = _NEXT.match(answer, end.end())
        if following is None:
            break
        if end[0] != "\n" and (
            following[1][-1].islower()
            or (end[0] == "." and _ABBREVIATED.search(answer[start : end.end()]))
        ):
            continue
        if not answer[start : end.end()].strip():
            continue
        pieces.append(answer[start : following.start(1)])
        start = following.start(1)
    if answer[start:]:
        pieces.append(answer[start:])
    return tuple(pieces)
