"""How much a statement may make out of little: long texts, long series, slow patterns.

Weight is counted in column values: a column weighs 1, a hundred characters of a literal weigh 1,
what is made of several weighs their sum. It is an upper bound, on purpose.
"""

import re
from datetime import datetime
from typing import Final

from sqlglot import exp

_TOO_MUCH: Final = 10**9
_UNIT_DAYS: Final = {
    "microsecond": 1 / 86_400_000_000, "millisecond": 1 / 86_400_000, "second": 1 / 86_400,
    "minute": 1 / 1440, "hour": 1 / 24, "day": 1, "week": 7, "month": 28, "mon": 28,
    "quarter": 90, "year": 365, "decade": 3650, "century": 36500,
}  # fmt: skip
_INTERVAL: Final = re.compile(r"^\s*(\d{1,9}(?:\.\d{1,6})?)\s+([a-z]+?)s?\s*$", re.IGNORECASE)
_REGEX_FUNCTIONS: Final = frozenset({
    "regexp_match", "regexp_matches", "regexp_split_to_array", "regexp_split_to_table",
    "regexp_like",
})  # fmt: skip


def grown(node: exp.Expr, weight: int) -> int:
    """The weight of what a function or operator makes of operands that weigh `weight`."""
    weight = max(weight, 1)
    if isinstance(node, exp.Repeat):
        factor = _number(node.args.get("times")) or _TOO_MUCH
    elif isinstance(node, exp.Pad):
        return min(weight + (_number(node.expression) or _TOO_MUCH) // 100, _TOO_MUCH)
    elif isinstance(node, (exp.Replace, exp.RegexpReplace)):
        factor = _length(node.args.get("replacement"))
    elif isinstance(node, (exp.ArrayToString, exp.GroupConcat, exp.ConcatWs)):
        factor = max((_length(one) for one in _texts(node)), default=1)
    elif isinstance(node, exp.Anonymous) and str(node.this).lower() == "array_replace":
        factor = 100
    else:
        factor = 1
    return min(weight * max(factor, 1), _TOO_MUCH)


def _texts(node: exp.Expr) -> list[exp.Expr]:
    candidates = [node.args.get("separator"), node.args.get("expression"), *node.expressions[:1]]
    return [one for one in candidates if isinstance(one, exp.Expr)]


def _length(node: object) -> int:
    """How long a text can be, in characters: that of a literal is known."""
    if node is None:
        return 1
    if isinstance(node, exp.Literal):
        return max(len(str(node.this)), 1)
    return 100


def padding_of(node: exp.Expr) -> tuple[str, int | None] | None:
    """The function that lengthens a text and by how much, if this is one."""
    if isinstance(node, exp.Repeat):
        return "repeat", _number(node.args.get("times"))
    if isinstance(node, exp.Pad):
        return ("lpad" if node.args.get("is_left") else "rpad"), _number(node.expression)
    return None


def pattern_of(node: exp.Expr) -> str | None:
    """The regular expression here: its text, "" where not a literal, None where there is none."""
    if isinstance(node, (exp.RegexpLike, exp.RegexpILike, exp.SimilarTo, exp.RegexpReplace)):
        pattern = node.expression
    elif isinstance(node, (exp.RegexpCount, exp.RegexpInstr, exp.RegexpSubstr)):
        pattern = node.args.get("expression")
    elif isinstance(node, exp.Substring) and not _is_number(node.args.get("start")):
        pattern = node.args.get("start")  # substring(text FROM pattern)
        if not isinstance(pattern, exp.Literal):
            return None if _is_number(node.args.get("length")) else ""
    elif isinstance(node, exp.Anonymous) and str(node.this).lower() in _REGEX_FUNCTIONS:
        pattern = node.expressions[1] if len(node.expressions) > 1 else None
    else:
        return None
    if isinstance(pattern, exp.Escape):
        pattern = pattern.this
    return str(pattern.this) if isinstance(pattern, exp.Literal) else ""


def _is_number(node: object) -> bool:
    """Surely a position: numbers and arithmetic on them."""
    if isinstance(node, exp.Literal):
        return not node.is_string
    return isinstance(node, (exp.Add, exp.Sub, exp.Neg, exp.StrPosition, exp.Length, exp.Mul))


def series_rows(node: exp.Expr) -> int | None:
    """How many rows generate_series gives, None where that cannot be told from literals."""
    start, end = node.args.get("start"), node.args.get("end")
    step = node.args.get("step")
    first, last = _number(start), _number(end)
    if first is not None and last is not None:
        by = 1 if step is None else _number(step)
        return None if not by else max(0, (last - first) // by + 1)
    since, until = _day(start), _day(end)
    days = _days(step)
    if since is None or until is None or not days:
        return None
    return max(0, int((until - since) / days) + 1)


def _number(node: object) -> int | None:
    sign = 1
    while isinstance(node, (exp.Neg, exp.Paren)):
        sign = -sign if isinstance(node, exp.Neg) else sign
        node = node.this
    if not isinstance(node, exp.Literal) or node.is_string:
        return None
    try:
        return sign * min(int(float(node.this)), _TOO_MUCH)
    except (ValueError, OverflowError):
        return None


def _day(node: object) -> float | None:
    """A literal date or time, in days."""
    while isinstance(node, (exp.Cast, exp.Paren)):
        node = node.this
    if not isinstance(node, exp.Literal) or not node.is_string:
        return None
    try:
        moment = datetime.fromisoformat(node.this)
    except ValueError:
        return None
    return moment.toordinal() + moment.hour / 24 + moment.minute / 1440


def _days(node: object) -> float | None:
    """A literal interval of one unit, in days (the shortest month and year)."""
    if isinstance(node, exp.Interval):
        unit = node.args.get("unit")
        text = f"{node.this.this} {unit.this}" if unit is not None else str(node.this.this)
    else:
        while isinstance(node, (exp.Cast, exp.Paren)):
            node = node.this
        if not isinstance(node, exp.Literal) or not node.is_string:
            return None
        text = node.this
    match = _INTERVAL.match(text)
    days = _UNIT_DAYS.get(match.group(2).lower()) if match else None
    return float(match.group(1)) * days if match and days else None
