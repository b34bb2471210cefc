"""What can be set, each with a sentence."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from kit.outside_settings import OutsideIssuerSettings
from kit.settings import ServiceSettings


class ClaimMap(BaseModel):
    """Which claims of an outside issuer's token say what; `a.b` reaches into an object."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_id: str = "sub"
    username: str = "preferred_username"
    role: str = "role"
    store_ids: str = "store_ids"
    is_all_stores: str = "is_all_stores"
    org: str = "org"


class GatewaySettings(OutsideIssuerSettings, ServiceSettings):
    """The gateway's."""

    gateway_host: str = Field(
        default="127.0.0.1", description="Address on which the gateway listens."
    )
    gateway_port: int = Field(
        default=8000, ge=1, le=65535, description="Port on which the gateway listens."
    )
    gateway_public_url: str = Field(
        default="",
        pattern=r"^(https?://[^/\s?#@\"]+)?/?$",
        description="URL at which clients reach the gateway, without a path; empty for "
        "http://127.0.0.1 and its port. `/mcp` is answered under this host and loopback only.",
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses, separated by commas, whose X-Forwarded-For header is believed "
        "when the address of a client is needed; empty believes nobody.",
    )
    database_url: SecretStr = Field(
        default=SecretStr("postgresql:///countersign"),
        description="libpq URL of the application's database.",
    )
    database_timeout_seconds: float = Field(
        default=2.0, gt=0, description="Longest wait for a connection to the database before 503."
    )
    workflow_url: str = Field(
        default="http://127.0.0.1:8001", description="Where the workflow listens."
    )
    jwt_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Key of the access tokens, 32 characters or more; the demo makes one of its "
        "own.",
    )
    jwt_issuer: str = Field(
        default="countersign", min_length=1, description="Issuer (iss) of the access tokens."
    )
    jwt_audience: str = Field(
        default="countersign-api", min_length=1, description="Audience (aud) of the access tokens."
    )
    access_token_minutes: int = Field(
        default=15, ge=1, le=60, description="Minutes until an access token expires."
    )
    session_days: int = Field(
        default=14,
        ge=1,
        le=365,
        description="Days after a login until its refresh tokens stop working, however often "
        "they were exchanged.",
    )
    login_free_failures: int = Field(
        default=5, ge=1, description="Failed logins of a name in a row before it is locked."
    )
    login_longest_lock_seconds: int = Field(
        default=900,
        ge=1,
        description="Longest lock of a name; the first lasts a second and each doubles.",
    )
    login_rate_per_minute: int = Field(
        default=120, ge=1, description="Logins a minute from one client address."
    )
    login_burst: int = Field(
        default=60, ge=1, description="Logins at once from one client address."
    )
    ask_rate_per_minute: int = Field(
        default=18_000,
        ge=1,
        description="Questions a minute from one user: a stop for a loop that ran away, set "
        "above what a small machine answers and below what the gateway can refuse.",
    )
    ask_burst: int = Field(default=600, ge=1, description="Questions at once from one user.")
    call_rate_per_minute: int = Field(
        default=18_000, ge=1, description="Other calls a minute from one user."
    )
    call_burst: int = Field(default=600, ge=1, description="Other calls at once from one user.")
    open_calls_per_user: int = Field(
        default=64,
        ge=1,
        description="Questions and event streams of one user that may be open at a time.",
    )
    ask_timeout_seconds: float = Field(
        default=120.0, gt=0, description="Longest wait for an answer before 504."
    )
    call_timeout_seconds: float = Field(
        default=10.0, gt=0, description="Longest wait of any other call to the workflow."
    )
    stream_idle_seconds: float = Field(
        default=60.0,
        gt=0,
        description="Longest silence of an event stream, heartbeats included, before it ends.",
    )
    identity_refresh_seconds: float = Field(
        default=2.0,
        gt=0,
        description="How often roles, deactivations and log-outs are read again, and so how long "
        "another gateway's log-out may go unnoticed.",
    )
    identity_stale_seconds: float = Field(
        default=30.0,
        gt=0,
        description="How long what was read last may be used while the database is away; then "
        "calls are refused with 503.",
    )
    oidc_claim_map: ClaimMap = Field(
        default=ClaimMap(),
        description="JSON object: the outside issuer's claims for user_id, username, role, "
        "store_ids, is_all_stores and org.",
    )
    oidc_organisation: str = Field(
        default="",
        description="Organisation of the outside issuer's users when no claim names one.",
    )
    oidc_keys_seconds: float = Field(
        default=600.0, gt=0, description="How long the outside issuer's keys are kept."
    )

    @property
    def public_url(self) -> str:
        """Where clients reach the gateway, without a slash at its end."""
        return self.gateway_public_url.rstrip("/") or f"http://127.0.0.1:{self.gateway_port}"

    def required_secrets(self) -> dict[str, SecretStr]:
        """Both keys: one is checked from outside, one from inside."""
        return {**super().required_secrets(), "JWT_SECRET": self.jwt_secret}

    @model_validator(mode="after")
    def _check_outside_issuer(self) -> Self:
        if not self.oidc_issuer:
            return self
        if self.oidc_issuer == self.jwt_issuer:
            raise ValueError("OIDC_ISSUER must differ from JWT_ISSUER.")
        if not self.oidc_audience:
            raise ValueError("OIDC_AUDIENCE must be set when OIDC_ISSUER is.")
        url = urlsplit(self.oidc_issuer)
        if url.scheme != "https" and url.hostname not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError("OIDC_ISSUER must be an https URL.")
        return self

    @model_validator(mode="after")
    def _keep_keys_apart(self) -> Self:
        if self.jwt_secret.get_secret_value() == self.internal_token.get_secret_value():
            raise ValueError("JWT_SECRET and INTERNAL_TOKEN must differ.")
        return self
