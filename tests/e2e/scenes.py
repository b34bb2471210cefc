"""Every page and state of the web app worth looking at: what pictures are taken of, and what is
held against the rules of accessibility.

To add one, add a line to `SCENES`: a name, who looks, the address, and what to do there first.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Page, StorageState

from tests.stack import PASSWORDS, Demo

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
PATIENCE = 30_000
"""Milliseconds that a page may take for anything on a machine that has much else to do. Nobody
waits longer than it takes."""
SIZES = {"laptop": (1280, 800), "phone": (390, 844)}


@dataclass(frozen=True, slots=True)
class Scene:
    """A page as `person` (None: nobody) sees it; the address may name what `prepare` made."""

    name: str
    person: str | None
    path: str
    act: Callable[[Page], None] | None = None


def _opened(page: Page) -> None:
    page.locator("details.how > summary").first.click()
    page.get_by_role("tab", name="SQL").first.click()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")


def _as_table(page: Page) -> None:
    page.get_by_role("button", name="Table").first.click()


def _change_artifact(page: Page) -> None:
    page.get_by_text("Rename or share").first.click()


def _adding(page: Page) -> None:
    page.locator("#add > summary").click()


def _verify(page: Page) -> None:
    page.get_by_role("button", name="Verify the record").click()
    page.get_by_role("status").wait_for()


def _replay(page: Page) -> None:
    page.get_by_role("button", name="Replay").click()
    page.get_by_role("status").wait_for()


def _first_change(page: Page) -> None:
    page.locator(".changes summary").first.click()


def _previewed(page: Page) -> None:
    page.get_by_label("Question").fill("total revenue by month")
    page.get_by_role("button", name="Preview").click()
    page.get_by_label("system message").wait_for()


def _checked(page: Page) -> None:
    page.get_by_label("Or paste it").fill("semantic_model:\n  - name: [one\n")
    page.get_by_role("button", name="Check").click()
    page.locator(".fault").first.wait_for()


def _edited(page: Page) -> None:
    page.locator("#edit > summary").click()
    page.get_by_text("Advanced: SQL instead").click()
    page.locator("#edit-sql").fill("SELECT *\nFROM pg_shadow")
    page.locator("#draft .findings").wait_for()
    page.locator("#draft").scroll_into_view_if_needed()


def _reshaped(page: Page) -> None:
    page.locator("#edit > summary").click()
    page.get_by_label("Group 1", exact=True).select_option("category")
    page.locator("#draft .difference").wait_for()
    page.locator("#edit").scroll_into_view_if_needed()


def _remembering(page: Page) -> None:
    page.keyboard.press("m")


def _chosen(page: Page) -> None:
    page.locator("[data-drawn]").wait_for()
    page.locator(".chart").focus()
    for key in ("ArrowDown", "Space", "ArrowDown"):
        page.keyboard.press(key)


def _went(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("revenue")
    page.locator("#palette-list", has_not_text="Gallery").wait_for()


def _keys(page: Page) -> None:
    page.keyboard.press("?")


def _wrong_password(page: Page) -> None:
    page.get_by_label("User name").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("alert").first.wait_for()


QUESTIONS = {
    "number": ("manager_store1", "What is total revenue for my store 1?"),
    "line": ("manager_store1", "Revenue by month"),
    "bars": ("manager_store1", "Total revenue by category in June 2022"),
    "rows": ("manager_store1", "Rentals by film"),
    "clarify": ("manager_store1", "what is the best"),
    "refused": ("manager_store1", "Total revenue of store 2"),
    "why": ("manager_store1", "Why did revenue fall in July 2022?"),
    "both": ("manager_multi", "Revenue by month and store"),
    "waiting": ("admin_user", "rentals by customer"),
}
"""What is asked before: each run's id and conversation are named by these in addresses."""

