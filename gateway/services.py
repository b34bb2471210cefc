"""What the routes need, built once by `app.create_app`."""

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from gateway.auth.bearer import Bearer
from gateway.auth.logins import Logins
from gateway.directory import DirectoryReader
from gateway.export.chart import Charts
from gateway.limits import Limits
from gateway.mcp.door import McpDoor
from gateway.people import People
from gateway.public_keys import PublicKeys
from gateway.settings import GatewaySettings
from gateway.workflow_client import WorkflowClient


@dataclass(frozen=True, slots=True)
class Services:
    """One of each for the process."""

    settings: GatewaySettings
    directory: DirectoryReader
    bearer: Bearer
    logins: Logins
    workflow: WorkflowClient
    public_keys: PublicKeys
    limits: Limits
    mcp: McpDoor
    charts: Charts
    people: People


def services_of(request: Request) -> Services:
    """Those of the app that serves the request."""
    return cast(Services, request.app.state.services)
