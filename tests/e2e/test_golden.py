"""Every golden question is answered right, on the generated data and on the real Pagila."""

import tempfile
import time
from pathlib import Path

import orjson
import pytest

from tests.stack import Demo, start_demo, stop_demo

GOLDEN = "seeds/pagila/golden.jsonl"
NEWEST = "how many rentals this month"


def judged(demo: Demo) -> list[str]:
    """What was answered wrong, each with the reason."""
    ran = demo.countersign("eval", GOLDEN, "--json")
    assert ran.returncode in (0, 1), ran.stderr
    report = orjson.loads(ran.stdout)
    assert report["total"] >= 40
    wrong = [f"{case['id']}: {case['reason']}" for case in report["cases"] if not case["is_right"]]
    assert ran.returncode == (1 if wrong else 0)
    return wrong


def test_the_golden_questions_are_answered_right(demo: Demo) -> None:
    assert judged(demo) == []


def test_and_on_the_real_pagila_loaded_under_a_running_demo(shared_data: Path) -> None:
    dump = shared_data / "pagila"
    if not dump.is_dir():
        pytest.skip("the real Pagila is not on this machine")
    with tempfile.TemporaryDirectory(prefix="cs-gold-") as folder:
        Path(folder).chmod(0o755)
        demo = start_demo(Path(folder) / "home")
        try:
            person = demo.person("admin_user")
            before = person.post("/api/ask", json={"question": NEWEST}).json()
            loaded = demo.countersign("load-pagila", str(dump), "--json")
            assert loaded.returncode == 0, loaded.stderr
            time.sleep(2.5)  # a heartbeat, and some patience
            after = person.post("/api/ask", json={"question": NEWEST}).json()
            assert before["explain"] != after["explain"]  # another month is the newest one
            assert judged(demo) == []
        finally:
            stop_demo(demo)