SCENES = (
    Scene("login", None, "/login"),
    Scene("login-refused", None, "/login", _wrong_password),
    Scene("home-manager", "manager_store1", "/"),
    Scene("home-marketing", "marketing_user", "/"),
    Scene("home-admin", "admin_user", "/"),
    Scene("home-reviewer", "reviewer_user", "/"),
    Scene("home-auditor", "auditor_user", "/"),
    Scene("ask-start", "manager_multi", "/analytics"),
    Scene("ask-number", "manager_store1", "/analytics?conversation={number_conversation}"),
    Scene("ask-line", "manager_store1", "/analytics?conversation={line_conversation}"),
    Scene("ask-bars", "manager_store1", "/analytics?conversation={bars_conversation}"),
    Scene("ask-how", "manager_store1", "/analytics?conversation={bars_conversation}", _opened),
    Scene("ask-chosen", "manager_store1", "/analytics?conversation={bars_conversation}", _chosen),
    Scene("ask-table", "manager_store1", "/analytics?conversation={bars_conversation}", _as_table),
    Scene("ask-rows", "manager_store1", "/analytics?conversation={rows_conversation}"),
    Scene("ask-clarify", "manager_store1", "/analytics?conversation={clarify_conversation}"),
    Scene("ask-refused", "manager_store1", "/analytics?conversation={refused_conversation}"),
    Scene("ask-why", "manager_store1", "/analytics?conversation={why_conversation}"),
    Scene("ask-waiting", "admin_user", "/analytics?conversation={waiting_conversation}"),
    Scene("run", "manager_store1", "/runs/{bars}"),
    Scene("run-of-another", "finance_user", "/runs/{bars}"),
    Scene("gallery", "manager_store1", "/gallery"),
    Scene("gallery-shared", "manager_multi", "/gallery", _change_artifact),
    Scene("gallery-empty", "finance_user", "/gallery"),
    Scene("not-found", "manager_store1", "/no/such/page"),
    Scene("not-allowed", "manager_store1", "/audit"),
    Scene("approvals", "reviewer_user", "/approvals"),
    Scene("approval", "reviewer_user", "/approvals/{approval}"),
    Scene("approval-edit", "reviewer_user", "/approvals/{approval}", _edited),
    Scene("approval-plan", "reviewer_user", "/approvals/{approval}", _reshaped),
    Scene("approval-remember", "reviewer_user", "/approvals/{approval}", _remembering),
    Scene("go-to", "manager_store1", "/", _went),
    Scene("go-to-page", "manager_store1", "/go?q=revenue"),
    Scene("keys", "reviewer_user", "/approvals/{approval}", _keys),
    Scene("approvals-of-asker", "admin_user", "/approvals"),
    Scene("approvals-empty", "marketing_user", "/approvals"),
    Scene("record", "auditor_user", "/audit"),
    Scene("record-verified", "auditor_user", "/audit", _verify),
    Scene("record-empty", "auditor_user", "/audit?person=nobody&since=2026-01-01"),
    Scene("record-replayed", "auditor_user", "/audit/runs/{why}", _replay),
    Scene("checkpoints", "auditor_user", "/audit/checkpoints"),
    Scene("record-run", "auditor_user", "/audit/runs/{bars}"),
    Scene("admin-users", "admin_user", "/admin/users", _adding),
    Scene("admin-user", "admin_user", "/admin/users/{user}"),
    Scene("admin-policies", "admin_user", "/admin/policies?question=rentals+by+customer"),
    Scene("admin-verified", "admin_user", "/admin/verified", _first_change),
    Scene("admin-budgets", "admin_user", "/admin/budgets"),
    Scene("admin-changes", "admin_user", "/admin/changes", _first_change),
    Scene("admin-packs", "admin_user", "/admin/prompt-packs"),
    Scene("admin-pack", "admin_user", "/admin/prompt-packs/0", _previewed),
    Scene("admin-knowledge", "admin_user", "/admin/knowledge?question=why+revenue+fell&role=admin"),
    Scene("admin-document", "admin_user", "/admin/knowledge/glossary_revenue"),
    Scene("admin-model", "admin_user", "/admin/model?find=takings"),
    Scene("admin-model-check", "admin_user", "/admin/model/check", _checked),
    Scene("admin-not-allowed", "manager_store1", "/admin/changes"),
)


