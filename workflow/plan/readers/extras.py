"""Reads what is made of the rows (shares, running totals), ties, and how they are to be shown."""

from contracts.plan import WidgetType
from workflow.plan import grammar
from workflow.plan.grammar import Mark
from workflow.plan.parts import Extras
from workflow.plan.reading import Reading

_PERCENT = frozenset({"%", "percent", "pct", "per"})
_WHOLE = frozenset({"total", "overall", "whole", "everything", "all"})


def read_extras(reading: Reading) -> Extras:
    """Everything of the kind; nothing where the question has none of it."""
    is_share, is_of_total = _read_share(reading)
    is_running = is_tied = False
    for at, chunk in list(reading.free()):
        if chunk.has(Mark.RUNNING):
            reading.claim(at, "running total")
            is_running = True
        elif chunk.has(Mark.TIES):
            reading.claim(at, "with ties")
            is_tied = True
    widget, is_picture = _read_widget(reading)
    return Extras(is_share, is_of_total, is_running, is_tied, widget, is_picture)


def _read_share(reading: Reading) -> tuple[bool, bool]:
    """Whether a share is asked for, and whether of "the total" in so many words."""
    is_share = is_of_total = False
    for at, chunk in list(reading.free()):
        before = reading.at(at - 1)
        is_number = before is not None and before.number is not None
        is_percent = is_number and chunk.words[0] in _PERCENT  # "the top 5% of films"
        if not chunk.has(Mark.SHARE) or is_percent or chunk.terms:
            continue
        reading.claim(at, "share of the whole")
        is_share = True
        for beside in (at + 1, at + 2, at + 3):
            whole = reading.at(beside)
            if whole is not None and whole.words[-1] in _WHOLE and whole.has(Mark.TOTAL, Mark.ALL):
                reading.claim(beside, "of the whole")
                is_of_total = True
                break
            if whole is None or not whole.is_filler:
                break
    return is_share, is_of_total


def _read_widget(reading: Reading) -> tuple[WidgetType | None, bool]:
    """The kind of widget that was named, and whether any picture was."""
    widget: WidgetType | None = None
    is_picture = False
    for at, chunk in list(reading.free()):
        if chunk.terms or chunk.values:
            continue
        named = grammar.WIDGETS.get(" ".join(chunk.words))
        if named is not None:
            reading.claim(at, f"shown as {named}")
            widget = named
        elif set(chunk.words) & grammar.PICTURES:
            reading.claim(at, "shown as a picture")
            is_picture = True
    return widget, is_picture
