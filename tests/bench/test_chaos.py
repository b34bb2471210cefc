"""Everything is killed at random while people ask and approve; see bench/chaos.py."""

from bench.chaos import trial


def test_whatever_is_killed_what_was_approved_runs_once_and_the_record_holds() -> None:
    told, found = trial(30, seed=7, longest=1.5)
    assert "completed" in dict(told)["runs ended"]
    assert all(name in dict(told)["killed"] for name in ("gateway", "postgres", "workflow"))
    assert [(name, count) for name, count in found if count] == []
