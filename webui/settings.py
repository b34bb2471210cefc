"""Settings of webui."""

from pydantic import Field, SecretStr

from kit.outside_settings import OutsideIssuerSettings
from kit.settings import ServiceSettings


class WebuiSettings(OutsideIssuerSettings, ServiceSettings):
    """What webui needs: where to listen, where the gateway is, and a key for its cookie."""

    webui_host: str = Field(
        default="127.0.0.1", description="Address that webui listens on; 0.0.0.0 in a container."
    )
    webui_port: int = Field(default=3001, ge=1, le=65535, description="Port of webui.")
    gateway_url: str = Field(
        default="http://127.0.0.1:8000",
        description="Where webui and the command line find the gateway.",
    )
    webui_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Key that the session cookie of the pages is encrypted with, 32 characters "
        "or more; the demo makes one of its own.",
    )

    webui_public_url: str = Field(
        default="",
        pattern=r"^(https?://[^/\s?#@\"]+)?/?$",
        description="URL at which browsers reach webui, without a path; empty for "
        "http://127.0.0.1 and its port. The outside issuer sends people back there.",
    )
    oidc_client_id: str = Field(
        default="",
        description="What webui is called at the outside issuer; without it the log-in page has no "
        "button for it.",
    )
    oidc_client_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Secret of webui at the outside issuer; empty for a public client.",
    )
    oidc_scopes: str = Field(
        default="openid profile",
        description="Scopes that webui asks the outside issuer for; with offline_access, where it "
        "gives refresh tokens for that, people stay logged in for longer.",
    )
    oidc_label: str = Field(
        default="your organisation's account",
        max_length=60,
        description="What the log-in page calls an account at the outside issuer.",
    )

    @property
    def public_url(self) -> str:
        """Where browsers reach webui, without a slash at its end."""
        return self.webui_public_url.rstrip("/") or f"http://127.0.0.1:{self.webui_port}"

    @property
    def is_cookie_secure(self) -> bool:
        """Only the demo, on loopback, does without HTTPS."""
        return not self.countersign_demo

    def required_secrets(self) -> dict[str, SecretStr]:
        """It speaks to the gateway with the user's own token, so it holds no other key."""
        return {"WEBUI_SECRET": self.webui_secret}
