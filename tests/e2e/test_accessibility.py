"""Every page and state against the rules of axe-core, light and dark."""

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.scenes import SCENES, SIZES, Scene, Stage, prepare
from tests.stack import ROOT, Demo

AXE = ROOT / "webui" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")
RUN = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.flatMap((rule) => rule.nodes.map(
    (node) => [rule.impact, `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`]));
}"""


@pytest.fixture(scope="module")
def stage(demo: Demo, chromium: Browser) -> Stage:
    return Stage(demo, chromium, prepare(demo))


def grave(page: Page) -> list[str]:
    """What axe-core finds serious or worse. It comes by the debugger, which no policy stops."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    return [what for impact, what in page.evaluate(RUN) if impact in GRAVE]


def test_the_rules_find_what_is_wrong(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content("<html lang=en><title>x</title><main><img src=x><button></button></main>")
    assert {fault.split(":")[0] for fault in grave(page)} == {"image-alt", "button-name"}
    page.close()


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_nothing_serious_is_found(stage: Stage, scene: Scene) -> None:
    with stage.open(scene) as page:
        assert grave(page) == []
        _fits(page)
        width, height = SIZES["phone"]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark")
        assert grave(page) == [], "dark, on a phone"
        _fits(page)


def _fits(page: Page) -> None:
    """Nobody has to scroll sideways."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