def prepare(demo: Demo) -> dict[str, str]:
    """Ask what the scenes show. Gives the ids that their addresses name."""
    made: dict[str, str] = {}
    for name, (person, question) in QUESTIONS.items():
        answer = demo.person(person).post("/api/ask", json={"question": question}).json()
        made[name], made[f"{name}_conversation"] = answer["run_id"], answer["conversation_id"]
    for name, widget in (
        ("bars", "bar"),
        ("number", "metric"),
        ("line", "line"),
        ("rows", "table"),
    ):
        kept = {"run_id": made[name], "widget": widget}
        artifact = demo.person("manager_store1").post("/api/artifacts", json=kept).json()
        shared = {"is_shared": name in ("bars", "number")}
        demo.person("manager_store1").patch(
            f"/api/artifacts/{artifact['artifact_id']}", json=shared
        )
    mine = {"run_id": made["both"], "widget": "line"}
    demo.person("manager_multi").post("/api/artifacts", json=mine)
    waiting = demo.person("reviewer_user").get("/api/approvals", params={"status": "pending"})
    made["approval"] = next(
        item["approval_id"] for item in waiting.json()["items"] if item["run_id"] == made["waiting"]
    )
    people = demo.person("admin_user").get("/api/admin/users", params={"name": "manager_multi"})
    made["user"] = people.json()["items"][0]["user_id"]
    _remember(demo, "Total revenue by customer in May 2022")
    return made


def _remember(demo: Demo, question: str) -> None:
    """As finance, whom no other test asks this for."""
    asked = demo.person("finance_user").post("/api/ask", json={"question": question}).json()
    if asked["status"] != "needs_approval":
        return  # it was remembered before
    approval = asked["approval"]["approval_id"]
    for action in ("approve", "remember"):
        done = demo.person("reviewer_user").post(f"/api/approvals/{approval}/{action}", json={})
        assert done.is_success, done.text


class Stage:
    """Opens scenes in a browser. Each person logs in once, and keeps a browser of their own for
    each scheme and size, so that what every page needs is loaded once."""

    def __init__(self, demo: Demo, browser: Browser, made: dict[str, str]) -> None:
        self._site = f"http://127.0.0.1:{demo.environment['WEBUI_PORT']}"
        self._browser = browser
        self._made = made
        self._sessions: dict[str, StorageState] = {}
        self._contexts: dict[tuple[str | None, Scheme, str], BrowserContext] = {}

    @contextmanager
    def open(self, scene: Scene, scheme: Scheme = "light", size: str = "laptop") -> Iterator[Page]:
        """The scene, settled."""
        page = self._context(scene.person, scheme, size).new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(scene.path.format(**self._made))
        if scene.act:
            scene.act(page)
        page.wait_for_function(
            "() => document.querySelectorAll('[data-chart]:not([data-drawn])').length === "
            "[...document.querySelectorAll('[data-chart]:not([data-drawn])')]"
            ".filter((chart) => !chart.checkVisibility()).length"
        )
        yield page
        page.close()

    def _context(self, person: str | None, scheme: Scheme, size: str) -> BrowserContext:
        key = (person, scheme, size)
        if key not in self._contexts:
            width, height = SIZES[size]
            self._contexts[key] = self._browser.new_context(
                base_url=self._site,
                color_scheme=scheme,
                viewport={"width": width, "height": height},
                reduced_motion="reduce",
                storage_state=self._session(person) if person else None,
            )
        return self._contexts[key]

    def _session(self, person: str) -> StorageState:
        if person not in self._sessions:
            context = self._browser.new_context(base_url=self._site)
            log_in(context.new_page(), person)
            self._sessions[person] = context.storage_state()
            context.close()
        return self._sessions[person]


def log_in(page: Page, person: str) -> None:
    """As a person does."""
    page.goto("/login")
    page.get_by_label("User name").fill(person)
    page.get_by_label("Password").fill(PASSWORDS[person])
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(lambda url: "/login" not in url)
