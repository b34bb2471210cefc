"""Pages and parts of pages, as responses."""

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from webui.services import services_of
from webui.visitor import SAFE_METHODS, Visitor, address

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
THEMES = ("light", "dark")
THEME_COOKIE = "theme"


def page(
    request: Request,
    template: str,
    *,
    visitor: Visitor | None = None,
    status: int = 200,
    **values: object,
) -> Response:
    """The template, rendered. It gets `visitor` (None where nobody is logged in), `path`,
    `here` (where to come back to), `theme` and what `values` names."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    text = (
        services_of(request)
        .templates.get_template(template)
        .render(
            visitor=visitor,
            path=request.url.path,
            here=address(request) if request.method in SAFE_METHODS else "/",
            theme=chosen if chosen in THEMES else "",
            **values,
        )
    )
    return HTMLResponse(
        text,
        status,
        headers={
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "Referrer-Policy": "same-origin",
        },
    )
