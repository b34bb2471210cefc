from pathlib import Path

import pytest

from workflow.retrieve.index import KINDS, DocumentError
from workflow.retrieve.load import load

SEEDS = Path("seeds/pagila/documents")


def test_the_demos_documents_load() -> None:
    documents = load(SEEDS)
    assert 12 <= len(documents) <= 40
    assert {document.kind for document in documents} == KINDS
    assert len({document.title for document in documents}) == len(documents)


def test_payments_are_not_explained_to_who_may_not_see_them() -> None:
    for document in load(SEEDS):
        if "payments" in document.title.lower() or document.title == "Revenue":
            assert not {"marketing", "reviewer", "auditor"} & set(document.roles)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Just text", "x.md: line 1: must be `---`"),
        ("", "x.md: line 1: must be `---`"),
        ("---\ntitle: A\n", "no closing `---`"),
        ("---\ntitle: A\nkind: narrative\nroles: [admin]\n---\n\n", "no text after"),
        ("---\ntitle: A\nkind: gossip\nroles: [admin]\n---\nText", "kind: 'gossip' is none of"),
        ("---\ntitle: A\nkind: narrative\n---\nText", "roles: Field required"),
        ("---\ntitle: A\nkind: narrative\nroles: admin\n---\nText", "roles: Input should be"),
        ("---\ntitle: A\nkind: narrative\nroles: []\n---\nText", "roles: List should have"),
        ("---\ntitle: A\nrole: x\nkind: narrative\nroles: [a]\n---\nText", "role: Extra inputs"),
        ("---\ntitle: A\nroles: [a\nkind: b\n---\nText", "x.md: line 4: "),
        ("---\n- a\n---\nText", "front matter: Input should be"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.md").write_text(text)
    with pytest.raises(DocumentError) as caught:
        load(tmp_path)
    assert message in str(caught.value)


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_bytes(b"---\n\xff")
    with pytest.raises(DocumentError, match=r"x\.md: is not UTF-8"):
        load(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no folder"):
        load(tmp_path / "none")
