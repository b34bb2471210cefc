"""What a person says of an answer."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.base import Wire

About = Literal[
    "number", "metric", "period", "filter", "grouping", "order", "words", "chart", "sources",
    "should_answer", "should_refuse", "other",
]  # fmt: skip
"""What is wrong: the number itself or what it is of, when, of which rows, split or ordered by
what, how it is told or drawn, from which documents; or that there is an answer at all, or none."""

Comment = Annotated[
    str,
    Field(max_length=2000, pattern=r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"),
]


class FeedbackRequest(Wire):
    """Right or wrong, and what is. Sent again, it replaces what the person said before."""

    verdict: Literal["right", "wrong"]
    about: Annotated[tuple[About, ...], Field(max_length=12)] = ()
    comment: Comment = ""


class Feedback(FeedbackRequest):
    """As it is on record."""

    run_id: UUID
    given_at: datetime
