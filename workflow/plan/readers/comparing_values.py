"""Reads what sets the values of one field beside each other: "A versus B", "A earned more than B",
"which earned more, A or B", "in A and in B"."""

from dataclasses import replace

from workflow.plan.grammar import MONEY_SIGNS, POPULAR, Mark
from workflow.plan.parts import FilterPart
from workflow.plan.reading import Reading


def set_beside(reading: Reading, part: FilterPart) -> FilterPart:
    """Values of one field are compared, too, in "A earned more than B" and "which earned more, A or
    B"."""
    inside = range(max(part.first, 0) + 1, part.last)
    is_choice = any(reading.chunks[at].words == ("or",) for at in inside)
    is_more = is_choice and reading.has_mark(Mark.COMPARATIVE) and not reading.has_mark(Mark.THAN)
    if part.operator == "in" and reading.keeps_apart(part.first, part.last):
        reading.assume("Each of them is shown by itself.")
        return replace(part, is_compared=True)
    if part.operator == "in" and (is_more or any(_is_more_than(reading, at) for at in inside)):
        return replace(part, is_compared=True)
    return part


def _is_more_than(reading: Reading, at: int) -> bool:
    """Whether a "than" sets something beside something, and no number beside a threshold."""
    chunk, after = reading.chunks[at], reading.after(at)
    if chunk.words[-1] != "than" and not chunk.has(Mark.THAN):
        return False
    held = reading.chunks[after] if after is not None else None
    return held is not None and held.number is None and held.text not in MONEY_SIGNS


def claim_compared(reading: Reading, filters: tuple[FilterPart, ...]) -> None:
    """Marks the words that set the values of one field beside each other as read."""
    if not any(part.is_compared for part in filters):
        return
    for at, chunk in list(reading.free()):
        is_word = not (chunk.terms or chunk.values)
        is_often = set(chunk.words) <= POPULAR
        is_asked = chunk.has(Mark.WHICH, Mark.WHO) and not _asks_for_thing(reading, at)
        if is_word and (
            is_often or is_asked or chunk.has(Mark.COMPARATIVE) or _is_more_than(reading, at)
        ):
            reading.claim(at, "compared")


def _asks_for_thing(reading: Reading, at: int) -> bool:
    """Whether "which" asks for things that no condition names."""
    after = reading.after(at)
    if after is None or not reading.is_free(after):
        return False
    return bool(reading.chunks[after].terms_of("field") or reading.chunks[after].grain)


def only_compared_inside(
    reading: Reading, filters: tuple[FilterPart, ...]
) -> tuple[FilterPart, ...]:
    """Where periods are compared, values are only if "versus" stands among them."""
    return tuple(
        replace(part, is_compared=any(_is_between(reading, at) for at in inside))
        for part in filters
        for inside in [range(max(part.first, 0), part.last + 1)]
    )


def _is_between(reading: Reading, at: int) -> bool:
    return reading.chunks[at].has(Mark.VERSUS) or _is_more_than(reading, at)
