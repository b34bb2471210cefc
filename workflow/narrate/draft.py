"""An answer before it is told: what code says of it, and what anybody else may say."""

from dataclasses import dataclass
from typing import Literal

from contracts.run import Widget
from workflow.narrate.facts import Grounds
from workflow.narrate.shape import Shape


@dataclass(frozen=True, slots=True)
class Narration:
    """`struck` holds the sentences that were left out because they could not be confirmed."""

    answer: str
    widgets: tuple[Widget, ...]
    struck: tuple[str, ...]
    narrator: Literal["template", "model"] = "template"


@dataclass(frozen=True, slots=True)
class Draft:
    """`body` and `fine_print` are sentences of code: what the result says, and what has to be
    said of it in any case (what was left out, how far it was rounded, notes). A model may tell
    the body in their place where there is a `shape` to tell and `known` to check it against."""

    body: tuple[str, ...]
    fine_print: tuple[str, ...] = ()
    widgets: tuple[Widget, ...] = ()
    struck: tuple[str, ...] = ()
    shape: Shape | None = None
    known: Grounds | None = None

    def narration(self) -> Narration:
        """As the template tells it."""
        return Narration(" ".join((*self.body, *self.fine_print)), self.widgets, self.struck)
