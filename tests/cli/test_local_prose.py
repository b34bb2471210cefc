import json

from cli.local_prose import NO_WORDS, prose


def said(model: str, columns: list[dict[str, object]], *rows: list[object]) -> str:
    return prose(
        model, ["instructions", json.dumps({"result": {"columns": columns, "rows": rows}})]
    )


REVENUE = {"name": "revenue", "unit": "currency"}


def test_rows_are_said() -> None:
    assert said("local", [REVENUE], ["5.00"]) == "The revenue was 5.00."
    told = said("local", [{"name": "Category"}, REVENUE], ["Action", "5.00"], ["Music", None])
    assert told == "The revenue of Action was 5.00."


def test_lies_are_told_on_request() -> None:
    assert "987,654.32" in said("local-lies", [{"name": "Category"}, REVENUE], ["Action", "5.00"])


def test_other_prompts_are_not_understood() -> None:
    assert prose("local", []) == prose("local", ["hello"]) == NO_WORDS
