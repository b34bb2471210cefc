"""What those who govern see: a module for each page, and the frame they share."""

from fastapi import APIRouter

from webui.pages.admin import changes, frame

router = APIRouter()
for _pages in (frame, changes):
    router.include_router(_pages.router)
