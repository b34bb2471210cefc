"""Schemathesis over the OpenAPI document and the running workflow, with every check on."""

from pathlib import Path

import httpx

from contracts.context import UserContext
from kit import internal_token
from tests.fuzzing import Document, at, fuzz
from tests.workflow.conftest import KEY

OPEN = {"/healthz", "/readyz", "/metrics"}


def as_one(person: UserContext) -> tuple[str, str]:
    return ("-H", f"{internal_token.HEADER}: {internal_token.sign(person, KEY)}")


def test_nothing_contradicts_the_document(url: str, manager: UserContext, tmp_path: Path) -> None:
    fuzz(url, tmp_path, *as_one(manager), examples=12)


def test_nothing_contradicts_it_for_a_role_that_does_not_ask(
    url: str, manager: UserContext, tmp_path: Path
) -> None:
    governs = manager.model_copy(
        update={"role": "auditor", "permissions": ("audit",), "allowed_views": (), "store_ids": ()}
    )
    fuzz(url, tmp_path, *as_one(governs), "--phases", "coverage", examples=12)


def test_a_stranger_is_refused_whatever_is_sent_but_where_operations_look(
    url: str, tmp_path: Path
) -> None:
    assert Document(url).answering_strangers() == OPEN
    fuzz(url, tmp_path, *at(OPEN), examples=12)


def test_every_problem_is_documented_under_its_own_media_type(url: str) -> None:
    Document(url).assert_problems_have_their_media_type()
    assert "HTTPValidationError" not in httpx.get(f"{url}/openapi.json", trust_env=False).text


def test_every_route_but_operations_asks_for_an_internal_token(url: str) -> None:
    assert Document(url).open_to_all() == OPEN
