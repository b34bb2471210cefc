"""An answer made of documents' own sentences."""

import re
from collections.abc import Iterable, Sequence

from contracts.run import Source
from kit.display import clean
from workflow.narrate.sentences import sentences

_WORD = re.compile(r"[^\W\d_]{3,}")
_MOST_SENTENCES = 4
_MOST_PICKED = 3
_MOST_DOCUMENTS = 2
_STEM = 5
NOTHING = "None of the documents that you may read answers this."


def answer_from(
    sources: Sequence[Source], document_ids: Sequence[str], words: Iterable[str]
) -> list[str]:
    """Up to four sentences of the documents named (all, where none is), best document first, its
    title after its last sentence. Sentences with more of the `words` are preferred; a second
    document is used only when it has any of them.
    """
    by_id = {source.document_id: source for source in sources}
    chosen = [by_id[one] for one in document_ids if one in by_id] or list(sources)
    if not chosen:
        return [NOTHING]
    stems = {stem for word in words for stem in _stems(word)}
    told: list[str] = []
    for source in chosen[:_MOST_DOCUMENTS]:
        picked = _pick(source.snippet, stems, is_first=not told)[: _MOST_SENTENCES - len(told)]
        if picked:
            told += [*picked[:-1], f"{picked[-1]} (“{clean(source.title)}”)"]
    return told or [NOTHING]


def _pick(snippet: str, stems: set[str], *, is_first: bool) -> list[str]:
    whole = [text for piece in sentences(snippet) if (text := clean(piece.strip("\n -*")))]
    scores = [len(stems.intersection(_stems(text))) for text in whole]
    best = max(scores, default=0)
    if best == 0:
        return whole[:2] if is_first else []
    ranked = sorted(range(len(whole)), key=lambda place: (-scores[place], place))
    chosen = [place for place in ranked[:_MOST_PICKED] if scores[place] * 2 >= best]
    return [whole[place] for place in sorted(chosen)]


def _stems(text: str) -> set[str]:
    return {word.lower()[:_STEM] for word in _WORD.findall(text)}
