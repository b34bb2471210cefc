"""What the fake workflow answers of prompt packs, documents and the semantic model."""

from datetime import UTC, datetime

from contracts.knowledge import DocumentDetail, DocumentList, DocumentsFound
from contracts.prompt_pack import (
    ActivationOutcome,
    PackActivation,
    PromptBlocks,
    PromptPackDetail,
    PromptPackDiff,
    PromptPackList,
    PromptPreview,
)
from contracts.semantic_model import ModelCheck, ModelMap

AT = datetime(2022, 8, 1, tzinfo=UTC)


def usual(method: str, path: str) -> tuple[str, int] | None:
    """Body and status; None for what is not about these."""
    match method, path.strip("/").split("/"):
        case "GET", ["admin", "prompt-packs"]:
            return _packs().model_dump_json(), 200
        case "POST", ["admin", "prompt-packs"]:
            return _pack().model_dump_json(), 201
        case "GET", ["admin", "prompt-packs", "diff"]:
            return PromptPackDiff(before=0, after=1, blocks=()).model_dump_json(), 200
        case "POST", ["admin", "prompt-packs", "preview"]:
            return PromptPreview(instead="It is refused.").model_dump_json(), 200
        case "POST", ["admin", "prompt-packs", "model", "switch"]:
            return _packs().model_dump_json(), 200
        case "POST", ["admin", "prompt-packs", _, "evaluate"]:
            return _pack().model_dump_json(), 202
        case "POST", ["admin", "prompt-packs", *_]:
            return _outcome().model_dump_json(), 200
        case "GET", ["admin", "prompt-packs", _]:
            return _pack().model_dump_json(), 200
        case "GET", ["admin", "documents"]:
            return DocumentList(items=(), roles=()).model_dump_json(), 200
        case "POST", ["admin", "documents"]:
            return _document().model_dump_json(), 201
        case "GET" | "PUT", ["admin", "documents", _]:
            return _document().model_dump_json(), 200
        case "DELETE", ["admin", "documents", _]:
            return "", 204
        case "POST", ["admin", "document-search"]:
            return DocumentsFound(sources=()).model_dump_json(), 200
        case "GET", ["admin", "model"]:
            return _model().model_dump_json(), 200
        case "POST", ["admin", "model", "check"]:
            return ModelCheck(is_readable=False).model_dump_json(), 200
    return None


def _document() -> DocumentDetail:
    return DocumentDetail(
        key="one",
        title="One",
        kind="narrative",
        roles=("admin",),
        origin="file",
        version=0,
        characters=3,
        text="One",
    )


def _model() -> ModelMap:
    return ModelMap(
        name="demo", digest="0" * 64, metrics=(), datasets=(), relationships=(), faults=()
    )


def _packs() -> PromptPackList:
    return PromptPackList(
        items=(), in_force=0, model=None, model_in_force=None, roles=(), suite_cases=0
    )


def _pack() -> PromptPackDetail:
    return PromptPackDetail(
        version=1,
        base_version=0,
        digest="0" * 64,
        note="a note",
        proposed_by="somebody",
        proposed_at=AT,
        is_in_force=False,
        blocks=PromptBlocks(),
        instructions="Do this.",
    )


def _outcome() -> ActivationOutcome:
    return ActivationOutcome(
        activation=PackActivation(version=1, asked_by="somebody", asked_at=AT), is_in_force=False
    )
