"""`countersign settings`: every setting, its value, and where the value came from."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated

import typer
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from cli.demo.home import Home, home
from cli.output import console, emit_json, say
from kit.settings import ServiceSettings

MASK = "********"
CLASSES = (
    ("kit.settings", "ServiceSettings", "all services"),
    ("gateway.settings", "GatewaySettings", "gateway"),
    ("workflow.settings", "WorkflowSettings", "workflow"),
    ("webui.settings", "WebuiSettings", "webui"),
    ("cli.settings", "CommandLineSettings", "command line"),
)
# in a URL: user:password@, and a password among the parameters
_URL_PASSWORD = re.compile(r"(?<=://)([^/@:\s]*):[^@/\s]*(?=@)")
_PARAMETER_PASSWORD = re.compile(r"(?<=[?&])((?:ssl)?password)=[^&\s]*")


@dataclass(frozen=True)
class Setting:
    """A field of a settings class; `readers` are the services that have it."""

    name: str
    default: str
    description: str
    is_secret: bool
    readers: tuple[str, ...]


@dataclass(frozen=True)
class InForce:
    """A value and its source: environment, running demo, home's secrets, default."""

    setting: Setting
    value: str
    source: str

    def shown(self, *, with_secrets: bool) -> str:
        """The value, masked as a whole or in its password where secrets stay hidden. An empty
        secret is shown as empty: that it is missing is no secret."""
        if with_secrets or not self.value:
            return self.value
        if "://" in self.value:
            masked = _URL_PASSWORD.sub(rf"\1:{MASK}", self.value)
            return _PARAMETER_PASSWORD.sub(rf"\1={MASK}", masked)
        return MASK if self.setting.is_secret else self.value


def settings_command(
    secrets: Annotated[bool, typer.Option("--secrets", help="Show secrets as they are.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help='As JSON: {NAME: {"value", "source"}}.')
    ] = False,
    document: Annotated[
        bool, typer.Option("--document", help="The table of docs/settings.md, without values.")
    ] = False,
) -> None:
    """What is in force, and where each value came from."""
    if document:
        say(as_document())
        return
    values = in_force(home(), os.environ)
    if as_json:
        emit_json(
            {
                item.setting.name: {
                    "value": item.shown(with_secrets=secrets),
                    "source": item.source,
                }
                for item in values
            }
        )
        return
    from rich.table import Table

    table = Table("setting", "value", "from", box=None, pad_edge=False)
    for item in values:
        table.add_row(item.setting.name, item.shown(with_secrets=secrets), item.source)
    console().print(table, markup=False)


def in_force(place: Home, environment: Mapping[str, str]) -> list[InForce]:
    """Every setting with its value, first source first."""
    sources = (
        ("environment", {k.upper(): v for k, v in environment.items()}),
        ("running demo", place.live_settings()),
        ("home's secrets", place.kept_secrets()),
    )
    found = []
    for setting in all_settings():
        for source, values in sources:
            if values.get(setting.name):
                found.append(InForce(setting, values[setting.name], source))
                break
        else:
            found.append(InForce(setting, setting.default, "default"))
    return found


def all_settings() -> list[Setting]:
    """Every setting of every service once, by name. Nothing is instantiated: a service whose
    secrets are missing can be described all the same."""
    merged: dict[str, Setting] = {}
    for reader, name, field in _fields():
        known = merged.get(name)
        readers = (*known.readers, reader) if known else (reader,)
        if "all services" in readers:
            readers = ("all services",)
        merged[name] = Setting(
            name=name,
            default=_default(field),
            description=(known and known.description) or field.description or "",
            is_secret=field.annotation is SecretStr,
            readers=readers,
        )
    return [merged[name] for name in sorted(merged)]


def _fields() -> Iterator[tuple[str, str, FieldInfo]]:
    for module, attribute, reader in CLASSES:
        settings: type[ServiceSettings] = getattr(import_module(module), attribute)
        for name, field in settings.model_fields.items():
            yield reader, name.upper(), field


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, BaseModel):
        return json.dumps(value.model_dump(mode="json"))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def as_document() -> str:
    """A Markdown table of all settings."""
    lines = ["| Setting | Default | Read by | What it does |", "| --- | --- | --- | --- |"]
    for item in all_settings():
        default = f"`{item.default}`" if item.default else "none"
        sentence = item.description.replace("|", "\\|")
        lines.append(f"| `{item.name}` | {default} | {', '.join(item.readers)} | {sentence} |")
    return "\n".join(lines)
