"""A model's prose as it is written."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from decimal import Decimal

from workflow.llm.chat import EMPTY, Failure, Piece
from workflow.llm.errors import ModelUnavailable


class TextStream:
    """Iterate over it once for the text, in parts as they come.

    Raises ModelUnavailable where the answer breaks off; what was said until then stands as
    said. Tokens and cost are known when it was closed; tokens are 0 where the provider does not
    count.
    """

    def __init__(
        self,
        model: str,
        pieces: AsyncGenerator[Piece | Failure, None],
        first: Piece,
        *,
        on_end: Callable[["TextStream"], None],
    ) -> None:
        self.model = model
        self.cost: Decimal | None = None
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.characters = 0
        self.is_finished = False
        self.failure: Failure | None = None
        self._pieces = pieces
        self._first = first
        self._on_end = on_end

    async def __aiter__(self) -> AsyncIterator[str]:
        yield self._taken(self._first)
        async for piece in self._pieces:
            if isinstance(piece, Failure):
                self.failure = piece
                raise ModelUnavailable(piece.reason)
            if text := self._taken(piece):
                yield text
        self.is_finished = True

    def _taken(self, piece: Piece) -> str:
        self.characters += len(piece.text)
        self.prompt_tokens = piece.prompt_tokens or self.prompt_tokens
        self.completion_tokens = piece.completion_tokens or self.completion_tokens
        return piece.text

    async def close(self) -> None:
        """Hang up; nothing more is paid for than was written."""
        try:
            await self._pieces.aclose()
        finally:
            self._on_end(self)


async def begun(
    model: str,
    pieces: AsyncGenerator[Piece | Failure, None],
    *,
    on_end: Callable[[TextStream], None],
) -> TextStream | Failure:
    """The stream from its first word on: what fails before that can be asked again."""
    async for piece in pieces:
        if isinstance(piece, Failure):
            return piece
        if piece.text:
            return TextStream(model, pieces, piece, on_end=on_end)
    return EMPTY
