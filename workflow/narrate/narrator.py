"""A model tells the result; what it says is held back sentence by sentence until it is checked."""

from asyncio import timeout
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from decimal import localcontext

from kit.display import EXACT, clean
from workflow.llm.errors import ModelUnavailable
from workflow.narrate.draft import Draft, Narration
from workflow.narrate.grounding import is_grounded, states_a_figure
from workflow.narrate.sentences import sentences

MAX_SENTENCES = 12
MAX_SENTENCE_LENGTH = 600
MAX_STRUCK = 12
"""More is not kept, and a model that has earned as much is not listened to any longer."""
OVERLONG = "(a sentence that did not end)"


@dataclass(slots=True)
class _Account:
    """What has been told, and what was struck."""

    say: Callable[[str], None]
    told: list[str] = field(default_factory=list)
    struck: list[str] = field(default_factory=list)

    def tell(self, sentence: str) -> None:
        self.say(f" {sentence}" if self.told else sentence)
        self.told.append(sentence)

    @property
    def is_full(self) -> bool:
        return len(self.told) >= MAX_SENTENCES or len(self.struck) >= MAX_STRUCK


async def narrate_by_model(
    draft: Draft,
    words: AsyncGenerator[str, None],
    say: Callable[[str], None],
    *,
    seconds: float,
) -> Narration:
    """The model's sentences that stand, then the fine print, which is never the model's.

    `words` is the model's text as it comes; `say` gets each piece of the answer once it is
    checked, and the pieces make up its text. Where the model is silent, slower than `seconds` or
    gone, or none of what it said states a figure, the template's sentences are told (too).
    """
    account = _Account(say)
    is_stated = False
    try:
        async with timeout(seconds), aclosing(words), aclosing(_pieces(words)) as pieces:
            async for piece in pieces:
                if _stands(piece, draft):
                    account.tell(piece)
                    is_stated = is_stated or states_a_figure(piece)
                else:
                    account.struck.append(piece)
                if account.is_full:
                    break
    except (ModelUnavailable, TimeoutError):
        pass  # what it has said stands, and the template says the rest
    for sentence in (*(() if is_stated else draft.body), *draft.fine_print):
        account.tell(sentence)
    return Narration(
        " ".join(account.told),
        draft.widgets,
        (*account.struck, *draft.struck),
        "model" if is_stated else "template",
    )


def _stands(piece: str, draft: Draft) -> bool:
    if draft.known is None or piece == OVERLONG:
        return False
    with localcontext(EXACT):
        return is_grounded(piece, draft.known)


async def _pieces(words: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    """Whole sentences, as soon as the next one has begun."""
    buffer = ""
    is_overlong = False
    async for more in words:
        buffer += more
        *whole, buffer = sentences(buffer) or ("",)
        for piece in _cleaned(whole):
            yield OVERLONG if is_overlong or len(piece) > MAX_SENTENCE_LENGTH else piece
            is_overlong = False
        if len(buffer) > MAX_SENTENCE_LENGTH:
            buffer, is_overlong = buffer[-1:], True
    for piece in _cleaned([buffer]):
        yield OVERLONG if is_overlong or len(piece) > MAX_SENTENCE_LENGTH else piece


def _cleaned(pieces: list[str]) -> Iterator[str]:
    return (text for piece in pieces if (text := clean(piece)))
