"""The model's settings."""

import pytest
from pydantic import ValidationError

from workflow.llm.settings import ModelSettings

KEY = "sk-live-abcdefghijklmnop0123456789"


def test_models_are_asked_in_order_and_once() -> None:
    settings = ModelSettings(openai_model="a", openai_fallback_models=" b , a,, c ")
    assert settings.model_order == ("a", "b", "c")


@pytest.mark.parametrize(
    "address",
    [
        "api.example.com/v1",
        "ftp://api.example.com/v1",
        "https:///v1",
        f"https://user:{KEY}@api.example.com/v1",
        f"https://api.example.com/v1?key={KEY}",
    ],
)
def test_an_address_that_cannot_be_used_is_refused(address: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ModelSettings(openai_base_url=address)
    assert "OPENAI_BASE_URL" in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("key", [KEY + "\n.", KEY + "ü", KEY + " x", KEY + "\x00"])
def test_a_key_that_cannot_be_sent_is_refused_unseen(key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ModelSettings(openai_api_key=key)
    assert "OPENAI_API_KEY" in str(caught.value)
    assert KEY not in str(caught.value)


def test_blanks_around_a_key_are_forgiven() -> None:
    settings = ModelSettings(openai_api_key=f" {KEY}\n")
    assert settings.openai_api_key.get_secret_value() == KEY


def test_every_setting_has_a_sentence() -> None:
    for field in ModelSettings.model_fields.values():
        assert field.description and field.description.endswith(".")
