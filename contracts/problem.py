"""RFC 9457 problem details, the one shape of an error."""

from pydantic import BaseModel, ConfigDict


class Problem(BaseModel):
    """`type` is a URI that names the kind of error; `errors` points into a payload (422)."""

    model_config = ConfigDict(frozen=True)

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    request_id: str | None = None
    run_id: str | None = None
    errors: list[dict[str, str]] | None = None
