import pytest

from webui.scope import COOKIE, chosen, written

ROLES, STORES = ("store_manager", "finance"), (1, 2)


@pytest.mark.parametrize(
    ("cookie", "found"),
    [
        (written("finance", "2"), ("finance", 2)),
        (written("", "1"), ("", 1)),
        (written("finance", ""), ("finance", None)),
        ("admin:3", ("", None)),
        ("finance:2:2", ("", 2)),
        ("", ("", None)),
        (":²", ("", None)),
        (":" + "9" * 5000, ("", None)),
    ],
)
def test_only_what_is_held_can_be_chosen(cookie: str, found: tuple[str, int | None]) -> None:
    assert chosen({COOKIE: cookie}, ROLES, STORES) == found


def test_who_has_no_choice_has_chosen_nothing() -> None:
    assert chosen({COOKIE: "finance:1"}, ("finance",), (1,)) == ("", None)
