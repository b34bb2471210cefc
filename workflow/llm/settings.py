"""The settings of the model client, to be mixed into a service's settings."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from workflow.llm.meter import Price

PUBLIC_BASE_URL = "https://api.openai.com/v1"


class ModelSettings(BaseSettings):
    """Which language model plans, if any. See docs/models.md for what each provider needs."""

    # a rejected key must not be printed in the complaint about it
    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    openai_base_url: str = Field(
        default="",
        description="Base URL of any Chat Completions API, up to and including `/v1` or what "
        "stands for it; empty means OpenAI's own when a key is set, and no model when none is.",
    )
    openai_api_key: SecretStr = Field(
        default=SecretStr(""),
        description="Key for that API; may stay empty for a server that asks for none.",
    )
    openai_model: str = Field(
        default="gpt-5.4-mini",
        description="The model that is asked first, by its provider's name for it.",
    )
    openai_fallback_models: str = Field(
        default="",
        description="Models to ask when the first cannot answer, in order, separated by commas.",
    )
    openai_timeout_seconds: float = Field(
        default=30.0, gt=0, le=600, description="Longest wait for one answer of one model."
    )
    openai_deadline_seconds: float = Field(
        default=60.0,
        gt=0,
        le=1800,
        description="Longest wait over all retries and models, after which the built-in planner "
        "takes over.",
    )
    openai_retries: int = Field(
        default=2,
        ge=0,
        le=10,
        description="How often a model is asked again after 429, 5xx or a broken connection.",
    )
    openai_max_concurrency: int = Field(
        default=64, ge=1, le=1000, description="Most calls to models at any one time."
    )

    openai_prices: str = Field(
        default="",
        description="US dollars for a million tokens of prompts and of completions, by model: "
        "`gpt-5.4-mini=0.25/2.00, other=1/4`. A model without a price costs nothing.",
    )
    model_tokens_per_person: int = Field(
        default=5_000_000,
        ge=0,
        description="Tokens of models that one person's questions may use in a day (UTC), after "
        "which the built-in planner answers; 0 means no limit.",
    )
    model_tokens_per_organisation: int = Field(
        default=50_000_000,
        ge=0,
        description="The same for all people of an organisation together.",
    )
    prompt_pack: Path | None = Field(
        default=None,
        description="Folder with what a model is told beside the shipped instructions, as version "
        "0 of every organisation's prompt pack: `organisation.md`, `roles/ROLE.md`, "
        "`users/USERNAME.md`; empty means nothing.",
    )

    model_switch: Literal["suite", "free"] = Field(
        default="suite",
        description="When a model may plan that is not the one in force: `suite`, once the "
        "evaluation suite held with it and an admin switched; `free`, at once and without a "
        "record, for trials beside a running service.",
    )

    @property
    def model_identity(self) -> str | None:
        """The models in their order and whose they are, by which a switch is noticed; None where
        no model is configured. The port is left out: it says nothing of who answers."""
        if not self.is_model_configured:
            return None
        host = urlsplit(self.openai_base_url or PUBLIC_BASE_URL).hostname
        return f"{', '.join(self.model_order)} at {host}"

    @property
    def is_model_configured(self) -> bool:
        """A key or a base URL is enough."""
        return bool(self.openai_base_url or self.openai_api_key.get_secret_value())

    @property
    def model_order(self) -> tuple[str, ...]:
        """Every model once, in the order in which they are asked."""
        names = [self.openai_model, *self.openai_fallback_models.split(",")]
        return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))

    @property
    def prices(self) -> dict[str, Price]:
        """By the model's name."""
        return _prices(self.openai_prices)

    @field_validator("openai_prices")
    @classmethod
    def _readable_prices(cls, value: str) -> str:
        _prices(value)
        return value

    @field_validator("openai_base_url")
    @classmethod
    def _usable_address(cls, value: str) -> str:
        value = value.strip().rstrip("/")
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("OPENAI_BASE_URL must start with https:// or http:// and name a host.")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError(
                "OPENAI_BASE_URL must not hold a user name, a password or a query; the key belongs "
                "into OPENAI_API_KEY."
            )
        return value

    @field_validator("openai_api_key")
    @classmethod
    def _sendable_key(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value().strip()
        if not (key.isascii() and (key.isprintable() or not key)) or " " in key:
            raise ValueError(
                "OPENAI_API_KEY holds a character that cannot be sent; copy the key again."
            )
        return SecretStr(key)


def _prices(text: str) -> dict[str, Price]:
    found = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, _, price = entry.rpartition("=")
        try:
            prompt, completion = (Decimal(one) for one in price.split("/"))
        except (ValueError, InvalidOperation):
            prompt = completion = Decimal("NaN")
        if not name.strip() or not all(
            one.is_finite() and one >= 0 for one in (prompt, completion)
        ):
            raise ValueError(f"OPENAI_PRICES: {entry!r} is not of the form model=0.25/2.00")
        found[name.strip()] = Price(prompt, completion)
    return found
