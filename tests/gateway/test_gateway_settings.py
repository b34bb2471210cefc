"""Settings: each with a sentence, and none that others know."""

import pytest
from pydantic import SecretStr, ValidationError

from gateway.__main__ import main
from gateway.settings import GatewaySettings

GOOD = {
    "jwt_secret": SecretStr("j" * 32),
    "internal_token": SecretStr("i" * 32),
}


def test_every_setting_has_a_default_and_a_sentence() -> None:
    for name, field in GatewaySettings.model_fields.items():
        assert not field.is_required(), name
        assert field.description and field.description.endswith("."), name


@pytest.mark.parametrize(
    "changed",
    [
        {"jwt_secret": SecretStr("")},
        {"jwt_secret": SecretStr("short")},
        {"internal_token": SecretStr("")},
        {"jwt_secret": SecretStr("i" * 32)},
        {"oidc_issuer": "https://issuer.example"},
        {"oidc_issuer": "countersign", "oidc_audience": "a"},
        {"oidc_issuer": "http://issuer.example", "oidc_audience": "a"},
        {"oidc_algorithm": "HS256"},
        {"oidc_algorithm": "none"},
        {"oidc_claim_map": {"roles": "x"}},
    ],
)
def test_what_would_be_unsafe_or_cannot_be_meant_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        GatewaySettings(**{**GOOD, **changed})  # type: ignore[arg-type] # wrong on purpose


def test_an_outside_issuer_is_set_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "JWT_SECRET": "j" * 32,
        "INTERNAL_TOKEN": "i" * 32,
        "OIDC_ISSUER": "https://issuer.example",
        "OIDC_AUDIENCE": "countersign",
        "OIDC_ALGORITHM": "ES256",
        "OIDC_CLAIM_MAP": '{"role": "realm_access.roles"}',
    }.items():
        monkeypatch.setenv(name, value)
    settings = GatewaySettings()
    assert settings.oidc_claim_map.role == "realm_access.roles"
    assert settings.oidc_claim_map.user_id == "sub"


def test_secrets_are_not_in_its_text() -> None:
    settings = GatewaySettings(**GOOD, database_url=SecretStr("postgresql://u:hidden@h/d"))
    assert "hidden" not in repr(settings) and "jjjj" not in repr(settings)


def test_starting_without_secrets_says_which(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("JWT_SECRET", raising=False)
    monkeypatch.delenv("INTERNAL_TOKEN", raising=False)
    assert main() == 2
    assert "INTERNAL_TOKEN is missing" in capsys.readouterr().err
