"""What those who govern see: a module for each page, and the frame they share."""

from fastapi import APIRouter

from webui.pages.admin import changes, frame, policies, users, verified

router = APIRouter()
for _pages in (frame, users, policies, verified, changes):
    router.include_router(_pages.router)
