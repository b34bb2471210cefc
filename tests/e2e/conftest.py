"""One running demo for all of these tests, on one worker."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import Demo, start_demo, stop_demo


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.xdist_group("demo"))


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    with tempfile.TemporaryDirectory(prefix="cs-e2e-") as folder:
        Path(folder).chmod(0o755)
        running = start_demo(Path(folder) / "home")
        yield running
        stop_demo(running)
