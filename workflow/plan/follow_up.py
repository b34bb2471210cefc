"""Questions that go on from the one before: "and by month?", "only store 2", "the other way round".

A question that says all it needs is never a follow-up. Otherwise what it says replaces its like in
the plan before, what it leaves out is kept, and a note tells which.
"""

from collections.abc import Sequence
from dataclasses import replace

from contracts.plan import Clarify, Investigation, MetricQuery, Plan
from workflow.plan import other_words
from workflow.plan.ask_back import about_unused
from workflow.plan.assemble import Assembled, Assembler
from workflow.plan.ellipsis import (
    is_bare,
    is_narrowed,
    leaves_out_subject,
    speaks_of_all,
    speaks_of_rows,
    with_noun,
)
from workflow.plan.grammar import Mark
from workflow.plan.history import Exchange
from workflow.plan.kept import kept_note
from workflow.plan.leftovers import unused_words
from workflow.plan.outcomes import Refused, Unclear
from workflow.plan.parts import Parts
from workflow.plan.parts_of import Unspeakable, parts_of
from workflow.plan.readers.dropping import (
    read_count,
    read_dropped,
    revising_tokens,
    without_dropped,
)
from workflow.plan.readers.follow_up import read_follow_up
from workflow.plan.readers.picking import read_pick
from workflow.plan.readers.question_words import AGGREGATORS
from workflow.plan.readers.safety import refuse_unreadable, refuse_unsafe
from workflow.plan.readers.thresholds import read_bare_threshold
from workflow.plan.reading import Reading
from workflow.plan.revise import of_all_rows, revised
from workflow.plan.tokens import fold, phrase, tokenize
from workflow.plan.understand import Asker, Outcome, read, read_parts, understand

_MOST_REPLY_WORDS = 8
_STRONG = frozenset({"what about", "how about", "and", "same", "instead", "also", "too", "as well"})
_SENTENCES = (
    Mark.HOW_MANY, Mark.HOW_MUCH, Mark.HOW_LONG, Mark.WHICH, Mark.LIST,
)  # fmt: skip


def understand_after(question: str, history: Sequence[Exchange], asker: Asker) -> Outcome:
    """What becomes of the question after what was said before."""
    chosen = _chosen(question, history)
    if chosen is not None:
        return understand(chosen, asker)
    alone = understand(question, asker)
    base = _plan_before(history)
    if base is None:
        return _nothing_before(alone) if _goes_on(alone) else alone
    try:
        if _goes_on(alone):
            return _after(question, base, asker) or _not_understood(alone, base)
        return _of_the_same(question, alone, base, asker)
    except Refused as refused:
        return replace(alone, end=refused)
    except Unspeakable:
        return alone


# -- is it one? ----------------------------------------------------------------------------------


def _goes_on(alone: Outcome) -> bool:
    """Whether the question, as read by itself, may go on from another."""
    reading = alone.reading
    if reading is None:
        return False
    if leaves_out_subject(reading):
        return True
    marks = [c for c in reading.chunks if c.has(Mark.FOLLOW, Mark.FLIP) and not c.values]
    if isinstance(alone.end, Assembled):
        return _is_strongly_marked(alone)
    return alone.is_open or bool(marks)


def _is_strongly_marked(alone: Outcome) -> bool:
    reading = alone.reading
    assert reading is not None  # noqa: S101  it was assembled
    texts = [" ".join(c.words) for c in reading.chunks]
    first = next((t for t in texts if t.strip(",.?! ")), "")
    is_marked = first in _STRONG or bool({"instead", "too", "as well", "also"} & set(texts))
    is_marked = is_marked or any(t.startswith(("what about", "how about", "same")) for t in texts)
    is_sentence = any(c.has(*_SENTENCES) for c in reading.chunks)
    is_alone = isinstance(alone.end, Assembled) and is_bare(alone.end.plan)
    return (is_marked and not is_sentence) or (is_alone and speaks_of_rows(reading))


def _of_the_same(question: str, alone: Outcome, base: Plan, asker: Asker) -> Outcome:
    """A question that can stand alone, after one that was about a part of the data: it may be
    about the same part."""
    reading, end = alone.reading, alone.end
    if reading is None or not isinstance(end, Assembled) or not is_narrowed(base):
        return alone
    if end.plan.time or end.plan.filters or speaks_of_all(reading):
        return alone
    if not is_bare(end.plan):
        note = "This is of everything: it was not said again what the question before was about."
        return replace(alone, end=replace(end, notes=(*end.notes, note), is_assumed=True))
    same = _after(question, base, asker)
    if same is None or not isinstance(same.end, Assembled) or same.end.plan == end.plan:
        return alone
    if " ".join(reading.chunks[0].words) in _STRONG:
        return same
    whole = same.end.plan.model_copy(update={"dimensions": (), "order": (), "limit": None})
    plans = (same.end.plan, whole, end.plan)
    return replace(alone, end=Unclear("Of the same as before, or of everything?", plans))


