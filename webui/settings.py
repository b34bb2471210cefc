"""Settings of webui."""

from pydantic import Field, SecretStr

from kit.settings import ServiceSettings


class WebuiSettings(ServiceSettings):
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

    @property
    def is_cookie_secure(self) -> bool:
        """Only the demo, on loopback, does without HTTPS."""
        return not self.countersign_demo

    def required_secrets(self) -> dict[str, SecretStr]:
        """It speaks to the gateway with the user's own token, so it holds no other key."""
        return {"WEBUI_SECRET": self.webui_secret}
