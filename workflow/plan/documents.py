"""When a question is for documents: it asks what something means, or no number answers it and a
document that its asker may read speaks of what it asks."""

import re
from collections.abc import Sequence

from contracts.plan import Clarify, Knowledge, Planned, Refuse
from contracts.run import Source
from workflow.plan.grammar import words
from workflow.plan.intent import asks_for_meaning, asks_why

_EXPLAIN = re.compile(r"^(please )?(explain|define|describe|tell me (more )?about)\b")
_ASKS = re.compile(
    r"^(what|whats|which|when|where|why|who|whose|how|are|is|do|does|did|can|could|may|must|should"
    r"|explain|define|describe|tell)\b"
)
# "by store", but not "what is meant by revenue"
_SPLIT = re.compile(
    r"(?<!\bmean )(?<!\bmeans )(?<!\bmeant )(?<!\bunderstand )(?<!\bunderstood )\bby\b"
)
_FOR_NUMBERS = re.compile(
    r"\b(how (many|much|often|long)|numbers? of|count|totals?|sums?|average|top|bottom|best|worst"
    r"|most|least|highest|lowest|biggest|smallest|list|show|compare[ds]?|per|by|each)\b"
)
_WORD = re.compile(r"[^\W_]+")
_SAYS_NOTHING = words(
    """a an and about are at be been can could did do does for from get has have here how i in is it
    may me more must my of on one or other our please s should so tell than that the their them
    there these they this to us was we were what when where which who whose why will with would
    you your explain define describe mean means meaning not"""
)
# what the semantic model wrote of another metric is no part of this one's meaning
_GENERATED = ("metric_", "dataset_")
_RULES = "governance"
_COVERED, _ALIKE = 0.6, 0.3
_CONFIDENCE = 0.85


def explanation(question: str, sources: Sequence[Source]) -> Planned | None:
    """What a question after a meaning is answered with: the documents that speak of most of its
    words. None where it asks for something else, or nothing was written about it."""
    asked = " ".join(question.lower().split())
    if not (asks_for_meaning(question) or _EXPLAIN.search(asked)) or _SPLIT.search(asked):
        return None
    return _answered(question, sources)


def instead(question: str, planned: Planned, sources: Sequence[Source]) -> Planned | None:
    """Documents in place of a question back about words that no plan has a use for, or of a
    refusal; only for a question that asks for no number."""
    asked = " ".join(question.lower().split())
    output = planned.output
    is_open = isinstance(output, Refuse) or (isinstance(output, Clarify) and planned.unused_words)
    if not is_open or not _ASKS.search(asked) or _FOR_NUMBERS.search(asked):
        return None
    return _answered(question, sources) or (
        _told_why(question, sources) if asks_why(question) else None
    )


def _told_why(question: str, sources: Sequence[Source]) -> Planned | None:
    """Why this service answers as it does: the first of its own rules that speaks of all words."""
    content = _content(question)
    told = next(
        (s for s in sources if s.kind == _RULES and content <= _spoken_of(s, content)), None
    )
    return _knowledge((told,), content, content) if told and len(content) > 1 else None


def _content(question: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(question)} - _SAYS_NOTHING


def _answered(question: str, sources: Sequence[Source]) -> Planned | None:
    content = _content(question)
    if not content:
        return None
    ranked = sorted(sources, key=lambda source: -len(_spoken_of(source, content)))
    best = ranked[0] if ranked else None
    if best is None or len(_spoken_of(best, content)) < _COVERED * len(content):
        return None
    if best.match is None or (best.match.similarity or 0.0) < _ALIKE:
        return None
    spoken = _spoken_of(best, content)
    also = [
        source
        for source in ranked[1:]
        if _spoken_of(source, content) == spoken and not source.document.startswith(_GENERATED)
    ]
    return _knowledge((best, *also[:1]), content, spoken)


def _knowledge(told: Sequence[Source], content: set[str], spoken: set[str]) -> Planned:
    return Planned(
        output=Knowledge(document_ids=tuple(source.document_id for source in told)),
        planner="builtin",
        confidence=_CONFIDENCE,
        used_words=dict.fromkeys(sorted(spoken), "found in documents"),
        unused_words=tuple(sorted(content - spoken)),
    )


def _spoken_of(source: Source, content: set[str]) -> set[str]:
    return content.intersection(source.match.words) if source.match else set()
