"""Bring a database to the newest revision, one migrator at a time."""

from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config

Branch = Literal["app", "warehouse"]


def migrate(branch: Branch, url: str) -> None:
    """Apply what is missing of `branch` to the database at `url` (a libpq URL, as its owner).

    Safe to call at any time and from several processes: an advisory lock is taken first.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / branch))
    config.attributes["url"] = url
    command.upgrade(config, "head")
