"""A JSON body, read by the route itself: after its caller is known, in one pass, strictly."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from kit.problems import BadRequest, InvalidPayload, UnsupportedMedia

ModelT = TypeVar("ModelT", bound=BaseModel)


def json_body(model: type[ModelT]) -> Callable[[Request], Awaitable[ModelT]]:
    """A FastAPI dependency that reads the body as `model`, in pydantic's strict mode.

    FastAPI's own body parameters are read before any dependency runs, so that a stranger could
    send a body and learn what is wrong with it. Raises UnsupportedMedia and InvalidPayload.
    """

    async def read(request: Request) -> ModelT:
        declared = request.headers.get("content-type", "application/json")
        kind = declared.partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            raise UnsupportedMedia("Send the body as JSON, with Content-Type: application/json.")
        try:
            return model.model_validate_json(await request.body(), strict=True)
        except ClientDisconnect:  # nobody is there to be told
            raise BadRequest("The request broke off.") from None
        except ValidationError as error:
            raise InvalidPayload(error.errors(include_input=False, include_url=False)) from None

    return read


def documented_body(model: type[BaseModel]) -> dict[str, Any]:
    """The `openapi_extra` of a route that reads `model` by `json_body`. Models inside of it must
    be part of some response, and so of the document's components."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
