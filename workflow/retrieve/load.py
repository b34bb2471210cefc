"""Read knowledge documents from a folder of Markdown files with front matter."""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workflow.retrieve.index import KINDS, Document, DocumentError

_FENCE = "---"


class _FrontMatter(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    title: str = Field(min_length=1, max_length=100)
    kind: str
    roles: list[str] = Field(min_length=1)


def load(folder: Path) -> tuple[Document, ...]:
    """Every `*.md` of the folder, by name; a file's name without its ending is the key.

    A file begins with front matter between two lines of `---`: `title`, `kind` and the list of
    `roles` that may read it. Raises `DocumentError`, which names the file and what is wrong.
    """
    if not folder.is_dir():
        raise DocumentError(f"There is no folder of documents at {folder}.")
    return tuple(_read(path) for path in sorted(folder.glob("*.md")))


def _read(path: Path) -> Document:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path.name}: is not UTF-8 (byte {error.start}).") from error
    lines = text.splitlines()
    if not lines or lines[0].strip() != _FENCE:
        raise DocumentError(f"{path.name}: line 1: must be `---`, the start of the front matter.")
    ends = [number for number, line in enumerate(lines[1:], 1) if line.strip() == _FENCE]
    if not ends:
        raise DocumentError(f"{path.name}: the front matter has no closing `---`.")
    matter = _front_matter(path, "\n".join(lines[1 : ends[0]]))
    body = "\n".join(lines[ends[0] + 1 :]).strip()
    if not body:
        raise DocumentError(f"{path.name}: has no text after its front matter.")
    if matter.kind not in KINDS:
        raise DocumentError(
            f"{path.name}: kind: {matter.kind!r} is none of {', '.join(sorted(KINDS))}."
        )
    return Document(path.stem, matter.title, matter.kind, tuple(matter.roles), body)


def _front_matter(path: Path, text: str) -> _FrontMatter:
    try:
        return _FrontMatter.model_validate(yaml.safe_load(text))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise DocumentError(f"{path.name}: line {line}: {error.problem or error}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "front matter"
        raise DocumentError(f"{path.name}: {field}: {first['msg']}.") from error
