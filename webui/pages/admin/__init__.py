"""What those who govern see: a module for each page, and the frame they share."""

from fastapi import APIRouter

from webui.pages.admin import (
    budgets,
    changes,
    frame,
    knowledge,
    policies,
    prompt_packs,
    semantic_model,
    users,
    verified,
)

router = APIRouter()
for _pages in (
    frame, users, policies, verified, prompt_packs, knowledge, semantic_model, budgets,
    changes,
):  # fmt: skip
    router.include_router(_pages.router)

BODY_BYTES_BY_PATH = {
    f"{_pages.PATH}/": _pages.BODY_BYTES for _pages in (prompt_packs, knowledge, semantic_model)
}
"""Forms that hold long texts."""
