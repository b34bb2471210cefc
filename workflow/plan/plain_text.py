"""A model's prose, made fit to show: no markup, no hidden characters, no numbers of its own."""

import re
import unicodedata
from collections.abc import Collection

_TAG = re.compile(r"</?[a-zA-Z!?][^<>]*>")
_TAG_START = re.compile(r"<+(?=[a-zA-Z/!?])")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
_ADDRESS = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.|\b(?:javascript|data|mailto):)\S*", re.I
)
_MARKUP = re.compile(r"[`*~|\\]+|(?<!\w)_+|_+(?!\w)|^\s{0,3}(?:#{1,6}|>+|[-+])\s", re.M)
_NUMBER = re.compile(r"\d+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_LONGEST_INPUT = 1_000


def plain(text: str, limit: int) -> str:
    """One line of plain text of at most `limit` characters. What it removes: tags, Markdown,
    addresses, and control, formatting, private and unassigned characters (among them those
    that reorder or hide text)."""
    text = "".join(map(_visible, text[:_LONGEST_INPUT]))
    before = None
    while before != text:  # what one step removes may have kept the parts of another apart
        before = text
        without_tags = _LINK.sub(r"\1", _TAG.sub("", text))
        text = without_tags if without_tags != text else _strip(text)
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def _strip(text: str) -> str:
    return _MARKUP.sub("", _ADDRESS.sub("", _TAG_START.sub("", text)))


def _visible(character: str) -> str:
    if character in "\n\t\r":
        return "\n" if character == "\n" else " "
    return "" if unicodedata.category(character).startswith("C") else character


def numbers_in(text: str) -> frozenset[str]:
    """The runs of digits in a text, without leading zeros."""
    return frozenset(run.lstrip("0") or "0" for run in _NUMBER.findall(text))


def without_made_numbers(text: str, known: Collection[str]) -> str:
    """The sentences whose every number is among `known`: nobody fetched the others, so
    somebody made them up."""
    sentences = _SENTENCE_END.split(text)
    return " ".join(s for s in sentences if numbers_in(s) <= frozenset(known))
