"""Knowledge documents: what answers may cite, who may read it, and who changed it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from contracts.base import Wire, whole
from contracts.prompt_pack import NameOfBlock
from contracts.run import QuestionText, Source, StoreId

DocumentKind = Literal["schema_hint", "metric_glossary", "governance", "widget_hint", "narrative"]
DocumentKey = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,79}$")]
DocumentVersion = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1), BeforeValidator(whole)]
_LINES = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"
_ONE_LINE = r"^[^\u0000-\u001f\u007f-\u009f]*$"


class DocumentText(Wire):
    """A document as somebody writes it: plain text or Markdown that the `roles` may read, of at
    most 20,000 characters."""

    title: Annotated[str, Field(min_length=1, max_length=100, pattern=_ONE_LINE)]
    kind: DocumentKind
    roles: Annotated[tuple[NameOfBlock, ...], Field(min_length=1, max_length=100)]
    text: Annotated[str, Field(min_length=1, pattern=_LINES)]


class DocumentChange(DocumentText):
    """The same, changed from the `version` that the writer has seen."""

    version: DocumentVersion


class DocumentItem(Wire):
    """A document as it is listed. `origin` is `file` and `semantic_model` for what the service
    reads at its place, version 0; `written` for what an admin wrote, be it new or instead of a
    file. A `semantic_model` one is changed with the model. `is_removed` says that an admin took a
    file's document away; to change it brings it back. `passages` is 0 until it is indexed."""

    key: str
    title: str
    kind: DocumentKind
    roles: tuple[str, ...]
    origin: Literal["file", "semantic_model", "written"]
    version: int
    characters: int
    passages: int = 0
    is_removed: bool = False
    changed_by: str | None = None
    changed_at: datetime | None = None


class DocumentDetail(DocumentItem):
    """With its text. `is_embedded` is False where its vectors could not be made just now: it is
    then found by its words until they are."""

    text: str
    is_embedded: bool = True


class DocumentList(Wire):
    """All of an organisation's, by key. `roles` may be named as readers."""

    items: tuple[DocumentItem, ...]
    roles: tuple[str, ...]


class DocumentSearch(Wire):
    """A question, and who would ask it."""

    question: QuestionText
    role: NameOfBlock
    store_ids: Annotated[tuple[StoreId, ...], Field(max_length=1000)] = ()


class DocumentsFound(Wire):
    """What the question would find, best first."""

    sources: tuple[Source, ...]
