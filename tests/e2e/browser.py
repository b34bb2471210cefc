"""The browser that `make test` found or installed."""

import os
import shutil

from playwright.sync_api import Browser, Playwright


def chromium(playwright: Playwright) -> Browser:
    """Started headless. `CHROMIUM` names another than the first that is found."""
    wanted = os.environ.get("CHROMIUM")
    names = [wanted] if wanted else ["chromium", "chromium-browser", "google-chrome-stable"]
    found = next(filter(None, map(shutil.which, [*names, "google-chrome"])), None)
    return playwright.chromium.launch(
        executable_path=found,
        args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    )
