"""The workflow's settings."""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from kit.settings import ServiceSettings
from workflow.llm.embeddings import EmbeddingSettings
from workflow.llm.settings import ModelSettings

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


class WorkflowSettings(ServiceSettings, ModelSettings, EmbeddingSettings):
    """Everything the workflow reads from its environment."""

    database_url: SecretStr = Field(
        default=SecretStr("postgresql:///countersign"),
        description="The application's database, as owner for the commands; the demo and the "
        "containers give each service a login of its own.",
    )
    warehouse_url: SecretStr = Field(
        default=SecretStr("postgresql:///pagila"),
        description="The warehouse; readers log in to it under names of their own.",
    )
    warehouse_reader_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Secret that the passwords of the warehouse's reader logins are derived from; "
        "32 characters or more; the demo makes one of its own.",
    )
    semantic_model: Path = Field(
        default=Path("seeds/pagila/model.yaml"),
        description="The semantic model of the warehouse.",
    )
    signing_key_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Secret that the key which signs checkpoints and receipts is kept under, 32 "
        "characters or more; the demo makes one of its own.",
    )
    checkpoint_seconds: float = Field(
        default=60.0,
        gt=0,
        description="How often what has ended is sealed into a checkpoint, and so for how long "
        "the removal of a whole run could go unnoticed.",
    )
    knowledge_documents: Path = Field(
        default=Path("seeds/pagila/documents"),
        description="Folder of the documents that answers may cite, as Markdown files; what is "
        "said of metrics and fields comes from the semantic model beside them.",
    )
    knowledge_refresh_minutes: float = Field(
        default=60.0,
        gt=0,
        description="How old the search over documents may become before the folder and the "
        "semantic model are read again; only what changed is embedded anew.",
    )
    evaluation_suite: Path = Field(
        default=Path("seeds/pagila/suite.jsonl"),
        description="Questions with what is right for each, as JSON lines, that a prompt pack or a "
        "model has to hold before it is switched to.",
    )
    evaluation_accuracy: float = Field(
        default=0.9,
        ge=0,
        le=1,
        description="The least share of the suite that has to be right for a switch where what is "
        "in force cannot be compared with; else nothing may fall that it has right.",
    )
    narrator: Literal["model", "template"] = Field(
        default="model",
        description="Who tells a result in words: `model`, where one is configured, each sentence "
        "checked before it is shown; or `template`, always, which needs no model and costs no "
        "tokens.",
    )
    workflow_host: str = Field(
        default="127.0.0.1", description="Address the workflow listens on; never a public one."
    )
    workflow_port: int = Field(default=8001, description="Port the workflow listens on.")

    approval_hours: float = Field(
        default=24.0, gt=0, le=24 * 90, description="Hours that an approval request waits."
    )
    approval_warning_hours: float = Field(
        default=2.0, ge=0, description="Hours before its end at which an open request is told of."
    )
    webhook_url: str = Field(
        default="",
        description="Address that news of approval requests is posted to, signed; empty for none. "
        "Plain http only to this machine.",
    )
    webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Secret that webhooks are signed with (Standard Webhooks, HMAC-SHA256).",
    )
    mail_host: str = Field(
        default="", description="SMTP server for news of approval requests; empty for none."
    )
    mail_port: int = Field(default=587, description="Port of the SMTP server.")
    mail_user: str = Field(default="", description="User of the SMTP server; empty for none.")
    mail_password: SecretStr = Field(
        default=SecretStr(""), description="Password of the SMTP server."
    )
    mail_starttls: bool = Field(
        default=True,
        description="Whether mail goes out only encrypted, to a server whose certificate is good.",
    )
    mail_from: str = Field(
        default="countersign@localhost", description="Sender of mail about approval requests."
    )
    mail_to: str = Field(
        default="", description="Recipients of mail about approval requests, with commas between."
    )

    @model_validator(mode="after")
    def _can_notify(self) -> Self:
        if self.webhook_url:
            url = urlsplit(self.webhook_url)
            if url.scheme != "https" and not (url.scheme == "http" and url.hostname in _HERE):
                raise ValueError("WEBHOOK_URL must be an https address")
            if not self.webhook_secret.get_secret_value():
                raise ValueError("WEBHOOK_URL needs a WEBHOOK_SECRET to sign with")
        if self.mail_user and not self.mail_starttls and self.mail_host not in _HERE:
            raise ValueError(
                "MAIL_USER needs MAIL_STARTTLS: the password would go out in the clear"
            )
        if self.mail_host and not self.mail_to:
            raise ValueError("MAIL_HOST needs a MAIL_TO")
        return self

    def required_secrets(self) -> dict[str, SecretStr]:
        """Internal tokens, reader logins, and the signing key."""
        return {
            **super().required_secrets(),
            "WAREHOUSE_READER_SECRET": self.warehouse_reader_secret,
            "SIGNING_KEY_SECRET": self.signing_key_secret,
        }
