import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.narrate.sentences import sentences


@pytest.mark.parametrize(
    ("answer", "pieces"),
    [
        ("", ()),
        ("One.", ("One.",)),
        ("Revenue was 33,689.74. It fell.", ("Revenue was 33,689.74. ", "It fell.")),
        ("Is it so? Yes! “Good.” And on", ("Is it so? ", "Yes! ", "“Good.” ", "And on")),
        ("e.g. Action leads, i.e. Sports. Done", ("e.g. Action leads, i.e. Sports. ", "Done")),
        ("Mr. Smith of St. Ives vs. J. Doe. No", ("Mr. Smith of St. Ives vs. J. Doe. ", "No")),
        ("A list:\n- one\n- two\n", ("A list:\n", "- one\n", "- two\n")),
        ("It rose. and so on.", ("It rose. and so on.",)),
        ("Sold 5.5.5. 7 of 9 left.", ("Sold 5.5.5. ", "7 of 9 left.")),
    ],
)
def test_splits_where_a_sentence_ends(answer: str, pieces: tuple[str, ...]) -> None:
    assert sentences(answer) == pieces


@given(st.text(alphabet="aB1 .!?\n”)-,", max_size=200) | st.text(max_size=200))
def test_joined_again_they_are_the_answer(answer: str) -> None:
    pieces = sentences(answer)
    assert "".join(pieces) == answer
    assert all(pieces)
