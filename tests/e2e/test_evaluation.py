"""What people call wrong is asked again, and another planner is asked beside the running one."""

import orjson

from tests.stack import Demo


def test_a_wrong_answer_is_a_case_until_it_is_called_right(demo: Demo) -> None:
    person = demo.person("finance_user")
    conversation = person.post("/api/ask", json={"question": "revenue in May 2022"}).json()
    asked = {"question": "and in June 2022", "conversation_id": conversation["conversation_id"]}
    run_id = person.post("/api/ask", json=asked).json()["run_id"]
    path = f"/api/runs/{run_id}/feedback"
    said = {"verdict": "wrong", "about": ["period"], "comment": "Of another June."}
    assert person.post(path, json=said).status_code == 200

    ran = demo.countersign("eval", "--cases", "--json")
    assert ran.returncode == 1, ran.stderr
    asked_in_all = "revenue in May 2022 → and in June 2022"
    (case,) = [c for c in orjson.loads(ran.stdout)["cases"] if c["question"] == asked_in_all]
    assert case["kind"] == "feedback"
    assert case["reason"] == "still the plan that was called wrong (period: Of another June.)"

    assert person.post(path, json={"verdict": "right"}).status_code == 200
    ran = demo.countersign("eval", "--cases", "--json")
    assert asked_in_all not in ran.stdout


def test_another_planner_is_asked_on_the_same_data(demo: Demo) -> None:
    cases = ["eval", "seeds/pagila/golden.jsonl", "--kind", "weekday", "--json"]
    beside = orjson.loads(demo.countersign(*cases, "--planner", "local").stdout)
    assert beside["label"] == "local"
    assert "model" in {case["planner"] for case in beside["cases"]}
    here = orjson.loads(demo.countersign(*cases).stdout)
    assert {case["planner"] for case in here["cases"]} == {"builtin"}
    assert [c["id"] for c in here["cases"]] == [c["id"] for c in beside["cases"]]
