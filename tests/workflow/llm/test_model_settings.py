"""The model's settings."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from workflow.llm.meter import Price, cost_of
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


def test_prices_are_read_by_model() -> None:
    settings = ModelSettings(openai_prices="small=0.25/2.00, vendor/large:free=1/4")
    assert settings.prices["small"] == Price(Decimal("0.25"), Decimal("2.00"))
    assert cost_of(settings.prices, "vendor/large:free", 1_000_000, 500_000) == Decimal(3)
    assert cost_of(settings.prices, "other", 1, 1) is None


@pytest.mark.parametrize("text", ["small", "small=1", "small=a/b", "small=-1/2", "=1/2", "m=nan/1"])
def test_a_price_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="OPENAI_PRICES"):
        ModelSettings(openai_prices=text)
