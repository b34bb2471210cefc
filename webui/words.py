"""Times and names in the words of a person."""

from datetime import datetime

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
