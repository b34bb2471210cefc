"""Take a picture of every page and state: light and dark, on a laptop and on a phone.

    python -m tests.e2e.screenshots [FOLDER] [NAME…]

The folder is .screenshots unless named; of scenes all, or those whose name begins with one of the
names. It starts a demo of its own.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.progress import track

from tests.e2e.browser import chromium
from tests.e2e.scenes import SCENES, SIZES, Stage, prepare
from tests.stack import start_demo, stop_demo


def take(folder: Path, names: tuple[str, ...] = ()) -> list[Path]:
    """The pictures, as NAME.SCHEME.SIZE.png in `folder`, which is emptied of older ones."""
    if not names:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    scenes = [scene for scene in SCENES if scene.name.startswith(names or ("",))]
    taken: list[Path] = []
    with tempfile.TemporaryDirectory(prefix="cs-pictures-") as home:
        Path(home).chmod(0o755)
        demo = start_demo(Path(home) / "home")
        try:
            with sync_playwright() as playwright:
                stage = Stage(demo, chromium(playwright), prepare(demo))
                for scene in track(scenes, "Taking pictures", transient=True):
                    for scheme in ("light", "dark"):
                        for size in SIZES:
                            path = folder / f"{scene.name}.{scheme}.{size}.png"
                            with stage.open(scene, scheme, size) as page:
                                page.screenshot(path=path, full_page=True)
                            taken.append(path)
        finally:
            stop_demo(demo)
    return taken


if __name__ == "__main__":
    target, *chosen = sys.argv[1:] or [".screenshots"]
    sys.stdout.write(f"{len(take(Path(target), tuple(chosen)))} pictures in {target}\n")
