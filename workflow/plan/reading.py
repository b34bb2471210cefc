"""The state that readers share: the chunks of a question, and which of them are claimed."""

from collections.abc import Iterator, Sequence
from datetime import date

from contracts.context import UserContext
from workflow.plan.chunks import Chunk
from workflow.plan.grammar import REPEATED, Mark
from workflow.plan.lexicon import Lexicon
from workflow.plan.value_index import ValueIndex
from workflow.semantic.model import DataProfile, FieldType


class Reading:
    """Readers claim chunks one after the other; a claimed chunk is not read again.

    What is left when all have read, and is not filler, was not understood. `restricted` holds
    the fields that the chunks of a condition restrict; `is_assumed` says that a reader filled
    something in.
    """

    def __init__(
        self,
        chunks: tuple[Chunk, ...],
        *,
        lexicon: Lexicon,
        values: ValueIndex,
        profile: DataProfile,
        context: UserContext,
        today: date,
    ) -> None:
        self.chunks = chunks
        self.lexicon = lexicon
        self.values = values
        self.profile = profile
        self.context = context
        self.today = today
        self.claims: dict[int, str] = {}
        self.notes: list[str] = []
        self.is_assumed = False
        self.restricted: dict[int, tuple[str, ...]] = {}
        self._before = _nearest_that_bears(chunks)
        self._after = _nearest_that_bears(chunks[::-1])

    def claim(self, at: int, meaning: str) -> None:
        """Marks the chunk as used for `meaning`; the first claim stands."""
        self.claims.setdefault(at, meaning)

    def assume(self, note: str) -> None:
        """Something likely is taken for meant, and the narration says so."""
        self.is_assumed = True
        self.notes.append(note)

    def is_free(self, at: int) -> bool:
        """Whether no reader has claimed the chunk."""
        return at not in self.claims

    def free(self) -> Iterator[tuple[int, Chunk]]:
        """Unclaimed chunks with their places."""
        for at, chunk in enumerate(self.chunks):
            if at not in self.claims:
                yield at, chunk

    def at(self, place: int) -> Chunk | None:
        """The chunk at a place, or None beyond the ends."""
        return self.chunks[place] if 0 <= place < len(self.chunks) else None

    def after(self, place: int) -> int | None:
        """The next place that is not filler."""
        return self._counted_back(len(self.chunks) - 1 - place)

    def before(self, place: int) -> int | None:
        """The previous place that is not filler."""
        return self._before[place]

    def _counted_back(self, place: int) -> int | None:
        found = self._after[place]
        return None if found is None else len(self.chunks) - 1 - found

    def has_mark(self, *marks: Mark) -> bool:
        """Whether any chunk, claimed or not, has one of the marks."""
        return any(chunk.has(*marks) for chunk in self.chunks)

    def field_type(self, name: str) -> FieldType | None:
        """The type of a field of the role's model."""
        field = self.lexicon.fields.get(name)
        return field.type if field is not None else None

    def label(self, kind: str, name: str) -> str:
        """How a metric, field or dataset is called, the role's or not."""
        return self.lexicon.labels.get((kind, name), name)

    def reference(self, datasets: frozenset[str]) -> date:
        """The day that relative periods count from: the newest in the data, today at most."""
        newest = [d for n, d in self.profile.newest.items() if not datasets or n in datasets]
        return min(self.today, max(newest)) if newest else self.today

    def keeps_apart(self, first: int, last: int) -> bool:
        """Whether two members of a list are wanted one by one: "in June and in July"."""
        return any(
            self.chunks[at].has(Mark.AND)
            and {self.chunks[at].words[-1], self.chunks[at + 1].words[-1]} & REPEATED
            for at in range(first + 1, last)
        )

    def negation_before(self, place: int) -> int | None:
        """Where the "not" stands that applies to the chunk at `place`, if there is one."""
        back = self.before(place)
        if back is None or not self.is_free(back):
            return None
        is_denied = self.chunks[back].has(Mark.NOT) or self._is_all_but(back)
        return back if is_denied else None

    def _is_all_but(self, at: int) -> bool:
        """The "but" of "every category but Horror"."""
        thing, every = self.at(at - 1), self.at(at - 2)
        is_of_all = every is not None and every.has(Mark.ALL, Mark.BY)
        return self.chunks[at].words == ("but",) and is_of_all and bool(thing and thing.terms)


def _nearest_that_bears(chunks: Sequence[Chunk]) -> list[int | None]:
    """For each place, the one before it that is not filler: looked up by every reader at every
    place, so found once for all."""
    found: list[int | None] = []
    latest: int | None = None
    for place, chunk in enumerate(chunks):
        found.append(latest)
        if not chunk.is_filler:
            latest = place
    return found
