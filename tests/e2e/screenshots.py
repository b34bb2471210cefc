"""Take a picture of every page and state: light and dark, on a laptop and on a phone.

It starts a demo of its own.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.progress import track

from tests.e2e.browser import chromium
from tests.e2e.scenes import SCENES, SCHEMES, SIZES, Stage, prepare
from tests.stack import start_demo, stop_demo

README = {"ask": "ask-line", "how": "ask-how", "approve": "approval", "verify": "record-verified"}
"""Files in docs/pictures, and the scenes they show."""


@contextmanager
def _stage() -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="cs-pictures-") as home:
        Path(home).chmod(0o755)
        demo = start_demo(Path(home) / "home")
        try:
            with sync_playwright() as playwright:
                yield Stage(demo, chromium(playwright), prepare(demo))
        finally:
            stop_demo(demo)


def take(folder: Path, names: tuple[str, ...] = ()) -> int:
    """How many, as NAME.SCHEME.SIZE.png in `folder`, where older ones of that form are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for scheme, size in () if names else product(SCHEMES, SIZES):
        for old in folder.glob(f"*.{scheme}.{size}.png"):
            old.unlink()
    scenes = [scene for scene in SCENES if scene.name.startswith(names or ("",))]
    with _stage() as stage:
        for scene in track(scenes, "Taking pictures", transient=True):
            for scheme, size in product(SCHEMES, SIZES):
                with stage.open(scene, scheme, size) as page:
                    path = folder / f"{scene.name}.{scheme}.{size}.png"
                    page.screenshot(path=path, full_page=True)
    return len(scenes) * len(SCHEMES) * len(SIZES)


def take_for_readme(folder: Path) -> int:
    """How many."""
    folder.mkdir(parents=True, exist_ok=True)
    scenes = {scene.name: scene for scene in SCENES}
    with _stage() as stage:
        for name, shown in README.items():
            with stage.open(scenes[shown]) as page:
                page.screenshot(path=folder / f"{name}.png")
    return len(README)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.e2e.screenshots")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(".screenshots"))
    parser.add_argument("names", nargs="*", help="only scenes whose name begins so")
    parser.add_argument(
        "--readme",
        action="store_true",
        help="those that the README shows, in docs/pictures: what fits on a laptop's screen",
    )
    chosen = parser.parse_args()
    folder = Path("docs/pictures") if chosen.readme else chosen.folder
    taken = take_for_readme(folder) if chosen.readme else take(folder, tuple(chosen.names))
    sys.stdout.write(f"{taken} pictures in {folder}\n")


if __name__ == "__main__":
    main()
