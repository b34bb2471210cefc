"""Reads names of averages that are not quite the name of one."""

from collections.abc import Sequence

from workflow.plan.chunks import Chunk
from workflow.plan.grammar import AVERAGES
from workflow.plan.lexicon import Term
from workflow.plan.reading import Reading
from workflow.plan.tokens import phrase


def near_average(reading: Reading, chunk: Chunk, direct: Sequence[Term]) -> tuple[str, ...]:
    """ "Average payment per customer" is not quite the name "average payments per customer", and
    begins with another: what both can mean. None where it is a name as it stands."""
    if len(direct) != 1 or chunk.words[0] not in AVERAGES or len(chunk.words) != len(chunk.stems):
        return ()
    facts = reading.lexicon.metrics
    metric = facts[direct[0].name].metric
    if " ".join(chunk.words) in {text.lower() for text in (metric.label, *metric.synonyms)}:
        return ()
    same = [text for text in metric.synonyms if phrase(text) == chunk.stems]
    parts = [chunk.stems[:n] for n in range(2, len(chunk.stems))] + [chunk.stems[1:]]
    others = [
        t.name
        for part in parts
        for t in reading.lexicon.phrases.get(part, ())
        if t.kind == "metric" and t.name in facts and t.name != metric.name
    ]
    if not same or not others:
        return ()
    per = metric.format.per if metric.format else None
    alike = [
        n for n, f in facts.items()
        if per and f.metric.unit == "currency" and f.metric.format and f.metric.format.per == per
    ]  # fmt: skip
    return tuple(dict.fromkeys((*others, *alike, metric.name)))
