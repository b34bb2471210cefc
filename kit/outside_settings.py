"""Settings of the outside issuer, for every service that accepts its tokens."""

from pydantic import Field
from pydantic_settings import BaseSettings

from kit.outside_issuer import OutsideAlgorithm


class OutsideIssuerSettings(BaseSettings):
    """Whose tokens are accepted, and how they are verified."""

    oidc_issuer: str = Field(
        default="",
        description="Issuer URL of an outside identity provider whose tokens are accepted; empty "
        "accepts none.",
    )
    oidc_audience: str = Field(
        default="", description="Audience that the outside issuer's tokens must name."
    )
    oidc_algorithm: OutsideAlgorithm = Field(
        default="RS256", description="The one algorithm accepted from the outside issuer."
    )
