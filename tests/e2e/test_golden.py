"""The golden questions are answered well, on the generated data and on the real Pagila."""

import tempfile
import time
from pathlib import Path

import orjson
import pytest

from tests.stack import Demo, start_demo, stop_demo

GOLDEN = "seeds/pagila/golden.jsonl"
REQUIRED = "accuracy=0.95,safe_misses=0.8,sure=0.99"
NEWEST = "how many rentals this month"


def judged(demo: Demo) -> None:
    """Enough is right; most of what is not asks back or refuses; who is sure is right."""
    ran = demo.countersign("eval", GOLDEN, "--json", "--require", REQUIRED)
    report = orjson.loads(ran.stdout)
    assert report["total"] >= 250
    wrong = [f"{case['id']}: {case['reason']}" for case in report["cases"] if not case["is_right"]]
    assert ran.returncode == 0, "\n".join([ran.stderr, *wrong])


def test_the_golden_questions_are_answered_right(demo: Demo) -> None:
    judged(demo)


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
            judged(demo)
        finally:
            stop_demo(demo)
