"""`countersign audit`: read and verify the record."""

import asyncio
import sys
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import orjson
import psycopg
import typer
from rich.console import Console
from rich.table import Table

from cli.databases import app_database
from workflow.audit.verify import Verified, verify
from workflow.store import audit_events
from workflow.store.rows import EventRow

app = typer.Typer(help="Read and verify the record.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
