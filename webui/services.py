"""What pages are made with, built once at start."""

from dataclasses import dataclass

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from webui.assets import Assets
from webui.gateway_client import GatewayClient
from webui.outside_login import OutsideLogin
from webui.person import People
from webui.result_view import NAMES
from webui.session import Sessions
from webui.settings import WebuiSettings
from webui.words import ABOUT, moment


@dataclass(frozen=True, slots=True)
class Services:
    """Of one process."""

    settings: WebuiSettings
    gateway: GatewayClient
    sessions: Sessions
    people: People
    outside: OutsideLogin | None
    assets: Assets
    templates: Environment


def make_templates(assets: Assets) -> Environment:
    """Everything that is put into a page is escaped, and a name that is not there is an error."""
    environment = Environment(
        loader=PackageLoader("webui"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["asset"] = assets.url
    environment.globals["moment"] = moment
    environment.globals["view_names"] = NAMES
    environment.globals["about_words"] = ABOUT
    return environment


def services_of(request: Request) -> Services:
    """Of the running app."""
    found: Services = request.app.state.services
    return found
