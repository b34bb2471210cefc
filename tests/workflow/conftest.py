"""Settings of a workflow over the databases of a test."""

import pytest
from pydantic import SecretStr

from workflow.settings import WorkflowSettings

KEY = "a-key-of-the-tests-and-of-nobody-else-at-all"


@pytest.fixture
def settings(app_url: str, warehouse_url: str, reader_secret: str) -> WorkflowSettings:
    """To differ from them, a module has a fixture of the same name that asks for this one."""
    return WorkflowSettings(
        database_url=SecretStr(app_url),
        warehouse_url=SecretStr(warehouse_url),
        warehouse_reader_secret=SecretStr(reader_secret),
        internal_token=SecretStr(KEY),
        signing_key_secret=SecretStr(KEY),
    )
