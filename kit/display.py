"""Values as people read them. Exact: decimals throughout, rounded only where it is said."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

from pydantic import JsonValue

from contracts.catalog import NumberFormat
from contracts.plan import Grain

CURRENCY_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
EXACT = Context(prec=200, rounding=ROUND_HALF_UP)
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+"
)
_UNCOUNTED = frozenset({"staff", "people", "series", "media", "data", "revenue"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A number as text; `decimals` is how many digits it was rounded to, None where it is whole
    and exact."""

    text: str
    decimals: int | None = None


def clean(text: str) -> str:
    """Without control and invisible characters, in one line; markup is the reader's to escape."""
    if not text.isascii() or not text.isprintable():
        text = _UNPRINTABLE.sub(" ", text)
    return " ".join(text.split())


def number(value: JsonValue) -> Decimal | None:
    """A cell as a number, if it is one and finite."""
    if value is None or isinstance(value, bool | list | dict):
        return None
    try:
        parsed = Decimal(str(value))
    except InvalidOperation:
        return None
    return parsed if parsed.is_finite() else None


def day(value: JsonValue) -> date | None:
    """The day of a date or timestamp cell."""
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def show(
    value: Decimal, unit: str | None, given: NumberFormat | None = None, *, is_share: bool = False
) -> Shown:
    """As its format says, else by unit: currency as 1,234.50, days as "4.98 days", a share (a
    ratio from 0 to 1) as "45.1 %". Only a format that names a currency gives its sign.

    Without a format currency beyond two decimals, shares beyond one and other fractions beyond two
    (four without a unit) are rounded; halves always away from zero.
    """
    if given is not None and (given.style != "number" or given.decimals is not None):
        return _formatted(value, unit, given)
    if is_share:
        return _percent(value, 1)
    if unit == "currency":
        return _padded(_rounded(value, most=2, to=2))
    shown = _rounded(value, most=4 if unit is None else 2, to=2)
    return Shown(f"{shown.text} days", shown.decimals) if unit == "days" else shown


def unit_sign(unit: str | None, given: NumberFormat | None = None) -> str:
    """What heads a column or an axis of such numbers: a sign of currency, days, or nothing. Only
    a format that names a currency has its sign."""
    code = given.currency if given else None
    if code:
        return CURRENCY_SIGNS.get(code, code)
    return "days" if unit == "days" else ""


def _formatted(value: Decimal, unit: str | None, given: NumberFormat) -> Shown:
    if given.style == "percent":
        decimals = 1 if given.decimals is None else given.decimals
        shown = _fixed(EXACT.multiply(value, Decimal(100)), decimals)
        return Shown(f"{shown.text} %", shown.decimals)
    shown = _fixed(value, 2 if given.decimals is None else given.decimals)
    if given.style == "currency":
        sign = CURRENCY_SIGNS.get(given.currency or "", f"{given.currency or ''} ".lstrip())
        minus = "-" if shown.text.startswith("-") else ""
        return Shown(f"{minus}{sign}{shown.text.removeprefix('-')}", shown.decimals)
    return Shown(f"{shown.text} days", shown.decimals) if unit == "days" else shown


def _fixed(value: Decimal, decimals: int) -> Shown:
    """With so many decimals, unless nothing would be left of it."""
    if max(0, -_exponent(value.normalize(EXACT))) <= decimals:
        return Shown(f"{_quantized(value, decimals):,f}")
    return _rounded(value, most=decimals, to=decimals)


def _percent(value: Decimal, decimals: int) -> Shown:
    shown = _rounded(EXACT.multiply(value, Decimal(100)), most=decimals, to=decimals)
    return Shown(f"{shown.text} %", shown.decimals)


def _padded(shown: Shown) -> Shown:
    whole, _, fraction = shown.text.partition(".")
    return Shown(f"{whole}.{fraction:0<2}", shown.decimals)


def _rounded(value: Decimal, *, most: int, to: int) -> Shown:
    decimals = max(0, -_exponent(value))
    if decimals > most:
        decimals = max(0, -_exponent(value.normalize(EXACT)))
    if decimals <= most:
        return Shown(f"{_quantized(value, decimals):,f}")
    rounded = _quantized(value, to)
    if not rounded:  # what is not nothing is not shown as nothing
        to = 1 - value.adjusted()
        rounded = _quantized(value, to)
    return Shown(f"{rounded:,f}", to)


def _quantized(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), context=EXACT)


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def day_words(value: date) -> str:
    """Like "5 July 2022"."""
    return f"{value.day} {value:%B} {value.year}"


def date_words(value: date, grain: Grain | None) -> str:
    """The period that begins on a day, as its grain has it."""
    if grain == "year":
        return str(value.year)
    if grain == "quarter":
        return f"Q{(value.month + 2) // 3} {value.year}"
    if grain == "month":
        return f"{value:%B} {value.year}"
    return f"the week of {day_words(value)}" if grain == "week" else day_words(value)


def listed(items: Sequence[str], word: str = "and") -> str:
    """Like "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def lower(label: str) -> str:
    """A label inside a sentence; an acronym stays as it is."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def upper(text: str) -> str:
    """The beginning of a sentence."""
    return text[:1].upper() + text[1:]


def singular(label: str) -> str:
    """The singular of a label's last word, by the same rules."""
    if label.endswith("ies"):
        return f"{label[:-3]}y"
    return label[:-1] if label.endswith("s") and not label.endswith("ss") else label


def plural(label: str) -> str:
    """The plural of a label's last word, by the regular rules of English."""
    head, _, word = label.rpartition(" ")
    if word.lower() in _UNCOUNTED or word.endswith("s"):
        many = word
    elif word.endswith("y") and word[-2:-1] not in "aeiou":
        many = f"{word[:-1]}ies"
    elif word.endswith(("x", "ch", "sh")):
        many = f"{word}es"
    else:
        many = f"{word}s"
    return f"{head} {many}" if head else many
