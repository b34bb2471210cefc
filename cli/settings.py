"""Settings of the command line itself."""

from pydantic import Field, SecretStr

from kit.settings import ServiceSettings


class CommandLineSettings(ServiceSettings):
    """What the commands read besides the settings of the services."""

    countersign_password: SecretStr = Field(
        default=SecretStr(""),
        description="Password for `countersign ask`; without it the demo users' published ones "
        "are used, and other users are asked for theirs.",
    )
    gateway_database_password: SecretStr = Field(
        default=SecretStr(""),
        description="Password that `migrate` and `seed` give to the gateway's login "
        "`countersign_gateway`; the gateway's DATABASE_URL holds the same.",
    )
    workflow_database_password: SecretStr = Field(
        default=SecretStr(""),
        description="Password that `migrate` and `seed` give to the workflow's login "
        "`countersign_workflow`; the workflow's DATABASE_URL holds the same.",
    )
    local_model_port: int = Field(
        default=8002,
        ge=1,
        le=65535,
        description="Port of the stand-in for a language model (`make demo MODEL=local`).",
    )

    def required_secrets(self) -> dict[str, SecretStr]:
        """None."""
        return {}
