"""Cases that come of what people said: where nobody said anything, there is nothing to ask."""

import pytest

from cli.evaluation.collected import collected_cases
from cli.evaluation.errors import EvaluationError


def test_without_a_wrong_answer_there_are_no_cases(
    app_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", app_url)
    monkeypatch.setenv("WAREHOUSE_URL", app_url)  # not read
    with pytest.raises(EvaluationError, match="Nobody has called an answer wrong"):
        collected_cases()
