"""Times and names in the words of a person."""

from datetime import UTC, datetime

from markupsafe import Markup

ABOUT = (
    ("number", "The number itself"),
    ("metric", "What is measured"),
    ("period", "The period"),
    ("filter", "Which rows are counted"),
    ("grouping", "How it is split"),
    ("order", "The order"),
    ("words", "How it is told"),
    ("chart", "How it is drawn"),
    ("sources", "The documents"),
    ("should_answer", "It should have been answered"),
    ("should_refuse", "It should not have been answered"),
    ("other", "Something else"),
)
"""What may be wrong, as contracts.feedback has it, in words."""
ENDED = {
    "completed": "answered",
    "clarify": "asked back",
    "blocked": "stopped",
    "cancelled": "given up",
}
"""How a run ended, for whoever asked; what is not here is said as it is."""
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def span(seconds: float) -> str:
    """The largest unit that fits: `3 min`, `23 h`, `2 d`."""
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return "under a minute"


def ago(moment: datetime, now: datetime) -> str:
    """How long something has been."""
    return f"{span((now - moment).total_seconds())} ago"


def ahead(moment: datetime, now: datetime) -> str:
    """How long there is left."""
    left = (moment - now).total_seconds()
    return f"in {span(left)}" if left > 0 else "now"


def moment(at: datetime, *, has_seconds: bool = False) -> Markup:
    """A time for a page: in UTC, and said to be, until a script of the page has put the reader's
    own zone in its place, with UTC in the title."""
    text = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    shown = text if has_seconds else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    iso = at.astimezone(UTC).isoformat()
    return Markup('<time datetime="{}" title="{}">{}</time>').format(iso, text, shown)


def plain(name: str) -> str:
    """A name of the program's as words: `store_manager`, `personal-data`."""
    return name.replace("_", " ").replace("-", " ")


def stores(scope: tuple[int, ...] | str) -> str:
    """A row scope."""
    if isinstance(scope, str):
        return "all stores"
    if not scope:
        return "no stores"
    return f"store{'s' if len(scope) > 1 else ''} {', '.join(str(s) for s in scope)}"