def _nothing_before(alone: Outcome) -> Outcome:
    """A follow-up of nothing is never sure; it is asked back and not refused."""
    reading = alone.reading
    if isinstance(alone.end, Assembled):
        note = "Nothing was answered before this, so that it is of everything."
        end = replace(alone.end, notes=(*alone.end.notes, note), is_assumed=True)
        return replace(alone, end=end)
    if reading is None or not isinstance(alone.end, Refused):
        return alone
    if any(c.has(Mark.FLIP) for c in reading.chunks):
        return replace(
            alone, end=Unclear("There is nothing before this. What do you want to know?")
        )
    return alone


def _not_understood(alone: Outcome, base: Plan) -> Outcome:
    """Words that change nothing in the plan before: "and for marketing?"."""
    reading = alone.reading
    if reading is None or isinstance(alone.end, Assembled) or not alone.is_open:
        return alone
    if isinstance(alone.end, Unclear) and any(c.has(*AGGREGATORS) for c in reading.chunks):
        return alone  # "and the average?" asks for another number
    said = [c for c in reading.chunks if any(letter.isalnum() for letter in c.text)]
    texts = [c.text for c in said if not (c.marks or c.number)] or [c.text for c in said]
    words = ", ".join(f"“{text}”" for text in texts[:4])
    return replace(alone, end=Unclear(f"I did not understand {words}. Do you mean this?", (base,)))


def _plan_before(history: Sequence[Exchange]) -> Plan | None:
    for exchange in reversed(history):
        if isinstance(exchange.output, MetricQuery):
            return exchange.output.plan
        if isinstance(exchange.output, Investigation):
            return exchange.output.change
    return None


# -- one of the choices --------------------------------------------------------------------------


def _chosen(question: str, history: Sequence[Exchange]) -> str | None:
    """The choice that a reply to a question back names: by its place, its label or its words."""
    output = history[-1].output if history else None
    if not isinstance(output, Clarify) or not output.choices:
        return None
    said = fold(question).strip(" .!?")
    for choice in output.choices:
        if said in (fold(choice.label).strip(" .!?"), fold(choice.question).strip(" .!?")):
            return choice.question
    words = [t.word for t in tokenize(question) if not t.is_symbol]
    if not 0 < len(words) <= _MOST_REPLY_WORDS:
        return None
    place = _place(words, len(output.choices))
    if place is not None:
        return output.choices[place].question
    stems = set(phrase(question)) - {phrase(w)[0] for w in other_words.REPLY_WORDS}
    holding = [c for c in output.choices if stems and stems <= set(phrase(c.question))]
    return holding[0].question if len(holding) == 1 else None


def _place(words: list[str], count: int) -> int | None:
    content = [w for w in words if w not in other_words.REPLY_WORDS]
    if len(content) == 2 and content[1] == "one":
        content.pop()  # "the second one"
    if len(content) != 1:
        return None
    place = other_words.PLACES.get(content[0])
    if place is None:
        return None
    place = count + place if place < 0 else place
    return place if 0 <= place < count else None


# -- the plan before, revised --------------------------------------------------------------------


def _after(question: str, base: Plan, asker: Asker) -> Outcome | None:
    """None where the question adds nothing to the plan before."""
    tokens = tokenize(question)
    refuse_unreadable(question, tokens)
    revising = revising_tokens(tokens)
    whole = with_noun(revising or tokens, base, asker.lexicon)
    reading, corrections = read(whole, asker)
    refuse_unsafe(question, reading.chunks)
    before = parts_of(base, asker.lexicon)
    try:
        dropped = read_dropped(reading, before)
        said = read_parts(reading, corrections, is_follow_up=True)
        said = replace(said, rank=read_pick(reading, said) or read_count(reading, before, said))
        said = replace(said, having=said.having or read_bare_threshold(reading, before))
        kept = of_all_rows(without_dropped(before, dropped), said, asker.lexicon)
        parts = revised(kept, said, read_follow_up(reading), has_dropped=kept != before)
        if parts is None:
            return None
        _ask_of_other_rows(reading, kept, parts)
        assembled = Assembler(reading, parts).build(parts.metrics.alternatives[0])
        left = unused_words(reading, parts)
        if left:
            raise about_unused(reading, assembled.plan, left)
    except Unclear as unclear:
        if revising is not None:
            refuse_unsafe(question, read(tokens, asker)[0].chunks)
        return Outcome(unclear, reading, corrections)
    notes = (*kept_note(base, assembled.plan, asker.lexicon), *assembled.notes)
    end = replace(assembled, notes=notes, is_assumed=True)
    return Outcome(end, reading, corrections)


def _ask_of_other_rows(reading: Reading, before: Parts, parts: Parts) -> None:
    """Another number of the rows before, where these were the first few or those beyond a
    threshold: it cannot be asked of just those."""
    is_same = parts.metrics.alternatives[0] == before.metrics.alternatives[0]
    if is_same or not (parts.having or parts.rank) or parts.rank != before.rank:
        return
    if not (speaks_of_rows(reading) or leaves_out_subject(reading)):
        return
    names = parts.metrics.alternatives[0]
    of_each = replace(parts, rank=None, having=(), row_order=None)
    of_all = replace(of_each, dimensions=())
    plans = tuple(Assembler(reading, p).build(names).plan for p in (of_each, of_all))
    raise Unclear("I cannot count that of just those rows. Do you want it for all?", plans)
