"""An answer on its way into a file."""

from typing import Literal

from contracts.base import Wire
from contracts.run import Answer, Widget

ExportFormat = Literal["csv", "xlsx", "png", "svg", "pdf"]
TABLES: frozenset[ExportFormat] = frozenset({"csv", "xlsx"})
"""Files of rows; the others are pictures."""


class Exported(Wire):
    """What a file is made of. `digest` is the SHA-256 of columns and rows, as it is on record and
    in the receipt; `widget` is the one to draw, where a picture was asked for."""

    answer: Answer
    digest: str
    widget: Widget | None = None
