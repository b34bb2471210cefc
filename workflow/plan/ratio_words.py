"""Reads a ratio that is said as a sum is written, "revenue divided by rentals", as the name that a
metric has for it: "revenue per rental"."""

from collections.abc import Sequence

from workflow.plan.lexicon import Lexicon
from workflow.plan.tokens import Token, tokenize

_DIVIDED = (("divided", "by"), ("/",))
_RATIO_OF = (("to",), ("and",))
_SLASH = "“/” was taken to divide the one by the other."


def with_ratios(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[tuple[Token, ...], str | None]:
    """The question with the metric's own name; and what was taken for granted, if anything was:
    a stroke may be an "and"."""
    words = tuple(t.word for t in tokens)
    for at in range(1, len(tokens)):
        for joint in (*_DIVIDED, *_RATIO_OF):
            is_ratio = joint in _DIVIDED or words[max(0, at - 3) : at - 1] in (
                ("ratio", "of"), ("ratio", "between"),
            )  # fmt: skip
            after = at + len(joint)
            if not is_ratio or words[at:after] != joint or after >= len(tokens):
                continue
            name = (tokens[at - 1], *tokenize("per"), tokens[after])
            terms = lexicon.phrases.get(tuple(t.stem for t in name), ())
            if any(t.kind == "metric" and t.rank == 0 for t in terms):
                start = at - 1 if joint in _DIVIDED else at - 3
                said = (*tokens[:start], *name, *tokens[after + 1 :])
                return said, _SLASH if joint == ("/",) else None
    return tuple(tokens), None
