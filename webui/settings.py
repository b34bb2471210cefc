"""Settings of webui."""

from pydantic import Field, SecretStr

from kit.settings import ServiceSettings


class WebuiSettings(ServiceSettings):
    """What webui needs: where to listen, and where the gateway is. It holds no key."""

    webui_host: str = Field(
        default="127.0.0.1", description="Address that webui listens on; 0.0.0.0 in a container."
    )
    webui_port: int = Field(default=3001, ge=1, le=65535, description="Port of webui.")
    gateway_url: str = Field(
        default="http://127.0.0.1:8000",
        description="Where webui and the command line find the gateway.",
    )

    def required_secrets(self) -> dict[str, SecretStr]:
        """None: it speaks to the gateway with the user's own token."""
        return {}
