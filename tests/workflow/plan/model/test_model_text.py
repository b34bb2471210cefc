"""A model's prose, and the versioned instructions."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.plan.period_label import period_label
from workflow.plan.plain_text import plain, without_made_numbers


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Revenue is not in the data.", "Revenue is not in the data."),
        ("<b>Bold</b> claim", "Bold claim"),
        ("<<b>script>alert(1)<</b>/script>", "alert(1)"),
        ("<img src=x onerror=alert(1) ", "img src=x onerror=alert(1)"),
        ("amounts < 5 and > 3", "amounts < 5 and > 3"),
        ("See [the page](https://example.com/a?b=c) now", "See the page now"),
        ("See https://example.com/a and www.example.com now", "See and now"),
        ("Run javascript:alert(1) please", "Run please"),
        ("# Title\n* one `two` **three**", "Title one two three"),
        ("snake_case_name stays, _this_ does not", "snake_case_name stays, this does not"),
        ("a\u202eb\u200bc\x00d\x1b[31me", "abcd[31me"),
        ("two\nlines\tand  blanks", "two lines and blanks"),
    ],
)
def test_markup_and_hidden_characters_go(text: str, shown: str) -> None:
    assert plain(text, 200) == shown


def test_long_text_ends_at_a_word() -> None:
    assert plain("one two three four", 12) == "one two…"


@given(st.text(alphabet="<>abc/!?[]()`*_# \n\u202e\x00:.w", max_size=80))
def test_nothing_that_starts_a_tag_is_left(text: str) -> None:
    shown = plain(text, 60)
    assert len(shown) <= 60
    for opening in ("<a", "</", "<!", "<?"):
        assert opening not in shown
    assert not any(unicodedata.category(c).startswith("C") for c in shown)


def test_a_sentence_with_a_number_nobody_fetched_is_struck() -> None:
    text = "Store 2 is not yours. It made 5,000 in May. Ask for store 1 instead."
    assert without_made_numbers(text, {"1", "2"}) == (
        "Store 2 is not yours. Ask for store 1 instead."
    )


@pytest.mark.parametrize(
    ("start", "end", "label"),
    [
        (date(2022, 5, 1), date(2022, 6, 1), "May 2022"),
        (date(2022, 12, 1), date(2023, 1, 1), "December 2022"),
        (date(2022, 1, 1), date(2023, 1, 1), "2022"),
        (date(2022, 10, 1), date(2023, 1, 1), "Q4 2022"),
        (date(2022, 5, 3), date(2022, 5, 4), "3 May 2022"),
        (date(2022, 5, 3), date(2022, 5, 10), "3 May 2022 to 9 May 2022"),
        (date(2022, 2, 1), date(2022, 5, 1), "1 February 2022 to 30 April 2022"),
        (date(2022, 5, 3), None, "since 3 May 2022"),
        (None, date(2022, 5, 3), "before 3 May 2022"),
        (None, None, ""),
    ],
)
def test_a_period_is_said_as_a_person_would(
    start: date | None, end: date | None, label: str
) -> None:
    assert period_label(start, end) == label
