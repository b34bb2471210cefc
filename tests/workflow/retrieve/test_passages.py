from hypothesis import given
from hypothesis import strategies as st

from workflow.retrieve.passages import PASSAGE_LENGTH, cut


def test_headings_begin_passages_and_paragraphs_stay_together() -> None:
    assert cut("Before.\n\nStill\nbefore.\n\n## First ##\nOne.\n\n- a\n  b\n- c\n\n# Second\n") == (
        ("", "Before.\nStill before."),
        ("First", "One.\n- a b\n- c"),
    )


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    sentence = "This sentence has some words in it. "
    passages = cut(sentence * 40)
    assert len(passages) == 3
    assert all(text.endswith("it.") and text.startswith("This") for _, text in passages)


@given(st.text(alphabet="ab .!?\n-*é", max_size=3000))
def test_nothing_is_lost_and_nothing_is_too_long(body: str) -> None:
    passages = cut(body)
    assert all(0 < len(text) <= PASSAGE_LENGTH for _, text in passages)
    kept = "".join(text for _, text in passages)
    assert "".join(kept.split()) == "".join(body.split())
