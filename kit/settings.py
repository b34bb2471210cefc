"""Settings come from the environment; each has a default and a sentence.

A service subclasses `ServiceSettings`. Field names, in capitals, are the variables' names.
"""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MIN_SECRET_LENGTH = 32
WELL_KNOWN_SECRETS = frozenset({"changeme", "secret", "change-me", "development", "demo"})


class InsecureSettings(ValueError):
    """A service would start with a secret that others know."""


class ServiceSettings(BaseSettings):
    """What all services share."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    countersign_home: Path = Field(
        default=Path(".countersign"),
        description="Folder of the embedded database, the demo's secrets and uploads.",
    )
    countersign_demo: bool = Field(
        default=False,
        description="True only under `make demo`: sample users with published passwords exist.",
    )
    log_level: str = Field(
        default="INFO", description="Least severe level that is logged: DEBUG, INFO, WARNING."
    )
    internal_token: SecretStr = Field(
        default=SecretStr(""),
        description="Key of the internal tokens between gateway and workflow, 32 characters or "
        "more; the demo makes one of its own.",
    )

    def required_secrets(self) -> dict[str, SecretStr]:
        """The secrets without which this service must not start."""
        return {"INTERNAL_TOKEN": self.internal_token}

    @model_validator(mode="after")
    def _refuse_weak_secrets(self) -> Self:
        for name, secret in self.required_secrets().items():
            value = secret.get_secret_value()
            if len(value) < MIN_SECRET_LENGTH or value.lower() in WELL_KNOWN_SECRETS:
                raise InsecureSettings(
                    f"{name} is missing, shorter than {MIN_SECRET_LENGTH} characters or well "
                    "known; set it to a random value, for example from `openssl rand -hex 32`."
                )
        return self
